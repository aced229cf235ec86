package grad_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/runtime/kernels"
	"athanor/inference/testenv"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// denseTrial is a random dense layer with what may stand around it.
type denseTrial struct {
	batch, in, out           int
	bytes, relu, mask, input bool
	zeros                    int // of ten inputs so many are zero
}

func drawDense(r *rand.Rand) denseTrial {
	d := denseTrial{
		batch: 1 + r.IntN(150), in: 1 + r.IntN(300), out: 1 + r.IntN(200),
		bytes: r.IntN(2) == 0, relu: r.IntN(3) > 0, mask: r.IntN(2) == 0, input: r.IntN(3) > 0, zeros: r.IntN(11),
	}
	d.input = d.input && !d.bytes
	return d
}

// build adds the layer, its loss Σ seed·y and the gradients.
func (d denseTrial) build(t *testing.T, fused bool) *onnx.Model {
	t.Helper()
	b := graph.New("dense")
	if fused {
		b.UseKernels()
	}
	var x *graph.Value
	switch {
	case d.bytes && fused:
		in := b.Input("x", onnx.Uint8, d.batch, d.in, 1)
		x = b.Op("Flatten", graph.Attrs{"axis": 1}, b.Op(graph.ScaleKernel, graph.KernelAttrs(in.Shape, 1.0/255), in))
	case d.bytes:
		x = b.Op("Flatten", graph.Attrs{"axis": 1}, b.MulBy(b.Cast(b.Input("x", onnx.Uint8, d.batch, d.in, 1), onnx.Float), 1.0/255))
	default:
		x = b.Input("x", onnx.Float, d.batch, d.in)
	}
	w, bias := b.Input("w", onnx.Float, d.in, d.out), b.Input("bias", onnx.Float, d.out)
	wrt := []*graph.Value{w, bias}
	if d.input {
		wrt = append(wrt, x)
	}
	y := b.Gemm(x, w, bias, false, false)
	if d.relu {
		y = b.Relu(y)
	}
	if d.mask {
		y = b.Mul(y, b.Input("mask", onnx.Float, y.Shape...))
	}
	seed := b.Input("seed", onnx.Float, y.Shape...)
	if fused {
		b.FuseDense()
		if !slices.ContainsFunc(b.Nodes(), func(n *graph.Node) bool { return n.Op == graph.DenseKernel }) {
			t.Fatalf("%+v: nothing was fused", d)
		}
	}
	grads, err := grad.Backward(b, y, seed, wrt)
	if err != nil {
		t.Fatalf("%+v: %v", d, err)
	}
	for i, v := range slices.Concat([]*graph.Value{y}, grads) {
		b.Output(fmt.Sprintf("out%d", i), v)
	}
	m, err := b.Model()
	if err != nil {
		t.Fatalf("%+v: %v", d, err)
	}
	return m
}

func (d denseTrial) feeds(r *rand.Rand, ports []runtime.Port) []*runtime.Tensor {
	var list []*runtime.Tensor
	for _, p := range ports {
		tensor, err := runtime.NewZeros(p.Type, p.Shape)
		if err != nil {
			panic(err)
		}
		list = append(list, tensor)
		if p.Type == onnx.Uint8 {
			for i := range tensor.Bytes() {
				if r.IntN(10) >= d.zeros {
					tensor.Bytes()[i] = byte(r.IntN(256))
				}
			}
			continue
		}
		for i := range runtime.Data[float32](tensor) {
			switch {
			case p.Name == "mask":
				runtime.Data[float32](tensor)[i] = float32(r.IntN(2)) * 2
			case p.Name != "x" || r.IntN(10) >= d.zeros:
				runtime.Data[float32](tensor)[i] = float32(r.NormFloat64()) / 4
			}
		}
	}
	return list
}

// TestDenseKernels: the dense layer and its gradients agree with the plain
// operators, in every bit whatever the number of threads.
func TestDenseKernels(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for _, lanes := range instructions(t) {
		t.Run(fmt.Sprint(lanes), func(t *testing.T) {
			kernels.Limit(lanes)
			for seed := range uint64(40) {
				compareDense(t, seed)
			}
		})
	}
}

func compareDense(t *testing.T, seed uint64) {
	t.Helper()
	d := drawDense(rand.New(rand.NewPCG(seed, 1)))
	feeds := func(ports []runtime.Port) []*runtime.Tensor { return d.feeds(rand.New(rand.NewPCG(seed, 2)), ports) }
	plain := results(t, d.build(t, false), runtime.Options{Threads: 1}, feeds)
	var first [][]float32
	for _, threads := range []int{1, 2, 8} {
		fused := results(t, d.build(t, true), runtime.Options{Threads: threads, Kernels: true}, feeds)
		for i := range plain {
			if err := agree(plain[i], fused[i], 1e-5); err != nil {
				t.Errorf("seed %d, %+v, output %d: %v", seed, d, i, err)
			}
			if first != nil && !slices.Equal(first[i], fused[i]) {
				t.Errorf("seed %d, %+v, output %d: %d threads change the result", seed, d, i, threads)
			}
		}
		first = fused
	}
}
