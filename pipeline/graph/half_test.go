package graph_test

import (
	"math"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// TestHalfPrecisionDifferentiates: the float16 form of mnist.onnx has the
// gradients of the float32 form, as far as float16 can hold them.
func TestHalfPrecisionDifferentiates(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	half, full := tuning(t, "mnist_float16.onnx"), tuning(t, "mnist.onnx")
	if len(half) == 0 || len(half) != len(full) {
		t.Fatalf("%d gradients in float16, %d in float32", len(half), len(full))
	}
	for i := range full {
		dot, a, b := 0.0, 0.0, 0.0
		for k := range full[i] {
			dot, a, b = dot+half[i][k]*full[i][k], a+half[i][k]*half[i][k], b+full[i][k]*full[i][k]
		}
		if cosine := dot / math.Sqrt(a*b); !(cosine > 0.999) {
			t.Errorf("gradient %d: the cosine between float16 and float32 is %.5f", i, cosine)
		}
	}
}

// tuning is the gradient of the scores' weighted sum for each weight, at the
// file's own weights.
func tuning(t *testing.T, name string) [][]float64 {
	t.Helper()
	m := load(t, "onnx-small", name)
	b := graph.New("tune")
	var weights []*graph.Value
	im, err := b.Import(m, graph.ImportConfig{Variable: func(name string, w *onnx.Tensor) *graph.Value {
		if !w.Type.IsFloat() || len(w.Dims) == 0 {
			return nil
		}
		v := b.Op("Identity", nil, b.Initializer("file/"+name, w))
		weights = append(weights, v)
		return v
	}})
	if err != nil {
		t.Fatal(err)
	}
	scores := im.Outputs[0]
	seed := b.Const(scores.Type, scores.Shape, 0.02, -0.01, 0.03, 0.01, -0.02, 0.02, 0.01, -0.03, 0.01, 0.02)
	gradients, err := grad.Backward(b, scores, seed, weights)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range gradients {
		b.Output("g"+string(rune('0'+i)), g)
	}
	tuned, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	var list [][]float64
	results := run(t, tuned, 5, 1)
	for i := range gradients {
		values, err := results["g"+string(rune('0'+i))].Float64s()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, values)
	}
	return list
}
