package graph

import (
	"slices"

	"athanor/inference/onnx"
)

// UseHalf lets Model compute in float16 where that is safe: matrix products and
// convolutions, and operators behind them that move or compare elements or work
// on each alone. All else (sums, norms, exponentials, losses, the state) stays in
// float32, with casts between. Inputs, constants and outputs keep their types.
func (b *Builder) UseHalf() { b.half = true }

// products are the operators that are worth casting for.
func products() []string {
	return []string{"MatMul", "Gemm", "Conv", "ConvTranspose"}
}

// followers compute in float16 when their inputs are float16 already.
func followers() []string {
	return []string{
		"Add", "Concat", "Flatten", "Identity", "LeakyRelu", "Max", "MaxPool", "Min", "Mul", "Neg", "Relu", "Reshape", "Slice", "Split",
		"Squeeze", "Sub", "Tile", "Transpose", "Unsqueeze",
	}
}

// halving rewrites a list of nodes.
type halving struct {
	*Builder
	out  []*Node
	half map[*Value]*Value // float32 values by their float16
	late map[*Value]bool   // float32 values that exist as float16 only, so far
}

// halved are the nodes, in order, with float16 where it is safe.
func (b *Builder) halved(nodes []*Node) []*Node {
	h := &halving{Builder: b, half: map[*Value]*Value{}, late: map[*Value]bool{}}
	for _, n := range nodes {
		switch {
		case slices.Contains(products(), n.Op), slices.Contains(followers(), n.Op) && h.follows(n):
			h.compute(n)
		default:
			h.keep(n)
		}
	}
	for _, v := range b.outputs {
		h.full(v)
	}
	return h.out
}

// follows tells whether all numbers that a node reads are float16 already. Of an
// Add the smaller side, a bias, may be cast.
func (h *halving) follows(n *Node) bool {
	some, all := false, true
	for _, v := range n.In {
		if v == nil || v.Type != onnx.Float {
			continue
		}
		some = some || h.half[v] != nil
		all = all && (h.half[v] != nil || n.Op == "Add" && v.Size() < n.Out[0].Size())
	}
	return some && all
}

// compute adds a node in float16.
func (h *halving) compute(n *Node) {
	made := &Node{Op: n.Op, Name: n.Name, Attrs: n.Attrs, In: slices.Clone(n.In), Out: slices.Clone(n.Out)}
	for i, v := range n.In {
		if v != nil && v.Type == onnx.Float {
			made.In[i] = h.toHalf(v)
		}
	}
	h.out = append(h.out, made)
	for i, v := range n.Out {
		if v != nil && v.Type == onnx.Float {
			made.Out[i] = h.fresh("half", onnx.Float16, v.Shape)
			h.half[v], h.late[v] = h.kept(made.Out[i]), true
		}
	}
}

// kept is a float16 value that the runtime leaves in float16. Its processor has
// no kernels of that type: it would compute in float32 and take casts there and
// back for nothing, which a Reshape between them prevents.
func (h *halving) kept(v *Value) *Value {
	if h.card || v.Rank() == 0 {
		return v
	}
	out := h.fresh("half", onnx.Float16, v.Shape)
	h.out = append(h.out, &Node{Op: "Reshape", In: []*Value{v, h.Ints(v.Shape...)}, Out: []*Value{out}})
	return out
}

// keep adds a node as it is.
func (h *halving) keep(n *Node) {
	for _, v := range n.In {
		h.full(v)
	}
	h.out = append(h.out, n)
}

func (h *halving) toHalf(v *Value) *Value {
	if h.half[v] == nil {
		made := h.fresh("half", onnx.Float16, v.Shape)
		h.cast(v, made)
		h.half[v] = h.kept(made)
	}
	return h.half[v]
}

// full makes sure that a value exists as float32.
func (h *halving) full(v *Value) {
	if v != nil && h.late[v] {
		delete(h.late, v)
		h.cast(h.half[v], v)
	}
}

func (h *halving) cast(from, to *Value) {
	h.out = append(h.out, &Node{Op: "Cast", In: []*Value{from}, Out: []*Value{to}, Attrs: Attrs{"to": int(to.Type)}})
}
