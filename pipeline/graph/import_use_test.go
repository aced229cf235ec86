package graph_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// TestImportWithAnotherBatch: a network saved for one picture runs on three.
func TestImportWithAnotherBatch(t *testing.T) {
	m := load(t, "onnx-small", "mnist.onnx")
	_, three := imported(t, m, graph.ImportConfig{Batch: 3})
	name := m.Graph.Outputs[0].Name
	together := run(t, three, 5, 1)[name]
	if !slices.Equal(together.Dims, []int64{3, 10}) {
		t.Fatalf("scores have shape %v", together.Dims)
	}
	alone := run(t, m, 5, 1)[name] // draws the first picture's pixels
	_, open := imported(t, m, graph.ImportConfig{Batch: graph.Unknown})
	if got := open.Graph.Outputs[0].Type.Tensor.Shape; got[0].Known || got[1].Value != 10 {
		t.Errorf("with an open batch the scores have shape %v", got)
	}
	compare(t, name, run(t, open, 5, 1)[name], run(t, m, 5, 1)[name], 1e-5)
	first := &onnx.Tensor{Type: onnx.Float, Dims: []int64{1, 10}, Raw: together.Raw[:40]}
	compare(t, name, first, alone, 1e-5)
}

// TestImportedVariablesGetGradients differentiates mnist.onnx by its weights
// and compares the slope along the gradient with a difference quotient.
func TestImportedVariablesGetGradients(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	m := load(t, "onnx-small", "mnist.onnx")
	b := graph.New("tune")
	var variables []*graph.Value
	im, err := b.Import(m, graph.ImportConfig{Batch: 2, Variable: func(name string, w *onnx.Tensor) *graph.Value {
		if w.Type != onnx.Float {
			return nil
		}
		v := b.Input(name, w.Type, shapeOf(w)...)
		variables = append(variables, v)
		return v
	}})
	if err != nil {
		t.Fatal(err)
	}
	loss := b.ReduceSum(b.Op("Tanh", nil, b.MulBy(im.Outputs[0], 0.01)), false, 0, 1)
	gradients, err := grad.Backward(b, loss, b.Const(onnx.Float, []int{}, 1), variables)
	if err != nil {
		t.Fatal(err)
	}
	b.Output("loss", loss)
	for i, g := range gradients {
		b.Output("gradient "+variables[i].Name, g)
	}
	tuned, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	slopes(t, tuned, variables)
}

func shapeOf(t *onnx.Tensor) []int {
	shape := []int{}
	for _, d := range t.Dims {
		shape = append(shape, int(d))
	}
	return shape
}

// slopes checks ∂loss along a random direction of each variable. The network
// has kinks and runs in float32, hence the tolerance.
func slopes(t *testing.T, m *onnx.Model, variables []*graph.Value) {
	t.Helper()
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewSession(data, runtime.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	in := map[string]*runtime.Tensor{}
	var list []*runtime.Tensor
	for _, p := range s.Inputs() {
		in[p.Name] = fill(t, p, rand.New(rand.NewPCG(1, uint64(len(p.Name)))), 0.1)
		list = append(list, in[p.Name])
		defer in[p.Name].Close()
	}
	value := func() (loss float32, gradients map[string][]float32) {
		out := make([]*runtime.Tensor, len(s.Outputs()))
		if err := s.Run(t.Context(), list, out); err != nil {
			t.Fatal(err)
		}
		gradients = map[string][]float32{}
		for i, p := range s.Outputs() {
			gradients[strings.TrimPrefix(p.Name, "gradient ")] = slices.Clone(runtime.Data[float32](out[i]))
			out[i].Close()
		}
		return gradients["loss"][0], gradients
	}
	_, gradients := value()
	for _, v := range variables {
		w := runtime.Data[float32](in[v.Name])
		length := 0.0
		for _, g := range gradients[v.Name] {
			length += float64(g) * float64(g)
		}
		step := 0.0005 / max(length, 1e-12) // changes the loss by about 0.001
		move := func(by float64) float64 {
			saved := slices.Clone(w)
			for i, g := range gradients[v.Name] {
				w[i] += float32(by * step * float64(g))
			}
			loss, _ := value()
			copy(w, saved)
			return float64(loss)
		}
		if got := (move(1) - move(-1)) / (2 * step * length); length == 0 || got < 0.95 || got > 1.05 {
			t.Errorf("%s: the loss rises %.3f times as fast along the gradient as the gradient says (length² %g)", v.Name, got, length)
		}
	}
}

// TestImportTellsWhatIsWrong: every refusal is of a kind that a program can
// tell and names what a person must look for.
func TestImportTellsWhatIsWrong(t *testing.T) {
	base := func() *onnx.Model {
		return oldForm{17, "Relu", onnx.Dims(2, 3), nil, nil, 0}.model()
	}
	edit := func(f func(m *onnx.Model, n *onnx.Node)) *onnx.Model {
		m := base()
		m.Graph.Nodes[0].Name = "block3/conv"
		f(m, m.Graph.Nodes[0])
		return m
	}
	for name, c := range map[string]struct {
		m    *onnx.Model
		kind error
		want string
	}{
		"no graph":      {&onnx.Model{}, graph.ErrInvalid, "no graph"},
		"old":           {edit(func(m *onnx.Model, _ *onnx.Node) { m.Opsets[0].Version = 6 }), graph.ErrUnsupported, "opset 6"},
		"new":           {edit(func(m *onnx.Model, _ *onnx.Node) { m.Opsets[0].Version = 40 }), graph.ErrUnsupported, "opset 40"},
		"no shape rule": {edit(func(_ *onnx.Model, n *onnx.Node) { n.OpType = "LSTM" }), graph.ErrUnsupported, "LSTM (node block3/conv)"},
		"other domain": {edit(func(m *onnx.Model, n *onnx.Node) {
			n.Domain = "com.example"
			m.Opsets = append(m.Opsets, onnx.Opset{Domain: "com.example", Version: 1})
		}), graph.ErrUnsupported, "com.example"},
		"missing value": {edit(func(_ *onnx.Model, n *onnx.Node) { n.Inputs[0] = "ghost" }), graph.ErrInvalid, "ghost"},
		"wrong shapes":  {edit(func(_ *onnx.Model, n *onnx.Node) { n.OpType = "MatMul"; n.Inputs = []string{"x", "x"} }), nil, "MatMul (node block3/conv)"},
		"no input":      {edit(func(_ *onnx.Model, n *onnx.Node) { n.Inputs = nil }), nil, "block3/conv"},
		"control flow": {edit(func(_ *onnx.Model, n *onnx.Node) {
			n.OpType = "If"
			n.Attrs = []*onnx.Attribute{onnx.GraphAttr("then_branch", &onnx.Graph{Name: "b"})}
		}), graph.ErrUnsupported, "If (node block3/conv)"},
		"rank not known": {edit(func(m *onnx.Model, _ *onnx.Node) { m.Graph.Inputs[0].Type.Tensor.HasShape = false }), graph.ErrUnsupported, "input x"},
		"functions": {edit(func(m *onnx.Model, _ *onnx.Node) {
			m.Functions = []*onnx.Function{{Name: "Block", Domain: "local", Opsets: []onnx.Opset{{Version: 17}}}}
		}), graph.ErrUnsupported, "Block"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := graph.Import(c.m, graph.ImportConfig{})
			if err == nil || c.kind != nil && !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %v and %q", err, c.kind, c.want)
			}
		})
	}
}

// TestForeignOperatorsKeepStatedShapes: an operator without a shape rule is
// taken as it is where the file states what comes out, and has no gradient.
func TestForeignOperatorsKeepStatedShapes(t *testing.T) {
	m := oldForm{17, "NonMaxSuppressionLike", onnx.Dims(2, 3), nil, nil, 0}.model()
	m.Graph.Nodes[0].OpType, m.Graph.Nodes[0].Name = "Det", "volume"
	m.Graph.Inputs[0] = onnx.TensorValue("x", onnx.Float, onnx.Dims(4, 3, 3)...)
	m.Graph.Outputs[0] = onnx.TensorValue("ya", onnx.Float, onnx.Dims(4)...)
	b := sameResults(t, m, graph.ImportConfig{}, 1e-6)
	_, err := grad.Backward(b, b.Outputs()[0], b.Outputs()[0], b.Inputs())
	if !errors.Is(err, grad.ErrNoRule) || !strings.Contains(err.Error(), "Det (node volume)") {
		t.Errorf("error %v does not name the operator and node", err)
	}
}

// FuzzImport: no file makes Import panic.
func FuzzImport(f *testing.F) {
	for _, form := range []oldForm{
		{11, "Softmax", onnx.Dims(2, 3), nil, nil, 0},
		{18, "Pad", onnx.Dims(2, 3), nil, []*onnx.Tensor{int64s(1, 2), nil, int64s(-1)}, 0},
		{9, "Slice", onnx.Dims(2, 3), []*onnx.Attribute{onnx.IntsAttr("starts", 0), onnx.IntsAttr("ends", 9)}, nil, 0},
		{13, "ReduceSum", onnx.Dims(2, 3), nil, []*onnx.Tensor{int64s(1)}, 0},
		{13, "Conv", onnx.Dims(1, 1, 4, 4), nil, []*onnx.Tensor{onnx.FloatTensor("", []int64{1, 1, 3, 3}, make([]float32, 9))}, 0},
		{13, "MaxPool", onnx.Dims(1, 1, 4, 4), []*onnx.Attribute{onnx.IntsAttr("kernel_shape", 2, 2)}, nil, 0},
		{13, "Gather", onnx.Dims(3, 4), nil, []*onnx.Tensor{int64s(0, 1)}, 0},
		{13, "Split", onnx.Dims(6), nil, nil, 2},
		{13, "Resize", onnx.Dims(1, 1, 2, 2), nil, []*onnx.Tensor{nil, floats(1, 1, 2, 2)}, 0},
	} {
		data, err := form.model().Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := onnx.Decode(data)
		if err != nil {
			return
		}
		b, im, err := graph.Import(m, graph.ImportConfig{Batch: 2})
		if err != nil {
			return
		}
		for _, v := range im.Outputs {
			_, _ = grad.Backward(b, v, v, im.Inputs)
		}
	})
}

// TestNamesThatTwoNodesHave: a file's node may be called as one that is built
// here; the runtime takes no name twice.
func TestNamesThatTwoNodesHave(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	b := graph.New("names")
	x := b.Input("x", onnx.Float, 2)
	first := b.Op("Relu", nil, x)
	second := b.Op("Neg", nil, first)
	b.Producer(second).Name = b.Producer(first).Name
	b.Output("y", second)
	m, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	if m.Graph.Nodes[0].Name == m.Graph.Nodes[1].Name {
		t.Errorf("both nodes are called %s", m.Graph.Nodes[0].Name)
	}
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewSession(raw, runtime.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}
