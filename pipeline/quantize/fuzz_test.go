package quantize_test

import (
	"testing"

	"athanor/inference/onnx"
	"athanor/pipeline/outline"
	"athanor/pipeline/quantize"
	"athanor/pipeline/wrap"
)

// FuzzForeignModel rewrites whatever decodes as a model: nothing may panic, and
// what comes out is a model by the rules of the format.
func FuzzForeignModel(f *testing.F) {
	for _, change := range []func(*onnx.Model){
		func(*onnx.Model) {},
		func(m *onnx.Model) { m.Graph.Nodes[0].Outputs = nil },
		func(m *onnx.Model) {
			m.Graph.Initializer("w1").Dims, m.Graph.Initializer("w1").Raw = []int64{0, 1 << 60}, nil
		},
		func(m *onnx.Model) { m.Graph.Initializer("k1").Dims = []int64{8} },
		func(m *onnx.Model) { m.Graph.Outputs[0].Type = nil },
		func(m *onnx.Model) { m.Graph.Inputs[0].Type = nil },
		func(m *onnx.Model) {
			m.Graph.Nodes = append(m.Graph.Nodes, &onnx.Node{OpType: "Constant", Attrs: []*onnx.Attribute{onnx.TensorAttr("value", onnx.FloatScalar("", 1))}})
		},
		func(m *onnx.Model) { m.Graph.Nodes[0].OpType = "Resize" },
	} {
		m := network()
		change(m)
		raw, err := m.Encode()
		if err != nil {
			continue
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := onnx.Decode(raw)
		if err != nil || m.Graph == nil {
			return
		}
		outline.Of(m.Graph)
		for _, method := range []quantize.Method{quantize.Dynamic, quantize.Half} {
			if small, _, err := quantize.Apply(t.Context(), m, method, nil); err == nil && onnx.Check(small) != nil {
				t.Errorf("%s made no model: %v", method, onnx.Check(small))
			}
		}
		if copied, err := wrap.Image(m, wrap.Spec{Labels: []string{"a", "b"}, Height: 4, Width: 4}); err == nil && onnx.Check(copied) != nil {
			t.Errorf("no model: %v", onnx.Check(copied))
		}
	})
}
