package grad

import (
	"slices"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

func convolutionRules() map[string]Rule {
	return map[string]Rule{"Conv": convRule, "ConvTranspose": convTransposeRule}
}

// fewChannels is up to how many input channels one im2col and one Gemm beat a
// Gemm for each kernel offset (measured at 28×28, batch 32 and 128).
const fewChannels = 3

func convRule(c *Context) ([]*graph.Value, error) {
	x, w := c.X(0), c.X(1)
	g, err := graph.WindowGeometry(c.Node.Attrs, w.Shape[2:], x.Shape[2:])
	if err != nil {
		return nil, err
	}
	group := c.Node.Attrs.Int("group", 1)
	return []*graph.Value{
		c.want(0, func() *graph.Value { return c.convInput(c.DY(0), w, x.Shape, g, group) }),
		c.want(1, func() *graph.Value { return c.convWeights(x, c.DY(0), w.Shape, g, group) }),
		c.want(2, func() *graph.Value { return c.ReduceSum(c.DY(0), false, otherAxes(c.DY(0))...) }),
	}, nil
}

// want computes a gradient only where it is needed.
func (c *Context) want(i int, f func() *graph.Value) *graph.Value {
	if !c.Needs(i) {
		return nil
	}
	return f()
}

// convInput is the gradient of a convolution's input: the transposed
// convolution of dy with the same weights.
func (c *Context) convInput(dy, w *graph.Value, shape []int, g graph.Geometry, group int) *graph.Value {
	extra := make([]int, len(g.Kernel))
	for i := range extra {
		plain := (dy.Shape[2+i]-1)*g.Stride[i] + (g.Kernel[i]-1)*g.Dilation[i] + 1 - g.PadBegin[i] - g.PadEnd[i]
		extra[i] = shape[2+i] - plain
	}
	if c.Card() && group == 1 {
		if dx := c.convFlipped(dy, w, shape, g); dx != nil {
			return dx
		}
	}
	if kernels := w.Shape[0] / group; group > 1 && w.Shape[1] == 1 && kernels%2 == 0 {
		dy, w = c.widenGroups(dy, 1, group, kernels), c.widenGroups(w, 0, group, kernels)
	}
	return c.Op("ConvTranspose", graph.Attrs{
		"kernel_shape": g.Kernel, "strides": g.Stride, "dilations": g.Dilation, "group": group,
		"pads": slices.Concat(g.PadBegin, g.PadEnd), "output_padding": extra,
	}, dy, w)
}

// convFlipped is convInput for stride 1 as a convolution with the kernels turned
// around, for which graphics processors have the faster kernel; nil where the
// geometry does not allow it.
func (c *Context) convFlipped(dy, w *graph.Value, shape []int, g graph.Geometry) *graph.Value {
	perm := tail(0, w.Rank())
	perm[0], perm[1] = 1, 0
	turned := c.Transpose(w, perm...)
	before, behind := make([]int, len(g.Kernel)), make([]int, len(g.Kernel))
	for i, k := range g.Kernel {
		index := make([]float64, k)
		for j := range index {
			index[j] = float64(k - 1 - j)
		}
		turned = c.Op("Gather", graph.Attrs{"axis": 2 + i}, turned, c.Const(onnx.Int64, []int{k}, index...))
		reach := (k - 1) * g.Dilation[i]
		before[i] = reach - g.PadBegin[i]
		behind[i] = shape[2+i] + reach - dy.Shape[2+i] - before[i]
		if g.Stride[i] != 1 || min(before[i], behind[i]) < 0 {
			return nil
		}
	}
	return c.Op("Conv", graph.Attrs{
		"kernel_shape": g.Kernel, "dilations": g.Dilation, "pads": slices.Concat(before, behind),
	}, dy, turned)
}

// widenGroups adds a channel of zeros to each group along an axis of so many
// groups of so many. The WebGPU provider of ONNX Runtime 1.30 computes a
// transposed convolution wrongly whose groups take an even number of channels
// and give one.
func (c *Context) widenGroups(v *graph.Value, axis, groups, each int) *graph.Value {
	apart := slices.Insert(slices.Clone(v.Shape), axis+1, each)
	apart[axis] = groups
	shape := slices.Clone(v.Shape)
	shape[axis] = groups * (each + 1)
	return c.Reshape(c.padAxis(c.Reshape(v, apart...), axis+1, 0, 1), shape...)
}

// convWeights is the gradient of a convolution's weights: for every kernel
// offset the product of dy with the input as that offset sees it.
func (c *Context) convWeights(x, dy *graph.Value, shape []int, g graph.Geometry, group int) *graph.Value {
	padded := c.padSpace(x, g)
	if group > 1 {
		return c.groupedWeights(padded, dy, shape, g, group)
	}
	if c.Card() {
		return c.sampleWeights(padded, dy, shape, g)
	}
	inputs := c.channelsFirst(padded) // [Cin, N, H, W]
	errors := c.channelRows(dy)       // [Cout, N·H·W]
	positions := errors.Shape[1]
	var views []*graph.Value
	for _, offset := range offsets(g) {
		view := c.viewAt(inputs, g, offset, dy.Shape[2:])
		views = append(views, c.Reshape(view, x.Shape[1], positions))
	}
	if x.Shape[1] <= fewChannels {
		columns := c.Concat(0, views...) // [K·Cin, N·H·W]
		product := c.Gemm(errors, columns, nil, false, true)
		return c.kernelLast(product, shape, len(views))
	}
	for i, view := range views {
		views[i] = c.Gemm(errors, view, nil, false, true) // [Cout, Cin]
	}
	return c.kernelLast(c.Concat(1, views...), shape, len(views))
}

// sampleWeights is convWeights for graphics processors: a product for each
// sample, all side by side, and their sum. One product over all samples has too
// few results to keep such a device busy.
func (c *Context) sampleWeights(padded, dy *graph.Value, shape []int, g graph.Geometry) *graph.Value {
	samples, positions := dy.Shape[0], dy.Size()/(dy.Shape[0]*dy.Shape[1])
	var views []*graph.Value
	for _, offset := range offsets(g) {
		views = append(views, c.Reshape(c.viewAt(padded, g, offset, dy.Shape[2:]), samples, shape[1], 1, positions))
	}
	columns := c.Reshape(c.Concat(2, views...), samples, shape[1]*len(views), positions)
	errors := c.Reshape(dy, samples, shape[0], positions)
	product := c.MatMul(errors, c.Transpose(columns, 0, 2, 1)) // [N, Cout, Cin·K]
	return c.Reshape(c.ReduceSum(product, false, 0), shape...)
}

// kernelLast turns [Cout, K·Cin] into [Cout, Cin, kh, kw] or its like.
func (c *Context) kernelLast(product *graph.Value, shape []int, kernel int) *graph.Value {
	split := c.Reshape(product, shape[0], kernel, shape[1])
	return c.Reshape(c.Transpose(split, 0, 2, 1), shape...)
}

// groupedWeights does the same for grouped and depth-wise convolutions, the
// groups as batch of a matrix product.
func (c *Context) groupedWeights(padded, dy *graph.Value, shape []int, g graph.Geometry, group int) *graph.Value {
	inputs := c.channelsFirst(padded)
	errors := c.channelRows(dy)
	positions := errors.Shape[1]
	grouped := c.Reshape(errors, group, shape[0]/group, positions)
	var pieces []*graph.Value
	for _, offset := range offsets(g) {
		view := c.Reshape(c.viewAt(inputs, g, offset, dy.Shape[2:]), group, shape[1], positions)
		product := c.MatMul(grouped, c.swapLast(view)) // [G, Cout/G, Cin/G]
		pieces = append(pieces, c.Reshape(product, shape[0], shape[1], 1))
	}
	return c.Reshape(c.Concat(2, pieces...), shape...)
}

// channelRows puts channels first and flattens the rest.
func (c *Context) channelRows(x *graph.Value) *graph.Value {
	return c.Reshape(c.channelsFirst(x), x.Shape[1], x.Size()/x.Shape[1])
}

// channelsFirst swaps batch and channels.
func (c *Context) channelsFirst(x *graph.Value) *graph.Value {
	perm := tail(0, x.Rank())
	perm[0], perm[1] = 1, 0
	return c.Transpose(x, perm...)
}

// padSpace adds the window's zero padding to the spatial dimensions.
func (c *Context) padSpace(x *graph.Value, g graph.Geometry) *graph.Value {
	return c.padSpaceWith(x, g, nil)
}

func (c *Context) padSpaceWith(x *graph.Value, g graph.Geometry, fill *graph.Value) *graph.Value {
	pads := slices.Concat([]int{0, 0}, g.PadBegin, []int{0, 0}, g.PadEnd)
	if !slices.ContainsFunc(pads, func(p int) bool { return p != 0 }) {
		return x
	}
	return c.Op("Pad", nil, x, c.Ints(pads...), fill)
}

// offsets lists the positions inside a kernel, the last axis fastest.
func offsets(g graph.Geometry) [][]int {
	list := [][]int{nil}
	for _, size := range g.Kernel {
		var longer [][]int
		for _, head := range list {
			for k := range size {
				longer = append(longer, append(slices.Clone(head), k))
			}
		}
		list = longer
	}
	return list
}

// viewAt is what one kernel offset sees of the padded input: a strided window
// of the output's size over the spatial dimensions.
func (c *Context) viewAt(padded *graph.Value, g graph.Geometry, offset, out []int) *graph.Value {
	windows := make([]graph.Window, len(offset))
	for i := range windows {
		start := offset[i] * g.Dilation[i]
		windows[i] = graph.Window{Axis: 2 + i, Start: start, End: start + (out[i]-1)*g.Stride[i] + 1, Step: g.Stride[i]}
	}
	return c.Slice(padded, windows...)
}

// convTransposeRule: the input's gradient is a convolution of dy with the same
// weights; the weights' gradient is that of the convolution whose input
// gradient the operator is, with input and output swapped.
func convTransposeRule(c *Context) ([]*graph.Value, error) {
	x, w := c.X(0), c.X(1)
	g, err := graph.TransposedGeometry(c.Node)
	if err != nil {
		return nil, err
	}
	group := c.Node.Attrs.Int("group", 1)
	attrs := graph.Attrs{
		"kernel_shape": g.Kernel, "strides": g.Stride, "dilations": g.Dilation, "group": group, "pads": slices.Concat(g.PadBegin, g.PadEnd),
	}
	return []*graph.Value{
		c.want(0, func() *graph.Value { return c.Op("Conv", attrs, c.DY(0), w) }),
		c.want(1, func() *graph.Value { return c.convWeights(c.DY(0), x, w.Shape, g, group) }),
		c.want(2, func() *graph.Value { return c.ReduceSum(c.DY(0), false, otherAxes(c.DY(0))...) }),
	}, nil
}
