package grad

import (
	"fmt"

	"athanor/pipeline/graph"
)

func otherNormRules() map[string]Rule {
	return map[string]Rule{
		"InstanceNormalization": instanceNormRule, "MeanVarianceNormalization": unary(meanVarianceGradient),
		"LpNormalization": lpNormalizationRule, "LRN": unary(localResponseGradient),
	}
}

// standardised is (x − μ)/σ over axes, with 1/σ.
func (c *Context) standardised(x *graph.Value, epsilon float64, axes []int) (normal, invStd *graph.Value) {
	centred := c.Sub(x, c.ReduceMean(x, true, axes...))
	variance := c.ReduceMean(c.Mul(centred, centred), true, axes...)
	invStd = c.Op("Reciprocal", nil, c.Sqrt(c.AddTo(variance, epsilon)))
	return c.Mul(centred, invStd), invStd
}

// standardisedGradient is that of (x − μ)/σ: with x̂ the result,
// (g − mean(g) − x̂·mean(g·x̂))/σ (Ba, Kiros and Hinton 2016).
func (c *Context) standardisedGradient(g, normal, invStd *graph.Value, axes []int) *graph.Value {
	along := c.Mul(normal, c.ReduceMean(c.Mul(g, normal), true, axes...))
	return c.Mul(invStd, c.Sub(c.Sub(g, c.ReduceMean(g, true, axes...)), along))
}

func instanceNormRule(c *Context) ([]*graph.Value, error) {
	x, scale, dy := c.X(0), c.X(1), c.DY(0)
	space := tail(2, x.Rank())
	normal, invStd := c.standardised(x, c.Node.Attrs.Float("epsilon", 1e-5), space)
	return []*graph.Value{
		c.want(0, func() *graph.Value {
			return c.standardisedGradient(c.Mul(dy, perChannel(c.Builder, scale, x)), normal, invStd, space)
		}),
		c.want(1, func() *graph.Value { return c.ReduceSum(c.Mul(dy, normal), false, otherAxes(x)...) }),
		c.want(2, func() *graph.Value { return c.ReduceSum(dy, false, otherAxes(x)...) }),
	}, nil
}

// meanVarianceEpsilon is the operator's own (ONNX function definition).
const meanVarianceEpsilon = 1e-9

func meanVarianceGradient(c *Context, dy *graph.Value) *graph.Value {
	axes := graph.MeanVarianceAxes(c.Node)
	normal, invStd := c.standardised(c.X(0), meanVarianceEpsilon, axes)
	return c.standardisedGradient(dy, normal, invStd, axes)
}

// lpNormalizationRule: with n = ‖x‖ₚ, (dy − ∂n/∂x · Σ dy·y)/n, where ∂n/∂x is
// sign(x) for p = 1 and y for p = 2. Lines of zeros take no gradient.
func lpNormalizationRule(c *Context) ([]*graph.Value, error) {
	x, y, dy := c.X(0), c.Y(0), c.DY(0)
	axis := c.Node.Attrs.Int("axis", -1)
	op, slope := "ReduceL2", y
	switch p := c.Node.Attrs.Int("p", 2); p {
	case 1:
		op, slope = "ReduceL1", c.Op("Sign", nil, x)
	case 2:
	default:
		return nil, fmt.Errorf("%w for LpNormalization of p %d: 1 and 2 have one", ErrNoRule, p)
	}
	norm := c.Op(op, graph.Attrs{"keepdims": 1}, x, c.Ints(axis))
	length := c.Where(c.Equal(norm, c.Scalar(x, 0)), c.Scalar(x, 1), norm)
	along := c.Mul(slope, c.ReduceSum(c.Mul(dy, y), true, axis))
	nonzero := c.mask(c.Greater(norm, c.Scalar(x, 0)), x)
	return []*graph.Value{c.Mul(c.Div(c.Sub(dy, along), length), nonzero)}, nil
}

// localResponseGradient: with s = bias + α/size·Σx² over the neighbouring
// channels, y = x·s^−β and
// dx = dy·s^−β − 2αβ/size · x · Σ dy·x·s^(−β−1), the sum over the channels whose
// neighbourhood holds this one (Krizhevsky et al. 2012).
func localResponseGradient(c *Context, dy *graph.Value) *graph.Value {
	x, a := c.X(0), c.Node.Attrs
	size, alpha, beta := a.Int("size", 1), a.Float("alpha", 1e-4), a.Float("beta", 0.75)
	near := neighbours(x.Shape[1], size)
	sum := c.acrossChannels(c.Mul(x, x), near, false)
	s := c.AddTo(c.MulBy(sum, alpha/float64(size)), a.Float("bias", 1))
	direct := c.Mul(dy, c.Op("Pow", nil, s, c.Scalar(s, -beta)))
	part := c.Mul(c.Mul(dy, x), c.Op("Pow", nil, s, c.Scalar(s, -beta-1)))
	back := c.Mul(x, c.acrossChannels(part, near, true))
	return c.Sub(direct, c.MulBy(back, 2*alpha*beta/float64(size)))
}

// neighbours is a matrix [C, C] of ones where channel j lies near channel i.
func neighbours(channels, size int) []float64 {
	near := make([]float64, channels*channels)
	for i := range channels {
		for j := max(0, i-(size-1)/2); j <= min(channels-1, i+size/2); j++ {
			near[i*channels+j] = 1
		}
	}
	return near
}

// acrossChannels multiplies the channels of x by a matrix, or its transpose.
func (c *Context) acrossChannels(x *graph.Value, matrix []float64, transposed bool) *graph.Value {
	channels := x.Shape[1]
	if transposed {
		flipped := make([]float64, len(matrix))
		for i := range matrix {
			flipped[i%channels*channels+i/channels] = matrix[i]
		}
		matrix = flipped
	}
	m := c.Const(x.Type, []int{channels, channels}, matrix...)
	rows := c.Reshape(x, x.Shape[0], channels, volume(x.Shape[2:]))
	return c.Reshape(c.MatMul(m, rows), x.Shape...)
}
