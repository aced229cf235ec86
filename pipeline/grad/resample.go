package grad

import (
	"fmt"
	"math"
	"slices"

	"athanor/pipeline/graph"
)

func resampleRules() map[string]Rule { return map[string]Rule{"Resize": resizeRule} }

// alongAxis multiplies every line of v along an axis by a matrix [in, out]:
// the transpose of any linear map that works on one axis at a time.
func (c *Context) alongAxis(v *graph.Value, axis int, matrix *graph.Value) *graph.Value {
	if axis == v.Rank()-1 {
		return c.MatMul(v, matrix)
	}
	perm := tail(0, v.Rank())
	perm[axis], perm[v.Rank()-1] = v.Rank()-1, axis
	return c.Transpose(c.MatMul(c.Transpose(v, perm...), matrix), perm...)
}

// weights is the matrix of a linear map along one axis: row o tells how output
// o mixes the inputs.
type weights struct {
	out, in int
	data    []float64
}

func newWeights(out, in int) weights { return weights{out, in, make([]float64, out*in)} }

func (w weights) add(o, i int, x float64) { w.data[o*w.in+i] += x }

// resizeRule: resizing mixes along each axis on its own, so the gradient goes
// back axis by axis through the transposed mixing.
func resizeRule(c *Context) ([]*graph.Value, error) {
	sizes, scales, err := graph.ResizePlan(c.Node)
	if err != nil {
		return nil, err
	}
	if c.Node.Attrs.Int("antialias", 0) == 1 {
		return nil, fmt.Errorf("%w for Resize with antialias", ErrNoRule)
	}
	g := c.DY(0)
	for axis, in := range c.X(0).Shape {
		if sizes[axis] == in && scales[axis] == 1 {
			continue
		}
		w, err := c.mixing(in, sizes[axis], scales[axis])
		if err != nil {
			return nil, err
		}
		g = c.alongAxis(g, axis, c.Const(g.Type, []int{w.out, w.in}, w.data...))
	}
	return []*graph.Value{g}, nil
}

// mixing is how one axis is interpolated (ONNX, operator Resize).
func (c *Context) mixing(in, out int, scale float64) (weights, error) {
	w := newWeights(out, in)
	for o := range out {
		p, err := c.sourcePosition(o, in, out, scale)
		if err != nil {
			return w, err
		}
		low := math.Floor(p)
		switch mode := c.Node.Attrs.String("mode", "nearest"); mode {
		case "nearest":
			w.add(o, clamp(nearest(c.Node.Attrs.String("nearest_mode", "round_prefer_floor"), p), in), 1)
		case "linear":
			w.add(o, clamp(int(low), in), 1-(p-low))
			w.add(o, clamp(int(low)+1, in), p-low)
		case "cubic":
			c.cubicTaps(w, o, int(low), p-low)
		default:
			return w, fmt.Errorf("%w for Resize mode %q", ErrNoRule, mode)
		}
	}
	return w, nil
}

func clamp(i, size int) int { return min(max(i, 0), size-1) }

// cubicTaps are the four weights of cubic convolution (Keys 1981).
func (c *Context) cubicTaps(w weights, o, low int, t float64) {
	a := c.Node.Attrs.Float("cubic_coeff_a", -0.75)
	near := func(x float64) float64 { return ((a+2)*x-(a+3))*x*x + 1 }
	far := func(x float64) float64 { return ((a*x-5*a)*x+8*a)*x - 4*a }
	taps := [4]float64{far(1 + t), near(t), near(1 - t), far(2 - t)}
	exclude, total := c.Node.Attrs.Int("exclude_outside", 0) == 1, 1.0
	if exclude {
		total = 0
		for k, tap := range taps {
			if i := low - 1 + k; i >= 0 && i < w.in {
				total += tap
			}
		}
	}
	for k, tap := range taps {
		if i := low - 1 + k; !exclude || i >= 0 && i < w.in {
			w.add(o, clamp(i, w.in), tap/total)
		}
	}
}

// sourcePosition is where output o lies among the inputs.
func (c *Context) sourcePosition(o, in, out int, scale float64) (float64, error) {
	p := float64(o)
	switch mode := c.Node.Attrs.String("coordinate_transformation_mode", "half_pixel"); mode {
	case "half_pixel":
		return (p+0.5)/scale - 0.5, nil
	case "half_pixel_symmetric":
		exact := scale * float64(in)
		centre := float64(in) / 2 * (1 - float64(out)/exact)
		return centre + (p+0.5)/scale - 0.5, nil
	case "pytorch_half_pixel":
		if out == 1 {
			return 0, nil
		}
		return (p+0.5)/scale - 0.5, nil
	case "asymmetric":
		return p / scale, nil
	case "align_corners":
		if out == 1 {
			return 0, nil
		}
		return p * float64(in-1) / float64(out-1), nil
	default:
		return 0, fmt.Errorf("%w for Resize with coordinates %q", ErrNoRule, mode)
	}
}

func nearest(mode string, p float64) int {
	switch mode {
	case "floor":
		return int(math.Floor(p))
	case "ceil":
		return int(math.Ceil(p))
	case "round_prefer_ceil":
		return int(math.Floor(p + 0.5))
	default:
		return int(math.Ceil(p - 0.5))
	}
}

// repeatedPad is the gradient of a Pad that repeats what is inside: each source
// element collects from every place that shows it.
func (c *Context) repeatedPad(mode string, pads []int) (*graph.Value, error) {
	x, g := c.X(0), c.DY(0)
	for axis, in := range x.Shape {
		before, behind := pads[axis], pads[x.Rank()+axis]
		if before == 0 && behind == 0 {
			continue
		}
		w := newWeights(before+in+behind, in)
		for o := range w.out {
			i, err := shownBy(mode, o-before, in)
			if err != nil {
				return nil, err
			}
			w.add(o, i, 1)
		}
		g = c.alongAxis(g, axis, c.Const(g.Type, []int{w.out, w.in}, w.data...))
	}
	return g, nil
}

// shownBy is which element stands at position p of a padded axis.
func shownBy(mode string, p, size int) (int, error) {
	switch mode {
	case "edge":
		return clamp(p, size), nil
	case "wrap":
		return ((p % size) + size) % size, nil
	case "reflect":
		if size == 1 {
			return 0, nil
		}
		period := 2 * (size - 1)
		p = ((p % period) + period) % period
		return min(p, period-p), nil
	default:
		return 0, fmt.Errorf("%w for Pad mode %q", ErrNoRule, mode)
	}
}

// tileRule adds up all copies.
func tileRule(c *Context) ([]*graph.Value, error) {
	x := c.X(0)
	var shape, axes []int
	for i, d := range x.Shape {
		axes = append(axes, 2*i)
		shape = append(shape, c.Y(0).Shape[i]/d, d)
	}
	return []*graph.Value{c.ReduceSum(c.Reshape(c.DY(0), shape...), false, axes...)}, nil
}

// triluRule keeps the triangle that the node kept.
func triluRule(c *Context) ([]*graph.Value, error) {
	return []*graph.Value{c.Op("Trilu", c.Node.Attrs, slices.Concat([]*graph.Value{c.DY(0)}, c.Node.In[1:])...)}, nil
}
