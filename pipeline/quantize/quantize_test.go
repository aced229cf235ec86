package quantize_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/quantize"
)

func random(r *rand.Rand, name string, dims ...int64) *onnx.Tensor {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(r.NormFloat64()) / 4
	}
	return onnx.FloatTensor(name, dims, values)
}

func node(op string, in []string, out string, attrs ...*onnx.Attribute) *onnx.Node {
	return &onnx.Node{Name: out + "_node", OpType: op, Inputs: in, Outputs: []string{out}, Attrs: attrs}
}

// network is conv, pool, gemm (both ways round), matmul: all layers there are.
func network() *onnx.Model {
	r := rand.New(rand.NewPCG(1, 2))
	return &onnx.Model{
		IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Metadata: []onnx.Pair{{Key: "athanor.task", Value: "image"}},
		Graph: &onnx.Graph{
			Name:    "net",
			Inputs:  []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, onnx.Named("N"), onnx.Fixed(3), onnx.Fixed(12), onnx.Fixed(12))},
			Outputs: []*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, onnx.Named("N"), onnx.Fixed(10))},
			Initializers: []*onnx.Tensor{
				random(r, "k1", 8, 3, 3, 3), random(r, "b1", 8), random(r, "k2", 8, 1, 3, 3), random(r, "b2", 8),
				random(r, "w1", 288, 32), random(r, "c1", 32), random(r, "w2", 16, 32), random(r, "c2", 16), random(r, "w3", 16, 10),
			},
			Nodes: []*onnx.Node{
				node("Conv", []string{"x", "k1", "b1"}, "h1", onnx.IntsAttr("pads", 1, 1, 1, 1)), node("Relu", []string{"h1"}, "r1"),
				node("Conv", []string{"r1", "k2", "b2"}, "h2", onnx.IntsAttr("pads", 1, 1, 1, 1), onnx.IntAttr("group", 8)), node("Relu", []string{"h2"}, "r2"),
				node("MaxPool", []string{"r2"}, "p", onnx.IntsAttr("kernel_shape", 2, 2), onnx.IntsAttr("strides", 2, 2)),
				node("Flatten", []string{"p"}, "f"),
				node("Gemm", []string{"f", "w1", "c1"}, "g1"), node("Relu", []string{"g1"}, "q1"),
				node("Gemm", []string{"q1", "w2", "c2"}, "g2", onnx.IntAttr("transB", 1)),
				node("MatMul", []string{"g2", "w3"}, "z"), node("Softmax", []string{"z"}, "y"),
			},
		},
	}
}

const rows = 64

func input(t *testing.T, seed uint64) *runtime.Tensor {
	t.Helper()
	x, err := runtime.NewZeros(onnx.Float, []int64{rows, 3, 12, 12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	r := rand.New(rand.NewPCG(seed, 3))
	for i := range runtime.Data[float32](x) {
		runtime.Data[float32](x)[i] = float32(r.NormFloat64())
	}
	return x
}

func answers(t *testing.T, m *onnx.Model, x *runtime.Tensor) []float32 {
	t.Helper()
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewSession(raw, runtime.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out := make([]*runtime.Tensor, 1)
	if err := s.Run(context.Background(), []*runtime.Tensor{x}, out); err != nil {
		t.Fatal(err)
	}
	defer out[0].Close()
	return slices.Clone(runtime.Data[float32](out[0]))
}

func samples(t *testing.T) quantize.Samples {
	return func(_ context.Context, yield func([]*runtime.Tensor) error) error {
		for seed := range uint64(4) {
			if err := yield([]*runtime.Tensor{input(t, seed)}); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestCopiesAnswerNearly(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	m := network()
	before, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	x := input(t, 99)
	want := answers(t, m, x)
	for method, c := range map[quantize.Method]struct {
		nodes int
		worst float64 // difference of a probability
		size  float64 // of the file, as a share
	}{
		quantize.Dynamic: {3, .08, .55}, quantize.Static: {5, .15, .55}, quantize.Operators: {5, .2, .55}, quantize.Half: {11, .005, .65},
	} {
		small, report, err := quantize.Apply(t.Context(), m, method, samples(t))
		if err != nil {
			t.Errorf("%s: %v", method, err)
			continue
		}
		got, worst := answers(t, small, x), 0.0
		for i := range want {
			worst = max(worst, math.Abs(float64(got[i]-want[i])))
		}
		raw, err := small.Encode()
		if err != nil {
			t.Fatal(err)
		}
		share := float64(len(raw)) / float64(len(before))
		t.Logf("%s: %d operators, largest difference %.4f, %.2f of the size", method, report.Nodes, worst, share)
		if report.Nodes != c.nodes || worst > c.worst || worst == 0 || share > c.size {
			t.Errorf("%s: %+v, largest difference %.4f, %.2f of the size", method, report, worst, share)
		}
		if v, _ := small.Meta(quantize.Key); v != string(method) {
			t.Errorf("%s: the copy says %q", method, v)
		}
		if task, _ := small.Meta("athanor.task"); task != "image" {
			t.Errorf("%s: metadata got lost", method)
		}
		if _, _, err := quantize.Apply(t.Context(), small, quantize.Dynamic, nil); method != quantize.Half && !errors.Is(err, quantize.ErrAlready) {
			t.Errorf("%s, once more: %v", method, err)
		}
	}
	if after, err := m.Encode(); err != nil || !slices.Equal(before, after) {
		t.Error("the original was changed")
	}
}

func TestWhatCannotBeQuantized(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	old := network()
	old.Opsets[0].Version = 12
	bare := network()
	bare.Graph.Nodes = []*onnx.Node{node("Flatten", []string{"x"}, "y")}
	custom := network()
	custom.Opsets = append(custom.Opsets, onnx.Opset{Domain: "com.acme", Version: 1})
	custom.Graph.Nodes[1].Domain = "com.acme"
	for name, c := range map[string]struct {
		m      *onnx.Model
		method quantize.Method
		s      quantize.Samples
		want   error
	}{
		"unknown":         {network(), "int3", nil, quantize.ErrMethod},
		"old opset":       {old, quantize.Static, samples(t), quantize.ErrOpset},
		"no samples":      {network(), quantize.Static, nil, quantize.ErrSamples},
		"empty samples":   {network(), quantize.Static, func(context.Context, func([]*runtime.Tensor) error) error { return nil }, quantize.ErrSamples},
		"no layers":       {bare, quantize.Dynamic, nil, quantize.ErrNothing},
		"custom operator": {custom, quantize.Half, nil, quantize.ErrNothing},
	} {
		if _, _, err := quantize.Apply(t.Context(), c.m, c.method, c.s); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWeightsBeyondHalf(t *testing.T) {
	m := network()
	m.Graph.Initializer("w3").Raw = onnx.FloatTensor("", []int64{1}, []float32{1e9}).Raw
	m.Graph.Initializer("w3").Dims = []int64{1, 1}
	_, report, err := quantize.Apply(t.Context(), m, quantize.Half, nil)
	if err != nil || report.Clipped != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}
