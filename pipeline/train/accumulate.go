package train

import (
	"context"
	"fmt"
	"slices"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
	"athanor/pipeline/optim"
)

// A batch that is too large for the device's memory goes through it in parts: the
// gradients of the parts are added up, and the parameters move once for all of
// them. The samples' weights sum to 1 over the whole batch and dropout masks are
// drawn for it, so that a step comes to the same; only batch statistics are of
// each part.

// partModel adds the gradients of some of a batch's samples to a sum.
//
// Inputs: params [n], buffers [m] where there are any, sum [n], then those of a
// pass. Outputs: the new sum, the new buffers, loss [B], score [B, K].
func (n *network) partModel(rows int) (*onnx.Model, []nn.Mask, error) {
	b := n.trainingGraph("part")
	state := n.declareState(b, false)
	sum := b.Input("sum", onnx.Float, n.flat())
	p := n.pass(b, state, rows)
	grads, err := n.backward(b, p)
	if err != nil {
		return nil, nil, err
	}
	for i, g := range grads {
		grads[i] = b.Reshape(g, g.Size())
	}
	b.Output("sum.next", b.Add(sum, b.Concat(0, grads...)))
	n.outputPass(b, p)
	m, err := b.Model()
	return m, p.context.Masks(), err
}

// moveModel moves the parameters by the sum of gradients. Inputs: params, slots,
// hyper, sum. Outputs: the new params and slots, norm [1].
func (n *network) moveModel() (*onnx.Model, error) {
	b := n.trainingGraph("move")
	state := n.declareLearned(b)
	hyper := b.Input("hyper", onnx.Float, optim.Hypers)
	sum := b.Input("sum", onnx.Float, n.flat())
	if err := n.optimize(b, state, []*graph.Value{sum}, hyper); err != nil {
		return nil, err
	}
	b.Output("norm", state.norm)
	return b.Model()
}

// accumulation computes a batch in parts.
type accumulation struct {
	parts    []part
	sessions map[int]*runtime.Session // by rows
	move     *runtime.Session
	zero     *runtime.Tensor    // [n]; this and sums lie in the device's memory
	sums     [2]*runtime.Tensor // [n]
	held     *runtime.Tensor    // running statistics between two parts, nil without
}

// part is some rows of a batch: views of the stepper's tensors.
type part struct {
	session                 *runtime.Session
	samples, masks, outputs []*runtime.Tensor
}

func newAccumulation(ctx context.Context, n *network, s *stepper, memory *runtime.Memory, rows int) (*accumulation, error) {
	a := &accumulation{sessions: map[int]*runtime.Session{}}
	err := a.allocate(ctx, n, memory)
	for start := 0; err == nil && start < s.batch; start += rows {
		err = a.add(n, s, start, min(rows, s.batch-start))
	}
	if err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *accumulation) allocate(ctx context.Context, n *network, memory *runtime.Memory) error {
	model, err := n.moveModel()
	if err != nil {
		return err
	}
	if a.move, err = n.open(model); err != nil {
		return err
	}
	vector := func(t **runtime.Tensor, length int) {
		if err == nil && length > 0 {
			*t, err = memory.Zeros(ctx, onnx.Float, []int64{int64(length)})
		}
	}
	vector(&a.zero, n.flat())
	vector(&a.sums[0], n.flat())
	vector(&a.sums[1], n.flat())
	vector(&a.held, n.flatBuffers())
	if err != nil {
		return fmt.Errorf("allocate sums of gradients: %w", err)
	}
	return nil
}

// add makes the part of count rows from start on.
func (a *accumulation) add(n *network, s *stepper, start, count int) error {
	masks, err := a.open(n, count)
	if err != nil {
		return err
	}
	if s.masks == nil {
		if err := s.allocateMasks(masks, count); err != nil {
			return err
		}
	}
	p := part{session: a.sessions[count]}
	views := func(tensors []*runtime.Tensor) (list []*runtime.Tensor) {
		for _, t := range tensors {
			v, e := rowsOf(t, s.batch, start, count)
			if err == nil {
				err = e
			}
			list = append(list, v)
		}
		return list
	}
	p.samples, p.masks, p.outputs = views(s.samples()), views(slices.Concat(s.masks, s.blendInputs())), views(s.results())
	a.parts = append(a.parts, p)
	return err
}

// open opens the session for parts of count rows and tells which masks it takes.
func (a *accumulation) open(n *network, count int) ([]nn.Mask, error) {
	if a.sessions[count] != nil {
		return nil, nil
	}
	model, masks, err := n.partModel(count)
	if err != nil {
		return nil, err
	}
	a.sessions[count], err = n.open(model)
	return masks, err
}

// rowsOf is a view of some samples' rows of a batch's tensor.
func rowsOf(t *runtime.Tensor, batch, start, count int) (*runtime.Tensor, error) {
	shape, elements := slices.Clone(t.Shape()), 1
	for _, d := range shape {
		elements *= int(d)
	}
	shape[0] = shape[0] * int64(count) / int64(batch)
	return t.View(elements/batch*start, shape)
}

// run adds up the gradients of all parts and computes what the parameters become.
// st.now stays as it is, so that a step that fails can be done again.
func (a *accumulation) run(ctx context.Context, s *stepper, st *state) error {
	sum, statistics := a.zero, st.statistics(st.now)
	for i, p := range a.parts {
		nextSum, nextStatistics := a.sums[i%2], st.statistics(st.next)
		if (len(a.parts)-1-i)%2 == 1 && a.held != nil {
			nextStatistics = []*runtime.Tensor{a.held}
		}
		in := slices.Concat([]*runtime.Tensor{st.params()}, statistics, []*runtime.Tensor{sum}, p.samples, s.scaleInput(), st.views[0], p.masks)
		out := slices.Concat([]*runtime.Tensor{nextSum}, nextStatistics, p.outputs)
		if err := p.session.Run(ctx, in, out); err != nil {
			return err
		}
		sum, statistics = nextSum, nextStatistics
	}
	in := slices.Concat(st.learnt(st.now), []*runtime.Tensor{s.hyper, sum})
	return a.move.Run(ctx, in, append(slices.Clone(st.learnt(st.next)), s.norm))
}

func (a *accumulation) close() {
	if a == nil {
		return
	}
	for _, p := range a.parts {
		for _, t := range slices.Concat(p.samples, p.masks, p.outputs) {
			t.Close()
		}
	}
	for _, session := range a.sessions {
		session.Close()
	}
	a.move.Close()
	for _, t := range []*runtime.Tensor{a.zero, a.sums[0], a.sums[1], a.held} {
		t.Close()
	}
}
