package grad_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// The reference evaluator runs a graph in float64 with the most naive loops
// there are. It knows nothing of the gradient rules, nor of how the graph
// package reads attributes: finite differences over it are the oracle.

// array is a dense row-major tensor of any element type, held as float64.
type array struct {
	shape []int
	data  []float64
}

func zeros(shape ...int) array { return array{slices.Clone(shape), make([]float64, volume(shape))} }

func volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// flat is the position of index idx.
func (a array) flat(idx []int) int {
	p := 0
	for i, d := range a.shape {
		p = p*d + idx[i]
	}
	return p
}

func (a array) at(idx []int) float64 { return a.data[a.flat(idx)] }

// spread reads element idx of a larger shape that a is broadcast to.
func (a array) spread(idx []int) float64 {
	own := make([]int, len(a.shape))
	for i := range own {
		if a.shape[i] != 1 {
			own[i] = idx[len(idx)-len(own)+i]
		}
	}
	return a.at(own)
}

// each visits every index of shape in row-major order; idx is reused.
func each(shape []int, visit func(idx []int)) {
	idx := make([]int, len(shape))
	for n := volume(shape); n > 0; n-- {
		visit(idx)
		for i := len(idx) - 1; i >= 0; i-- {
			if idx[i]++; idx[i] < shape[i] {
				break
			}
			idx[i] = 0
		}
	}
}

// build makes an array by asking for each of its elements.
func build(shape []int, f func(idx []int) float64) array {
	out := array{slices.Clone(shape), make([]float64, 0, volume(shape))}
	each(shape, func(idx []int) { out.data = append(out.data, f(idx)) })
	return out
}

func (a array) ints() []int {
	const whole = 1 << 53 // all up to here are whole numbers
	out := make([]int, len(a.data))
	for i, x := range a.data {
		out[i] = int(min(max(x, -whole), whole)) // the largest number of 64 bits means as far as possible
	}
	return out
}

// operator computes a node's outputs.
type operator func(n *graph.Node, in []array) []array

func referenceOperators() map[string]operator {
	all := map[string]operator{}
	for _, table := range []map[string]operator{
		unaryOperators(), binaryOperators(), reduceOperators(), layoutOperators(), indexOperators(), windowOperators(), normOperators(), matrixOperators(),
	} {
		maps.Copy(all, table)
	}
	return all
}

// evaluate computes y from the fed values.
func evaluate(tb testing.TB, b *graph.Builder, y *graph.Value, feeds map[*graph.Value]array) array {
	tb.Helper()
	table, known := referenceOperators(), maps.Clone(feeds)
	runNodes(tb, table, b.Nodes(), known)
	return lookup(tb, known, y)
}

func runNodes(tb testing.TB, table map[string]operator, nodes []*graph.Node, known map[*graph.Value]array) {
	tb.Helper()
	for _, n := range nodes {
		if n.Parts != nil {
			runNodes(tb, table, n.Parts, known)
			continue
		}
		op, ok := table[n.Op]
		if !ok {
			tb.Fatalf("the reference does not know operator %s", n.Op)
		}
		in := make([]array, len(n.In))
		for i, v := range n.In {
			if v != nil {
				in[i] = lookup(tb, known, v)
			}
		}
		for i, out := range op(n, in)[:len(n.Out)] {
			known[n.Out[i]] = out
		}
	}
}

func lookup(tb testing.TB, known map[*graph.Value]array, v *graph.Value) array {
	tb.Helper()
	if a, ok := known[v]; ok {
		return a
	}
	if v.Const == nil {
		tb.Fatalf("value %s is neither computed, fed nor constant", v.Name)
	}
	data, err := v.Const.Float64s()
	if err != nil {
		tb.Fatal(err)
	}
	known[v] = array{slices.Clone(v.Shape), data}
	return known[v]
}

// present tells whether an optional input was given.
func present(in []array, i int) bool { return i < len(in) && in[i].shape != nil }

// single wraps a function of all inputs with one output.
func single(f func(n *graph.Node, in []array) array) operator {
	return func(n *graph.Node, in []array) []array { return []array{f(n, in)} }
}

func positive(axis, rank int) int {
	if axis < 0 {
		return axis + rank
	}
	return axis
}

// pointwise lifts a function of one number.
func pointwise(f func(x float64) float64) operator {
	return withAttrs(func(graph.Attrs) func(float64) float64 { return f })
}

// withAttrs lifts a function of one number that depends on attributes.
func withAttrs(make func(a graph.Attrs) func(float64) float64) operator {
	return single(func(n *graph.Node, in []array) array {
		f := make(n.Attrs)
		return build(in[0].shape, func(idx []int) float64 { return f(in[0].at(idx)) })
	})
}

func unaryOperators() map[string]operator {
	table := map[string]operator{}
	for name, f := range map[string]func(float64) float64{
		"Identity": func(x float64) float64 { return x }, "Neg": func(x float64) float64 { return -x }, "Abs": math.Abs,
		"Exp": math.Exp, "Log": math.Log, "Sqrt": math.Sqrt, "Reciprocal": func(x float64) float64 { return 1 / x },
		"Sin": math.Sin, "Cos": math.Cos, "Tan": math.Tan, "Asin": math.Asin, "Acos": math.Acos, "Atan": math.Atan,
		"Sinh": math.Sinh, "Cosh": math.Cosh, "Tanh": math.Tanh, "Asinh": math.Asinh, "Acosh": math.Acosh, "Atanh": math.Atanh,
		"Erf": math.Erf, "Floor": math.Floor, "Ceil": math.Ceil, "Round": math.RoundToEven,
		"Relu": func(x float64) float64 { return math.Max(x, 0) }, "Sigmoid": sigmoid, "Softplus": softplus,
		"Softsign":  func(x float64) float64 { return x / (1 + math.Abs(x)) },
		"Mish":      func(x float64) float64 { return x * math.Tanh(softplus(x)) },
		"HardSwish": func(x float64) float64 { return x * math.Min(1, math.Max(0, x/6+0.5)) },
		"Sign": func(x float64) float64 {
			if x == 0 {
				return 0
			}
			return math.Copysign(1, x)
		},
		"Not": func(x float64) float64 { return 1 - x }, "IsNaN": func(x float64) float64 { return truth(math.IsNaN(x)) },
	} {
		table[name] = pointwise(f)
	}
	for name, f := range map[string]func(graph.Attrs) func(float64) float64{
		"LeakyRelu": leaky, "Elu": elu, "Celu": celu, "Selu": selu, "ThresholdedRelu": thresholded, "HardSigmoid": hardSigmoid, "Shrink": shrink,
	} {
		table[name] = withAttrs(f)
	}
	table["Cast"] = withAttrs(castTo)
	table["Dropout"] = pointwise(func(x float64) float64 { return x })
	table["Softmax"], table["LogSoftmax"] = single(softmax), single(logSoftmax)
	return table
}

func sigmoid(x float64) float64  { return 1 / (1 + math.Exp(-x)) }
func softplus(x float64) float64 { return math.Log1p(math.Exp(x)) }

func castTo(a graph.Attrs) func(float64) float64 {
	if onnx.DataType(a.Int("to", 0)).IsFloat() {
		return func(x float64) float64 { return x }
	}
	return math.Trunc
}

func leaky(a graph.Attrs) func(float64) float64 {
	return func(x float64) float64 { return math.Max(x, 0) + a.Float("alpha", 0.01)*math.Min(x, 0) }
}

func elu(a graph.Attrs) func(float64) float64 {
	return func(x float64) float64 { return math.Max(x, 0) + a.Float("alpha", 1)*math.Expm1(math.Min(x, 0)) }
}

func celu(a graph.Attrs) func(float64) float64 {
	alpha := a.Float("alpha", 1)
	return func(x float64) float64 { return math.Max(x, 0) + math.Min(0, alpha*math.Expm1(x/alpha)) }
}

func selu(a graph.Attrs) func(float64) float64 {
	alpha, gamma := a.Float("alpha", 1.67326319217681884765625), a.Float("gamma", 1.05070102214813232421875)
	return func(x float64) float64 { return gamma * (math.Max(x, 0) + alpha*math.Expm1(math.Min(x, 0))) }
}

func thresholded(a graph.Attrs) func(float64) float64 {
	return func(x float64) float64 {
		if x > a.Float("alpha", 1) {
			return x
		}
		return 0
	}
}

func hardSigmoid(a graph.Attrs) func(float64) float64 {
	return func(x float64) float64 {
		return math.Max(0, math.Min(1, a.Float("alpha", 0.2)*x+a.Float("beta", 0.5)))
	}
}

func shrink(a graph.Attrs) func(float64) float64 {
	lambda, bias := a.Float("lambd", 0.5), a.Float("bias", 0)
	return func(x float64) float64 {
		switch {
		case x < -lambda:
			return x + bias
		case x > lambda:
			return x - bias
		}
		return 0
	}
}

// along visits every line of a parallel to an axis; element k of the line is at
// data[base+k*step].
func along(shape []int, axis int, visit func(base, step int)) {
	step := volume(shape[axis+1:])
	for outer := range volume(shape[:axis]) {
		for inner := range step {
			visit(outer*shape[axis]*step+inner, step)
		}
	}
}

func softmax(n *graph.Node, in []array) array {
	out := logSoftmax(n, in)
	for i, x := range out.data {
		out.data[i] = math.Exp(x)
	}
	return out
}

func logSoftmax(n *graph.Node, in []array) array {
	x, out := in[0], zeros(in[0].shape...)
	axis := positive(n.Attrs.Int("axis", -1), len(x.shape))
	along(x.shape, axis, func(base, step int) {
		sum := 0.0
		for k := range x.shape[axis] {
			sum += math.Exp(x.data[base+k*step])
		}
		for k := range x.shape[axis] {
			out.data[base+k*step] = x.data[base+k*step] - math.Log(sum)
		}
	})
	return out
}

func mustSame(what string, a, b int) {
	if a != b {
		panic(fmt.Sprintf("reference: %s: %d and %d differ", what, a, b))
	}
}
