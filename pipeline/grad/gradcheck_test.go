package grad_test

import (
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// trial is one random graph under test: its builder, the values fed to it and
// those it is differentiated by.
type trial struct {
	*graph.Builder
	r     *rand.Rand
	feeds map[*graph.Value]array
	wrt   []*graph.Value
}

// checkCase builds a random graph and returns the value to differentiate.
type checkCase func(t *trial) *graph.Value

// seeds is how many random graphs each case builds, sampled about how many
// elements of each input are moved.
const (
	seeds   = 3
	sampled = 24
)

// feed declares an input filled by next.
func (t *trial) feed(kind onnx.DataType, shape []int, next func() float64) *graph.Value {
	v := t.Input("in"+strconv.Itoa(len(t.feeds)), kind, shape...)
	a := zeros(shape...)
	for i := range a.data {
		a.data[i] = next()
		if kind == onnx.Float {
			a.data[i] = float64(float32(a.data[i]))
		}
	}
	t.feeds[v] = a
	return v
}

// variable declares an input to differentiate by.
func (t *trial) variable(shape []int, next func() float64) *graph.Value {
	v := t.feed(onnx.Float, shape, next)
	t.wrt = append(t.wrt, v)
	return v
}

// x is normally distributed.
func (t *trial) x(shape ...int) *graph.Value { return t.variable(shape, t.r.NormFloat64) }

// between is uniform in (low, high).
func (t *trial) between(low, high float64, shape ...int) *graph.Value {
	return t.variable(shape, func() float64 { return low + (high-low)*t.r.Float64() })
}

// apart is random but no two elements are closer than gap and none is closer
// than gap/2 to zero, so that no maximum ties and no kink at 0 is near.
func (t *trial) apart(gap float64, shape ...int) *graph.Value {
	order := t.r.Perm(volume(shape))
	i := -1
	return t.variable(shape, func() float64 {
		i++
		return gap * (float64(order[i]-len(order)/2) + 0.5)
	})
}

// index is integers in [low, high).
func (t *trial) index(low, high int, shape ...int) *graph.Value {
	return t.feed(onnx.Int64, shape, func() float64 { return float64(low + t.r.IntN(high-low)) })
}

// among is a random integer from low to high.
func (t *trial) among(low, high int) int { return low + t.r.IntN(high-low+1) }

// shape is random of the given rank, dimensions 1 to 4.
func (t *trial) shape(rank int) []int {
	s := make([]int, rank)
	for i := range s {
		s[i] = t.among(1, 4)
	}
	return s
}

// narrowed is a shape that broadcasts to shape.
func (t *trial) narrowed(shape []int) []int {
	s := slices.Clone(shape[t.r.IntN(len(shape)):])
	for i := range s {
		if t.r.IntN(3) == 0 {
			s[i] = 1
		}
	}
	return s
}

// checkGradients compares gradients and shapes of every case with the oracle.
func checkGradients(t *testing.T, cases map[string]checkCase) {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	for name, make := range cases {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(seeds) {
				checkOne(t, make, seed)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

func newTrial(seed uint64) *trial {
	return &trial{Builder: graph.New("check"), r: rand.New(rand.NewPCG(seed, 7)), feeds: map[*graph.Value]array{}}
}

func checkOne(t *testing.T, make checkCase, seed uint64) {
	t.Helper()
	tr := newTrial(seed)
	y := make(tr)
	if err := tr.Err(); err != nil {
		t.Fatal(err)
	}
	wanted := evaluate(t, tr.Builder, y, tr.feeds)
	numeric := tr.differences(t, y, wanted)
	seedValue := tr.weights(y)
	gradients, err := grad.Backward(tr.Builder, y, seedValue, tr.wrt)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range append([]*graph.Value{y}, gradients...) {
		tr.Output("result"+strconv.Itoa(i), v)
	}
	for _, level := range []runtime.Optimization{runtime.Full, runtime.None} {
		got := execute(t, tr, runtime.Options{Threads: 1, Optimization: level})
		closeTo(t, "value", got["result0"], wanted)
		for i := range gradients {
			closeTo(t, "gradient of input "+strconv.Itoa(i), got["result"+strconv.Itoa(i+1)], numeric[i])
		}
	}
}

// weights feeds the seed: a fixed pattern, so that the differences can use it.
func (t *trial) weights(y *graph.Value) *graph.Value {
	v := t.Input("seed", y.Type, y.Shape...)
	a := zeros(y.Shape...)
	for i := range a.data {
		a.data[i] = seedAt(i)
	}
	t.feeds[v] = a
	return v
}

func seedAt(i int) float64 { return float64(float32(math.Cos(float64(3*i + 1)))) }

// differences are the central finite differences of Σ seed·y.
func (t *trial) differences(tb testing.TB, y *graph.Value, at array) []array {
	tb.Helper()
	table, known := referenceOperators(), maps.Clone(t.feeds)
	runNodes(tb, table, t.Nodes(), known)
	mustSame("size of y", len(at.data), y.Size())
	out := make([]array, len(t.wrt))
	for k, v := range t.wrt {
		x, behind := t.feeds[v], behind(t.Nodes(), v)
		loss := func() float64 {
			runNodes(tb, table, behind, known)
			sum := 0.0
			for i, v := range lookup(tb, known, y).data {
				sum += seedAt(i) * v
			}
			return sum
		}
		out[k] = zeros(x.shape...)
		for i, center := range x.data {
			if len(x.data) > sampled && t.r.IntN(len(x.data)) >= sampled {
				out[k].data[i] = math.NaN() // not sampled
				continue
			}
			h := 1e-5 * math.Max(1, math.Abs(center))
			x.data[i] = center + h
			up := loss()
			x.data[i] = center - h
			down := loss()
			x.data[i] = center
			out[k].data[i] = (up - down) / (2 * h)
		}
		loss() // as it was
	}
	return out
}

// behind are the nodes that depend on a value: all that is computed again when it
// moves.
func behind(nodes []*graph.Node, v *graph.Value) (list []*graph.Node) {
	moved := map[*graph.Value]bool{v: true}
	var visit func(nodes []*graph.Node)
	visit = func(nodes []*graph.Node) {
		for _, n := range nodes {
			if n.Parts != nil {
				visit(n.Parts)
				continue
			}
			if !slices.ContainsFunc(n.In, func(in *graph.Value) bool { return moved[in] }) {
				continue
			}
			list = append(list, n)
			for _, out := range n.Out {
				moved[out] = true
			}
		}
	}
	visit(nodes)
	return list
}

// closeTo compares to 1e-3, relative to the element and a tenth of the largest.
func closeTo(t *testing.T, what string, got, want array) {
	t.Helper()
	if !slices.Equal(got.shape, want.shape) {
		t.Fatalf("%s: shape %v, want %v", what, got.shape, want.shape)
	}
	largest := 0.0
	for _, w := range want.data {
		if !math.IsNaN(w) {
			largest = math.Max(largest, math.Abs(w))
		}
	}
	for i, w := range want.data {
		if math.IsNaN(w) {
			continue
		}
		if d := math.Abs(got.data[i] - w); !(d <= 1e-3*math.Max(math.Abs(w), 0.1*largest)+1e-6) {
			t.Errorf("%s: element %d is %g, want %g (shape %v)", what, i, got.data[i], w, want.shape)
			return
		}
	}
}

// execute runs the graph and, at level None, compares the shape of every inner
// value with the one inferred.
func execute(t *testing.T, tr *trial, options runtime.Options) map[string]array {
	t.Helper()
	inner := map[string]*graph.Value{}
	if options.Optimization == runtime.None {
		collect(tr.Nodes(), inner)
	}
	for name, v := range inner {
		tr.Output("inner "+name, v)
	}
	m, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	got, _ := runModel(t, m, tr.feeds, options)
	for name, v := range inner {
		if a := got["inner "+name]; !slices.Equal(a.shape, v.Shape) {
			t.Errorf("value %s: inferred shape %v, the runtime says %v", name, v.Shape, a.shape)
		}
	}
	return got
}

func collect(nodes []*graph.Node, into map[string]*graph.Value) {
	for _, n := range nodes {
		if n.Parts != nil {
			collect(n.Parts, into)
			continue
		}
		for _, v := range n.Out {
			if v != nil && v.Rank() > 0 {
				into[v.Name] = v
			}
		}
	}
}

// runModel runs m on the fed values and returns every output by name, and what
// the processor ran instead of a device.
func runModel(t *testing.T, m *onnx.Model, feeds map[*graph.Value]array, options runtime.Options) (map[string]array, map[string]int) {
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
	byName := map[string]array{}
	for v, a := range feeds {
		byName[v.Name] = a
	}
	var in []*runtime.Tensor
	for _, p := range s.Inputs() {
		in = append(in, tensor(t, p.Type, byName[p.Name]))
	}
	out := make([]*runtime.Tensor, len(s.Outputs()))
	if err := s.Run(context.Background(), in, out); err != nil {
		t.Fatal(err)
	}
	results := map[string]array{}
	for i, p := range s.Outputs() {
		results[p.Name] = fromTensor(t, out[i])
	}
	for _, x := range slices.Concat(in, out) {
		x.Close()
	}
	left, err := s.LeftBehind()
	if err != nil {
		t.Fatal(err)
	}
	return results, left
}

func tensor(t *testing.T, kind onnx.DataType, a array) *runtime.Tensor {
	t.Helper()
	shape := make([]int64, len(a.shape))
	for i, d := range a.shape {
		shape[i] = int64(d)
	}
	x, err := runtime.NewZeros(kind, shape)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range a.data {
		switch kind {
		case onnx.Float:
			runtime.Data[float32](x)[i] = float32(v)
		case onnx.Int64:
			runtime.Data[int64](x)[i] = int64(v)
		case onnx.Bool:
			runtime.Data[bool](x)[i] = v != 0
		default:
			t.Fatalf("no inputs of type %v here", kind)
		}
	}
	return x
}

func fromTensor(t *testing.T, x *runtime.Tensor) array {
	t.Helper()
	shape := make([]int64, len(x.Shape()))
	copy(shape, x.Shape())
	values, err := (&onnx.Tensor{Type: x.Type(), Dims: shape, Raw: x.Bytes()}).Float64s()
	if err != nil {
		t.Fatal(err)
	}
	out := array{make([]int, len(shape)), values}
	for i, d := range shape {
		out.shape[i] = int(d)
	}
	return out
}
