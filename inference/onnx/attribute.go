package onnx

// IntAttr makes an integer attribute.
func IntAttr(name string, v int64) *Attribute {
	return &Attribute{Name: name, Type: AttrInt, I: v}
}

// IntsAttr makes an attribute that is a list of integers.
func IntsAttr(name string, v ...int64) *Attribute {
	return &Attribute{Name: name, Type: AttrInts, Ints: v}
}

// FloatAttr makes a float attribute.
func FloatAttr(name string, v float32) *Attribute {
	return &Attribute{Name: name, Type: AttrFloat, F: v}
}

// FloatsAttr makes an attribute that is a list of floats.
func FloatsAttr(name string, v ...float32) *Attribute {
	return &Attribute{Name: name, Type: AttrFloats, Floats: v}
}

// StringAttr makes a string attribute.
func StringAttr(name, v string) *Attribute {
	return &Attribute{Name: name, Type: AttrString, S: []byte(v)}
}

// StringsAttr makes an attribute that is a list of strings.
func StringsAttr(name string, v ...string) *Attribute {
	a := &Attribute{Name: name, Type: AttrStrings}
	for _, s := range v {
		a.Strings = append(a.Strings, []byte(s))
	}
	return a
}

// TensorAttr makes a tensor attribute.
func TensorAttr(name string, t *Tensor) *Attribute {
	return &Attribute{Name: name, Type: AttrTensor, T: t}
}

// GraphAttr makes a graph attribute, such as the body of a Loop.
func GraphAttr(name string, g *Graph) *Attribute {
	return &Attribute{Name: name, Type: AttrGraph, G: g}
}

// Attr returns the attribute of that name, nil when absent.
func (n *Node) Attr(name string) *Attribute {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// SetAttr replaces the attribute of the same name or appends it.
func (n *Node) SetAttr(a *Attribute) {
	for i, old := range n.Attrs {
		if old.Name == a.Name {
			n.Attrs[i] = a
			return
		}
	}
	n.Attrs = append(n.Attrs, a)
}

// typed returns the attribute when it has that type and a value of its own.
func (n *Node) typed(name string, t AttrType) *Attribute {
	if a := n.Attr(name); a != nil && a.Type == t && a.RefName == "" {
		return a
	}
	return nil
}

// Int returns an integer attribute, or def when it is absent or of another type.
func (n *Node) Int(name string, def int64) int64 {
	if a := n.typed(name, AttrInt); a != nil {
		return a.I
	}
	return def
}

// Float returns a float attribute, or def when it is absent or of another type.
func (n *Node) Float(name string, def float32) float32 {
	if a := n.typed(name, AttrFloat); a != nil {
		return a.F
	}
	return def
}

// Text returns a string attribute, or def when it is absent or of another type.
func (n *Node) Text(name, def string) string {
	if a := n.typed(name, AttrString); a != nil {
		return string(a.S)
	}
	return def
}

// Ints returns a list of integers, or def when it is absent or of another
// type. The list belongs to the node.
func (n *Node) Ints(name string, def ...int64) []int64 {
	if a := n.typed(name, AttrInts); a != nil {
		return a.Ints
	}
	return def
}

// Floats returns a list of floats, or def when it is absent or of another
// type. The list belongs to the node.
func (n *Node) Floats(name string, def ...float32) []float32 {
	if a := n.typed(name, AttrFloats); a != nil {
		return a.Floats
	}
	return def
}

// Texts returns a copy of a list of strings, or def when it is absent or of
// another type.
func (n *Node) Texts(name string, def ...string) []string {
	a := n.typed(name, AttrStrings)
	if a == nil {
		return def
	}
	out := make([]string, len(a.Strings))
	for i, s := range a.Strings {
		out[i] = string(s)
	}
	return out
}

// Tensor returns a tensor attribute, nil when it is absent or of another type.
func (n *Node) Tensor(name string) *Tensor {
	if a := n.typed(name, AttrTensor); a != nil {
		return a.T
	}
	return nil
}

// Subgraph returns a graph attribute, nil when it is absent or of another type.
func (n *Node) Subgraph(name string) *Graph {
	if a := n.typed(name, AttrGraph); a != nil {
		return a.G
	}
	return nil
}

// Subgraphs returns all graphs in the node's attributes, in order.
func (n *Node) Subgraphs() []*Graph {
	var out []*Graph
	for _, a := range n.Attrs {
		if a.G != nil {
			out = append(out, a.G)
		}
		out = append(out, a.Graphs...)
	}
	return out
}
