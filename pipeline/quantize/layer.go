package quantize

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"athanor/inference/onnx"
)

// layer is an operator with constant weights: MatMul, Gemm or Conv.
type layer struct {
	op      *onnx.Node
	x       string    // its activation
	weights []float32 // MatMul and Gemm: [K,N]; Conv: [M,C/group,…]
	dims    []int64
	axis    int       // of the output channels
	bias    []float32 // for each channel, or nil
}

// weightRange is the largest quantized weight. Seven bits and not eight, because
// processors without VNNI add two products of uint8 and int8 in 16 bits that
// saturate: 2·255·64 just fits. The same file then answers alike everywhere.
const weightRange = 63

// finder knows the constants of a graph.
type finder struct {
	constants map[string]*onnx.Tensor
	given     map[string]bool // inputs, whose initializers are only defaults
}

func newFinder(g *onnx.Graph) finder {
	f := finder{constants: map[string]*onnx.Tensor{}, given: map[string]bool{}}
	for _, in := range g.Inputs {
		f.given[in.Name] = true
	}
	for _, t := range g.Initializers {
		f.constants[t.Name] = t
	}
	for _, n := range g.Nodes {
		if t := n.Tensor("value"); n.OpType == "Constant" && n.Domain == "" && t != nil && len(n.Outputs) > 0 {
			f.constants[n.Outputs[0]] = t
		}
	}
	return f
}

func (f finder) floats(name string) (values []float32, dims []int64, ok bool) {
	t := f.constants[name]
	if t == nil || t.Type != onnx.Float || f.given[name] {
		return nil, nil, false
	}
	values, err := t.Float32s()
	return values, t.Dims, err == nil && len(values) > 0
}

// layer reads a node; why says what keeps a node with weights from being taken,
// "" where it has none.
func (f finder) layer(n *onnx.Node, convolutions bool) (l *layer, why string) {
	if n.Domain != "" || len(n.Inputs) < 2 || len(n.Outputs) != 1 {
		return nil, ""
	}
	switch n.OpType {
	case "MatMul":
		return f.matMul(n)
	case "Gemm":
		return f.gemm(n)
	case "Conv":
		if !convolutions {
			return nil, "convolutions are quantized with measured ranges only"
		}
		return f.conv(n)
	case "ConvTranspose", "LSTM", "GRU", "RNN":
		return nil, "this operator stays in float32"
	}
	return nil, ""
}

func (f finder) matMul(n *onnx.Node) (*layer, string) {
	w, dims, ok := f.floats(n.Inputs[1])
	if !ok {
		return nil, "" // a product of two activations
	}
	if len(dims) != 2 {
		return nil, fmt.Sprintf("its weights have %d dimensions", len(dims))
	}
	return &layer{op: n, x: n.Inputs[0], weights: w, dims: dims, axis: 1}, ""
}

func (f finder) gemm(n *onnx.Node) (*layer, string) {
	w, dims, ok := f.floats(n.Inputs[1])
	switch {
	case !ok:
		return nil, ""
	case len(dims) != 2 || n.Int("transA", 0) != 0 || n.Float("alpha", 1) != 1 || n.Float("beta", 1) != 1:
		return nil, "it is no plain product with weights"
	}
	if n.Int("transB", 0) != 0 {
		w, dims = transposed(w, dims)
	}
	l := &layer{op: n, x: n.Inputs[0], weights: w, dims: dims, axis: 1}
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		bias, _, ok := f.floats(n.Inputs[2])
		if !ok || int64(len(bias)) != dims[1] {
			return nil, "its bias is not one number a channel"
		}
		l.bias = bias
	}
	return l, ""
}

func (f finder) conv(n *onnx.Node) (*layer, string) {
	w, dims, ok := f.floats(n.Inputs[1])
	if !ok || len(dims) < 3 {
		return nil, "its weights are not constant"
	}
	l := &layer{op: n, x: n.Inputs[0], weights: w, dims: dims}
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		if l.bias, _, ok = f.floats(n.Inputs[2]); !ok {
			return nil, "its bias is not constant"
		}
	}
	return l, ""
}

func transposed(w []float32, dims []int64) ([]float32, []int64) {
	rows, cols := int(dims[0]), int(dims[1])
	out := make([]float32, len(w))
	for i := range rows {
		for k := range cols {
			out[k*rows+i] = w[i*cols+k]
		}
	}
	return out, []int64{dims[1], dims[0]}
}

// channel is the output channel of element i.
func (l *layer) channel(i int) int {
	if l.axis == 1 {
		return i % int(l.dims[1])
	}
	return i / (len(l.weights) / int(l.dims[0]))
}

// quantized returns the weights as int8 and the scale of each channel; zero is
// zero.
func (l *layer) quantized() (q []int8, scales []float32) {
	scales = make([]float32, l.dims[l.axis])
	for i, v := range l.weights {
		c := l.channel(i)
		scales[c] = max(scales[c], float32(math.Abs(float64(v)))/weightRange)
	}
	for c, s := range scales {
		if s == 0 || math.IsNaN(float64(s)) || math.IsInf(float64(s), 0) {
			scales[c] = 1
		}
	}
	q = make([]int8, len(l.weights))
	for i, v := range l.weights {
		r := math.RoundToEven(float64(v / scales[l.channel(i)]))
		q[i] = int8(min(max(r, -weightRange), weightRange))
	}
	return q, scales
}

// writer puts nodes and constants with new names into a graph.
type writer struct {
	g     *onnx.Graph
	taken map[string]bool
	nodes []*onnx.Node
	made  map[string][]string // outputs of nodes that several layers share
}

func newWriter(g *onnx.Graph) *writer {
	w := &writer{g: g, taken: map[string]bool{}, made: map[string][]string{}}
	note := func(names ...string) {
		for _, n := range names {
			w.taken[n] = true
		}
	}
	for _, v := range slices.Concat(g.Inputs, g.Outputs) {
		note(v.Name)
	}
	for _, t := range g.Initializers {
		note(t.Name)
	}
	_ = g.Walk(func(_ *onnx.Graph, n *onnx.Node) error { // never fails
		note(n.Name)
		note(n.Outputs...)
		return nil
	})
	return w
}

func (w *writer) name(base string) string {
	name := base
	for i := 2; w.taken[name]; i++ {
		name = base + "_" + strconv.Itoa(i)
	}
	w.taken[name] = true
	return name
}

func (w *writer) constant(base string, make func(name string) *onnx.Tensor) string {
	name := w.name(base)
	w.g.Initializers = append(w.g.Initializers, make(name))
	return name
}

func (w *writer) floats(base string, dims []int64, v []float32) string {
	return w.constant(base, func(n string) *onnx.Tensor { return onnx.FloatTensor(n, dims, v) })
}

// node adds an operator with one output of a new name, which it returns.
func (w *writer) node(op, base string, inputs []string, attrs ...*onnx.Attribute) string {
	return w.outputs(op, []string{base}, inputs, attrs...)[0]
}

func (w *writer) outputs(op string, bases, inputs []string, attrs ...*onnx.Attribute) []string {
	outputs := make([]string, len(bases))
	for i, b := range bases {
		outputs[i] = w.name(b)
	}
	w.nodes = append(w.nodes, &onnx.Node{Name: w.name(outputs[0] + "_" + op), OpType: op, Inputs: inputs, Outputs: outputs, Attrs: attrs})
	return outputs
}

// into renames the output of the newest node.
func (w *writer) into(name string) { w.nodes[len(w.nodes)-1].Outputs[0] = name }

// once makes outputs the first time they are asked for.
func (w *writer) once(key string, make func() []string) []string {
	if out, ok := w.made[key]; ok {
		return out
	}
	out := make()
	w.made[key] = out
	return out
}

// rewrite goes through the nodes and hands each layer to write; all else stays.
func rewrite(g *onnx.Graph, convolutions bool, report *Report, write func(w *writer, l *layer)) {
	f, w := newFinder(g), newWriter(g)
	for _, n := range g.Nodes {
		l, why := f.layer(n, convolutions)
		if why != "" {
			report.Left = append(report.Left, fmt.Sprintf("%s %s: %s", n.OpType, n.Name, why))
		}
		if l == nil {
			w.nodes = append(w.nodes, n)
			continue
		}
		write(w, l)
		report.Nodes++
	}
	g.Nodes = w.nodes
}
