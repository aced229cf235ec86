package graph

import (
	"fmt"
	"strings"

	"athanor/inference/onnx"
)

// call is one node of the file while it is rewritten to Opset.
type call struct {
	op    string
	attrs Attrs
	in    []*Value
	count int      // outputs, up to the last one that is named
	names []string // of the outputs; empty where omitted
}

// input is the i-th input, nil where omitted.
func (c *call) input(i int) *Value {
	if i >= len(c.in) {
		return nil
	}
	return c.in[i]
}

// set puts an input at place i.
func (c *call) set(i int, v *Value) {
	for len(c.in) <= i {
		c.in = append(c.in, nil)
	}
	c.in[i] = v
}

// node adds one node of the file: rewritten, folded where its inputs are
// constants, else built.
func (im *importer) node(n *onnx.Node) error {
	c, err := im.call(n)
	if err != nil {
		return err
	}
	if err := im.modernise(c); err != nil {
		return err
	}
	t, known := fold(c), partly(c)
	if t == nil {
		t = foldPartial(c, known)
	}
	if t != nil {
		im.values[c.names[0]] = im.Initializer(im.scope+c.names[0], im.own(c.names[0], t))
		return im.Err()
	}
	before := len(im.nodes)
	outs, err := im.replaced(c, n)
	if err != nil {
		return err
	}
	if err := im.Err(); err != nil {
		return err
	}
	if outs[0].Const == nil && outs[0].partial == nil {
		outs[0].partial = known
	}
	for i, name := range c.names {
		if name != "" {
			im.values[name] = im.named(outs[i], im.scope+name, before)
		}
	}
	if len(im.nodes) > before {
		im.nodes[len(im.nodes)-1].Name = im.scope + nodeName(n)
	}
	return nil
}

// replaced builds a node as the caller wants it, else as it is.
func (im *importer) replaced(c *call, n *onnx.Node) ([]*Value, error) {
	if c.op == "BatchNormalization" && im.config.BatchNorm != nil && len(c.in) == 5 {
		if y := im.config.BatchNorm(n, c.in, c.attrs.Float("epsilon", 1e-5)); y != nil {
			return []*Value{y}, nil
		}
	}
	return im.build(c, n)
}

// own frees the name that was reserved for a value of the file.
func (im *importer) own(name string, t *onnx.Tensor) *onnx.Tensor {
	delete(im.used, im.scope+name)
	return t
}

// named gives v the file's name: a value that this node made is renamed, any
// other passed through an Identity.
func (im *importer) named(v *Value, name string, before int) *Value {
	p := im.producer[v]
	fresh := false
	for _, n := range im.nodes[before:] {
		fresh = fresh || n == p
	}
	if !fresh || p == nil {
		v = im.Op("Identity", nil, v)
	}
	delete(im.used, v.Name)
	im.used[name] = true
	v.Name = name
	return v
}

// call resolves a node's inputs and attributes.
func (im *importer) call(n *onnx.Node) (*call, error) {
	if n.Domain != "" && n.Domain != "ai.onnx" {
		return nil, fmt.Errorf("%w: operators of domain %s", ErrUnsupported, n.Domain)
	}
	if quantized(n.OpType) {
		return nil, fmt.Errorf("%w: the model is quantized, so it can be run and served, not trained: teach the float32 model that it was made from, and quantize that one afterwards", ErrUnsupported)
	}
	c := &call{op: n.OpType, attrs: Attrs{}, names: n.Outputs}
	for _, name := range n.Inputs {
		v := im.values[name]
		if v == nil && name != "" {
			return nil, fmt.Errorf("%w: no value is called %s", ErrInvalid, name)
		}
		c.in = append(c.in, v)
	}
	c.in = trim(c.in)
	for i, name := range n.Outputs {
		if name != "" {
			c.count = i + 1
		}
	}
	c.names = c.names[:c.count]
	if c.count == 0 {
		return nil, fmt.Errorf("%w: the node has no outputs", ErrInvalid)
	}
	for _, a := range n.Attrs {
		v, err := attributeValue(a)
		if err != nil {
			return nil, err
		}
		c.attrs[a.Name] = v
	}
	return c, nil
}

// quantized tells whether an operator computes with quantized numbers.
func quantized(op string) bool {
	switch op {
	case "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "ConvInteger":
		return true
	}
	return strings.HasPrefix(op, "QLinear")
}

// attributeValue is a file's attribute as Attrs hold it.
func attributeValue(a *onnx.Attribute) (any, error) {
	switch a.Type {
	case onnx.AttrInt:
		return int(a.I), nil
	case onnx.AttrInts:
		return dims(a.Ints), nil
	case onnx.AttrFloat:
		return float64(a.F), nil
	case onnx.AttrFloats:
		list := make([]float64, len(a.Floats))
		for i, f := range a.Floats {
			list[i] = float64(f)
		}
		return list, nil
	case onnx.AttrString:
		return string(a.S), nil
	case onnx.AttrTensor:
		return a.T, nil
	case onnx.AttrGraph, onnx.AttrGraphs:
		return nil, fmt.Errorf("%w: control flow: a model with it can be run and served, but not differentiated; export it with the branch or the steps written out", ErrUnsupported)
	default:
		return a, nil
	}
}

// build makes the operators that a rewritten node stands for.
func (im *importer) build(c *call, n *onnx.Node) ([]*Value, error) {
	if lower, ok := lowerings()[c.op]; ok {
		return lower(im, c)
	}
	if _, ok := operators[c.op]; ok {
		return im.OpN(c.op, c.count, c.attrs, c.in...), nil
	}
	return im.foreign(c, n)
}

// foreign takes an operator without a shape rule as it is, with the types that
// the file states for its outputs.
func (im *importer) foreign(c *call, _ *onnx.Node) ([]*Value, error) {
	node := &Node{Op: c.op, In: c.in, Attrs: c.attrs}
	for _, name := range c.names {
		t := im.declared[name]
		if t == nil {
			return nil, fmt.Errorf("%w: operator %s has no shape rule, and the file does not state the shape of %s", ErrUnsupported, c.op, name)
		}
		v := im.fresh(c.op, t.Elem, im.shape(t.Shape))
		node.Out = append(node.Out, v)
	}
	node.Name = node.Out[0].Name
	im.add(node)
	return node.Out, nil
}
