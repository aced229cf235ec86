package grad

import (
	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// gruKernelRule: the kernel goes back through the places; the weights' gradient is one
// product over all of them.
func gruKernelRule(c *Context) ([]*graph.Value, error) {
	sizes := c.Node.Attrs.Ints("sizes")
	places, texts, units := sizes[0], sizes[1], sizes[2]
	out := c.OpN(graph.GRUGradKernel, 2, c.Node.Attrs, c.X(1), c.X(3), c.Y(0), c.Y(1), c.DY(0))
	dg := c.Reshape(out[1], texts*places, 3*units)
	before := c.Reshape(statesBefore(c, c.Y(0), sizes[3] == 1), texts*places, units)
	weights := c.Gemm(dg, before, nil, true, false)
	return []*graph.Value{out[0], weights, c.ReduceSum(dg, false, 0), nil}, nil
}

// statesBefore are the states that the places of states [N, L, H] start from.
func statesBefore(c *Context, states *graph.Value, reverse bool) *graph.Value {
	texts, places, units := states.Shape[0], states.Shape[1], states.Shape[2]
	first := c.Expand(c.Const(onnx.Float, []int{1, 1, 1}, 0), texts, 1, units)
	switch {
	case places == 1:
		return first
	case reverse:
		return c.Concat(1, c.Slice(states, graph.Window{Axis: 1, Start: 1, End: places}), first)
	}
	return c.Concat(1, first, c.Slice(states, graph.Window{Axis: 1, Start: 0, End: places - 1}))
}
