package transfer_test

import (
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// TestFloat16FileIsTaught: the float16 form of mnist.onnx has the layers of the
// float32 form, trains to what that one reaches, and stays as it was.
func TestFloat16FileIsTaught(t *testing.T) {
	m, err := onnx.Load(testenv.SharedData(t, "onnx-small", "mnist_float16.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := transfer.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	if m.Graph.Inputs[0].Type.Tensor.Elem != onnx.Float16 {
		t.Error("the file's own model was changed")
	}
	layers, err := n.Layers()
	if err != nil || len(layers) != 2 {
		t.Fatalf("%+v, %v", layers, err)
	}
	set := parity(t, 800)
	tuned, _ := lesson{network: n, set: set, how: train.Transfer{Rate: 0.1, Decay: 0.3}, epochs: 2, rate: 0.003}.run(t)
	full, _ := lesson{network: digitsNetwork(t), set: set, how: train.Transfer{Rate: 0.1, Decay: 0.3}, epochs: 2, rate: 0.003}.run(t)
	t.Logf("float16 file %.4f, float32 file %.4f", tuned.Classification.Accuracy, full.Classification.Accuracy)
	if tuned.Classification.Accuracy < max(0.85, full.Classification.Accuracy-0.03) {
		t.Errorf("taught from float16 it reaches %.4f, from float32 %.4f", tuned.Classification.Accuracy, full.Classification.Accuracy)
	}
	features, given, err := n.HeadOnly(t.Context(), train.Transfer{Head: true, Hidden: []int{16}, Scale: 1}, set, transfer.FeatureConfig{Threads: 2})
	if err != nil || given == nil || features.Train.Columns()[0].Shape[0] != 256 {
		t.Errorf("features of the float16 file: %v", err)
	}
}
