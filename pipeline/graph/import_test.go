package graph_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/graph"
)

// run computes every output of m from inputs drawn by seed; unknown dimensions
// are 1. Inputs of equal name, type and shape get equal values.
func run(t *testing.T, m *onnx.Model, seed uint64, scale float64) map[string]*onnx.Tensor {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewSession(data, runtime.Options{Threads: 1, Optimization: runtime.None})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var in []*runtime.Tensor
	for _, p := range s.Inputs() {
		x := fill(t, p, rand.New(rand.NewPCG(seed, uint64(len(p.Name)))), scale)
		defer x.Close()
		in = append(in, x)
	}
	out := make([]*runtime.Tensor, len(s.Outputs()))
	if err := s.Run(context.Background(), in, out); err != nil {
		t.Fatal(err)
	}
	results := map[string]*onnx.Tensor{}
	for i, p := range s.Outputs() {
		results[p.Name] = &onnx.Tensor{Type: out[i].Type(), Dims: slices.Clone(out[i].Shape()), Raw: slices.Clone(out[i].Bytes())}
		out[i].Close()
	}
	return results
}

func fill(t *testing.T, p runtime.Port, r *rand.Rand, scale float64) *runtime.Tensor {
	t.Helper()
	shape := slices.Clone(p.Shape)
	for i := range shape {
		shape[i] = max(shape[i], 1)
	}
	x, err := runtime.NewZeros(p.Type, shape)
	if err != nil {
		t.Fatal(err)
	}
	switch p.Type {
	case onnx.Float:
		for i := range runtime.Data[float32](x) {
			runtime.Data[float32](x)[i] = float32(scale * r.NormFloat64())
		}
	case onnx.Float16:
		for i := range runtime.Data[uint16](x) {
			runtime.Data[uint16](x)[i] = onnx.FloatToFloat16(float32(scale * r.NormFloat64()))
		}
	case onnx.Int64:
		for i := range runtime.Data[int64](x) {
			runtime.Data[int64](x)[i] = int64(r.IntN(3))
		}
	}
	return x
}

// imported is the model that Import makes of m, with m's outputs.
func imported(t *testing.T, m *onnx.Model, c graph.ImportConfig) (*graph.Builder, *onnx.Model) {
	t.Helper()
	b, im, err := graph.Import(m, c)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range im.Outputs {
		b.Output(m.Graph.Outputs[i].Name, v)
	}
	again, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	if err := onnx.Check(again); err != nil {
		t.Fatal(err)
	}
	return b, again
}

// sameResults runs the original and the imported model on the same inputs.
func sameResults(t *testing.T, m *onnx.Model, c graph.ImportConfig, tolerance float64) *graph.Builder {
	t.Helper()
	b, again := imported(t, m, c)
	want, got := run(t, m, 5, 1), run(t, again, 5, 1)
	for name, w := range want {
		compare(t, name, got[name], w, tolerance)
		for _, v := range b.Outputs() {
			if v.Name == name && !matches(v.Shape, w.Dims) {
				t.Errorf("output %s: inferred shape %v, the runtime says %v", name, v.Shape, w.Dims)
			}
		}
	}
	return b
}

func matches(inferred []int, dims []int64) bool {
	if len(inferred) != len(dims) {
		return false
	}
	for i, d := range inferred {
		if d != graph.Unknown && int64(d) != dims[i] {
			return false
		}
	}
	return true
}

func compare(t *testing.T, name string, got, want *onnx.Tensor, tolerance float64) {
	t.Helper()
	if got == nil || got.Type != want.Type || !slices.Equal(got.Dims, want.Dims) {
		t.Fatalf("output %s: got %v, want %v %v", name, got, want.Type, want.Dims)
	}
	g, err := got.Float64s()
	if err != nil {
		t.Fatal(err)
	}
	w, err := want.Float64s()
	if err != nil {
		t.Fatal(err)
	}
	largest := 1e-9
	for _, x := range w {
		largest = math.Max(largest, math.Abs(x))
	}
	for i := range w {
		if d := math.Abs(g[i] - w[i]); !(d <= tolerance*largest) {
			t.Fatalf("output %s: element %d is %g, want %g", name, i, g[i], w[i])
		}
	}
}

func load(t *testing.T, elem ...string) *onnx.Model {
	t.Helper()
	m, err := onnx.Load(testenv.SharedData(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestImportRealModels: networks that other people's tools exported compute the
// same after import.
func TestImportRealModels(t *testing.T) {
	for _, path := range [][]string{
		{"onnx-small", "mnist.onnx"},
		{"onnx-small", "mnist_float16.onnx"},
		{"onnx-small", "sum_and_difference.onnx"},
		{"faces", "models", "face_detection_yunet_2022mar.onnx"},
		{"faces", "models", "face_detection_yunet_2023mar.onnx"},
		{"faces", "models", "version-RFB-320_simplified.onnx"},
	} {
		t.Run(path[len(path)-1], func(t *testing.T) {
			sameResults(t, load(t, path...), graph.ImportConfig{}, 1e-5)
		})
	}
}
