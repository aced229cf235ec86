package nn

import (
	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// Sizes of the recurrent network, and how much of what it reads training hides.
const (
	recurrentWidth  = 96
	recurrentUnits  = 160
	hiddenUnits     = 0.1 // units of a text, and numbers of their embeddings
	recurrentHidden = 64
)

// gru reads a text's units in both directions by gated recurrent units (Cho et al.
// 2014) and decides by the most and the mean of what they say at all its places.
//
// In training it also guesses, at places drawn for each step, which unit comes next
// and which came before, so that it can learn the language without labels (Dai and Le
// 2015): see Ahead.
func gru(c *Context, x []*graph.Value, cfg Config) *graph.Value {
	width, units := orDefault(cfg.Embed, recurrentWidth), recurrentUnits
	if len(cfg.Hidden) > 0 {
		units = cfg.Hidden[0]
	}
	ids, present := x[0], c.Present(x[0])
	g := c.guessing(ids, cfg.Guesses)
	rows := orDefault(cfg.Buckets, defaultBuckets)
	table := c.Param(Parameter{Name: "embedding.table", Shape: []int{rows, width}, Init: Init{Kind: Normal, Value: 0.1}})
	e := c.hide(c.Op("Gather", graph.Attrs{"axis": 0}, table, ids))
	forward := c.recurrent("forward", e, present, units, false)
	backward := c.recurrent("backward", e, present, units, true)
	if cfg.Guesses {
		c.ahead(g, ids, table, forward, backward)
	}
	h := c.pooled(c.Concat(2, forward, backward), present)
	h = c.Dropout(c.Relu(c.Dense("hidden", c.Dropout(h, cfg.Dropout), recurrentHidden, HeUniform)), cfg.Dropout)
	return c.Dense("output", h, cfg.Outputs, GlorotUniform)
}

// hide drops whole units of a text [N, L, D], and the same numbers at all its places.
func (c *Context) hide(e *graph.Value) *graph.Value {
	n, length, width := e.Shape[0], e.Shape[1], e.Shape[2]
	return c.dropoutOf(c.dropoutOf(e, hiddenUnits, n, length, 1), hiddenUnits, n, 1, width)
}

// pooled is the most and the mean over the places that are present, [N, 2D].
func (c *Context) pooled(h, present *graph.Value) *graph.Value {
	absent := c.MulBy(c.Sub(c.Scalar(present, 1), present), 9) // what is kept lies in [-1, 1] before dropout
	return c.Concat(1, c.ReduceMax(c.Sub(h, absent), false, 1), c.meanPresent(h, present))
}

// recurrent is one direction of gated recurrent units over e [N, L, D], [N, L, units],
// in the layout of ONNX's GRU with the reset gate behind the product.
func (c *Context) recurrent(name string, e, present *graph.Value, units int, reverse bool) *graph.Value {
	width := e.Shape[2]
	w := c.Param(Parameter{Name: name + ".weight", Shape: []int{1, 3 * units, width}, Init: Init{Kind: GlorotUniform, FanIn: width, FanOut: units}, Decay: true})
	r := c.Param(Parameter{Name: name + ".recurrence", Shape: []int{1, 3 * units, units}, Init: Init{Kind: GlorotUniform, FanIn: units, FanOut: units}, Decay: true})
	bias := c.Param(Parameter{Name: name + ".bias", Shape: []int{1, 6 * units}})
	if c.Training {
		return c.Unroll(graph.GatedUnits{
			X: e, Weights: c.Squeeze(w, 0), Recurrence: c.Squeeze(r, 0), Bias: c.Reshape(bias, 6*units), Present: present, Reverse: reverse,
		})
	}
	direction := "forward"
	if reverse {
		direction = "reverse"
	}
	lengths := c.Cast(c.ReduceSum(present, false, 1, 2), onnx.Int32)
	attrs := graph.Attrs{"direction": direction, "hidden_size": units, "linear_before_reset": 1}
	y := c.OpN("GRU", 1, attrs, c.Transpose(e, 1, 0, 2), w, r, bias, lengths)[0] // [L, 1, N, units]
	return c.Transpose(c.Squeeze(y, 1), 1, 0, 2)
}

// Ahead is a guess that a network makes besides its answer: at P places it scores the
// unit that stands there against others, in logits [P, 1+others] whose first is right.
type Ahead struct{ Logits *graph.Value }

// Guesses are those that the network makes in training.
func (c *Context) Guesses() []Ahead { return c.guesses }

// OtherUnits is how many units of the same batch a guess is made against. Drawn as
// often as they occur, they make a score what the place tells beyond a unit's frequency
// (Gutmann and Hyvärinen 2010).
const OtherUnits = 512

// GuessPlaces is for how many of the places of a batch a step guesses: with padding among
// them about half of those where a unit stands.
func GuessPlaces(places int) int { return max(1, places/4) }

// guessing is what the guesses of a step are drawn from: the positions in the flat ids
// [N·L] for which it guesses, at each a unit and behind it another, and the units of
// which one would be as likely anywhere. Nil where nothing is guessed.
type guessing struct{ places, others *graph.Value }

func (c *Context) guessing(ids *graph.Value, wanted bool) *guessing {
	if !wanted || !c.Training {
		return nil
	}
	return &guessing{c.Input("places", onnx.Int64, GuessPlaces(ids.Size())), c.Input("others", onnx.Int64, OtherUnits)}
}

// ahead guesses a unit from the state in front of it, and from that behind it.
func (c *Context) ahead(g *guessing, ids, table, forward, backward *graph.Value) {
	width, units := table.Shape[1], forward.Shape[2]
	weights := [4]*graph.Value{}
	for i, name := range []string{"next", "before"} {
		weights[2*i] = c.Param(Parameter{Name: name + ".weight", Shape: []int{units, width}, Init: Init{Kind: GlorotUniform, FanIn: units, FanOut: width}, Decay: true})
		weights[2*i+1] = c.Param(Parameter{Name: name + ".bias", Shape: []int{width}})
	}
	if g == nil {
		return
	}
	behind := c.Add(g.places, c.Const(onnx.Int64, []int{1}, 1))
	c.guess(ids, table, forward, g.places, behind, g.others, weights[:2])
	c.guess(ids, table, backward, behind, g.places, g.others, weights[2:])
}

// guess scores the units at places to, given the states [N, L, H] at places from.
func (c *Context) guess(ids, table, states, from, to, others *graph.Value, weights []*graph.Value) {
	rows := func(x, at *graph.Value) *graph.Value { return c.Op("Gather", graph.Attrs{"axis": 0}, x, at) }
	h := c.Gemm(rows(c.Reshape(states, ids.Size(), states.Shape[2]), from), weights[0], weights[1], false, false)
	right := c.ReduceSum(c.Mul(h, rows(table, rows(c.Reshape(ids, ids.Size()), to))), true, 1)
	c.guesses = append(c.guesses, Ahead{c.Concat(1, right, c.Gemm(h, rows(table, others), nil, false, true))})
}
