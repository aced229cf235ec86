package grad

import (
	"math"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

func elementwiseRules() map[string]Rule {
	return map[string]Rule{
		"Add": addRule, "Sub": subRule, "Mul": mulRule, "Div": divRule, "Pow": powRule, "Sum": sumRule, "Mean": meanRule, "Max": extremeRule, "Min": extremeRule,
		"Where": whereRule, "Identity": unary(func(_ *Context, dy *graph.Value) *graph.Value { return dy }),
		"Neg":        unary(func(c *Context, dy *graph.Value) *graph.Value { return c.Neg(dy) }),
		"Exp":        unary(func(c *Context, dy *graph.Value) *graph.Value { return c.Mul(dy, c.Y(0)) }),
		"Log":        unary(func(c *Context, dy *graph.Value) *graph.Value { return c.Div(dy, c.X(0)) }),
		"Sqrt":       unary(func(c *Context, dy *graph.Value) *graph.Value { return c.Div(c.MulBy(dy, 0.5), c.Y(0)) }),
		"Reciprocal": unary(func(c *Context, dy *graph.Value) *graph.Value { return c.Neg(c.Mul(dy, c.Mul(c.Y(0), c.Y(0)))) }),
		"Abs":        unary(func(c *Context, dy *graph.Value) *graph.Value { return c.Mul(dy, c.Op("Sign", nil, c.X(0))) }),
		"Sin":        unary(func(c *Context, dy *graph.Value) *graph.Value { return c.Mul(dy, c.Op("Cos", nil, c.X(0))) }),
		"Cos":        unary(func(c *Context, dy *graph.Value) *graph.Value { return c.Neg(c.Mul(dy, c.Op("Sin", nil, c.X(0)))) }),
		"Relu":       unary(reluGradient), "LeakyRelu": unary(leakyGradient), "Elu": unary(eluGradient),
		"Sigmoid": unary(sigmoidGradient), "Tanh": unary(tanhGradient), "Erf": unary(erfGradient),
		"Softplus":    unary(func(c *Context, dy *graph.Value) *graph.Value { return c.Mul(dy, c.Op("Sigmoid", nil, c.X(0))) }),
		"HardSigmoid": unary(hardSigmoidGradient), "HardSwish": unary(hardSwishGradient), "Clip": clipRule,
		"Softmax": unary(softmaxGradient), "LogSoftmax": unary(logSoftmaxGradient), "Cast": unary(castGradient),
	}
}

// unary lifts the derivative of a function of the first input to a rule.
func unary(f func(c *Context, dy *graph.Value) *graph.Value) Rule {
	return func(c *Context) ([]*graph.Value, error) { return []*graph.Value{f(c, c.DY(0))}, nil }
}

// mask is 1 where cond, else 0, in v's type.
func (c *Context) mask(cond, v *graph.Value) *graph.Value { return c.Cast(cond, v.Type) }

// reluGradient passes the gradient where x > 0. At the kink x = 0 it is 0.
func reluGradient(c *Context, dy *graph.Value) *graph.Value {
	if c.Kernels() && dy.Rank() == 2 {
		return c.reluRows(dy)
	}
	return c.Mul(dy, c.mask(c.Greater(c.X(0), c.Scalar(dy, 0)), dy))
}

// leakyGradient is 1 where x > 0, else alpha; at the kink x = 0 it is alpha.
func leakyGradient(c *Context, dy *graph.Value) *graph.Value {
	positive := c.Greater(c.X(0), c.Scalar(dy, 0))
	return c.Where(positive, dy, c.MulBy(dy, c.Node.Attrs.Float("alpha", 0.01)))
}

// eluGradient is 1 where x > 0, else y + alpha.
func eluGradient(c *Context, dy *graph.Value) *graph.Value {
	slope := c.AddTo(c.Y(0), c.Node.Attrs.Float("alpha", 1))
	return c.Where(c.Greater(c.X(0), c.Scalar(dy, 0)), dy, c.Mul(dy, slope))
}

// sigmoidGradient is y·(1−y).
func sigmoidGradient(c *Context, dy *graph.Value) *graph.Value {
	y := c.Y(0)
	return c.Mul(dy, c.Sub(y, c.Mul(y, y)))
}

// tanhGradient is 1−y².
func tanhGradient(c *Context, dy *graph.Value) *graph.Value {
	return c.Sub(dy, c.Mul(dy, c.Mul(c.Y(0), c.Y(0))))
}

// erfGradient is 2/√π·exp(−x²).
func erfGradient(c *Context, dy *graph.Value) *graph.Value {
	x := c.X(0)
	return c.Mul(dy, c.MulBy(c.Exp(c.Neg(c.Mul(x, x))), 2/math.Sqrt(math.Pi)))
}

// hardSigmoidGradient is alpha where 0 < y < 1, else 0; at the kinks 0.
func hardSigmoidGradient(c *Context, dy *graph.Value) *graph.Value {
	inside := c.inside(c.Y(0), 0, 1)
	return c.Mul(dy, c.MulBy(inside, c.Node.Attrs.Float("alpha", 0.2)))
}

// hardSwishGradient is 0 below −3, 1 above 3 and x/3 + 1/2 between.
func hardSwishGradient(c *Context, dy *graph.Value) *graph.Value {
	x := c.X(0)
	middle := c.AddTo(c.MulBy(x, 1.0/3), 0.5)
	above := c.mask(c.Greater(x, c.Scalar(x, 3)), x)
	return c.Mul(dy, c.Add(above, c.Mul(c.inside(x, -3, 3), middle)))
}

// inside is 1 where low < x < high.
func (c *Context) inside(x *graph.Value, low, high float64) *graph.Value {
	above, below := c.Greater(x, c.Scalar(x, low)), c.Op("Less", nil, x, c.Scalar(x, high))
	return c.mask(c.Op("And", nil, above, below), x)
}

// clipRule passes the gradient where the input was not clipped; at a bound it passes.
func clipRule(c *Context) ([]*graph.Value, error) {
	same := c.mask(c.Equal(c.X(0), c.Y(0)), c.Y(0))
	return []*graph.Value{c.Mul(c.DY(0), same)}, nil
}

// softmaxGradient is y·(dy − Σ dy·y) along the axis.
func softmaxGradient(c *Context, dy *graph.Value) *graph.Value {
	a := c.Node.Attrs.Int("axis", -1)
	y := c.Y(0)
	return c.Mul(y, c.Sub(dy, c.ReduceSum(c.Mul(dy, y), true, a)))
}

// logSoftmaxGradient is dy − exp(y)·Σ dy along the axis.
func logSoftmaxGradient(c *Context, dy *graph.Value) *graph.Value {
	a := c.Node.Attrs.Int("axis", -1)
	return c.Sub(dy, c.Mul(c.Exp(c.Y(0)), c.ReduceSum(dy, true, a)))
}

// castGradient casts back; integers carry no gradient.
func castGradient(c *Context, dy *graph.Value) *graph.Value {
	switch c.X(0).Type {
	case onnx.Float, onnx.Double, onnx.Float16, onnx.BFloat16:
		return c.Cast(dy, c.X(0).Type)
	default:
		return nil
	}
}

func addRule(c *Context) ([]*graph.Value, error) {
	return []*graph.Value{c.ifNeeded(0, func() *graph.Value { return c.DY(0) }), c.ifNeeded(1, func() *graph.Value { return c.DY(0) })}, nil
}

func subRule(c *Context) ([]*graph.Value, error) {
	return []*graph.Value{c.ifNeeded(0, func() *graph.Value { return c.DY(0) }), c.ifNeeded(1, func() *graph.Value { return c.Neg(c.DY(0)) })}, nil
}

func mulRule(c *Context) ([]*graph.Value, error) {
	return []*graph.Value{
		c.ifNeeded(0, func() *graph.Value { return c.Mul(c.DY(0), c.X(1)) }),
		c.ifNeeded(1, func() *graph.Value { return c.Mul(c.DY(0), c.X(0)) }),
	}, nil
}

func divRule(c *Context) ([]*graph.Value, error) {
	return []*graph.Value{
		c.ifNeeded(0, func() *graph.Value { return c.Div(c.DY(0), c.X(1)) }),
		c.ifNeeded(1, func() *graph.Value { return c.Neg(c.Div(c.Mul(c.DY(0), c.Y(0)), c.X(1))) }),
	}, nil
}

// powRule: d(xᵉ) = e·xᵉ⁻¹ dx + xᵉ·ln x de. The exponent's gradient is 0 where
// x ≤ 0, as the logarithm is not defined there.
func powRule(c *Context) ([]*graph.Value, error) {
	x, e := c.X(0), c.X(1)
	exponent := c.Cast(e, x.Type)
	return []*graph.Value{
		c.ifNeeded(0, func() *graph.Value {
			return c.Mul(c.DY(0), c.Mul(exponent, c.Op("Pow", nil, x, c.AddTo(exponent, -1))))
		}),
		c.ifNeeded(1, func() *graph.Value {
			positive := c.Greater(x, c.Scalar(x, 0))
			log := c.Log(c.Where(positive, x, c.Scalar(x, 1)))
			return c.Mul(c.DY(0), c.Mul(c.Y(0), log))
		}),
	}, nil
}

func sumRule(c *Context) ([]*graph.Value, error) {
	out := make([]*graph.Value, len(c.Node.In))
	for i := range out {
		out[i] = c.ifNeeded(i, func() *graph.Value { return c.DY(0) })
	}
	return out, nil
}

func meanRule(c *Context) ([]*graph.Value, error) {
	share := c.MulBy(c.DY(0), 1/float64(len(c.Node.In)))
	out := make([]*graph.Value, len(c.Node.In))
	for i := range out {
		out[i] = c.ifNeeded(i, func() *graph.Value { return share })
	}
	return out, nil
}

// extremeRule is for Max and Min: every input equal to the result takes the
// gradient, shared equally between ties.
func extremeRule(c *Context) ([]*graph.Value, error) {
	masks := make([]*graph.Value, len(c.Node.In))
	for i, x := range c.Node.In {
		masks[i] = c.mask(c.Equal(x, c.Y(0)), c.Y(0))
	}
	share := c.DY(0)
	if len(masks) > 1 {
		share = c.Div(share, c.Op("Sum", nil, masks...))
	}
	for i, m := range masks {
		masks[i] = c.ifNeeded(i, func() *graph.Value { return c.Mul(share, m) })
	}
	return masks, nil
}

func whereRule(c *Context) ([]*graph.Value, error) {
	zero := c.Scalar(c.DY(0), 0)
	return []*graph.Value{
		nil,
		c.ifNeeded(1, func() *graph.Value { return c.Where(c.X(0), c.DY(0), zero) }),
		c.ifNeeded(2, func() *graph.Value { return c.Where(c.X(0), zero, c.DY(0)) }),
	}, nil
}

// ifNeeded computes the gradient of input i, summed over broadcast dimensions.
func (c *Context) ifNeeded(i int, f func() *graph.Value) *graph.Value {
	if !c.Needs(i) {
		return nil
	}
	return c.unbroadcast(f(), c.X(i).Shape)
}
