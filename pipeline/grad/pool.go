package grad

import (
	"fmt"
	"math"
	"slices"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

func poolRules() map[string]Rule {
	return map[string]Rule{
		"MaxPool": maxPoolRule, "AveragePool": averagePoolRule,
		"GlobalAveragePool": unary(globalAverageGradient), "GlobalMaxPool": unary(globalMaxGradient),
	}
}

// poolGeometry reads a pooling node; a ceiling output is not differentiated.
func (c *Context) poolGeometry() (graph.Geometry, error) {
	x := c.X(0)
	if x.Rank() != 4 || c.Node.Attrs.Int("ceil_mode", 0) == 1 {
		return graph.Geometry{}, fmt.Errorf("%w for pooling of %v: two spatial dimensions without ceil_mode have one", ErrNoRule, x.Shape)
	}
	return graph.WindowGeometry(c.Node.Attrs, nil, x.Shape[2:])
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
	rows, cols := y.Shape[2]*g.Kernel[0], y.Shape[3]*g.Kernel[1]
	covered := c.cropSpace(x, rows, cols)
	hit := c.mask(c.Equal(covered, c.spread(y, g.Kernel)), x)
	ties := c.Op("AveragePool", graph.Attrs{"kernel_shape": g.Kernel, "strides": g.Stride}, hit)
	share := c.Div(dy, c.MulBy(ties, float64(g.Kernel[0]*g.Kernel[1])))
	return c.uncropSpace(c.Mul(hit, c.spread(share, g.Kernel)), x.Shape)
}

// spread repeats every element over a kernel-sized block.
func (c *Context) spread(v *graph.Value, kernel []int) *graph.Value {
	scales := c.Const(onnx.Float, nil, 1, 1, float64(kernel[0]), float64(kernel[1]))
	return c.Op("Resize", graph.Attrs{
		"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor",
	}, v, nil, scales)
}

// cropSpace drops the rows and columns that no window covers.
func (c *Context) cropSpace(x *graph.Value, rows, cols int) *graph.Value {
	if x.Shape[2] == rows && x.Shape[3] == cols {
		return x
	}
	return c.Slice(x, graph.Window{Axis: 2, End: rows, Step: 1}, graph.Window{Axis: 3, End: cols, Step: 1})
}

// uncropSpace fills up with zeros behind to the given shape.
func (c *Context) uncropSpace(g *graph.Value, shape []int) *graph.Value {
	g = c.padAxis(g, 2, 0, shape[2]-g.Shape[2])
	return c.padAxis(g, 3, 0, shape[3]-g.Shape[3])
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
	n, channels := x.Shape[0], x.Shape[1]
	stacked := c.Reshape(c.Concat(2, hits...), n, channels*len(hits), y.Shape[2], y.Shape[3])
	return c.scatterWindows(stacked, c.oneHotKernels(x, len(hits), g.Kernel), g)
}

// oneHotKernels holds for each channel and kernel offset a kernel with a one at
// that offset: [C·K, 1, kh, kw].
func (c *Context) oneHotKernels(x *graph.Value, kernel int, size []int) *graph.Value {
	eye := make([]float64, kernel*kernel)
	for i := range kernel {
		eye[i*kernel+i] = 1
	}
	identity := c.Const(x.Type, []int{1, kernel, size[0], size[1]}, eye...)
	all := c.Expand(identity, x.Shape[1], kernel, size[0], size[1])
	return c.Reshape(all, x.Shape[1]*kernel, 1, size[0], size[1])
}

// scatterWindows adds window contents back to where the windows lie: a
// transposed convolution, one group a channel.
func (c *Context) scatterWindows(v, kernels *graph.Value, g graph.Geometry) *graph.Value {
	x := c.X(0)
	return c.convInput(v, kernels, x.Shape, g, x.Shape[1])
}

// averagePoolRule spreads the gradient evenly over each window's elements;
// padding counts only when the node says so.
func averagePoolRule(c *Context) ([]*graph.Value, error) {
	g, err := c.poolGeometry()
	if err != nil {
		return nil, err
	}
	x, dy := c.X(0), c.DY(0)
	area := float64(g.Kernel[0] * g.Kernel[1])
	if tiles(g) {
		return []*graph.Value{c.uncropSpace(c.spread(c.MulBy(dy, 1/area), g.Kernel), x.Shape)}, nil
	}
	share := c.MulBy(dy, 1/area)
	if c.Node.Attrs.Int("count_include_pad", 0) == 0 {
		share = c.Div(dy, c.Const(x.Type, []int{1, 1, dy.Shape[2], dy.Shape[3]}, coverage(g, x.Shape[2:], dy.Shape[2:])...))
	}
	ones := c.Expand(c.Scalar(x, 1), x.Shape[1], 1, g.Kernel[0], g.Kernel[1])
	return []*graph.Value{c.scatterWindows(share, ones, g)}, nil
}

// coverage counts for each output position the input elements in its window.
func coverage(g graph.Geometry, in, out []int) []float64 {
	along := func(d int) []float64 {
		counts := make([]float64, out[d])
		for o := range counts {
			for k := range g.Kernel[d] {
				if p := o*g.Stride[d] + k*g.Dilation[d] - g.PadBegin[d]; p >= 0 && p < in[d] {
					counts[o]++
				}
			}
		}
		return counts
	}
	rows, cols := along(0), along(1)
	var all []float64
	for _, r := range rows {
		for _, k := range cols {
			all = append(all, r*k)
		}
	}
	return all
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
