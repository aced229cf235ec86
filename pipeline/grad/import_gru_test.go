package grad_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// gruFile is a file with one GRU: its states and its last states.
func gruFile(direction string, directions, before int, lengths, first bool) *onnx.Model {
	const l, n, d, h = 5, 3, 4, 16
	value := func(name string, kind onnx.DataType, dims ...int64) *onnx.ValueInfo {
		return onnx.TensorValue(name, kind, onnx.Dims(dims...)...)
	}
	k := int64(directions)
	inputs := []*onnx.ValueInfo{value("x", onnx.Float, l, n, d), value("w", onnx.Float, k, 3*h, d), value("r", onnx.Float, k, 3*h, h), value("b", onnx.Float, k, 6*h)}
	names := []string{"x", "w", "r", "b", "", ""}
	if lengths {
		inputs, names[4] = append(inputs, value("lengths", onnx.Int32, n)), "lengths"
	}
	if first {
		inputs, names[5] = append(inputs, value("first", onnx.Float, k, n, h)), "first"
	}
	return &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Graph: &onnx.Graph{
		Name: "gru", Inputs: inputs, Outputs: []*onnx.ValueInfo{value("y", onnx.Float, l, k, n, h), value("last", onnx.Float, k, n, h)},
		Nodes: []*onnx.Node{{
			Name: "gru", OpType: "GRU", Inputs: names, Outputs: []string{"y", "last"},
			Attrs: []*onnx.Attribute{onnx.StringAttr("direction", direction), onnx.IntAttr("hidden_size", h), onnx.IntAttr("linear_before_reset", int64(before))},
		}},
	}}
}

// TestImportedGRU: ONNX's GRU spelled out answers as the runtime's own in every form,
// with a gradient.
func TestImportedGRU(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for direction, directions := range map[string]int{"forward": 1, "reverse": 1, "bidirectional": 2} {
		for form := range 8 {
			before, lengths, first := form&1, form&2 != 0, form&4 != 0
			t.Run(fmt.Sprintf("%s %d %v %v", direction, before, lengths, first), func(t *testing.T) {
				compareGRU(t, gruFile(direction, directions, before, lengths, first))
			})
		}
	}
}

func compareGRU(t *testing.T, file *onnx.Model) {
	t.Helper()
	feeds := func(ports []runtime.Port) (list []*runtime.Tensor) {
		for _, p := range ports {
			one := stepFeeds(rand.New(rand.NewPCG(7, uint64(p.Name[0]))), []runtime.Port{p}, 2)[0]
			if p.Type == onnx.Int32 {
				copy(runtime.Data[int32](one), []int32{5, 2, 1})
			}
			list = append(list, one)
		}
		return list
	}
	want := results(t, file, runtime.Options{Threads: 1}, feeds)
	b := graph.New("spelled")
	im, err := b.Import(file, graph.ImportConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for i, y := range im.Outputs {
		b.Output(fmt.Sprintf("out%d", i), y)
	}
	if _, err := grad.Backward(b, im.Outputs[0], b.Input("seed", onnx.Float, im.Outputs[0].Shape...), im.Inputs[:3]); err != nil {
		t.Errorf("no gradient: %v", err)
	}
	m, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	got := results(t, m, runtime.Options{Threads: 1}, feeds)
	for i := range want {
		if err := agree(want[i], got[i], 1e-5); err != nil {
			t.Errorf("output %d: %v", i, err)
		}
	}
}
