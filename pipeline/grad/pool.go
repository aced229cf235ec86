package grad

import (
	"math"
	"slices"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

func poolRules() map[string]Rule {
	return map[string]Rule{
		"MaxPool": maxPoolRule, "AveragePool": averagePoolRule, "LpPool": lpPoolRule,
		"GlobalAveragePool": unary(globalAverageGradient), "GlobalMaxPool": unary(globalMaxGradient),
	}
}

// poolGeometry reads a pooling node. Where ceil_mode lets the last window run
// past the padding, the padding is taken to reach as far.
func (c *Context) poolGeometry() (graph.Geometry, error) {
	x, y := c.X(0), c.Y(0)
	g, err := graph.WindowGeometry(c.Node.Attrs, nil, x.Shape[2:])
	if err != nil {
		return g, err
	}
	g.PadEnd = slices.Clone(g.PadEnd)
	for i := range g.Kernel {
		reach := (y.Shape[2+i]-1)*g.Stride[i] + (g.Kernel[i]-1)*g.Dilation[i] + 1
		g.PadEnd[i] = max(g.PadEnd[i], reach-x.Shape[2+i]-g.PadBegin[i])
	}
	return g, nil
}

// tiles tells whether windows lie side by side without overlap, gap or padding.
func tiles(g graph.Geometry) bool {
	plain := func(p int) bool { return p == 0 }
	return slices.Equal(g.Kernel, g.Stride) && !slices.ContainsFunc(g.Dilation, func(d int) bool { return d != 1 }) &&
		!slices.ContainsFunc(slices.Concat(g.PadBegin, g.PadEnd), func(p int) bool { return !plain(p) })
}

// maxPoolRule gives the gradient to the maximum of each window; elements that
// tie for the maximum share it equally.
func maxPoolRule(c *Context) ([]*graph.Value, error) {
	g, err := c.poolGeometry()
	if err != nil {
		return nil, err
	}
	if tiles(g) {
		return []*graph.Value{c.maxPoolTiles(g)}, nil
	}
	return []*graph.Value{c.maxPoolOverlap(g)}, nil
}

// maxPoolTiles is for side-by-side windows: compare the input with the output
// spread over its window.
func (c *Context) maxPoolTiles(g graph.Geometry) *graph.Value {
	x, y, dy := c.X(0), c.Y(0), c.DY(0)
	covered := c.cropSpace(x, c.coveredSpace(g))
	hit := c.mask(c.Equal(covered, c.spread(y, g.Kernel)), x)
	ties := c.Op("AveragePool", graph.Attrs{"kernel_shape": g.Kernel, "strides": g.Stride}, hit)
	share := c.Div(dy, c.MulBy(ties, float64(volume(g.Kernel))))
	return c.uncropSpace(c.Mul(hit, c.spread(share, g.Kernel)), x.Shape)
}

// coveredSpace is how far side-by-side windows reach.
func (c *Context) coveredSpace(g graph.Geometry) []int {
	space := slices.Clone(c.Y(0).Shape[2:])
	for i := range space {
		space[i] *= g.Kernel[i]
	}
	return space
}

func volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// spread repeats every element over a kernel-sized block.
func (c *Context) spread(v *graph.Value, kernel []int) *graph.Value {
	scales := []float64{1, 1}
	for _, k := range kernel {
		scales = append(scales, float64(k))
	}
	return c.Op("Resize", graph.Attrs{
		"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor",
	}, v, nil, c.Const(onnx.Float, nil, scales...))
}

// cropSpace drops what lies behind the given spatial shape.
func (c *Context) cropSpace(x *graph.Value, space []int) *graph.Value {
	var windows []graph.Window
	for i, size := range space {
		if x.Shape[2+i] != size {
			windows = append(windows, graph.Window{Axis: 2 + i, End: size, Step: 1})
		}
	}
	if windows == nil {
		return x
	}
	return c.Slice(x, windows...)
}

// uncropSpace fills up with zeros behind to the given shape.
func (c *Context) uncropSpace(g *graph.Value, shape []int) *graph.Value {
	for i := 2; i < len(shape); i++ {
		g = c.padAxis(g, i, 0, shape[i]-g.Shape[i])
	}
	return g
}

// maxPoolOverlap is for any windows: find for each kernel offset where it holds
// the maximum, then bring all offsets back with one transposed convolution.
func (c *Context) maxPoolOverlap(g graph.Geometry) *graph.Value {
	x, y := c.X(0), c.Y(0)
	padded := c.padSpaceWith(x, g, c.Const(x.Type, []int{1}, -math.MaxFloat32))
	var hits []*graph.Value
	for _, offset := range offsets(g) {
		hits = append(hits, c.mask(c.Equal(c.viewAt(padded, g, offset, y.Shape[2:]), y), x))
	}
	share := c.Div(c.DY(0), c.Op("Sum", nil, hits...))
	for i, hit := range hits {
		hits[i] = c.Unsqueeze(c.Mul(hit, share), 2)
	}
	return c.scatterWindows(c.Concat(2, hits...), g, identity(len(hits)))
}

// identity holds a one on the diagonal.
func identity(n int) []float64 {
	eye := make([]float64, n*n)
	for i := range n {
		eye[i*n+i] = 1
	}
	return eye
}

// scatterWindows adds window contents [N, C, K, out…] back to where the windows
// lie, where kernels [K, 1, kernel…] say what each of the K shares touches: a
// transposed convolution over all channels as a batch, since they are alike.
// (In groups of channels the WebGPU provider of ONNX Runtime 1.30 computes it
// wrongly when there are two or four shares a group.)
func (c *Context) scatterWindows(v *graph.Value, g graph.Geometry, kernels []float64) *graph.Value {
	x := c.X(0)
	shares := v.Shape[2]
	w := c.Const(x.Type, slices.Concat([]int{shares, 1}, g.Kernel), kernels...)
	batch := c.Reshape(v, slices.Concat([]int{x.Shape[0] * x.Shape[1], shares}, v.Shape[3:])...)
	space := slices.Concat([]int{x.Shape[0] * x.Shape[1], 1}, x.Shape[2:])
	return c.Reshape(c.convInput(batch, w, space, g, 1), x.Shape...)
}

// averagePoolRule spreads the gradient evenly over each window's elements;
// padding counts only when the node says so.
func averagePoolRule(c *Context) ([]*graph.Value, error) {
	g, err := c.poolGeometry()
	if err != nil {
		return nil, err
	}
	x, dy := c.X(0), c.DY(0)
	area := float64(volume(g.Kernel))
	if tiles(g) {
		return []*graph.Value{c.uncropSpace(c.spread(c.MulBy(dy, 1/area), g.Kernel), x.Shape)}, nil
	}
	counts := c.coverage(g)
	share := c.MulBy(dy, 1/area)
	if slices.ContainsFunc(counts, func(n float64) bool { return n != area }) {
		share = c.Div(dy, c.Const(x.Type, slices.Concat([]int{1, 1}, dy.Shape[2:]), counts...))
	}
	return []*graph.Value{c.spreadWindows(share, g)}, nil
}

// spreadWindows adds the same value [N, C, out…] to all elements of a window.
func (c *Context) spreadWindows(v *graph.Value, g graph.Geometry) *graph.Value {
	return c.scatterWindows(c.Unsqueeze(v, 2), g, slices.Repeat([]float64{1}, volume(g.Kernel)))
}

// coverage counts for each output position the positions of its window that the
// average is taken over.
func (c *Context) coverage(g graph.Geometry) []float64 {
	padded, _ := graph.WindowGeometry(c.Node.Attrs, nil, c.X(0).Shape[2:])
	counts := []float64{1}
	for i := range g.Kernel {
		low, high := 0, c.X(0).Shape[2+i]
		if c.Node.Attrs.Int("count_include_pad", 0) == 1 {
			low, high = -padded.PadBegin[i], high+padded.PadEnd[i]
		}
		counts = outer(counts, inWindow(g, i, c.Y(0).Shape[2+i], low, high))
	}
	return counts
}

// inWindow counts along one axis the window positions from low to high.
func inWindow(g graph.Geometry, axis, out, low, high int) []float64 {
	counts := make([]float64, out)
	for o := range counts {
		for k := range g.Kernel[axis] {
			if p := o*g.Stride[axis] + k*g.Dilation[axis] - g.PadBegin[axis]; p >= low && p < high {
				counts[o]++
			}
		}
	}
	return counts
}

func outer(rows, columns []float64) []float64 {
	var all []float64
	for _, r := range rows {
		for _, k := range columns {
			all = append(all, r*k)
		}
	}
	return all
}

// lpPoolRule: y = (Σ|x|ᵖ)^(1/p), so dx = sign(x)·|x|ᵖ⁻¹ · Σ dy·y¹⁻ᵖ. Where a
// window is all zeros the gradient is 0.
func lpPoolRule(c *Context) ([]*graph.Value, error) {
	g, err := c.poolGeometry()
	if err != nil {
		return nil, err
	}
	x, y, p := c.X(0), c.Y(0), float64(c.Node.Attrs.Int("p", 2))
	share := c.spreadWindows(c.Mul(c.DY(0), c.power(c.awayFromZero(y), 1-p)), g)
	return []*graph.Value{c.Mul(share, c.Mul(c.Op("Sign", nil, x), c.power(c.Op("Abs", nil, x), p-1)))}, nil
}

// power is x to a constant.
func (c *Context) power(x *graph.Value, e float64) *graph.Value {
	switch e {
	case 0:
		return c.Expand(c.Scalar(x, 1), x.Shape...)
	case 1:
		return x
	case -1:
		return c.Op("Reciprocal", nil, x)
	}
	return c.Op("Pow", nil, x, c.Scalar(x, e))
}

// awayFromZero is x with 1 in place of 0, to divide by.
func (c *Context) awayFromZero(x *graph.Value) *graph.Value {
	return c.Where(c.Equal(x, c.Scalar(x, 0)), c.Scalar(x, 1), x)
}

func globalAverageGradient(c *Context, dy *graph.Value) *graph.Value {
	x := c.X(0)
	area := x.Size() / (x.Shape[0] * x.Shape[1])
	return c.Expand(c.MulBy(dy, 1/float64(area)), x.Shape...)
}

func globalMaxGradient(c *Context, dy *graph.Value) *graph.Value {
	hit := c.mask(c.Equal(c.X(0), c.Y(0)), dy)
	var axes []int
	for i := 2; i < hit.Rank(); i++ {
		axes = append(axes, i)
	}
	return c.Mul(hit, c.Div(dy, c.ReduceSum(hit, true, axes...)))
}
