package model_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// TestWhatCannotRunIsSaidByName opens models that are well formed and cannot
// run here: with operators of another maker, without their weights, with
// weights outside their folder, and larger than the machine.
func TestWhatCannotRunIsSaidByName(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	weight := func(location string, dims ...int64) func(*onnx.Model) {
		return func(m *onnx.Model) {
			w := m.Graph.Initializers[0]
			w.Raw, w.External = nil, []onnx.Pair{{Key: "location", Value: location}}
			if dims != nil {
				w.Dims = dims
			}
		}
	}
	secret := filepath.Join(t.TempDir(), "secret.bin")
	if err := os.WriteFile(secret, make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*onnx.Model)
		want   error
		says   string
	}{
		"custom operator": {func(m *onnx.Model) {
			m.Opsets = append(m.Opsets, onnx.Opset{Domain: "acme", Version: 1})
			m.Graph.Nodes[5].Domain, m.Graph.Nodes[5].OpType = "acme", "Sharpmax"
		}, model.ErrOperator, "acme:Sharpmax"},
		"weights missing":    {weight("gone.bin"), onnx.ErrExternal, "gone.bin"},
		"weights elsewhere":  {weight(secret), onnx.ErrExternal, "leaves the model's folder"},
		"weights above":      {weight("../secret.bin"), onnx.ErrExternal, "leaves the model's folder"},
		"larger than memory": {weight("w.bin", 1<<20, 1<<21), model.ErrMemory, "MB are free"},
	} {
		m := halves()
		c.change(m)
		path := filepath.Join(t.TempDir(), "m.onnx")
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		if info, err := model.DescribeFile(path); err != nil || len(info.Inputs) != 1 || info.Task != model.Image {
			t.Errorf("%s: described as %+v, %v", name, info, err)
		}
		opened, err := model.Open(path, model.Options{Threads: 1})
		if err == nil {
			opened.Close()
		}
		if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSeveralInputsAndOutputs asks a model of two inputs and two outputs.
func TestSeveralInputsAndOutputs(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	pair := func(name string) *onnx.ValueInfo {
		return onnx.TensorValue(name, onnx.Float, onnx.Named("N"), onnx.Fixed(2))
	}
	m := &onnx.Model{IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}}, Graph: &onnx.Graph{
		Name: "both", Inputs: []*onnx.ValueInfo{pair("a"), pair("b")}, Outputs: []*onnx.ValueInfo{pair("sum"), pair("difference")},
		Nodes: []*onnx.Node{node("Add", []string{"a", "b"}, "sum"), node("Sub", []string{"a", "b"}, "difference")},
	}}
	path := filepath.Join(t.TempDir(), "both.onnx")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	opened, err := model.Open(path, model.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	tensor := func(v ...float32) *runtime.Tensor {
		x, err := runtime.NewTensor([]int64{1, 2}, v)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(x.Close)
		return x
	}
	out, err := opened.Run(t.Context(), []*runtime.Tensor{tensor(5, 7), tensor(2, 3)})
	if err != nil {
		t.Fatal(err)
	}
	sum, difference := runtime.Data[float32](out[0]), runtime.Data[float32](out[1])
	if sum[1] != 10 || difference[0] != 3 || len(opened.Outputs()) != 2 {
		t.Errorf("sum %v, difference %v", sum, difference)
	}
	for _, o := range out {
		o.Close()
	}
	if _, err := opened.Images(t.Context(), grey(2, 2, top)); !errors.Is(err, model.ErrForeign) {
		t.Errorf("a picture: %v", err)
	}
}
