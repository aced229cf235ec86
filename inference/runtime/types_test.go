package runtime_test

import (
	"math"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// TestTypesThatTheDeviceLacks: numbers that a device does not compute with are the
// processor's, the rest stays where it was asked for, and what was left is named.
func TestTypesThatTheDeviceLacks(t *testing.T) {
	device, n := testenv.GPU(t), onnx.Fixed(3)
	node := func(op, to string, attrs []*onnx.Attribute, in ...string) *onnx.Node {
		return &onnx.Node{Name: to, OpType: op, Inputs: in, Outputs: []string{to}, Attrs: attrs}
	}
	cast := func(kind onnx.DataType) []*onnx.Attribute { return []*onnx.Attribute{onnx.IntAttr("to", int64(kind))} }
	s, err := runtime.NewSession(model(t, []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, n)}, []*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, n)}, nil,
		node("Add", "two", nil, "x", "x"), node("Cast", "wide", cast(onnx.Double), "two"), node("Mul", "square", nil, "wide", "wide"), node("Cast", "y", cast(onnx.Float), "square")),
		runtime.Options{Threads: 1, Device: device})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x, err := runtime.NewTensor([]int64{3}, []float32{1, -2, 0.5})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	out := make([]*runtime.Tensor, 1)
	if err := s.Run(t.Context(), []*runtime.Tensor{x}, out); err != nil {
		t.Fatal(err)
	}
	defer out[0].Close()
	for i, want := range []float32{4, 16, 1} {
		if got := runtime.Data[float32](out[0])[i]; math.Abs(float64(got-want)) > 1e-6 {
			t.Errorf("element %d is %g, want %g", i, got, want)
		}
	}
	if left, err := s.LeftBehind(); err != nil || left["Mul"] != 1 || left["Add"] != 0 {
		t.Errorf("the processor runs %v, %v", left, err)
	}
}
