package grad_test

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
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// convTrial is a random convolution with what may follow it.
type convTrial struct {
	batch, in, out, height, width     int
	kernel, stride, dilation          [2]int
	pads                              []int
	bias, pool, relu, needInput, ties bool
	added, early                      bool // the bias by a node of its own, ReLU in front of the pooling
}

func drawConv(r *rand.Rand) convTrial {
	two := func(most int) [2]int { return [2]int{1 + r.IntN(most), 1 + r.IntN(most)} }
	c := convTrial{
		batch: 1 + r.IntN(9), in: 1 + r.IntN(40), out: 1 + r.IntN(40), kernel: two(4), stride: two(2), dilation: two(2),
		bias: r.IntN(2) == 0, pool: r.IntN(2) == 0, relu: r.IntN(2) == 0, needInput: r.IntN(3) > 0, ties: r.IntN(2) == 0,
	}
	c.added, c.early = c.bias && r.IntN(2) == 0, r.IntN(2) == 0
	for range 4 {
		c.pads = append(c.pads, r.IntN(3))
	}
	reach := func(i int) int { return (c.kernel[i]-1)*c.dilation[i] + 1 + 2*c.stride[i] }
	c.height, c.width = reach(0)+r.IntN(12), reach(1)+r.IntN(18)
	return c
}

// build adds the convolution, its loss Σ seed·y and the gradients.
func (c convTrial) build(t *testing.T, fused bool) *onnx.Model {
	t.Helper()
	b := graph.New("conv")
	x := b.Input("x", onnx.Float, c.batch, c.in, c.height, c.width)
	w := b.Input("w", onnx.Float, c.out, c.in, c.kernel[0], c.kernel[1])
	wrt := []*graph.Value{w}
	var bias *graph.Value
	if c.bias && !c.added {
		bias = b.Input("bias", onnx.Float, c.out)
		wrt = append(wrt, bias)
	}
	if c.needInput {
		wrt = append(wrt, x)
	}
	y := b.Op("Conv", graph.Attrs{"kernel_shape": c.kernel[:], "strides": c.stride[:], "dilations": c.dilation[:], "pads": c.pads}, x, w, bias)
	if c.added {
		bias = b.Input("bias", onnx.Float, c.out, 1, 1)
		wrt = append(wrt, bias)
		y = b.Add(y, bias)
	}
	if c.relu && c.early {
		y = b.Relu(y)
	}
	if c.pool {
		y = b.Op("MaxPool", graph.Attrs{"kernel_shape": []int{2, 2}, "strides": []int{2, 2}}, y)
	}
	if c.relu && !c.early {
		y = b.Relu(y)
	}
	seed := b.Input("seed", onnx.Float, y.Shape...)
	if fused {
		b.UseKernels()
		b.FuseConvolutions()
		if b.Producer(y).Op != graph.ConvKernel {
			t.Fatalf("%+v: %s is left behind the fused convolution", c, b.Producer(y).Op)
		}
	}
	grads, err := grad.Backward(b, y, seed, wrt)
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	b.Output("y", y)
	for i, g := range grads {
		b.Output(fmt.Sprintf("g%d", i), g)
	}
	m, err := b.Model()
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	return m
}

// feeds are random inputs; with ties most pixels are zero, so that windows of
// equal values are pooled.
func (c convTrial) feeds(r *rand.Rand, ports []runtime.Port) []*runtime.Tensor {
	var list []*runtime.Tensor
	for _, p := range ports {
		tensor, err := runtime.NewZeros(p.Type, p.Shape)
		if err != nil {
			panic(err)
		}
		for i := range runtime.Data[float32](tensor) {
			if p.Name != "x" || !c.ties || i%61 == 0 {
				runtime.Data[float32](tensor)[i] = float32(r.IntN(9)-4) / 4
			}
		}
		list = append(list, tensor)
	}
	return list
}

// results runs a model and copies its outputs.
func results(t *testing.T, m *onnx.Model, options runtime.Options, feeds func([]runtime.Port) []*runtime.Tensor) [][]float32 {
	t.Helper()
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewSession(data, options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	in := feeds(s.Inputs())
	out := make([]*runtime.Tensor, len(s.Outputs()))
	if err := s.Run(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	var all [][]float32
	for _, o := range out {
		all = append(all, slices.Clone(runtime.Data[float32](o)))
	}
	for _, tensor := range slices.Concat(in, out) {
		tensor.Close()
	}
	return all
}

// agree compares by the largest element, as sums of many terms cancel.
func agree(a, b []float32, tolerance float64) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d and %d elements", len(a), len(b))
	}
	largest, apart := 1e-6, 0.0
	for i := range a {
		largest = max(largest, math.Abs(float64(a[i])))
		apart = max(apart, math.Abs(float64(a[i])-float64(b[i])))
	}
	if !(apart <= tolerance*largest) {
		return fmt.Errorf("%g apart, of up to %g", apart, largest)
	}
	return nil
}

// instructions are the sets that this processor has, by their vectors' length.
func instructions(t *testing.T) []int {
	t.Helper()
	widest := kernels.Lanes()
	t.Cleanup(func() { kernels.Limit(widest) })
	var list []int
	for _, lanes := range []int{16, 8, 4} {
		if lanes <= widest {
			list = append(list, lanes)
		}
	}
	return list
}

// TestConvolutionKernels: convolution, pooling, ReLU and their gradients agree
// with the plain operators, in every bit whatever the number of threads.
func TestConvolutionKernels(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	for _, lanes := range instructions(t) {
		t.Run(fmt.Sprint(lanes), func(t *testing.T) {
			kernels.Limit(lanes)
			compareConvolutions(t)
		})
	}
}

func compareConvolutions(t *testing.T) {
	t.Helper()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := drawConv(r)
		feeds := func(ports []runtime.Port) []*runtime.Tensor { return c.feeds(rand.New(rand.NewPCG(seed, 2)), ports) }
		plain := results(t, c.build(t, false), runtime.Options{Threads: 1}, feeds)
		var first [][]float32
		for _, threads := range []int{1, 2, 8} {
			fused := results(t, c.build(t, true), runtime.Options{Threads: threads, Kernels: true}, feeds)
			for i := range plain {
				if err := agree(plain[i], fused[i], 2e-6*float64(4+c.batch)); err != nil {
					t.Errorf("seed %d, %+v, output %d: %v", seed, c, i, err)
				}
				if first != nil && !slices.Equal(first[i], fused[i]) {
					t.Errorf("seed %d, %+v, output %d: %d threads change the result", seed, c, i, threads)
				}
			}
			first = fused
		}
	}
}

// TestStepKernels: loss, ReLU's gradient and the scaling of bytes agree with the
// plain operators.
func TestStepKernels(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	sets := instructions(t)
	for seed := range uint64(20) {
		kernels.Limit(sets[int(seed)%len(sets)])
		r := rand.New(rand.NewPCG(seed, 5))
		rows, width, classes := 1+r.IntN(70), 1+r.IntN(150), 2+r.IntN(12)
		smoothing := float64(seed%2) * 0.1
		build := func(fused bool) *onnx.Model {
			b := graph.New("step")
			if fused {
				b.UseKernels()
			}
			h := b.Relu(b.Gemm(b.Input("x", onnx.Float, rows, width), b.Input("w1", onnx.Float, width, width), b.Input("b1", onnx.Float, width), false, false))
			logits := b.Gemm(h, b.Input("w2", onnx.Float, width, classes), nil, false, false)
			loss, logp := grad.ClassEntropy(b, logits, b.Input("target", onnx.Int64, rows), smoothing)
			var wrt []*graph.Value
			for _, in := range b.Inputs() {
				if in.Type == onnx.Float {
					wrt = append(wrt, in)
				}
			}
			grads, err := grad.Backward(b, loss, b.Input("seed", onnx.Float, rows, 1), wrt)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range slices.Concat([]*graph.Value{loss, logp}, grads) {
				b.Output(fmt.Sprintf("out%d", i), v)
			}
			m, err := b.Model()
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		feeds := func(ports []runtime.Port) []*runtime.Tensor {
			return stepFeeds(rand.New(rand.NewPCG(seed, 6)), ports, classes)
		}
		plain := results(t, build(false), runtime.Options{Threads: 1}, feeds)
		for _, threads := range []int{1, 2, 8} {
			fused := results(t, build(true), runtime.Options{Threads: threads, Kernels: true}, feeds)
			for i := range plain {
				if err := agree(plain[i], fused[i], 1e-5); err != nil {
					t.Errorf("seed %d, %d×%d, %d classes, output %d: %v", seed, rows, width, classes, i, err)
				}
			}
		}
	}
}

func stepFeeds(r *rand.Rand, ports []runtime.Port, classes int) []*runtime.Tensor {
	var list []*runtime.Tensor
	for _, p := range ports {
		tensor, err := runtime.NewZeros(p.Type, p.Shape)
		if err != nil {
			panic(err)
		}
		if p.Type == onnx.Int64 {
			for i := range runtime.Data[int64](tensor) {
				runtime.Data[int64](tensor)[i] = int64(r.IntN(classes))
			}
		} else {
			for i := range runtime.Data[float32](tensor) {
				runtime.Data[float32](tensor)[i] = float32(r.NormFloat64()) / 4
			}
		}
		list = append(list, tensor)
	}
	return list
}

// TestScaleKernel: bytes times a constant have the same bits either way.
func TestScaleKernel(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	build := func(fused bool) *onnx.Model {
		b := graph.New("scale")
		x := b.Input("x", onnx.Uint8, 3, 9001)
		if fused {
			b.UseKernels()
			b.Output("y", b.Op(graph.ScaleKernel, graph.KernelAttrs(x.Shape, 1.0/255), x))
		} else {
			b.Output("y", b.MulBy(b.Cast(x, onnx.Float), 1.0/255))
		}
		m, err := b.Model()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	feeds := func(ports []runtime.Port) []*runtime.Tensor {
		tensor, err := runtime.NewZeros(ports[0].Type, ports[0].Shape)
		if err != nil {
			t.Fatal(err)
		}
		for i := range tensor.Bytes() {
			tensor.Bytes()[i] = byte(i * 7)
		}
		return []*runtime.Tensor{tensor}
	}
	plain, fused := results(t, build(false), runtime.Options{Threads: 2}, feeds), results(t, build(true), runtime.Options{Threads: 2, Kernels: true}, feeds)
	if !slices.Equal(plain[0], fused[0]) {
		t.Error("the kernel scales differently")
	}
}
