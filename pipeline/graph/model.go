package graph

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"athanor/inference/onnx"
)

// Model is the finished graph as an ONNX model, with nodes that no output needs
// left out. Constants share memory with the builder.
func (b *Builder) Model() (*onnx.Model, error) {
	if b.err != nil {
		return nil, b.err
	}
	g := &onnx.Graph{Name: b.name}
	for _, n := range b.operators() {
		g.Nodes = append(g.Nodes, n.proto())
	}
	nameNodes(g.Nodes)
	used := usedNames(g.Nodes)
	for _, v := range b.inputs {
		g.Inputs = append(g.Inputs, v.info())
	}
	for _, v := range b.outputs {
		g.Outputs = append(g.Outputs, v.info())
	}
	for _, v := range b.inits {
		if used[v.Name] {
			g.Initializers = append(g.Initializers, v.Const)
		}
	}
	opsets := []onnx.Opset{{Version: Opset}}
	if b.kernels {
		opsets = append(opsets, onnx.Opset{Domain: onnx.KernelDomain, Version: 1})
	}
	return &onnx.Model{
		IRVersion: irVersion, ProducerName: "athanor", Opsets: opsets, Graph: g, Metadata: b.metadata,
	}, nil
}

// nameNodes gives nodes without a name, or with that of an earlier node, one of
// their own, by which the runtime can speak of them: it takes none twice.
func nameNodes(nodes []*onnx.Node) {
	taken := map[string]bool{}
	for _, n := range nodes {
		taken[n.Name] = true
	}
	seen := map[string]bool{"": true}
	for i, n := range nodes {
		if seen[n.Name] {
			n.Name = fmt.Sprintf("%s_%d", n.OpType, i)
			for taken[n.Name] {
				n.Name += "_"
			}
			taken[n.Name] = true
		}
		seen[n.Name] = true
	}
}

// reachable marks the nodes that an output depends on.
func (b *Builder) reachable() map[*Node]bool {
	needed := map[*Node]bool{}
	var visit func(v *Value)
	visit = func(v *Value) {
		n := b.producer[v]
		if v == nil || n == nil || needed[n] {
			return
		}
		needed[n] = true
		for _, in := range n.In {
			visit(in)
		}
	}
	for _, v := range b.outputs {
		visit(v)
	}
	return needed
}

func usedNames(nodes []*onnx.Node) map[string]bool {
	used := map[string]bool{}
	for _, n := range nodes {
		for _, name := range n.Inputs {
			used[name] = true
		}
	}
	return used
}

// operators are the nodes that outputs need, composites in their parts.
func (b *Builder) operators() []*Node {
	var list []*Node
	needed := b.reachable()
	for _, n := range b.nodes {
		if needed[n] {
			list = append(list, n.operators()...)
		}
	}
	if b.half {
		return b.halved(list)
	}
	return list
}

// operators is the node, or the parts of a composite.
func (n *Node) operators() []*Node {
	if n.Parts == nil {
		return []*Node{n}
	}
	var list []*Node
	for _, part := range n.Parts {
		list = append(list, part.operators()...)
	}
	return list
}

func (n *Node) proto() *onnx.Node {
	domain, op := "", n.Op
	if own, isKernel := strings.CutPrefix(n.Op, kernelPrefix); isKernel {
		domain, op = onnx.KernelDomain, own
	}
	p := &onnx.Node{Name: n.Name, Domain: domain, OpType: op, Inputs: nameList(n.In), Outputs: nameList(n.Out)}
	for _, key := range slices.Sorted(maps.Keys(n.Attrs)) {
		p.Attrs = append(p.Attrs, attribute(key, n.Attrs[key]))
	}
	return p
}

func nameList(values []*Value) []string {
	list := make([]string, len(values))
	for i, v := range values {
		if v != nil {
			list[i] = v.Name
		}
	}
	return list
}

func attribute(name string, value any) *onnx.Attribute {
	a := &onnx.Attribute{Name: name}
	switch x := value.(type) {
	case int:
		a.Type, a.I = onnx.AttrInt, int64(x)
	case []int:
		a.Type, a.Ints = onnx.AttrInts, int64s(x)
	case float64:
		a.Type, a.F = onnx.AttrFloat, float32(x)
	case []float64:
		a.Type = onnx.AttrFloats
		for _, f := range x {
			a.Floats = append(a.Floats, float32(f))
		}
	case string:
		a.Type, a.S = onnx.AttrString, []byte(x)
	case *onnx.Tensor:
		a.Type, a.T = onnx.AttrTensor, x
	case *onnx.Attribute:
		return x
	default:
		panic(fmt.Sprintf("attribute %s has the unknown type %T", name, value))
	}
	return a
}

func (v *Value) info() *onnx.ValueInfo {
	t := &onnx.TensorType{Elem: v.Type, HasShape: true}
	for i, d := range v.Shape {
		if d == Unknown {
			t.Shape = append(t.Shape, onnx.Dim{Param: "N" + suffix(i)})
			continue
		}
		t.Shape = append(t.Shape, onnx.Dim{Known: true, Value: int64(d)})
	}
	return &onnx.ValueInfo{Name: v.Name, Type: &onnx.Type{Tensor: t}}
}

func suffix(i int) string {
	if i == 0 {
		return ""
	}
	return strconv.Itoa(i)
}
