package model_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

func TestForeignModelsAreDescribed(t *testing.T) {
	for path, want := range map[string]string{
		"onnx-small/mnist.onnx":                          "float32[1,1,28,28]",
		"onnx-small/mnist_float16.onnx":                  "float16[1,1,28,28]",
		"onnx-small/sklearn_randomforest.onnx":           "float32[?,4]",
		"onnx-small/sum_and_difference.onnx":             "float32[1,1,4]",
		"faces/models/face_detection_yunet_2023mar.onnx": "float32[1,3,640,640]",
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			testenv.NeedNative(t, runtime.Load())
			m, err := model.Open(testenv.SharedData(t, path), model.Options{Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if got := m.Info().Inputs[0].Text; got != want {
				t.Errorf("input %s, wanted %s", got, want)
			}
			if _, err := m.Images(context.Background(), grey(28, 28, top)); !errors.Is(err, model.ErrForeign) {
				t.Errorf("predicting: %v", err)
			}
			runZeros(t, m)
		})
	}
}

func runZeros(t *testing.T, m *model.Model) {
	t.Helper()
	var in []*runtime.Tensor
	for _, p := range m.Inputs() {
		var shape []int64
		for _, d := range p.Shape {
			shape = append(shape, max(d.Size(), 1))
		}
		x, err := runtime.NewZeros(p.Type, shape)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		in = append(in, x)
	}
	out, err := m.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range m.Outputs() {
		if out[i].Type() != p.Type {
			t.Errorf("output %s is %s", p.Text, out[i].Type())
		}
		out[i].Close()
	}
}

// TestReencodedFileGivesTheSameAnswers proves the codec against the runtime.
func TestReencodedFileGivesTheSameAnswers(t *testing.T) {
	path := testenv.SharedData(t, "onnx-small/mnist.onnx")
	decoded, err := onnx.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := decoded.Encode()
	if err != nil {
		t.Fatal(err)
	}
	first, second := digitScores(t, file), digitScores(t, again)
	for i := range first {
		if first[i] != second[i] {
			t.Errorf("class %d: %g and %g", i, first[i], second[i])
		}
	}
}

func digitScores(t *testing.T, file []byte) []float32 {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	m, err := model.New(file, model.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	pixels := make([]float32, 784)
	for i := range pixels {
		pixels[i] = float32(i % 29)
	}
	in, err := runtime.NewTensor([]int64{1, 1, 28, 28}, pixels)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := m.Run(context.Background(), []*runtime.Tensor{in})
	if err != nil {
		t.Fatal(err)
	}
	defer out[0].Close()
	return append([]float32(nil), runtime.Data[float32](out[0])...)
}

func TestExternalWeightsBesideTheFile(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	dir := t.TempDir()
	file := halves()
	w := file.Graph.Initializers[0]
	if err := os.WriteFile(filepath.Join(dir, "w.bin"), w.Raw, 0o600); err != nil {
		t.Fatal(err)
	}
	w.External = []onnx.Pair{{Key: "location", Value: "w.bin"}, {Key: "length", Value: strconv.Itoa(len(w.Raw))}}
	w.Raw = nil
	path := filepath.Join(dir, "m.onnx")
	if err := file.Save(path); err != nil {
		t.Fatal(err)
	}
	m, err := model.Open(path, model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if a, err := m.Images(context.Background(), grey(2, 2, bottom)); err != nil || a[0].Top(1)[0].Label != "下" {
		t.Errorf("%v, %v", a, err)
	}
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := model.New(bytes, model.Options{}); !errors.Is(err, onnx.ErrExternal) {
		t.Errorf("without a folder: %v", err)
	}
}

func TestBrokenFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.onnx")
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := model.Open(path, model.Options{}); !errors.Is(err, onnx.ErrMalformed) {
		t.Errorf("text: %v", err)
	}
	if _, err := model.Open(path+"x", model.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}
