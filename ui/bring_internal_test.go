package ui

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"athanor/inference/onnx"
)

// external is a model whose one weight lies in a file beside it.
func external(location string) *onnx.Model {
	w := onnx.FloatTensor("w", []int64{2}, []float32{1, 2})
	w.External = []onnx.Pair{{Key: "location", Value: location}, {Key: "length", Value: strconv.Itoa(len(w.Raw))}}
	w.Raw = nil
	return &onnx.Model{IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}}, Graph: &onnx.Graph{
		Name: "g", Initializers: []*onnx.Tensor{w},
		Inputs:  []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, onnx.Fixed(2))},
		Outputs: []*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, onnx.Fixed(2))},
		Nodes:   []*onnx.Node{{OpType: "Mul", Inputs: []string{"x", "w"}, Outputs: []string{"y"}}},
	}}
}

// A model is brought in with the files its weights are in, or not at all.
func TestModelsAreBroughtInWithTheirWeights(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	weights := onnx.FloatTensor("w", []int64{2}, []float32{1, 2}).Raw
	if err := os.MkdirAll(filepath.Join(from, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(from, "data", "w.bin"), filepath.Join(filepath.Dir(from), "secret.bin")} {
		if err := os.WriteFile(path, weights, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save := func(name, location string) string {
		path := filepath.Join(from, name)
		if err := external(location).Save(path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for range 2 { // the second gets a name of its own
		path, err := copyInto(to, save("good.onnx", "data/w.bin"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := onnx.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.LoadExternal(filepath.Dir(path)); err != nil {
			t.Errorf("the copy lacks its weights: %v", err)
		}
	}
	for _, location := range []string{"../secret.bin", "gone.bin", filepath.Join(filepath.Dir(from), "secret.bin")} {
		if _, err := copyInto(to, save("bad.onnx", location)); !errors.Is(err, onnx.ErrExternal) {
			t.Errorf("%s: %v", location, err)
		}
	}
	list, err := broughtModels(to)
	if err != nil || len(list) != 2 || list[0].Name != "good" || list[1].Name != "good-2" {
		t.Errorf("listed %+v, %v", list, err)
	}
	left, err := os.ReadDir(to)
	if err != nil || len(left) != 2 {
		t.Errorf("%d entries are left, %v", len(left), err)
	}
}
