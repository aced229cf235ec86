package grad_test

import (
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

// bagModel is a bag of ids with the gradient of its table.
func bagModel(t *testing.T, samples, length, rows, columns int, fused bool) *onnx.Model {
	t.Helper()
	b := graph.New("bag")
	if fused {
		b.UseKernels()
	}
	ids := b.Input("ids", onnx.Int64, samples, length)
	ratios, table := b.Input("ratios", onnx.Float, rows, columns), b.Input("table", onnx.Float, rows, columns)
	z := b.Bag(ids, ratios, table, 1e-12)
	grads, err := grad.Backward(b, z, b.Input("seed", onnx.Float, samples, columns), []*graph.Value{table})
	if err != nil {
		t.Fatal(err)
	}
	b.Output("z", z)
	b.Output("dtable", grads[0])
	m, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// bagFeeds are random ids, a part of them padding, and numbers; ratios of the
// padding are 0.
func bagFeeds(r *rand.Rand, ports []runtime.Port, rows, columns int) []*runtime.Tensor {
	list := stepFeeds(r, ports, rows)
	ids := runtime.Data[int64](list[0])
	for i := range ids {
		if r.IntN(3) == 0 {
			ids[i] = 0
		}
	}
	clear(ids[len(ids)/2:][:min(len(ids)/4, int(ports[0].Shape[1]))])
	clear(runtime.Data[float32](list[1])[:columns])
	return list
}

// TestBagKernels: the weighed bag and its table's gradient agree with the plain
// operators, in every bit whatever the number of threads.
func TestBagKernels(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		samples, length, rows, columns := 1+r.IntN(70), 1+r.IntN(60), 2+r.IntN(300), 1+r.IntN(4)
		feeds := func(ports []runtime.Port) []*runtime.Tensor {
			return bagFeeds(rand.New(rand.NewPCG(seed, 10)), ports, rows, columns)
		}
		plain := results(t, bagModel(t, samples, length, rows, columns, false), runtime.Options{Threads: 1}, feeds)
		var first [][]float32
		for _, threads := range []int{1, 2, 8} {
			fused := results(t, bagModel(t, samples, length, rows, columns, true), runtime.Options{Threads: threads, Kernels: true}, feeds)
			for i := range plain {
				if err := agree(plain[i], fused[i], 1e-5); err != nil {
					t.Errorf("seed %d, %d×%d ids of %d×%d, output %d: %v", seed, samples, length, rows, columns, i, err)
				}
				if first != nil && !slices.Equal(first[i], fused[i]) {
					t.Errorf("seed %d, output %d: %d threads change the result", seed, i, threads)
				}
			}
			first = fused
		}
	}
}

// TestBagKernelRefusesForeignIDs: an id outside of the table is an error, no crash.
func TestBagKernelRefusesForeignIDs(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	data, err := bagModel(t, 2, 3, 5, 1, true).Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewSession(data, runtime.Options{Threads: 1, Kernels: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, id := range []int64{5, -1, 1 << 40} {
		in := bagFeeds(rand.New(rand.NewPCG(1, 1)), s.Inputs(), 5, 1)
		runtime.Data[int64](in[0])[4] = id
		out := make([]*runtime.Tensor, len(s.Outputs()))
		if err := s.Run(t.Context(), in, out); err == nil || !strings.Contains(fmt.Sprint(err), "outside of the table") {
			t.Errorf("id %d: %v", id, err)
		}
		for _, tensor := range in {
			tensor.Close()
		}
	}
}
