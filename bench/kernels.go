package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/graph"
)

// gemm is one matrix product [m,k]·[k,n].
type gemm struct {
	m, k, n        int
	transA, transB bool
}

// conv is one 3×3 convolution with padding 1 from in to out channels over
// size×size pictures; back is its gradient towards the input.
type conv struct {
	in, out, size int
	back          bool
}

// mlpProducts are the matrix products of one step: forward, towards the
// weights, towards the inputs (which the first layer does not need).
func mlpProducts(batch int) []gemm {
	var list []gemm
	for i, layer := range [][2]int{{784, 128}, {128, 128}, {128, 10}} {
		in, out := layer[0], layer[1]
		list = append(list, gemm{batch, in, out, false, false}, gemm{in, batch, out, true, false})
		if i > 0 {
			list = append(list, gemm{batch, out, in, false, true})
		}
	}
	return list
}

// cnnProducts are the dense layer's products, and the convolutions' gradients
// towards their weights: one product over the nine offsets of the kernel where
// there is one channel, else one for each offset.
func cnnProducts(batch int) []gemm {
	list := []gemm{
		{batch, 3136, 10, false, false},
		{3136, batch, 10, true, false},
		{batch, 10, 3136, false, true},
		{32, batch * 28 * 28, 9, false, false},
	}
	for range 9 {
		list = append(list, gemm{64, batch * 14 * 14, 32, false, false})
	}
	return list
}

func cnnConvolutions() []conv {
	return []conv{{1, 32, 28, false}, {32, 64, 14, false}, {32, 64, 14, true}}
}

// kernelGraph holds these operators side by side, each with inputs and an
// output of its own, and nothing else.
func kernelGraph(batch int, products []gemm, convolutions []conv) *graph.Builder {
	b := graph.New("kernels")
	input := func(shape ...int) *graph.Value {
		return b.Input("x"+strconv.Itoa(len(b.Inputs())), onnx.Float, shape...)
	}
	out := func(v *graph.Value) { b.Output("y"+strconv.Itoa(len(b.Outputs())), v) }
	flag := map[bool]int{true: 1}
	turned := func(rows, columns int, trans bool) *graph.Value {
		if trans {
			rows, columns = columns, rows
		}
		return input(rows, columns)
	}
	for _, g := range products {
		x, w := turned(g.m, g.k, g.transA), turned(g.k, g.n, g.transB)
		out(b.Op("Gemm", graph.Attrs{"transA": flag[g.transA], "transB": flag[g.transB]}, x, w))
	}
	same := graph.Attrs{"kernel_shape": []int{3, 3}, "pads": []int{1, 1, 1, 1}}
	for _, c := range convolutions {
		w := input(c.out, c.in, 3, 3)
		if c.back {
			out(b.Op("ConvTranspose", same, input(batch, c.out, c.size, c.size), w))
		} else {
			out(b.Op("Conv", same, input(batch, c.in, c.size, c.size), w))
		}
	}
	return b
}

// products are a graph of nothing but a step's products, ready to run.
type products struct {
	session *runtime.Session
	in, out []*runtime.Tensor
}

func openProducts(ctx context.Context, b *graph.Builder, threads int) (*products, error) {
	model, err := b.Model()
	if err != nil {
		return nil, err
	}
	encoded, err := model.Encode()
	if err != nil {
		return nil, fmt.Errorf("encode kernels: %w", err)
	}
	p := &products{}
	if p.session, err = runtime.NewSession(encoded, runtime.Options{Threads: threads, Spin: true}); err != nil {
		return nil, err
	}
	if p.in, err = fill(p.session.Inputs()); err == nil {
		p.out = make([]*runtime.Tensor, len(p.session.Outputs()))
		err = p.run(ctx) // makes the outputs, kept from here on
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *products) run(ctx context.Context) error { return p.session.Run(ctx, p.in, p.out) }

func (p *products) close() {
	closeAll(p.in)
	closeAll(p.out)
	p.session.Close()
}

// fill makes a random tensor for each port.
func fill(ports []runtime.Port) ([]*runtime.Tensor, error) {
	random := rand.New(rand.NewPCG(1, 1))
	var list []*runtime.Tensor
	for _, p := range ports {
		size := int64(1)
		for _, d := range p.Shape {
			size *= d
		}
		data := make([]float32, size)
		for i := range data {
			data[i] = random.Float32() - 0.5
		}
		t, err := runtime.NewTensor(p.Shape, data)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

func closeAll(tensors []*runtime.Tensor) {
	for _, t := range tensors {
		t.Close()
	}
}

// kernels compares a whole training step with its matrix products and
// convolutions alone, through the same runtime.
func kernels(ctx context.Context, b *bench) (section, error) {
	s := section{title: "A training step beside its products alone", text: fmt.Sprintf(
		"A step is one of a training as the program does it, feeding and the record of every step included; "+
			"the products are the step's Gemms and convolutions, forward and backward, in one graph through the same ONNX Runtime with the same threads. "+
			"Within one process the two take turns %d times for %d ms each, behind %d ms that are not counted; "+
			"the ratio is taken between neighbours, and an epoch's end (validation, checkpoint) belongs to neither.",
		paceRounds, stretch.Milliseconds(), settle.Milliseconds())}
	t := table{head: []string{"network", "batch", "step", "products alone", "ratio (median)", "middle half of the rounds", "wanted", ""}}
	var steps []race
	for _, model := range []string{"mlp", "cnn"} {
		for _, batch := range []int{32, 128, 512} {
			steps = append(steps, race{model: model, batch: batch})
		}
	}
	for _, r := range b.chosen(steps) {
		row, err := b.kernelRow(ctx, r)
		if err != nil {
			return s, err
		}
		t.rows = append(t.rows, row)
	}
	s.tables = []table{t}
	return s, nil
}

func (b *bench) kernelRow(ctx context.Context, r race) ([]string, error) {
	g := kernelGraph(r.batch, mlpProducts(r.batch), nil)
	if r.model == "cnn" {
		g = kernelGraph(r.batch, cnnProducts(r.batch), cnnConvolutions())
	}
	alone, err := openProducts(ctx, g, b.threads)
	if err != nil {
		return nil, err
	}
	defer alone.close()
	p, err := b.pace(ctx, r, func() error { return alone.run(ctx) })
	if err != nil {
		return nil, err
	}
	m := median(p.ratios())
	low, high := quarters(p.ratios())
	slog.Info("a step beside its products", "network", r.model, "batch", r.batch, "step", fine(median(p.steps)), "products", fine(median(p.alone)), "ratio", times(m), "from", times(low), "to", times(high))
	row := []string{r.model, strconv.Itoa(r.batch), fine(median(p.steps)), fine(median(p.alone)), times(m), times(low) + " to " + times(high), "reported", ""}
	if r.batch >= 128 {
		row[6], row[7] = "≤ 1.80×", verdict(m <= 1.8)
	}
	return row, nil
}

func fine(seconds float64) string { return fmt.Sprintf("%.3f ms", 1000*seconds) }
