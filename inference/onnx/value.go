package onnx

import (
	"fmt"
	"strings"
)

// Fixed is a dimension of known size.
func Fixed(n int64) Dim { return Dim{Known: true, Value: n} }

// Named is a dimension whose size a run decides; equal names are equal sizes.
func Named(name string) Dim { return Dim{Param: name} }

// Dims makes fixed dimensions; a negative size makes an unknown one.
func Dims(sizes ...int64) []Dim {
	out := make([]Dim, len(sizes))
	for i, n := range sizes {
		if n >= 0 {
			out[i] = Fixed(n)
		}
	}
	return out
}

// TensorValue names a tensor value of known rank.
func TensorValue(name string, elem DataType, shape ...Dim) *ValueInfo {
	t := &TensorType{Elem: elem, HasShape: true, Shape: shape}
	return &ValueInfo{Name: name, Type: &Type{Tensor: t}}
}

// Size returns the dimension's size, -1 when only a run decides it.
func (d Dim) Size() int64 {
	if d.Known {
		return d.Value
	}
	return -1
}

// String returns the size, the name, or "?".
func (d Dim) String() string {
	switch {
	case d.Known:
		return fmt.Sprint(d.Value)
	case d.Param != "":
		return d.Param
	}
	return "?"
}

// Sizes returns the shape with -1 for unknown sizes; nil when the rank is unknown.
func (t *TensorType) Sizes() []int64 {
	if !t.HasShape {
		return nil
	}
	out := make([]int64, len(t.Shape))
	for i, d := range t.Shape {
		out[i] = d.Size()
	}
	return out
}

// String returns the type as a person writes it: float32[N,10].
func (t *TensorType) String() string {
	if !t.HasShape {
		return t.Elem.String() + "[…]"
	}
	dims := make([]string, len(t.Shape))
	for i, d := range t.Shape {
		dims[i] = d.String()
	}
	return t.Elem.String() + "[" + strings.Join(dims, ",") + "]"
}

// String returns the type as a person writes it, such as
// sequence(map(int64, float32[])).
func (t *Type) String() string {
	switch {
	case t == nil:
		return "?"
	case t.Tensor != nil:
		return t.Tensor.String()
	case t.Sparse != nil:
		return "sparse(" + t.Sparse.String() + ")"
	case t.Sequence != nil:
		return "sequence(" + t.Sequence.String() + ")"
	case t.Optional != nil:
		return "optional(" + t.Optional.String() + ")"
	case t.Map != nil:
		return "map(" + t.Map.Key.String() + ", " + t.Map.Value.String() + ")"
	}
	return "?"
}

// Initializer returns the constant of that name, nil when there is none.
func (g *Graph) Initializer(name string) *Tensor {
	for _, t := range g.Initializers {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Input returns the input of that name, nil when there is none.
func (g *Graph) Input(name string) *ValueInfo { return find(g.Inputs, name) }

// Output returns the output of that name, nil when there is none.
func (g *Graph) Output(name string) *ValueInfo { return find(g.Outputs, name) }

func find(list []*ValueInfo, name string) *ValueInfo {
	for _, v := range list {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// Feeds returns the inputs a caller must give: those without an initializer.
func (g *Graph) Feeds() []*ValueInfo {
	constant := make(map[string]bool, len(g.Initializers))
	for _, t := range g.Initializers {
		constant[t.Name] = true
	}
	var out []*ValueInfo
	for _, v := range g.Inputs {
		if !constant[v.Name] {
			out = append(out, v)
		}
	}
	return out
}

// Walk calls fn for every node of the graph in order, a node before the nodes
// of its subgraphs, with the graph it is in. The first error ends the walk and
// is returned.
func (g *Graph) Walk(fn func(*Graph, *Node) error) error {
	for _, n := range g.Nodes {
		if err := fn(g, n); err != nil {
			return err
		}
		for _, sub := range n.Subgraphs() {
			if err := sub.Walk(fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// WalkTensors calls fn for every constant of the graph and its subgraphs:
// initializers, values of sparse initializers, and tensors in attributes.
func (g *Graph) WalkTensors(fn func(*Tensor) error) error {
	all := append([]*Tensor(nil), g.Initializers...)
	for _, s := range g.SparseInitializers {
		all = append(all, s.parts()...)
	}
	for _, n := range g.Nodes {
		for _, a := range n.Attrs {
			all = append(all, a.tensors()...)
		}
	}
	for _, t := range all {
		if err := fn(t); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes {
		for _, sub := range n.Subgraphs() {
			if err := sub.WalkTensors(fn); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *SparseTensor) parts() []*Tensor {
	var out []*Tensor
	for _, t := range []*Tensor{s.Values, s.Indices} {
		if t != nil {
			out = append(out, t)
		}
	}
	return out
}

func (a *Attribute) tensors() []*Tensor {
	var out []*Tensor
	if a.T != nil {
		out = append(out, a.T)
	}
	if a.Sparse != nil {
		out = append(out, a.Sparse.parts()...)
	}
	for _, s := range a.SparseTensors {
		out = append(out, s.parts()...)
	}
	return append(out, a.Tensors...)
}
