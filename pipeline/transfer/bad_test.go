package transfer_test

import (
	"errors"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/graph"
	"athanor/pipeline/transfer"
)

// odd is a classifier of four features, y = x·w, with something odd around it.
func odd(change func(g *onnx.Graph)) *onnx.Model {
	w := make([]float32, 12)
	for i := range w {
		w[i] = float32(i) / 10
	}
	g := &onnx.Graph{
		Name: "odd", Inputs: []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, onnx.Named("N"), onnx.Fixed(4))},
		Outputs:      []*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, onnx.Named("N"), onnx.Fixed(3))},
		Initializers: []*onnx.Tensor{onnx.FloatTensor("w", []int64{4, 3}, w)},
		Nodes:        []*onnx.Node{{Name: "end", OpType: "MatMul", Inputs: []string{"x", "w"}, Outputs: []string{"y"}}},
	}
	change(g)
	return &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 18}, {Domain: "com.example", Version: 1}}, Graph: g}
}

// branched doubles the features in an If whose condition is always true.
func branched(g *onnx.Graph) {
	value := []*onnx.ValueInfo{onnx.TensorValue("b", onnx.Float, onnx.Named("N"), onnx.Fixed(4))}
	branch := func(op string) *onnx.Graph {
		return &onnx.Graph{Name: op, Outputs: value, Nodes: []*onnx.Node{{Name: op, OpType: op, Inputs: []string{"x", "x"}, Outputs: []string{"b"}}}}
	}
	g.Initializers = append(g.Initializers, &onnx.Tensor{Name: "yes", Type: onnx.Bool, Dims: []int64{}, Raw: []byte{1}})
	fork := &onnx.Node{Name: "fork", OpType: "If", Inputs: []string{"yes"}, Outputs: []string{"h"}, Attrs: []*onnx.Attribute{
		{Name: "then_branch", Type: onnx.AttrGraph, G: branch("Add")}, {Name: "else_branch", Type: onnx.AttrGraph, G: branch("Mul")},
	}}
	g.Nodes = append([]*onnx.Node{fork}, g.Nodes...)
	g.Nodes[1].Inputs[0] = "h"
}

// looped doubles the features twice in a Loop.
func looped(g *onnx.Graph) {
	body := &onnx.Graph{
		Name: "body",
		Inputs: []*onnx.ValueInfo{
			onnx.TensorValue("turn", onnx.Int64), onnx.TensorValue("on", onnx.Bool), onnx.TensorValue("before", onnx.Float, onnx.Named("N"), onnx.Fixed(4)),
		},
		Outputs: []*onnx.ValueInfo{onnx.TensorValue("still", onnx.Bool), onnx.TensorValue("after", onnx.Float, onnx.Named("N"), onnx.Fixed(4))},
		Nodes: []*onnx.Node{
			{Name: "keep", OpType: "Identity", Inputs: []string{"on"}, Outputs: []string{"still"}},
			{Name: "twice", OpType: "Add", Inputs: []string{"before", "before"}, Outputs: []string{"after"}},
		},
	}
	g.Initializers = append(g.Initializers, &onnx.Tensor{Name: "turns", Type: onnx.Int64, Dims: []int64{}, Raw: []byte{2, 0, 0, 0, 0, 0, 0, 0}}, &onnx.Tensor{Name: "yes", Type: onnx.Bool, Dims: []int64{}, Raw: []byte{1}})
	turn := &onnx.Node{Name: "round", OpType: "Loop", Inputs: []string{"turns", "yes", "x"}, Outputs: []string{"h"}, Attrs: []*onnx.Attribute{{Name: "body", Type: onnx.AttrGraph, G: body}}}
	g.Nodes = append([]*onnx.Node{turn}, g.Nodes...)
	g.Nodes[1].Inputs[0] = "h"
}

// statically rounds the features by a scale that the file holds.
func statically(g *onnx.Graph) {
	g.Initializers = append(g.Initializers, onnx.FloatTensor("step", []int64{}, []float32{0.1}), &onnx.Tensor{Name: "middle", Type: onnx.Uint8, Dims: []int64{}, Raw: []byte{3}})
	g.Nodes = append([]*onnx.Node{
		{Name: "round", OpType: "QuantizeLinear", Inputs: []string{"x", "step", "middle"}, Outputs: []string{"q"}},
		{Name: "back", OpType: "DequantizeLinear", Inputs: []string{"q", "step", "middle"}, Outputs: []string{"h"}},
	}, g.Nodes...)
	g.Nodes[2].Inputs[0] = "h"
}

// quantizedFeatures rounds the features to bytes on the way.
func quantizedFeatures(g *onnx.Graph) {
	g.Nodes = append([]*onnx.Node{
		{Name: "round", OpType: "DynamicQuantizeLinear", Inputs: []string{"x"}, Outputs: []string{"q", "scale", "zero"}},
		{Name: "back", OpType: "DequantizeLinear", Inputs: []string{"q", "scale", "zero"}, Outputs: []string{"h"}},
	}, g.Nodes...)
	g.Nodes[2].Inputs[0] = "h"
}

// TestOddModelsAreRefusedWithAdvice: what can only be run is named with its node
// and still runs; what is broken is called so.
func TestOddModelsAreRefusedWithAdvice(t *testing.T) {
	for name, c := range map[string]struct {
		change func(g *onnx.Graph)
		want   error
		says   []string
		runs   bool
	}{
		"control flow":   {branched, graph.ErrUnsupported, []string{"If (node fork)", "can be run and served"}, true},
		"a loop":         {looped, graph.ErrUnsupported, []string{"Loop (node round)", "can be run and served"}, true},
		"quantized once": {statically, graph.ErrUnsupported, []string{"QuantizeLinear (node round)", "teach the float32 model"}, true},
		"quantized":      {quantizedFeatures, graph.ErrUnsupported, []string{"DynamicQuantizeLinear (node round)", "teach the float32 model"}, true},
		"another domain": {func(g *onnx.Graph) { g.Nodes[0].Domain = "com.example" }, graph.ErrUnsupported, []string{"com.example"}, false},
		"a cycle": {func(g *onnx.Graph) {
			g.Nodes = append(g.Nodes, &onnx.Node{Name: "a", OpType: "Relu", Inputs: []string{"loop2"}, Outputs: []string{"loop1"}},
				&onnx.Node{Name: "b", OpType: "Relu", Inputs: []string{"loop1"}, Outputs: []string{"loop2"}})
		}, graph.ErrInvalid, []string{"loop2"}, false},
		"a weight twice":  {func(g *onnx.Graph) { g.Initializers = append(g.Initializers, g.Initializers[0]) }, graph.ErrInvalid, []string{"w"}, false},
		"a weight absent": {func(g *onnx.Graph) { g.Initializers = nil }, graph.ErrInvalid, []string{"w"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := odd(c.change)
			_, err := transfer.Open(m)
			if !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			for _, text := range c.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q does not say %q", err, text)
				}
			}
			if c.runs {
				stillRuns(t, m)
			}
		})
	}
}

func stillRuns(t *testing.T, m *onnx.Model) {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewSession(raw, runtime.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x, err := runtime.NewTensor([]int64{1, 4}, []float32{1, 0, 0, 1})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	out := make([]*runtime.Tensor, 1)
	if err := s.Run(t.Context(), []*runtime.Tensor{x}, out); err != nil {
		t.Fatal(err)
	}
	defer out[0].Close()
	if y := runtime.Data[float32](out[0]); len(y) != 3 || y[2] == 0 {
		t.Errorf("it answers %v", y)
	}
}
