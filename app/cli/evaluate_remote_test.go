package cli_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"athanor/app/evaluation"
	"athanor/inference/model"
	"athanor/inference/onnx"
)

// stripes is an image model of digits that looks at a few rows of pixels: bad at
// it, but always the same.
func stripes(t *testing.T) string {
	t.Helper()
	weights := make([]float32, 784*10)
	for i := range weights {
		weights[i] = float32((i*7919)%13-6) / 2000
	}
	m := &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}},
		Metadata: []onnx.Pair{{Key: model.KeyTask, Value: "image"}, {Key: model.KeyLabels, Value: `["0","1","2","3","4","5","6","7","8","9"]`}},
		Graph: &onnx.Graph{
			Name:         "stripes",
			Inputs:       []*onnx.ValueInfo{onnx.TensorValue("image", onnx.Uint8, onnx.Named("N"), onnx.Fixed(28), onnx.Fixed(28), onnx.Fixed(1))},
			Outputs:      []*onnx.ValueInfo{onnx.TensorValue("probabilities", onnx.Float, onnx.Named("N"), onnx.Fixed(10))},
			Initializers: []*onnx.Tensor{onnx.FloatTensor("w", []int64{784, 10}, weights)},
			Nodes: []*onnx.Node{
				{OpType: "Cast", Inputs: []string{"image"}, Outputs: []string{"f"}, Attrs: []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Float))}},
				{OpType: "Flatten", Inputs: []string{"f"}, Outputs: []string{"flat"}},
				{OpType: "MatMul", Inputs: []string{"flat", "w"}, Outputs: []string{"logits"}},
				{OpType: "Softmax", Inputs: []string{"logits"}, Outputs: []string{"probabilities"}},
			},
		},
	}
	path := filepath.Join(t.TempDir(), "stripes.onnx")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEvaluateAModelOfAService(t *testing.T) {
	file := stripes(t)
	_, address, stop := serving(t, file, "--quiet")
	measure := func(args ...string) evaluation.Outcome {
		t.Helper()
		text, err := athanor(t, append([]string{"evaluate", "--json", "--data", "digits", "--part", "validation"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		var out evaluation.Outcome
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	local, remote := measure(file), measure("stripes", "--remote", address)
	a, b := local.Classification, remote.Classification
	if a == nil || b == nil || a.Accuracy != b.Accuracy || a.Loss != b.Loss || local.Samples == 0 || local.Samples != remote.Samples {
		t.Errorf("here %+v, from the service %+v", a, b)
	}
	if _, err := athanor(t, "evaluate", "stripes", "--remote", address); !errors.Is(err, evaluation.ErrMismatch) {
		t.Errorf("without data: %v", err)
	}
	if _, err := athanor(t, "evaluate", "other", "--remote", address, "--data", "digits"); err == nil {
		t.Error("a model that is not there was measured")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
