// Command gomlx-grad compares gradients with GoMLX's Go backend, a second
// implementation by other people: for each operator that both have, the
// gradient of Σ seed·y on the same random numbers. It prints the largest
// difference, relative to the largest gradient, and fails above 1e-4.
package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	peer "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/images"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

const tolerance = 1e-4

// comparison is one operator written for both.
type comparison struct {
	shapes [][]int
	low    float32 // inputs are uniform in (low, low+2)
	ours   func(b *graph.Builder, x []*graph.Value) *graph.Value
	theirs func(x []*peer.Node) *peer.Node
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gomlx-grad:", err)
		os.Exit(1)
	}
}

func run() error {
	backend, err := compute.NewWithConfig("go")
	if err != nil {
		return fmt.Errorf("start the Go backend: %w", err)
	}
	failed := 0
	all := comparisons()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		worst, err := all[name].worst(backend)
		switch {
		case err != nil:
			fmt.Printf("%-24s %v\n", name, err)
			failed++
		case !(worst <= tolerance):
			fmt.Printf("%-24s %.2g  TOO FAR\n", name, worst)
			failed++
		default:
			fmt.Printf("%-24s %.2g\n", name, worst)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d operators differ", failed, len(all))
	}
	fmt.Printf("%d operators agree\n", len(all))
	return nil
}

// worst is the largest difference of any gradient over three draws.
func (c comparison) worst(backend compute.Backend) (worst float64, err error) {
	defer func() {
		if r := recover(); r != nil { // how GoMLX reports what it does not have
			err = fmt.Errorf("GoMLX: %v", r)
		}
	}()
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		var inputs [][]float32
		for _, s := range c.shapes {
			inputs = append(inputs, draw(r, volume(s), c.low))
		}
		ours, err := c.athanor(inputs)
		if err != nil {
			return 0, err
		}
		theirs, err := c.gomlx(backend, inputs)
		if err != nil {
			return 0, err
		}
		for i := range ours {
			worst = max(worst, difference(ours[i], theirs[i]))
		}
	}
	return worst, nil
}

func draw(r *rand.Rand, n int, low float32) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = low + 2*r.Float32()
	}
	return x
}

func volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func seedAt(i int) float64 { return math.Cos(float64(3*i + 1)) }

func difference(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	largest, worst := 1e-9, 0.0
	for i := range a {
		largest = max(largest, math.Abs(float64(b[i])))
		worst = max(worst, math.Abs(float64(a[i]-b[i])))
	}
	return worst / largest
}

// athanor runs our gradients on ONNX Runtime.
func (c comparison) athanor(inputs [][]float32) ([][]float32, error) {
	b := graph.New("compare")
	var x []*graph.Value
	for i, s := range c.shapes {
		x = append(x, b.Input(fmt.Sprint("x", i), onnx.Float, s...))
	}
	y := c.ours(b, x)
	seed := make([]float64, y.Size())
	for i := range seed {
		seed[i] = seedAt(i)
	}
	gradients, err := grad.Backward(b, y, b.Const(onnx.Float, y.Shape, seed...), x)
	if err != nil {
		return nil, err
	}
	for i, g := range gradients {
		b.Output(fmt.Sprint("g", i), g)
	}
	m, err := b.Model()
	if err != nil {
		return nil, err
	}
	raw, err := m.Encode()
	if err != nil {
		return nil, err
	}
	s, err := runtime.NewSession(raw, runtime.Options{Threads: 2})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	in, out := make([]*runtime.Tensor, len(x)), make([]*runtime.Tensor, len(x))
	for i, p := range s.Inputs() {
		if in[i], err = runtime.NewTensor(p.Shape, inputs[i]); err != nil {
			return nil, err
		}
		defer in[i].Close()
	}
	if err := s.Run(context.Background(), in, out); err != nil {
		return nil, err
	}
	var results [][]float32
	for _, t := range out {
		results = append(results, slices.Clone(runtime.Data[float32](t)))
		t.Close()
	}
	return results, nil
}

// gomlx runs theirs.
func (c comparison) gomlx(backend compute.Backend, inputs [][]float32) ([][]float32, error) {
	exec, err := peer.NewExec(backend, func(x []*peer.Node) []*peer.Node {
		y := c.theirs(x)
		seed := make([]float32, y.Shape().Size())
		for i := range seed {
			seed[i] = float32(seedAt(i))
		}
		weights := peer.Const(x[0].Graph(), tensors.FromFlatDataAndDimensions(seed, y.Shape().Dimensions...))
		return peer.Gradient(peer.ReduceAllSum(peer.Mul(y, weights)), x...)
	})
	if err != nil {
		return nil, err
	}
	var in []any
	for i, s := range c.shapes {
		in = append(in, tensors.FromFlatDataAndDimensions(inputs[i], s...))
	}
	out, err := exec.Exec(in...)
	if err != nil {
		return nil, err
	}
	var results [][]float32
	for _, t := range out {
		results = append(results, tensors.MustCopyFlatData[float32](t))
	}
	return results, nil
}

// unary is for operators with one input and the same name of function.
func unary(op string, low float32, theirs func(x *peer.Node) *peer.Node) comparison {
	return comparison{
		shapes: [][]int{{3, 4, 5}}, low: low,
		ours:   func(b *graph.Builder, x []*graph.Value) *graph.Value { return b.Op(op, nil, x[0]) },
		theirs: func(x []*peer.Node) *peer.Node { return theirs(x[0]) },
	}
}

func binary(op string, low float32, theirs func(x, y *peer.Node) *peer.Node) comparison {
	return comparison{
		shapes: [][]int{{3, 4, 5}, {3, 1, 5}}, low: low,
		ours:   func(b *graph.Builder, x []*graph.Value) *graph.Value { return b.Op(op, nil, x...) },
		theirs: func(x []*peer.Node) *peer.Node { return theirs(x[0], x[1]) },
	}
}

func comparisons() map[string]comparison {
	all := map[string]comparison{
		"Exp": unary("Exp", -1, peer.Exp), "Log": unary("Log", 0.1, peer.Log), "Sqrt": unary("Sqrt", 0.1, peer.Sqrt), "Abs": unary("Abs", -1, peer.Abs),
		"Sin": unary("Sin", -1, peer.Sin), "Cos": unary("Cos", -1, peer.Cos), "Tanh": unary("Tanh", -1, peer.Tanh), "Sigmoid": unary("Sigmoid", -1, peer.Sigmoid),
		"Erf": unary("Erf", -1, peer.Erf),
		"Add": binary("Add", -1, peer.Add), "Sub": binary("Sub", -1, peer.Sub), "Mul": binary("Mul", -1, peer.Mul), "Div": binary("Div", 0.5, peer.Div),
		"Pow": binary("Pow", 0.5, peer.Pow), "Max": binary("Max", -1, peer.Max), "Min": binary("Min", -1, peer.Min),
	}
	maps.Copy(all, structured())
	return all
}

func structured() map[string]comparison {
	return map[string]comparison{
		"Softmax": unary("Softmax", -1, func(x *peer.Node) *peer.Node { return peer.Softmax(x, -1) }),
		"MatMul": {
			shapes: [][]int{{2, 3, 4}, {2, 4, 5}}, low: -1,
			ours:   func(b *graph.Builder, x []*graph.Value) *graph.Value { return b.MatMul(x[0], x[1]) },
			theirs: func(x []*peer.Node) *peer.Node { return peer.MatMul(x[0], x[1]) },
		},
		"Einsum": {
			shapes: [][]int{{2, 3, 4}, {2, 5, 4}}, low: -1,
			ours: func(b *graph.Builder, x []*graph.Value) *graph.Value {
				return b.Op("Einsum", graph.Attrs{"equation": "bqd,bkd->bqk"}, x...)
			},
			theirs: func(x []*peer.Node) *peer.Node { return peer.Einsum("bqd,bkd->bqk", x[0], x[1]) },
		},
		"ReduceSum": {
			shapes: [][]int{{3, 4, 5}}, low: -1,
			ours:   func(b *graph.Builder, x []*graph.Value) *graph.Value { return b.ReduceSum(x[0], false, 1) },
			theirs: func(x []*peer.Node) *peer.Node { return peer.ReduceSum(x[0], 1) },
		},
		"ReduceMax": {
			shapes: [][]int{{3, 4, 5}}, low: -1,
			ours:   func(b *graph.Builder, x []*graph.Value) *graph.Value { return b.ReduceMax(x[0], false, 2) },
			theirs: func(x []*peer.Node) *peer.Node { return peer.ReduceMax(x[0], 2) },
		},
		"Transpose": {
			shapes: [][]int{{3, 4, 5}}, low: -1,
			ours:   func(b *graph.Builder, x []*graph.Value) *graph.Value { return b.Transpose(x[0], 0, 2, 1) },
			theirs: func(x []*peer.Node) *peer.Node { return peer.Transpose(x[0], 1, 2) },
		},
		"Concat": {
			shapes: [][]int{{3, 4}, {3, 2}}, low: -1,
			ours:   func(b *graph.Builder, x []*graph.Value) *graph.Value { return b.Concat(1, x...) },
			theirs: func(x []*peer.Node) *peer.Node { return peer.Concatenate(x, 1) },
		},
		"Conv": {
			shapes: [][]int{{2, 3, 7, 6}, {4, 3, 3, 3}}, low: -1,
			ours: func(b *graph.Builder, x []*graph.Value) *graph.Value {
				return b.Op("Conv", graph.Attrs{"pads": []int{1, 1, 1, 1}}, x...)
			},
			theirs: func(x []*peer.Node) *peer.Node {
				return peer.Convolve(x[0], x[1]).ChannelsAxis(images.ChannelsFirst).PadSame().Done()
			},
		},
	}
}
