package deploy_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/serve"
	"athanor/inference/serve/deploy"
)

func digits() *onnx.Model {
	return &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}},
		Metadata: []onnx.Pair{
			{Key: model.KeyTask, Value: "image"},
			{Key: model.KeyLabels, Value: `["a \"b\"","下"]`},
			{Key: model.KeyRecipe, Value: "path = '/home/someone'"},
		},
		Graph: &onnx.Graph{
			Inputs:  []*onnx.ValueInfo{onnx.TensorValue("image", onnx.Uint8, onnx.Named("N"), onnx.Fixed(2), onnx.Fixed(1))},
			Outputs: []*onnx.ValueInfo{onnx.TensorValue("probabilities", onnx.Float, onnx.Named("N"), onnx.Fixed(2))},
			Nodes:   []*onnx.Node{{OpType: "Softmax", Inputs: []string{"image"}, Outputs: []string{"probabilities"}}},
		},
	}
}

func save(t *testing.T, m *onnx.Model) serve.ModelFile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return serve.ModelFile{Name: "digits", Version: "1", Path: path}
}

func TestTritonRepository(t *testing.T) {
	out := t.TempDir()
	file := save(t, digits())
	config, err := deploy.Triton{Out: out, MaxRows: 32, DelayUS: 500}.Write(file)
	if err != nil {
		t.Fatal(err)
	}
	want := `name: "digits"
backend: "onnxruntime"
max_batch_size: 32
input [ { name: "image" data_type: TYPE_UINT8 dims: [ 2, 1 ] } ]
output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "labels.txt" } ]
version_policy { latest { num_versions: 1 } }
dynamic_batching { max_queue_delay_microseconds: 500 }
model_warmup [ { name: "zeros" batch_size: 1 inputs { key: "image" value { data_type: TYPE_UINT8 dims: [ 2, 1 ] zero_data: true } } } ]
parameters { key: "athanor.task" value { string_value: "image" } }
parameters { key: "athanor.labels" value { string_value: "[\"a \\\"b\\\"\",\"\344\270\213\"]" } }
`
	if config != want {
		t.Errorf("got\n%s\nwant\n%s", config, want)
	}
	for path, want := range map[string]string{"config.pbtxt": config, "labels.txt": "a \"b\"\n下\n"} {
		if got, err := os.ReadFile(filepath.Join(out, "digits", path)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	original, err := os.ReadFile(file.Path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(out, "digits", "1", "model.onnx")); err != nil || string(got) != string(original) {
		t.Errorf("the model differs, %v", err)
	}
	if _, err := (deploy.Triton{Out: out}).Write(file); !errors.Is(err, deploy.ErrExists) {
		t.Errorf("again: %v", err)
	}
}

func TestTritonOfOtherShapes(t *testing.T) {
	fixed := digits()
	fixed.Graph.Inputs[0].Type.Tensor.Shape[0] = onnx.Fixed(1)
	table := digits()
	table.Graph.Inputs[0].Type.Tensor.Elem = onnx.String
	for name, c := range map[string]struct {
		m       *onnx.Model
		has, no string
	}{
		"fixed":   {fixed, "max_batch_size: 0\ninput [ { name: \"image\" data_type: TYPE_UINT8 dims: [ 1, 2, 1 ]", "dynamic_batching"},
		"strings": {table, "TYPE_STRING", "model_warmup"},
	} {
		config, err := deploy.Triton{Out: t.TempDir(), MaxRows: 8}.Write(save(t, c.m))
		if err != nil || !strings.Contains(config, c.has) || strings.Contains(config, c.no) {
			t.Errorf("%s: %v\n%s", name, err, config)
		}
	}
	sequence := digits()
	sequence.Graph.Inputs[0].Type = &onnx.Type{Sequence: &onnx.Type{}}
	if _, err := (deploy.Triton{Out: t.TempDir()}).Write(save(t, sequence)); !errors.Is(err, deploy.ErrModel) {
		t.Errorf("sequence: %v", err)
	}
}

func TestInferenceService(t *testing.T) {
	path, err := deploy.KServe{Out: t.TempDir(), Name: "My Digits_2", Storage: "pvc://models/repository"}.Write()
	if err != nil || filepath.Base(path) != "my-digits-2.yaml" {
		t.Fatalf("%s, %v", path, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "kind: InferenceService\nmetadata:\n  name: my-digits-2\n") || !strings.Contains(string(text), `storageUri: "pvc://models/repository"`) {
		t.Errorf("%s, %v", text, err)
	}
	for _, k := range []deploy.KServe{{Name: "模型", Storage: "pvc://x"}, {Name: "a", Storage: "models"}} {
		if _, err := k.YAML(); !errors.Is(err, deploy.ErrModel) {
			t.Errorf("%+v: %v", k, err)
		}
	}
}
