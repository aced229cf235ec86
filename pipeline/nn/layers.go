package nn

import (
	"athanor/inference/onnx"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// Dense is x·W + b for x [N, in]; init is the weights' distribution.
func (c *Context) Dense(name string, x *graph.Value, units int, kind Kind) *graph.Value {
	in := x.Shape[1]
	w := c.Param(Parameter{Name: name + ".weight", Shape: []int{in, units}, Init: Init{Kind: kind, FanIn: in, FanOut: units}, Decay: true})
	b := c.Param(Parameter{Name: name + ".bias", Shape: []int{units}})
	return c.Gemm(x, w, b, false, false)
}

// Linear is x·W + b over the last dimension of x [N, L, in].
func (c *Context) Linear(name string, x *graph.Value, units int) *graph.Value {
	in := x.Shape[x.Rank()-1]
	w := c.Param(Parameter{Name: name + ".weight", Shape: []int{in, units}, Init: Init{Kind: GlorotUniform, FanIn: in, FanOut: units}, Decay: true})
	b := c.Param(Parameter{Name: name + ".bias", Shape: []int{units}})
	return c.Add(c.MatMul(x, w), b)
}

// ConvConfig is a square convolution.
type ConvConfig struct {
	Channels, Kernel, Stride, Groups int
	// Bias adds one value a channel; leave it out before a normalisation.
	Bias bool
}

// Conv convolves x [N, C, H, W] with zero padding of half the kernel.
func (c *Context) Conv(name string, x *graph.Value, cfg ConvConfig) *graph.Value {
	stride, groups := max(cfg.Stride, 1), max(cfg.Groups, 1)
	in := x.Shape[1] / groups
	fan := in * cfg.Kernel * cfg.Kernel
	w := c.Param(Parameter{
		Name: name + ".weight", Shape: []int{cfg.Channels, in, cfg.Kernel, cfg.Kernel},
		Init: Init{Kind: HeUniform, FanIn: fan, FanOut: cfg.Channels * cfg.Kernel * cfg.Kernel}, Decay: true,
	})
	var b *graph.Value
	if cfg.Bias {
		b = c.Param(Parameter{Name: name + ".bias", Shape: []int{cfg.Channels}})
	}
	p := cfg.Kernel / 2
	return c.Op("Conv", graph.Attrs{
		"kernel_shape": []int{cfg.Kernel, cfg.Kernel}, "strides": []int{stride, stride}, "pads": []int{p, p, p, p}, "group": groups,
	}, x, w, b)
}

// MaxPool takes the maximum of side-by-side squares.
func (c *Context) MaxPool(x *graph.Value, size int) *graph.Value {
	return c.Op("MaxPool", graph.Attrs{"kernel_shape": []int{size, size}, "strides": []int{size, size}}, x)
}

// batchMomentum is the share of the newest batch in the running statistics.
const batchMomentum = 0.1

// normEpsilon keeps variances away from zero.
const normEpsilon = 1e-5

// BatchNorm normalises each channel of x [N, C, …]: by the batch while
// training, by running statistics otherwise.
func (c *Context) BatchNorm(name string, x *graph.Value) *graph.Value {
	shape := []int{x.Shape[1]}
	scale := c.Param(Parameter{Name: name + ".scale", Shape: shape, Init: Init{Value: 1}})
	bias := c.Param(Parameter{Name: name + ".bias", Shape: shape})
	mean := c.Running(Buffer{Name: name + ".mean", Shape: shape})
	variance := c.Running(Buffer{Name: name + ".variance", Shape: shape, Fill: 1})
	if !c.Training {
		return c.Op("BatchNormalization", graph.Attrs{"epsilon": normEpsilon}, x, scale, bias, mean, variance)
	}
	y, batchMean, batchVariance := grad.BatchNorm(c.Builder, x, scale, bias, normEpsilon)
	count := float64(x.Size() / x.Shape[1])
	c.Follow(name+".mean", mean, batchMean, 1)
	c.Follow(name+".variance", variance, batchVariance, count/max(count-1, 1))
	return y
}

// Follow moves a running statistic towards the batch's.
func (c *Context) Follow(name string, running, batch *graph.Value, factor float64) {
	c.updates[name] = c.Add(c.MulBy(running, 1-batchMomentum), c.MulBy(batch, batchMomentum*factor))
}

// LayerNorm normalises the last dimension (Ba et al. 2016).
func (c *Context) LayerNorm(name string, x *graph.Value) *graph.Value {
	shape := []int{x.Shape[x.Rank()-1]}
	scale := c.Param(Parameter{Name: name + ".scale", Shape: shape, Init: Init{Value: 1}})
	bias := c.Param(Parameter{Name: name + ".bias", Shape: shape})
	attrs := graph.Attrs{"axis": -1, "epsilon": normEpsilon}
	if !c.Training {
		return c.Op("LayerNormalization", attrs, x, scale, bias)
	}
	return c.OpN("LayerNormalization", 3, attrs, x, scale, bias)[0]
}

// Embedding looks ids [N, L] up in a table of rows×width; the result is [N, L, width].
func (c *Context) Embedding(name string, ids *graph.Value, rows, width int, deviation float64) *graph.Value {
	table := c.Param(Parameter{Name: name + ".table", Shape: []int{rows, width}, Init: Init{Kind: Normal, Value: deviation}})
	return c.Op("Gather", graph.Attrs{"axis": 0}, table, ids)
}

// Present is 1 for ids that are not padding (id 0), shape [N, L, 1].
func (c *Context) Present(ids *graph.Value) *graph.Value {
	zero := c.Const(onnx.Int64, []int{1}, 0)
	return c.Unsqueeze(c.Cast(c.Greater(ids, zero), onnx.Float), 2)
}

// Pixels turns uint8 pictures [N, H, W, C] into floats in [0, 1], [N, C, H, W].
func (c *Context) Pixels(x *graph.Value) *graph.Value {
	scaled := c.unit(x)
	if x.Shape[3] == 1 {
		return c.Reshape(scaled, x.Shape[0], 1, x.Shape[1], x.Shape[2])
	}
	return c.Transpose(scaled, 0, 3, 1, 2)
}

// unit turns bytes into floats in [0, 1].
func (c *Context) unit(x *graph.Value) *graph.Value {
	if c.Kernels() && x.Type == onnx.Uint8 && x.Size() != graph.Unknown {
		return c.Op(graph.ScaleKernel, graph.KernelAttrs(x.Shape, 1.0/255), x)
	}
	return c.MulBy(c.Cast(x, onnx.Float), 1.0/255)
}

// Flatten keeps the batch and joins all other dimensions.
func (c *Context) Flatten(x *graph.Value) *graph.Value {
	if x.Rank() == 2 {
		return x
	}
	return c.Op("Flatten", graph.Attrs{"axis": 1}, x)
}

// Gelu is x·Φ(x).
func (c *Context) Gelu(x *graph.Value) *graph.Value { return grad.Gelu(c.Builder, x) }
