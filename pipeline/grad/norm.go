package grad

import (
	"math"

	"athanor/pipeline/graph"
)

func normRules() map[string]Rule {
	return map[string]Rule{
		"BatchNormalization": frozenBatchNormRule, "LayerNormalization": layerNormRule,
		BatchNormOp: batchNormRule, GeluOp: unary(geluGradient), CrossEntropyOp: crossEntropyRule,
	}
}

// Names of the composites that have a gradient rule of their own.
const (
	BatchNormOp    = "BatchNormTraining"
	GeluOp         = "GeluExact"
	CrossEntropyOp = "SoftmaxCrossEntropy"
)

// BatchNorm normalises x [N, C, …] with the statistics of its own batch and
// returns y, the batch's mean and its biased variance, both [C]
// (Ioffe and Szegedy 2015, algorithm 1).
func BatchNorm(b *graph.Builder, x, scale, bias *graph.Value, epsilon float64) (y, mean, variance *graph.Value) {
	out := b.Composite(BatchNormOp, graph.Attrs{"epsilon": epsilon}, []*graph.Value{x, scale, bias}, func() []*graph.Value {
		axes := otherAxes(x)
		mean := b.ReduceMean(x, false, axes...)
		centred := b.Sub(x, perChannel(b, mean, x))
		variance := b.MulBy(b.Op("ReduceSumSquare", graph.Attrs{"keepdims": 0}, centred, b.Ints(axes...)), float64(x.Shape[1])/float64(x.Size()))
		y := b.Op("BatchNormalization", graph.Attrs{"epsilon": epsilon}, x, scale, bias, mean, variance)
		return []*graph.Value{y, mean, variance}
	})
	return out[0], out[1], out[2]
}

// batchNormRule: dx = γ/σ·(dy − mean(dy) − x̂·mean(dy·x̂)), dγ = Σ dy·x̂,
// dβ = Σ dy. The returned statistics carry no gradient.
func batchNormRule(c *Context) ([]*graph.Value, error) {
	x, scale, dy := c.X(0), c.X(1), c.DY(0)
	epsilon := c.Node.Attrs.Float("epsilon", 1e-5)
	mean, variance := c.Y(1), c.Y(2)
	axes := otherAxes(x)
	count := float64(x.Size() / x.Shape[1])
	invStd := c.Op("Reciprocal", nil, c.Sqrt(c.AddTo(variance, epsilon)))
	normal := c.Mul(c.Sub(x, perChannel(c.Builder, mean, x)), perChannel(c.Builder, invStd, x))
	dBias := c.ReduceSum(dy, false, axes...)
	dScale := c.ReduceSum(c.Mul(dy, normal), false, axes...)
	dx := c.want(0, func() *graph.Value {
		factor := perChannel(c.Builder, c.Mul(scale, invStd), x)
		part := c.Mul(normal, perChannel(c.Builder, c.MulBy(dScale, 1/count), x))
		return c.Mul(factor, c.Sub(c.Sub(dy, perChannel(c.Builder, c.MulBy(dBias, 1/count), x)), part))
	})
	return []*graph.Value{dx, dScale, dBias}, nil
}

// frozenBatchNormRule is for given statistics: y = γ·(x − μ)/σ + β. Networks that
// train the statistics, too, get their gradients: −γ/σ·Σdy, and −½·γ/σ³·Σdy·(x − μ).
func frozenBatchNormRule(c *Context) ([]*graph.Value, error) {
	x, scale, dy := c.X(0), c.X(1), c.DY(0)
	mean, variance := c.X(3), c.X(4)
	invStd := c.Op("Reciprocal", nil, c.Sqrt(c.AddTo(variance, c.Node.Attrs.Float("epsilon", 1e-5))))
	axes := otherAxes(x)
	errors := func() *graph.Value { return c.ReduceSum(dy, false, axes...) }
	along := func() *graph.Value { // Σ dy·(x − μ)/σ
		normal := c.Mul(c.Sub(x, perChannel(c.Builder, mean, x)), perChannel(c.Builder, invStd, x))
		return c.ReduceSum(c.Mul(dy, normal), false, axes...)
	}
	return []*graph.Value{
		c.want(0, func() *graph.Value { return c.Mul(dy, perChannel(c.Builder, c.Mul(scale, invStd), x)) }),
		c.want(1, along),
		c.want(2, errors),
		c.want(3, func() *graph.Value { return c.MulBy(c.Mul(c.Mul(scale, invStd), errors()), -1) }),
		c.want(4, func() *graph.Value { return c.MulBy(c.Mul(scale, c.Mul(c.Mul(invStd, invStd), along())), -0.5) }),
	}, nil
}

// otherAxes are all axes but the channels'.
func otherAxes(x *graph.Value) []int {
	axes := []int{0}
	for i := 2; i < x.Rank(); i++ {
		axes = append(axes, i)
	}
	return axes
}

// perChannel shapes a [C] value so that it broadcasts over x [N, C, …].
func perChannel(b *graph.Builder, v, x *graph.Value) *graph.Value {
	shape := []int{v.Size()}
	for range x.Rank() - 2 {
		shape = append(shape, 1)
	}
	return b.Reshape(v, shape...)
}

// layerNormRule: with x̂ = (x − μ)·ρ and g = dy·γ,
// dx = ρ·(g − mean(g) − x̂·mean(g·x̂)). The mean and ρ are the operator's own
// second and third output.
func layerNormRule(c *Context) ([]*graph.Value, error) {
	x, scale, dy := c.X(0), c.X(1), c.DY(0)
	from := c.Node.Attrs.Int("axis", -1)
	if from < 0 {
		from += x.Rank()
	}
	mean, invStd := c.layerStats(from)
	normal := c.Mul(c.Sub(x, mean), invStd)
	g := c.Mul(dy, scale)
	axes := tail(from, x.Rank())
	dx := c.want(0, func() *graph.Value {
		along := c.Mul(normal, c.ReduceMean(c.Mul(g, normal), true, axes...))
		return c.Mul(invStd, c.Sub(c.Sub(g, c.ReduceMean(g, true, axes...)), along))
	})
	return []*graph.Value{
		dx, c.ifNeeded(1, func() *graph.Value { return c.Mul(dy, normal) }), c.ifNeeded(2, func() *graph.Value { return dy }),
	}, nil
}

// layerStats are the mean and inverse deviation, from the operator where it
// gave them, else computed again.
func (c *Context) layerStats(from int) (mean, invStd *graph.Value) {
	if len(c.Node.Out) == 3 {
		return c.Y(1), c.Y(2)
	}
	x := c.X(0)
	axes := tail(from, x.Rank())
	mean = c.ReduceMean(x, true, axes...)
	centred := c.Sub(x, mean)
	variance := c.ReduceMean(c.Mul(centred, centred), true, axes...)
	return mean, c.Op("Reciprocal", nil, c.Sqrt(c.AddTo(variance, c.Node.Attrs.Float("epsilon", 1e-5))))
}

func tail(from, rank int) []int {
	var axes []int
	for i := from; i < rank; i++ {
		axes = append(axes, i)
	}
	return axes
}

// Gelu is x·Φ(x) with the exact normal distribution (Hendrycks and Gimpel 2016).
func Gelu(b *graph.Builder, x *graph.Value) *graph.Value {
	return b.Composite(GeluOp, nil, []*graph.Value{x}, func() []*graph.Value { return []*graph.Value{b.Mul(x, normalCDF(b, x))} })[0]
}

func normalCDF(b *graph.Builder, x *graph.Value) *graph.Value {
	return b.MulBy(b.AddTo(b.Op("Erf", nil, b.MulBy(x, 1/math.Sqrt2)), 1), 0.5)
}

// geluGradient is Φ(x) + x·φ(x).
func geluGradient(c *Context, dy *graph.Value) *graph.Value {
	x := c.X(0)
	density := c.MulBy(c.Exp(c.MulBy(c.Mul(x, x), -0.5)), 1/math.Sqrt(2*math.Pi))
	return c.Mul(dy, c.Add(normalCDF(c.Builder, x), c.Mul(x, density)))
}

// CrossEntropy is −Σ target·log softmax(logits) for each row, [N, 1], with the
// log-probabilities [N, K]. Rows of target sum to one.
func CrossEntropy(b *graph.Builder, logits, target *graph.Value) (loss, logp *graph.Value) {
	out := b.Composite(CrossEntropyOp, nil, []*graph.Value{logits, target}, func() []*graph.Value {
		logp := logSoftmax(b, logits)
		return []*graph.Value{b.Neg(b.ReduceSum(b.Mul(logp, target), true, -1)), logp}
	})
	return out[0], out[1]
}

// logSoftmax is spelled out for graphics processors, as WebGPU lacks the operator.
func logSoftmax(b *graph.Builder, logits *graph.Value) *graph.Value {
	if !b.Card() {
		return b.Op("LogSoftmax", graph.Attrs{"axis": -1}, logits)
	}
	centred := b.Sub(logits, b.ReduceMax(logits, true, -1))
	return b.Sub(centred, b.Log(b.ReduceSum(b.Exp(centred), true, -1)))
}

// crossEntropyRule: dlogits = dy·(softmax − target).
func crossEntropyRule(c *Context) ([]*graph.Value, error) {
	return []*graph.Value{c.Mul(c.DY(0), c.Sub(c.Exp(c.Y(1)), c.X(1))), nil}, nil
}
