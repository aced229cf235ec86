// Package graph builds ONNX graphs with the shape and type of every value
// inferred and checked as it is built.
//
// A Builder keeps its first error and goes on with placeholders, so that layers
// read as formulas; the error comes out of Err and Model. A Builder belongs to
// one goroutine.
package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"athanor/inference/onnx"
)

// Opset is the version of ai.onnx that graphs are built for.
const Opset = 18

// irVersion belongs to Opset (ONNX 1.13).
const irVersion = 8

// Unknown is a dimension that is only known when the graph runs, such as the
// batch of an exported model.
const Unknown = -1

// Value is what an edge of the graph carries.
type Value struct {
	Name  string
	Type  onnx.DataType
	Shape []int // Unknown where it is not known
	// Const is the value itself where it is known while building, else nil.
	Const *onnx.Tensor
	// partial are the elements of an integer list as far as an import knows them.
	partial []int
}

// Rank is the number of dimensions.
func (v *Value) Rank() int { return len(v.Shape) }

// Size is the number of elements, Unknown when a dimension is.
func (v *Value) Size() int {
	n := 1
	for _, d := range v.Shape {
		if d == Unknown {
			return Unknown
		}
		n *= d
	}
	return n
}

// Node is one operator call with its ends resolved. Omitted optional inputs
// and outputs are nil.
type Node struct {
	Op    string
	Name  string
	In    []*Value
	Out   []*Value
	Attrs Attrs
	// Parts are the nodes a composite stands for, in order; nil for an operator.
	Parts []*Node
}

// Attrs are a node's attributes: int, []int, float64, []float64, string,
// *onnx.Tensor, or *onnx.Attribute for any other kind.
type Attrs map[string]any

// Int is the integer attribute called name, or fallback.
func (a Attrs) Int(name string, fallback int) int {
	if v, ok := a[name].(int); ok {
		return v
	}
	return fallback
}

// Ints is the list attribute called name, or nil.
func (a Attrs) Ints(name string) []int {
	v, _ := a[name].([]int)
	return v
}

// Float is the float attribute called name, or fallback.
func (a Attrs) Float(name string, fallback float64) float64 {
	if v, ok := a[name].(float64); ok {
		return v
	}
	return fallback
}

// String is the string attribute called name, or fallback.
func (a Attrs) String(name, fallback string) string {
	if v, ok := a[name].(string); ok {
		return v
	}
	return fallback
}

// Builder collects nodes in topological order.
type Builder struct {
	name      string
	nodes     []*Node
	inputs    []*Value
	outputs   []*Value
	inits     []*Value
	used      map[string]bool
	constants map[string]*Value
	producer  map[*Value]*Node
	scope     string
	metadata  []onnx.Pair
	kernels   bool
	card      bool
	half      bool
	err       error
}

// New starts an empty graph.
func New(name string) *Builder {
	return &Builder{
		name: name, used: map[string]bool{}, constants: map[string]*Value{}, producer: map[*Value]*Node{},
	}
}

// Err is the first error of building, or nil.
func (b *Builder) Err() error { return b.err }

// Fail records an error unless one is recorded already.
func (b *Builder) Fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("build graph %s: "+format, append([]any{b.name}, args...)...)
	}
}

// Nodes are the nodes built so far; the caller must not change them.
func (b *Builder) Nodes() []*Node { return b.nodes }

// Producer is the node that computes v, or nil for inputs and constants.
func (b *Builder) Producer(v *Value) *Node { return b.producer[v] }

// Inputs are the graph's inputs.
func (b *Builder) Inputs() []*Value { return b.inputs }

// Outputs are the graph's outputs.
func (b *Builder) Outputs() []*Value { return b.outputs }

// In names a part of the network; values made inside carry its name.
func (b *Builder) In(scope string, build func()) {
	outer := b.scope
	b.scope = outer + scope + "/"
	build()
	b.scope = outer
}

// Input declares an input of the graph.
func (b *Builder) Input(name string, kind onnx.DataType, shape ...int) *Value {
	v := b.claim(name, kind, shape)
	b.inputs = append(b.inputs, v)
	return v
}

// Initializer declares a constant stored in the model.
func (b *Builder) Initializer(name string, t *onnx.Tensor) *Value {
	v := b.claim(name, t.Type, dims(t.Dims))
	stored := *t
	stored.Name = name
	v.Const = &stored
	b.inits = append(b.inits, v)
	return v
}

// Output makes v an output of the graph under a name of its own. A value that a
// node computes is renamed; inputs, constants and values that are outputs
// already are passed through an Identity.
func (b *Builder) Output(name string, v *Value) *Value {
	if v.Const != nil && v.Name == name {
		v.Name = b.unused(name)
		v.Const.Name = v.Name
		b.used[v.Name] = true
		delete(b.used, name)
	}
	if b.producer[v] == nil || slices.Contains(b.outputs, v) {
		out := b.claim(name, v.Type, v.Shape)
		b.add(&Node{Op: "Identity", Name: name + "/Identity", In: []*Value{v}, Out: []*Value{out}})
		b.outputs = append(b.outputs, out)
		return out
	}
	if b.used[name] && v.Name != name {
		b.Fail("the name %q is used twice", name)
	}
	b.used[name] = true
	v.Name = name
	b.outputs = append(b.outputs, v)
	return v
}

// SetMetadata adds a key and value to the model's metadata.
func (b *Builder) SetMetadata(key, value string) {
	b.metadata = append(b.metadata, onnx.Pair{Key: key, Value: value})
}

// claim makes a value whose name must be new.
func (b *Builder) claim(name string, kind onnx.DataType, shape []int) *Value {
	if b.used[name] {
		b.Fail("the name %q is used twice", name)
	}
	b.used[name] = true
	return &Value{Name: name, Type: kind, Shape: append([]int{}, shape...)}
}

// fresh makes a value with a name derived from op.
func (b *Builder) fresh(op string, kind onnx.DataType, shape []int) *Value {
	return b.claim(b.unused(b.scope+op), kind, shape)
}

// unused is base, or base with a number behind where it is taken.
func (b *Builder) unused(base string) string {
	name := base
	for i := 1; b.used[name]; i++ {
		name = base + "_" + strconv.Itoa(i+len(b.nodes))
	}
	return name
}

func (b *Builder) add(n *Node) {
	b.nodes = append(b.nodes, n)
	for _, v := range n.Out {
		if v != nil {
			b.producer[v] = n
		}
	}
}

// Op adds an operator of ai.onnx with one output and returns it. Nil inputs
// are omitted optional ones.
func (b *Builder) Op(op string, attrs Attrs, in ...*Value) *Value {
	return b.OpN(op, 1, attrs, in...)[0]
}

// OpN adds an operator with count outputs.
func (b *Builder) OpN(op string, count int, attrs Attrs, in ...*Value) []*Value {
	n := &Node{Op: op, In: slices.Clone(trim(in)), Attrs: attrs}
	made := count
	if op == "TopK" {
		made = 2 // the operator has no form without indices
	}
	results, err := infer(n, made)
	if err != nil {
		b.Fail("%s%s%s: %w", b.scope, op, describe(n.In), err)
		results = make([]result, made)
		for i := range results {
			results[i] = result{kind: onnx.Float, shape: []int{1}}
		}
	}
	for i, r := range results {
		v := b.fresh(op, r.kind, r.shape)
		if i == 0 {
			n.Name = v.Name
		}
		n.Out = append(n.Out, v)
	}
	b.add(n)
	return n.Out[:count:count]
}

// Composite adds several nodes as one, so that it can have a gradient rule of
// its own: build makes the nodes from in and returns the outputs, among them
// inner values that the rule wants to use again.
func (b *Builder) Composite(op string, attrs Attrs, in []*Value, build func() []*Value) []*Value {
	outer := b.nodes
	b.nodes = nil
	n := &Node{Op: op, In: in, Attrs: attrs}
	b.In(op, func() { n.Out = build() })
	n.Parts, n.Name = b.nodes, b.scope+op
	b.nodes = outer
	b.add(n)
	return n.Out
}

func trim(in []*Value) []*Value {
	for len(in) > 0 && in[len(in)-1] == nil {
		in = in[:len(in)-1]
	}
	return in
}

func describe(in []*Value) string {
	var text strings.Builder
	text.WriteString("(")
	for i, v := range in {
		if i > 0 {
			text.WriteString(", ")
		}
		if v == nil {
			text.WriteString("-")
			continue
		}
		fmt.Fprintf(&text, "%s %v", v.Name, v.Shape)
	}
	return text.String() + ")"
}

func dims(d []int64) []int {
	out := make([]int, len(d))
	for i, n := range d {
		out[i] = int(n)
	}
	return out
}
