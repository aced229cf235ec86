package optim_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/runtime/kernels"
	"athanor/inference/testenv"
	"athanor/pipeline/graph"
	"athanor/pipeline/optim"
)

// updateModel is a rule over gradients of the given sizes, plain or as a kernel.
func updateModel(t *testing.T, cfg optim.Config, sizes []int, fused bool) []byte {
	t.Helper()
	total := 0
	for _, n := range sizes {
		total += n
	}
	b := graph.New("update")
	if fused {
		b.UseKernels()
	}
	s := optim.State{Params: b.Input("params", onnx.Float, total), Hyper: b.Input("hyper", onnx.Float, optim.Hypers)}
	for i := range cfg.Slots() {
		s.Slots = append(s.Slots, b.Input(fmt.Sprintf("slot%d", i), onnx.Float, total))
	}
	if cfg.WeightDecay > 0 {
		s.Decay = b.Input("decay", onnx.Float, total)
	}
	for i, n := range sizes {
		s.Grads = append(s.Grads, b.Input(fmt.Sprintf("grad%d", i), onnx.Float, 1, n))
	}
	params, slots, norm := cfg.Update(b, s)
	for i, v := range slices.Concat([]*graph.Value{params, norm}, slots) {
		b.Output(fmt.Sprintf("out%d", i), v)
	}
	m, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func runUpdate(t *testing.T, model []byte, options runtime.Options, seed uint64, cfg optim.Config) [][]float32 {
	t.Helper()
	s, err := runtime.NewSession(model, options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := rand.New(rand.NewPCG(seed, 3))
	var in []*runtime.Tensor
	for _, p := range s.Inputs() {
		x, err := runtime.NewZeros(p.Type, p.Shape)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		values := runtime.Data[float32](x)
		for i := range values {
			values[i] = float32(r.NormFloat64())
			switch p.Name {
			case "slot1": // a mean of squares
				values[i] *= values[i]
			case "decay":
				values[i] = float32(r.IntN(2))
			}
		}
		if p.Name == "hyper" {
			cfg.Hyper(values, 3, 0.01)
		}
		in = append(in, x)
	}
	out := make([]*runtime.Tensor, len(s.Outputs()))
	if err := s.Run(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	var all [][]float32
	for _, o := range out {
		all = append(all, slices.Clone(runtime.Data[float32](o)))
		o.Close()
	}
	return all
}

// TestUpdateKernel: every rule as one operator agrees with its plain form, in
// every bit whatever the number of threads.
func TestUpdateKernel(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	widest := kernels.Lanes()
	defer kernels.Limit(widest)
	for lanes := widest; lanes >= 4; lanes /= 2 {
		kernels.Limit(lanes)
		compareUpdates(t)
	}
}

func compareUpdates(t *testing.T) {
	t.Helper()
	base := optim.Config{Momentum: 0.9, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	for _, name := range optim.Names() {
		for seed, sizes := range [][]int{{1}, {3, 70, 1}, {20000, 5, 8192, 17}, {8192, 8192}, {100, 33000}} {
			cfg := base
			cfg.Name = name
			if seed%2 == 0 {
				cfg.WeightDecay = 0.1
			}
			if seed >= 2 {
				cfg.Clip = 0.5
			}
			plain := runUpdate(t, updateModel(t, cfg, sizes, false), runtime.Options{Threads: 1}, uint64(seed), cfg)
			var first [][]float32
			for _, threads := range []int{1, 2, 8} {
				fused := runUpdate(t, updateModel(t, cfg, sizes, true), runtime.Options{Threads: threads, Kernels: true}, uint64(seed), cfg)
				for i := range plain {
					closeTo(t, fmt.Sprintf("%s %v output %d", name, sizes, i), plain[i], fused[i])
					if first != nil && !slices.Equal(first[i], fused[i]) {
						t.Errorf("%s %v output %d: %d threads change the result", name, sizes, i, threads)
					}
				}
				first = fused
			}
		}
	}
}

func closeTo(t *testing.T, what string, want, got []float32) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	for i := range want {
		if d := math.Abs(float64(want[i] - got[i])); !(d <= 1e-5*max(1, math.Abs(float64(want[i])))) {
			t.Fatalf("%s, element %d: %g, want %g", what, i, got[i], want[i])
		}
	}
}
