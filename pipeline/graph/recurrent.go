package graph

import (
	"fmt"

	"athanor/inference/onnx"
)

// GatedUnits are gated recurrent units (Cho et al. 2014) over texts in one direction, in
// ONNX's layout: the order of their parts is update, reset, candidate.
type GatedUnits struct {
	X          *Value // [N, L, D]
	Weights    *Value // [3H, D]
	Recurrence *Value // [3H, H]
	Bias       *Value // [6H], of the weights and of the recurrence
	Present    *Value // [N, L, 1], 1 where a text has a unit and 0 behind its end; nil: everywhere
	First      *Value // the state to start from, [N, H]; nil is 0
	Reverse    bool   // the last unit comes first
	// ResetFirst puts the reset gate in front of the product with the recurrence, as the
	// paper has it, in place of behind it.
	ResetFirst bool
}

// Unroll computes gated units in a way that has a gradient: by Athanor's own operator
// where that may be and fits, else place by place. Gives the states [N, L, H], 0 behind a
// text's end. The sizes of X must be known.
func (b *Builder) Unroll(g GatedUnits) *Value {
	if g.X.Size() == Unknown {
		b.Fail("gated units over %v: fix the sizes of the batch and of the texts", g.X.Shape)
		return g.X
	}
	n, length, units := g.X.Shape[0], g.X.Shape[1], g.Recurrence.Shape[1]
	halves := b.Split(g.Bias, 0, 3*units, 3*units)
	in := b.Reshape(b.Gemm(b.Reshape(g.X, n*length, g.X.Shape[2]), g.Weights, halves[0], false, true), n, length, 3*units)
	if g.Present != nil && g.First == nil && !g.ResetFirst {
		if states, ok := b.GRU(in, g.Recurrence, halves[1], g.Present, g.Reverse); ok {
			return states
		}
	}
	return b.eachPlace(g, in, halves[1])
}

func (b *Builder) eachPlace(g GatedUnits, in, bias *Value) *Value {
	n, length, units := g.X.Shape[0], g.X.Shape[1], g.Recurrence.Shape[1]
	places, turned := b.each(in, 1), b.Transpose(g.Recurrence, 1, 0)
	var there []*Value
	if g.Present != nil {
		there = b.each(g.Present, 1)
	}
	h := g.First
	if h == nil {
		h = b.Expand(b.Const(onnx.Float, []int{1, 1}, 0), n, units)
	}
	states := make([]*Value, length)
	for i := range length {
		t := i
		if g.Reverse {
			t = length - 1 - i
		}
		next := b.gated(g, places[t], turned, bias, h)
		states[t] = next
		switch {
		case there == nil:
			h = next
		case g.First == nil: // behind a text's end, or before its last unit, the state is 0
			h = b.Mul(next, there[t])
			states[t] = h
		default:
			h = b.Add(h, b.Mul(there[t], b.Sub(next, h)))
			states[t] = b.Mul(next, there[t])
		}
	}
	for t, s := range states {
		states[t] = b.Unsqueeze(s, 1)
	}
	return b.Concat(1, states...)
}

// gated is the state after h, where x [N, 3H] is the place's part.
func (b *Builder) gated(g GatedUnits, x, turned, bias, h *Value) *Value {
	units := h.Shape[1]
	xs := b.Split(x, 1, 2*units, units)
	var gates []*Value
	var candidate *Value
	if g.ResetFirst {
		weights, biases := b.Split(turned, 1, 2*units, units), b.Split(bias, 0, 2*units, units)
		gates = b.Split(b.Op("Sigmoid", nil, b.Add(xs[0], b.Gemm(h, weights[0], biases[0], false, false))), 1, units, units)
		candidate = b.Op("Tanh", nil, b.Add(xs[1], b.Gemm(b.Mul(gates[1], h), weights[1], biases[1], false, false)))
	} else {
		hs := b.Split(b.Gemm(h, turned, bias, false, false), 1, 2*units, units)
		gates = b.Split(b.Op("Sigmoid", nil, b.Add(xs[0], hs[0])), 1, units, units)
		candidate = b.Op("Tanh", nil, b.Add(xs[1], b.Mul(gates[1], hs[1])))
	}
	return b.Add(candidate, b.Mul(gates[0], b.Sub(h, candidate)))
}

// each cuts x along an axis into slices without it.
func (b *Builder) each(x *Value, axis int) []*Value {
	sizes := make([]int, x.Shape[axis])
	for i := range sizes {
		sizes[i] = 1
	}
	var pieces []*Value
	for _, p := range b.Split(x, axis, sizes...) {
		pieces = append(pieces, b.Squeeze(p, axis))
	}
	return pieces
}

// lowerGRU spells out ONNX's GRU, with its usual activations.
func lowerGRU(im *importer, c *call) ([]*Value, error) {
	x, units := c.input(0), c.attrs.Int("hidden_size", 0)
	direction := c.attrs.String("direction", "forward")
	switch {
	case need(&Node{In: c.in}, 3) != nil || x.Size() == Unknown || x.Rank() != 3 || units <= 0:
		return nil, fmt.Errorf("%w: GRU of a batch or of texts whose size is open: fix it", ErrUnsupported)
	case c.attrs["activations"] != nil || c.attrs["clip"] != nil || c.attrs.Int("layout", 0) != 0:
		return nil, fmt.Errorf("%w: GRU with activations, a clip or a layout of its own", ErrUnsupported)
	}
	directions := []bool{direction == "reverse"}
	if direction == "bidirectional" {
		directions = []bool{false, true}
	}
	text := im.Transpose(x, 1, 0, 2)
	present := im.presence(c.input(4), x.Shape[0])
	var states, last []*Value
	for i, reverse := range directions {
		g := GatedUnits{X: text, Present: present, Reverse: reverse, ResetFirst: c.attrs.Int("linear_before_reset", 0) == 0}
		one := func(v *Value) *Value { return im.Squeeze(im.Slice(v, Window{Axis: 0, Start: i, End: i + 1}), 0) }
		g.Weights, g.Recurrence = one(c.in[1]), one(c.in[2])
		g.Bias = im.Expand(im.Const(onnx.Float, []int{1}, 0), 6*units)
		if c.input(3) != nil {
			g.Bias = one(c.in[3])
		}
		if c.input(5) != nil {
			g.First = one(c.in[5])
		}
		y := im.Unroll(g)
		states = append(states, im.Unsqueeze(im.Transpose(y, 1, 0, 2), 1))
		last = append(last, im.Unsqueeze(im.lastState(y, present, reverse), 0))
	}
	return []*Value{im.Concat(1, states...), im.Concat(0, last...)}, nil
}

// presence is 1 for the first lengths [N] of the places, [N, L, 1]; nil for all.
func (b *Builder) presence(lengths *Value, places int) *Value {
	if lengths == nil {
		return nil
	}
	numbers := make([]float64, places)
	for i := range numbers {
		numbers[i] = float64(i)
	}
	before := b.Greater(b.Unsqueeze(b.Cast(lengths, onnx.Float), 1), b.Const(onnx.Float, []int{1, places}, numbers...))
	return b.Unsqueeze(b.Cast(before, onnx.Float), 2)
}

// lastState is the state after the last unit that is read, [N, H].
func (b *Builder) lastState(states, present *Value, reverse bool) *Value {
	places := states.Shape[1]
	at := func(t int) *Value { return b.Squeeze(b.Slice(states, Window{Axis: 1, Start: t, End: t + 1}), 1) }
	switch {
	case reverse:
		return at(0)
	case present == nil || places == 1:
		return at(places - 1)
	}
	n := states.Shape[0]
	behind := b.Concat(1, b.Slice(present, Window{Axis: 1, Start: 1, End: places}), b.Expand(b.Const(onnx.Float, []int{1, 1, 1}, 0), n, 1, 1))
	return b.ReduceSum(b.Mul(states, b.Sub(present, behind)), false, 1)
}
