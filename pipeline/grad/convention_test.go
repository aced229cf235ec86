package grad_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// gradientOf runs the gradient of Σ seed·op(inputs) for one input.
func gradientOf(t *testing.T, seed []float64, build func(tr *trial) *graph.Value) array {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	tr := newTrial(1)
	y := build(tr)
	gradients, err := grad.Backward(tr.Builder, y, tr.Const(onnx.Float, y.Shape, seed...), tr.wrt)
	if err != nil {
		t.Fatal(err)
	}
	tr.Output("gradient", gradients[0])
	return execute(t, tr, runtime.Options{Threads: 1})["gradient"]
}

// values is a variable with given elements.
func (t *trial) values(shape []int, elements ...float64) *graph.Value {
	i := -1
	return t.variable(shape, func() float64 { i++; return elements[i] })
}

// TestKinks holds each rule to what its comment promises where the derivative
// does not exist.
func TestKinks(t *testing.T) {
	window := graph.Attrs{"kernel_shape": []int{2, 2}, "strides": []int{2, 2}}
	overlap := graph.Attrs{"kernel_shape": []int{1, 2}}
	cases := map[string]struct {
		seed  []float64
		build checkCase
		want  []float64
	}{
		"Relu at 0 is flat":            {[]float64{1, 1}, op("Relu", nil, 0, 1), []float64{0, 1}},
		"LeakyRelu at 0 takes alpha":   {[]float64{1, 1}, op("LeakyRelu", graph.Attrs{"alpha": 0.25}, 0, 1), []float64{0.25, 1}},
		"Abs at 0 is flat":             {[]float64{1, 1}, op("Abs", nil, 0, -1), []float64{0, -1}},
		"HardSigmoid at its kinks":     {[]float64{1, 1}, op("HardSigmoid", graph.Attrs{"alpha": 0.5, "beta": 0.5}, -1, 1), []float64{0, 0}},
		"ReduceMax shares ties":        {[]float64{6}, op("ReduceMax", nil, 3, 1, 3, 3), []float64{2, 0, 2, 2}},
		"ReduceMin shares ties":        {[]float64{6}, op("ReduceMin", nil, 1, 1, 3), []float64{3, 3, 0}},
		"GlobalMaxPool shares ties":    {[]float64{4}, shaped("GlobalMaxPool", nil, []int{1, 1, 1, 4}, 2, 2, 0, 1), []float64{2, 2, 0, 0}},
		"MaxPool of tiles shares ties": {[]float64{6}, shaped("MaxPool", window, []int{1, 1, 2, 2}, 5, 5, 0, 5), []float64{2, 2, 0, 2}},
		"MaxPool overlapping shares":   {[]float64{2, 4}, shaped("MaxPool", overlap, []int{1, 1, 1, 3}, 5, 5, 1), []float64{1, 5, 0}},
		"Clip passes at a bound": {[]float64{1, 1, 1}, func(t *trial) *graph.Value {
			return t.Op("Clip", nil, t.values([]int{3}, 0, 1, 2), t.bound(0), t.bound(1))
		}, []float64{1, 1, 0}},
		"Max shares ties": {[]float64{4, 4}, func(t *trial) *graph.Value {
			return t.Op("Max", nil, t.values([]int{2}, 1, 2), t.Const(onnx.Float, nil, 1, 1))
		}, []float64{2, 4}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := gradientOf(t, c.seed, c.build).data; !slices.Equal(got, c.want) {
				t.Errorf("gradient %v, want %v", got, c.want)
			}
		})
	}
}

func op(name string, attrs graph.Attrs, x ...float64) checkCase {
	return shaped(name, attrs, []int{len(x)}, x...)
}

func shaped(name string, attrs graph.Attrs, shape []int, x ...float64) checkCase {
	return func(t *trial) *graph.Value {
		y := t.Op(name, attrs, t.values(shape, x...))
		return t.Reshape(y, y.Size())
	}
}

// TestRepeatedIndicesSumExactly: sums over repeated indices must not depend on
// threads. The sums are of small integers, so they have one right answer.
func TestRepeatedIndicesSumExactly(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	const rows, uses, width = 7, 4000, 16
	tr := newTrial(3)
	table, index := tr.x(rows, width), tr.index(0, rows, uses)
	y := tr.Op("Gather", nil, table, index)
	seed := tr.feed(onnx.Float, y.Shape, func() float64 { return float64(tr.r.IntN(9) - 4) })
	gradients, err := grad.Backward(tr.Builder, y, seed, tr.wrt)
	if err != nil {
		t.Fatal(err)
	}
	tr.Output("gradient", gradients[0])
	want := zeros(rows, width)
	for use, row := range tr.feeds[index].ints() {
		for k := range width {
			want.data[row*width+k] += tr.feeds[seed].data[use*width+k]
		}
	}
	for _, threads := range []int{1, 2, 8} {
		t.Run(fmt.Sprint(threads, " threads"), func(t *testing.T) { repeatExactly(t, tr, threads, want) })
	}
}

func repeatExactly(t *testing.T, tr *trial, threads int, want array) {
	m, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewSession(data, runtime.Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	byName := map[string]array{}
	for v, a := range tr.feeds {
		byName[v.Name] = a
	}
	var in []*runtime.Tensor
	for _, p := range s.Inputs() {
		x := tensor(t, p.Type, byName[p.Name])
		defer x.Close()
		in = append(in, x)
	}
	for run := range 200 {
		out := make([]*runtime.Tensor, 1)
		if err := s.Run(context.Background(), in, out); err != nil {
			t.Fatal(err)
		}
		got := fromTensor(t, out[0])
		out[0].Close()
		if !slices.Equal(got.data, want.data) {
			t.Fatalf("run %d of %d threads: wrong sums", run, threads)
		}
	}
}

func TestErrorsNameTheNode(t *testing.T) {
	cases := map[string]struct {
		build func(b *graph.Builder, x *graph.Value) *graph.Value
		want  []string
	}{
		"no rule": {func(b *graph.Builder, x *graph.Value) *graph.Value {
			return b.Op("Mod", graph.Attrs{"fmod": 1}, x, b.Scalar(x, 2))
		}, []string{"Mod", "body/Mod"}},
		"unknown size": {func(b *graph.Builder, _ *graph.Value) *graph.Value {
			x := b.Input("dynamic", onnx.Float, graph.Unknown, 2)
			return b.Relu(x)
		}, []string{"Relu", "body/Relu", "size"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := graph.New("test")
			x := b.Input("x", onnx.Float, 2, 3)
			var y *graph.Value
			b.In("body", func() { y = c.build(b, x) })
			_, err := grad.Backward(b, y, y, append(slices.Clone(b.Inputs()), x))
			if err == nil || !errors.Is(err, grad.ErrNoRule) {
				t.Fatalf("error %v, want one that is ErrNoRule", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not name %q", err, part)
				}
			}
		})
	}
}

// TestUntouchedValuesHaveZeroGradient: a value that y does not depend on.
func TestUntouchedValuesHaveZeroGradient(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	tr := newTrial(1)
	x, other := tr.x(2), tr.x(3)
	gradients, err := grad.Backward(tr.Builder, tr.Relu(x), x, []*graph.Value{other})
	if err != nil {
		t.Fatal(err)
	}
	tr.Output("gradient", gradients[0])
	if got := execute(t, tr, runtime.Options{Threads: 1})["gradient"].data; !slices.Equal(got, []float64{0, 0, 0}) {
		t.Errorf("gradient %v, want zeros", got)
	}
}

// TestDeepChain: a hundred layers with shared values accumulate every path.
func TestDeepChain(t *testing.T) {
	checkGradients(t, map[string]checkCase{"residual": func(t *trial) *graph.Value {
		x := t.x(3, 4)
		for range 20 {
			r := rand.New(rand.NewPCG(1, 1)).Float64()
			x = t.Add(x, t.Op("Tanh", nil, t.MulBy(x, 0.3+r)))
		}
		return x
	}})
}
