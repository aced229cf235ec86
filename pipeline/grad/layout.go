package grad

import (
	"fmt"
	"slices"

	"athanor/pipeline/graph"
)

func layoutRules() map[string]Rule {
	back := unary(func(c *Context, dy *graph.Value) *graph.Value { return c.Reshape(dy, c.X(0).Shape...) })
	return map[string]Rule{
		"Reshape": back, "Flatten": back, "Squeeze": back, "Unsqueeze": back,
		"Transpose": unary(transposeGradient), "Concat": concatRule, "Split": splitRule,
		"Expand": unary(func(c *Context, dy *graph.Value) *graph.Value { return c.unbroadcast(dy, c.X(0).Shape) }),
		"Slice":  sliceRule, "Pad": padRule, "Tile": tileRule, "Trilu": triluRule,
		"DepthToSpace": unary(depthToSpaceGradient), "SpaceToDepth": unary(spaceToDepthGradient),
	}
}

func transposeGradient(c *Context, dy *graph.Value) *graph.Value {
	perm := graph.Permutation(c.Node)
	inverse := make([]int, len(perm))
	for i, p := range perm {
		inverse[(p+len(perm))%len(perm)] = i
	}
	return c.Transpose(dy, inverse...)
}

func concatRule(c *Context) ([]*graph.Value, error) {
	a := c.Node.Attrs.Int("axis", 0)
	sizes := make([]int, len(c.Node.In))
	for i, v := range c.Node.In {
		sizes[i] = v.Shape[(a+v.Rank())%v.Rank()]
	}
	return c.Split(c.DY(0), a, sizes...), nil
}

func splitRule(c *Context) ([]*graph.Value, error) {
	parts := make([]*graph.Value, len(c.Node.Out))
	for i := range parts {
		parts[i] = c.DY(i)
	}
	return []*graph.Value{c.Concat(c.Node.Attrs.Int("axis", 0), parts...)}, nil
}

// sliceRule puts the gradient back where it was cut from, zeros elsewhere.
func sliceRule(c *Context) ([]*graph.Value, error) {
	windows, err := graph.Windows(c.Node)
	if err != nil {
		return nil, err
	}
	g := c.DY(0)
	for _, window := range slices.Backward(windows) {
		g = c.uncut(g, window, c.X(0).Shape[window.Axis])
	}
	return []*graph.Value{g}, nil
}

// uncut is the inverse of one window along its axis, filling with zeros.
func (c *Context) uncut(g *graph.Value, w graph.Window, size int) *graph.Value {
	n := w.Length()
	if n == 0 {
		shape := slices.Clone(g.Shape)
		shape[w.Axis] = size
		return c.Expand(c.Scalar(g, 0), shape...)
	}
	if w.Step < 0 {
		g = c.Slice(g, graph.Window{Axis: w.Axis, Start: -1, End: -(n + 1), Step: -1})
		w = graph.Window{Axis: w.Axis, Start: w.Start + (n-1)*w.Step, Step: -w.Step}
	}
	if w.Step > 1 {
		g = c.dilate(g, w.Axis, w.Step)
	}
	return c.padAxis(g, w.Axis, w.Start, size-w.Start-g.Shape[w.Axis])
}

// dilate puts step−1 zeros between elements along an axis, none behind the last.
func (c *Context) dilate(g *graph.Value, axis, step int) *graph.Value {
	shape := slices.Clone(g.Shape)
	spread := c.Unsqueeze(g, axis+1)
	spread = c.padAxis(spread, axis+1, 0, step-1)
	shape[axis] *= step
	whole := c.Reshape(spread, shape...)
	return c.Slice(whole, graph.Window{Axis: axis, Start: 0, End: shape[axis] - (step - 1), Step: 1})
}

// padAxis adds zeros before and behind along an axis.
func (c *Context) padAxis(g *graph.Value, axis, before, behind int) *graph.Value {
	if before == 0 && behind == 0 {
		return g
	}
	pads := make([]int, 2*g.Rank())
	pads[axis], pads[g.Rank()+axis] = before, behind
	return c.Op("Pad", nil, g, c.Ints(pads...))
}

// padRule cuts the padding off; where it repeats what is inside, the copies add
// up. Where padding was negative, the rule puts zeros where the node cropped.
func padRule(c *Context) ([]*graph.Value, error) {
	pads, _ := graph.ConstInts(c.X(1))
	if mode := c.Node.Attrs.String("mode", "constant"); mode != "constant" {
		if slices.Min(pads) < 0 {
			return nil, fmt.Errorf("%w for Pad mode %q that crops", ErrNoRule, mode)
		}
		g, err := c.repeatedPad(mode, pads)
		return []*graph.Value{g}, err
	}
	if slices.Min(pads) < 0 {
		for i := range pads {
			pads[i] = -pads[i]
		}
		return []*graph.Value{c.Op("Pad", nil, c.DY(0), c.Ints(pads...))}, nil
	}
	var windows []graph.Window
	for i, size := range c.X(0).Shape {
		windows = append(windows, graph.Window{Axis: i, Start: pads[i], End: pads[i] + size, Step: 1})
	}
	return []*graph.Value{c.Slice(c.DY(0), windows...)}, nil
}

// depthToSpaceGradient gathers each block back into channels; mode CRD has
// channels before blocks, DCR behind.
func depthToSpaceGradient(c *Context, dy *graph.Value) *graph.Value {
	x, s := c.X(0), c.Node.Attrs.Int("blocksize", 1)
	blocks := c.Reshape(dy, x.Shape[0], x.Shape[1]/(s*s), x.Shape[2], s, x.Shape[3], s)
	perm := []int{0, 3, 5, 1, 2, 4}
	if c.Node.Attrs.String("mode", "DCR") == "CRD" {
		perm = []int{0, 1, 3, 5, 2, 4}
	}
	return c.Reshape(c.Transpose(blocks, perm...), x.Shape...)
}

func spaceToDepthGradient(c *Context, dy *graph.Value) *graph.Value {
	x, s := c.X(0), c.Node.Attrs.Int("blocksize", 1)
	blocks := c.Reshape(dy, x.Shape[0], s, s, x.Shape[1], x.Shape[2]/s, x.Shape[3]/s)
	return c.Reshape(c.Transpose(blocks, 0, 3, 4, 1, 5, 2), x.Shape...)
}
