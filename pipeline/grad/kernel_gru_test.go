package grad_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/runtime/kernels"
	"athanor/inference/testenv"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
)

// gruSizes are those of a recurrent network for a test.
type gruSizes struct{ texts, length, rows, width, units int }

// gruModel is the network with the gradients of its parameters in training, or its
// answer alone.
func gruModel(t *testing.T, s gruSizes, training, fused bool) *onnx.Model {
	t.Helper()
	b := graph.New("gru")
	if fused {
		b.UseKernels()
	}
	ids := b.Input("ids", onnx.Int64, s.texts, s.length)
	parameters := map[string]*graph.Value{}
	var order []*graph.Value
	c := nn.NewContext(b, training, func(name string, shape []int) *graph.Value {
		parameters[name] = b.Input(name, onnx.Float, shape...)
		order = append(order, parameters[name])
		return parameters[name]
	})
	a, err := nn.Find("gru", "text")
	if err != nil {
		t.Fatal(err)
	}
	y := a.Build(c, []*graph.Value{ids}, nn.Config{Outputs: 2, Embed: s.width, Hidden: []int{s.units}, Buckets: s.rows, Dropout: 0.1})
	b.Output("y", y)
	if training {
		grads, err := grad.Backward(b, y, b.Input("seed", onnx.Float, s.texts, 2), order)
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range grads {
			b.Output(strings.ReplaceAll(order[i].Name, ".", "_")+"_gradient", g)
		}
	}
	m, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// gruFeeds are texts of different lengths, some of them empty, and random numbers that
// depend on an input's name; dropout masks hide nothing.
func gruFeeds(seed uint64, s gruSizes) func([]runtime.Port) []*runtime.Tensor {
	return func(ports []runtime.Port) (list []*runtime.Tensor) {
		for _, p := range ports {
			r := rand.New(rand.NewPCG(seed, uint64(len(p.Name))<<8|uint64(p.Name[0])))
			one := stepFeeds(r, []runtime.Port{p}, s.rows-1)[0]
			switch {
			case p.Type == onnx.Int64:
				endTexts(r, runtime.Data[int64](one), s.length)
			case strings.HasPrefix(p.Name, "mask"):
				for i := range runtime.Data[float32](one) {
					runtime.Data[float32](one)[i] = 1
				}
			}
			list = append(list, one)
		}
		return list
	}
}

func endTexts(r *rand.Rand, ids []int64, length int) {
	for ; len(ids) > 0; ids = ids[length:] {
		end := r.IntN(length + 1)
		for i := range ids[:length] {
			if ids[i]++; i >= end {
				ids[i] = 0
			}
		}
	}
}

// TestGRUKernel: gated units and their gradients agree with the plain operators, in
// every bit whatever the number of threads; and ONNX's GRU, which a trained model
// holds, answers the same.
func TestGRUKernel(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for _, lanes := range instructions(t) {
		kernels.Limit(lanes)
		for seed := range uint64(6) {
			r := rand.New(rand.NewPCG(seed, 21))
			s := gruSizes{1 + r.IntN(20), 1 + r.IntN(12), 2 + r.IntN(30), 1 + r.IntN(9), 16 * (1 + r.IntN(3))}
			checkGRU(t, seed, s)
		}
	}
}

func checkGRU(t *testing.T, seed uint64, s gruSizes) {
	t.Helper()
	feeds := gruFeeds(seed, s)
	plain := results(t, gruModel(t, s, true, false), runtime.Options{Threads: 1}, feeds)
	answer := results(t, gruModel(t, s, false, false), runtime.Options{Threads: 1}, feeds)
	if err := agree(plain[0], answer[0], 1e-5); err != nil {
		t.Errorf("%+v: ONNX's operator: %v", s, err)
	}
	var first [][]float32
	for _, threads := range []int{1, 3} {
		fused := results(t, gruModel(t, s, true, true), runtime.Options{Threads: threads, Kernels: true}, feeds)
		for i := range plain {
			if err := agree(plain[i], fused[i], 2e-5); err != nil {
				t.Errorf("%+v, output %d: %v", s, i, err)
			}
			if first != nil && !slices.Equal(first[i], fused[i]) {
				t.Errorf("%+v, output %d: %d threads change the result", s, i, threads)
			}
		}
		first = fused
	}
}
