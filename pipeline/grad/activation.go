package grad

import (
	"athanor/pipeline/graph"
)

func activationRules() map[string]Rule {
	table := map[string]Rule{
		"Selu": unary(seluGradient), "Celu": unary(celuGradient), "ThresholdedRelu": unary(thresholdedGradient), "Softsign": unary(softsignGradient),
		"Mish": unary(mishGradient), "Shrink": unary(shrinkGradient), "PRelu": preluRule,
	}
	for _, op := range []string{"Floor", "Ceil", "Round", "Sign"} {
		table[op] = flatRule
	}
	return table
}

// flatRule is for steps: the gradient is 0 everywhere, at the jumps too.
func flatRule(c *Context) ([]*graph.Value, error) {
	return []*graph.Value{Zeros(c.Builder, c.X(0))}, nil
}

// positive tells where x > 0.
func (c *Context) positive(x *graph.Value) *graph.Value { return c.Greater(x, c.Scalar(x, 0)) }

// seluGradient is γ where x > 0, else y + γ·α (Klambauer et al. 2017).
func seluGradient(c *Context, dy *graph.Value) *graph.Value {
	alpha, gamma := c.Node.Attrs.Float("alpha", 1.67326319217681884765625), c.Node.Attrs.Float("gamma", 1.05070102214813232421875)
	return c.Where(c.positive(c.X(0)), c.MulBy(dy, gamma), c.Mul(dy, c.AddTo(c.Y(0), alpha*gamma)))
}

// celuGradient is 1 where x > 0, else exp(x/α) = y/α + 1.
func celuGradient(c *Context, dy *graph.Value) *graph.Value {
	slope := c.AddTo(c.MulBy(c.Y(0), 1/c.Node.Attrs.Float("alpha", 1)), 1)
	return c.Where(c.positive(c.X(0)), dy, c.Mul(dy, slope))
}

// thresholdedGradient passes where x > α; at the jump it is 0.
func thresholdedGradient(c *Context, dy *graph.Value) *graph.Value {
	x := c.X(0)
	return c.Mul(dy, c.mask(c.Greater(x, c.Scalar(x, c.Node.Attrs.Float("alpha", 1))), dy))
}

// softsignGradient is 1/(1+|x|)².
func softsignGradient(c *Context, dy *graph.Value) *graph.Value {
	below := c.AddTo(c.Op("Abs", nil, c.X(0)), 1)
	return c.Div(dy, c.Mul(below, below))
}

// mishGradient: with t = tanh(softplus(x)), t + x·σ(x)·(1−t²) (Misra 2019).
func mishGradient(c *Context, dy *graph.Value) *graph.Value {
	x := c.X(0)
	t := c.Op("Tanh", nil, c.Op("Softplus", nil, x))
	slope := c.Mul(c.Mul(x, c.Op("Sigmoid", nil, x)), c.Sub(c.Scalar(x, 1), c.Mul(t, t)))
	return c.Mul(dy, c.Add(t, slope))
}

// shrinkGradient passes where |x| > λ; at the jumps it is 0.
func shrinkGradient(c *Context, dy *graph.Value) *graph.Value {
	size := c.Op("Abs", nil, c.X(0))
	return c.Mul(dy, c.mask(c.Greater(size, c.Scalar(size, c.Node.Attrs.Float("lambd", 0.5))), dy))
}

// preluRule: dx is dy where x > 0, else slope·dy; dslope sums x·dy over x ≤ 0
// (He et al. 2015).
func preluRule(c *Context) ([]*graph.Value, error) {
	x, dy := c.X(0), c.DY(0)
	positive := c.positive(x)
	return []*graph.Value{
		c.ifNeeded(0, func() *graph.Value { return c.Where(positive, dy, c.Mul(dy, c.X(1))) }),
		c.ifNeeded(1, func() *graph.Value { return c.Where(positive, c.Scalar(dy, 0), c.Mul(dy, x)) }),
	}, nil
}
