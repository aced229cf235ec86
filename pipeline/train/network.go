package train

import (
	"errors"
	"fmt"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
	"athanor/pipeline/optim"
)

// network is what a recipe and a data set make together: the architecture, its
// parameters laid out in one flat vector, and the loss.
type network struct {
	recipe       Recipe
	architecture nn.Architecture
	given        *Given // in place of architecture
	teacher      *Teacher
	trouble      error // why the given network could not be built
	columns      []dataset.Column
	classes      int // 0 for regression
	parameters   []nn.Parameter
	buffers      []nn.Buffer
	scale        targetScale
	blended      bool      // samples and labels may be blends of two
	weights      []float32 // what token ids tell (dataset.Set.Weights)
	categories   [][2]int  // a table's (dataset.Set.Categories)
}

// targetScale standardises a regression's targets by the training part.
type targetScale struct{ Mean, Deviation float64 }

func newNetwork(r Recipe, set *dataset.Set, given *Given, teacher *Teacher) (*network, error) {
	n := &network{recipe: r, teacher: teacher, columns: set.Train.Columns(), classes: len(set.Classes), scale: targetScale{0, 1}}
	if err := errors.Join(n.findArchitecture(given), n.checkTeacher()); err != nil {
		return nil, err
	}
	n.blended = n.classes > 0 && blended(set.Train)
	n.weights, n.categories = set.Weights, set.Categories
	if n.classes == 0 {
		n.scale = measureTargets(set.Train)
	}
	b := graph.New("survey")
	c := nn.NewContext(b, false, nil)
	n.forward(c, n.inputs(b, 1))
	n.parameters, n.buffers = c.Parameters(), c.Buffers()
	if n.trouble != nil {
		return nil, n.trouble
	}
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("model %s does not fit the data: %w", r.Model.Name, err)
	}
	return n, nil
}

// kernels tells whether steps are built with Athanor's own operators, which run
// on the CPU in float32; other devices and types get plain ONNX.
func (n *network) kernels() bool { return runtime.OnCPU(n.recipe.Device) && !n.half() }

// fuse puts operators of Athanor's own into a forward graph where it may.
func (n *network) fuse(b *graph.Builder) {
	if n.kernels() {
		b.FuseConvolutions()
		b.FuseDense()
	}
}

// half tells whether steps compute in float16 where that is safe.
func (n *network) half() bool { return n.recipe.Precision == Float16 }

func (n *network) outputs() int { return max(n.classes, 1) }

// inputs declares the sample's columns for a batch.
func (n *network) inputs(b *graph.Builder, batch int) []*graph.Value {
	values := make([]*graph.Value, len(n.columns))
	for i, col := range n.columns {
		values[i] = b.Input(col.Name, col.Type, append([]int{batch}, col.Shape...)...)
	}
	return values
}

// forward builds the architecture: logits, or values in the target's own scale.
func (n *network) forward(c *nn.Context, x []*graph.Value) *graph.Value {
	y := n.build(c, x)
	if n.classes > 0 {
		return y
	}
	return c.AddTo(c.MulBy(y, n.scale.Deviation), n.scale.Mean)
}

// flat is the number of elements of all parameters.
func (n *network) flat() int {
	total := 0
	for _, p := range n.parameters {
		total += size(p.Shape)
	}
	return total
}

func (n *network) flatBuffers() int {
	total := 0
	for _, b := range n.buffers {
		total += size(b.Shape)
	}
	return total
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// unpack cuts flat vectors into the named tensors of the network. On the CPU
// the parameters come as inputs of their own, over the same memory (state.views).
func (n *network) unpack(b *graph.Builder, params, buffers *graph.Value) map[string]*graph.Value {
	named := map[string]*graph.Value{}
	if b.Kernels() {
		for _, p := range n.parameters {
			named[p.Name] = b.Input("params/"+p.Name, onnx.Float, p.Shape...)
		}
		n.unpackBuffers(b, buffers, named)
		return named
	}
	var sizes []int
	for _, p := range n.parameters {
		sizes = append(sizes, size(p.Shape))
	}
	for i, piece := range cut(b, params, sizes) {
		named[n.parameters[i].Name] = b.Reshape(piece, n.parameters[i].Shape...)
	}
	n.unpackBuffers(b, buffers, named)
	return named
}

func (n *network) unpackBuffers(b *graph.Builder, buffers *graph.Value, named map[string]*graph.Value) {
	if len(n.buffers) == 0 {
		return
	}
	var sizes []int
	for _, buf := range n.buffers {
		sizes = append(sizes, size(buf.Shape))
	}
	for i, piece := range cut(b, buffers, sizes) {
		named[n.buffers[i].Name] = b.Reshape(piece, n.buffers[i].Shape...)
	}
}

// cut splits a flat vector; for graphics processors piece by piece, as one of
// their kernels writes only a few tensors.
func cut(b *graph.Builder, flat *graph.Value, sizes []int) []*graph.Value {
	if !b.Card() {
		return b.Split(flat, 0, sizes...)
	}
	pieces, start := make([]*graph.Value, len(sizes)), 0
	for i, n := range sizes {
		pieces[i] = b.Slice(flat, graph.Window{Axis: 0, Start: start, End: start + n})
		start += n
	}
	return pieces
}

// stepModel is the whole training step for one batch size: state in, state out.
//
// Inputs: params [n], one slot [n] for each of the optimizer's, buffers [m]
// where there are any, hyper, then those of a pass. Outputs: the new params, slots
// and buffers, loss [B], score [B, K] (classification), norm [1].
func (n *network) stepModel(batch int) (*onnx.Model, []nn.Mask, error) {
	b := n.trainingGraph("step")
	state := n.declareState(b, true)
	hyper := b.Input("hyper", onnx.Float, optim.Hypers)
	p := n.pass(b, state, batch)
	grads, err := n.backward(b, p)
	if err != nil {
		return nil, nil, err
	}
	if err := n.optimize(b, state, grads, hyper); err != nil {
		return nil, nil, err
	}
	n.outputPass(b, p)
	b.Output("norm", state.norm)
	m, err := b.Model()
	return m, p.context.Masks(), err
}

// stateValues are the flat vectors of a step.
type stateValues struct {
	params, buffers *graph.Value
	slots           []*graph.Value
	norm            *graph.Value
}

// declareLearned declares parameters and the optimizer's slots.
func (n *network) declareLearned(b *graph.Builder) *stateValues {
	s := &stateValues{params: b.Input("params", onnx.Float, n.flat())}
	for i := range n.recipe.rule().Slots() {
		s.slots = append(s.slots, b.Input(fmt.Sprintf("slot%d", i), onnx.Float, n.flat()))
	}
	return s
}

// declareState declares parameters, slots where asked for, and buffers.
func (n *network) declareState(b *graph.Builder, slots bool) *stateValues {
	s := &stateValues{}
	if slots {
		s = n.declareLearned(b)
	} else {
		s.params = b.Input("params", onnx.Float, n.flat())
	}
	if len(n.buffers) > 0 {
		s.buffers = b.Input("buffers", onnx.Float, n.flatBuffers())
	}
	return s
}

func (n *network) target(b *graph.Builder, batch int) *graph.Value {
	if n.classes == 0 {
		return b.Input("target", onnx.Float, batch)
	}
	return b.Input("target", onnx.Int64, batch)
}

// nextBuffers packs the buffers as they are after the step.
func (n *network) nextBuffers(c *nn.Context, named map[string]*graph.Value) *graph.Value {
	var parts []*graph.Value
	for _, buf := range n.buffers {
		v := c.Update(buf.Name)
		if v == nil {
			v = named[buf.Name]
		}
		parts = append(parts, c.Reshape(v, size(buf.Shape)))
	}
	return c.Concat(0, parts...)
}

// evalModel computes loss [N, 1] and output [N, K] (probabilities or values) for
// so many rows, graph.Unknown for any number, from the flat state.
func (n *network) evalModel(rows int) (*onnx.Model, error) {
	b := graph.New("evaluate")
	if !n.kernels() {
		b.UseCard()
	}
	state := n.declareState(b, false)
	x := n.inputs(b, rows)
	target := n.target(b, rows)
	named := n.unpack(b, state.params, state.buffers)
	if n.kernels() {
		b.UseKernels()
	}
	c := nn.NewContext(b, false, func(name string, _ []int) *graph.Value { return named[name] })
	y := n.forward(c, x)
	n.fuse(b)
	loss, _ := n.loss(b, y, target, 0)
	b.Output("loss", loss)
	b.Output("output", n.answer(b, y))
	return b.Model()
}

// answer is what a person gets: probabilities, or the value.
func (n *network) answer(b *graph.Builder, y *graph.Value) *graph.Value {
	switch {
	case n.classes == 0:
		return y
	case n.recipe.Train.Loss == "bce":
		return b.Op("Sigmoid", nil, y)
	default:
		return b.Op("Softmax", graph.Attrs{"axis": -1}, y)
	}
}
