package onnx

import (
	"errors"
	"fmt"
)

// ErrInvalid is wrapped by every fault Check finds.
var ErrInvalid = errors.New("invalid model")

// maxFaults bounds how many faults Check reports.
const maxFaults = 20

// Check judges the structure of a model: every value is produced once and
// before its use, initializers have the size of their shape, operator domains
// are imported, subgraphs see their outer values. It returns up to 20 faults
// joined, each naming its node or value. It does not know operators: whether
// their inputs fit is the runtime's to say.
func Check(m *Model) error {
	c := &checker{opsets: m.Opsets, functions: m.functionNames()}
	c.model(m)
	return errors.Join(c.faults...)
}

type checker struct {
	faults    []error
	opsets    []Opset
	functions map[functionID]bool
}

type functionID struct{ domain, name string }

func (m *Model) functionNames() map[functionID]bool {
	out := make(map[functionID]bool, len(m.Functions))
	for _, f := range m.Functions {
		out[functionID{canonical(f.Domain), f.Name}] = true
	}
	return out
}

func (c *checker) fault(format string, args ...any) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...)))
	}
}

func (c *checker) model(m *Model) {
	if m.Graph == nil {
		c.fault("it has no graph")
		return
	}
	if m.IRVersion <= 0 {
		c.fault("ir_version is missing")
	}
	if m.IRVersion >= 3 && len(m.Opsets) == 0 {
		c.fault("it imports no operator set")
	}
	c.duplicateOpsets(m.Opsets)
	c.graph(m.Graph, nil)
	if len(m.Graph.Outputs) == 0 {
		c.fault("graph %q has no outputs", m.Graph.Name)
	}
	for _, f := range m.Functions {
		c.function(f)
	}
}

func (c *checker) duplicateOpsets(list []Opset) {
	seen := map[string]bool{}
	for _, o := range list {
		if seen[canonical(o.Domain)] {
			c.fault("operator domain %q is imported twice", o.Domain)
		}
		seen[canonical(o.Domain)] = true
		if o.Version <= 0 {
			c.fault("operator domain %q has version %d", o.Domain, o.Version)
		}
	}
}

func (c *checker) function(f *Function) {
	inner := &checker{faults: c.faults, opsets: f.Opsets, functions: c.functions}
	s := newScope(nil, nil)
	where := fmt.Sprintf("function %q", f.Name)
	for _, name := range f.Inputs {
		inner.define(s, name, where+" input")
	}
	inner.nodes(f.Nodes, s, where)
	for _, name := range f.Outputs {
		if !s.sees(name) {
			inner.fault("%s: output %q is never produced", where, name)
		}
	}
	c.faults = inner.faults
}

// scope is the set of values visible at a point of a graph.
type scope struct {
	outer   *scope
	defined map[string]string // value → who made it
	later   map[string]int    // value → index of the node that makes it
}

func newScope(outer *scope, nodes []*Node) *scope {
	s := &scope{outer: outer, defined: map[string]string{}, later: map[string]int{}}
	for i, n := range nodes {
		for _, out := range n.Outputs {
			s.later[out] = i
		}
	}
	return s
}

func (s *scope) sees(name string) bool {
	for ; s != nil; s = s.outer {
		if _, ok := s.defined[name]; ok {
			return true
		}
	}
	return false
}

// define adds a value to the scope; one name stands for one value.
func (c *checker) define(s *scope, name, who string) {
	if name == "" {
		return
	}
	if first, ok := s.defined[name]; ok {
		c.fault("value %q is produced twice: by %s and by %s", name, first, who)
		return
	}
	if s.outer.sees(name) {
		c.fault("%s: value %q hides one of the enclosing graph", who, name)
	}
	s.defined[name] = who
}

func (c *checker) graph(g *Graph, outer *scope) {
	where := fmt.Sprintf("graph %q", g.Name)
	s := newScope(outer, g.Nodes)
	for _, v := range g.Inputs {
		if v.Name == "" {
			c.fault("%s has an input without a name", where)
		}
		c.define(s, v.Name, "input")
		c.valueInfo(where, v)
	}
	c.initializers(g, s, where)
	c.nodes(g.Nodes, s, where)
	c.outputs(g, s, where)
	for _, v := range g.Values {
		c.valueInfo(where, v)
	}
}

// initializers may share the name of an input, which they then default.
func (c *checker) initializers(g *Graph, s *scope, where string) {
	seen := map[string]bool{}
	for _, t := range g.Initializers {
		c.initializer(g, s, t, seen, where)
		if err := t.checkSize(); err != nil {
			c.fault("%s: initializer %q: %v", where, t.Name, err)
		}
	}
	for _, sp := range g.SparseInitializers {
		if sp.Values == nil || sp.Indices == nil {
			c.fault("%s: a sparse initializer lacks values or indices", where)
			continue
		}
		c.initializer(g, s, sp.Values, seen, where)
	}
}

func (c *checker) initializer(g *Graph, s *scope, t *Tensor, seen map[string]bool, where string) {
	switch {
	case t.Name == "":
		c.fault("%s has an initializer without a name", where)
	case seen[t.Name]:
		c.fault("%s: initializer %q is there twice", where, t.Name)
	case g.Input(t.Name) == nil:
		c.define(s, t.Name, "initializer")
	}
	seen[t.Name] = true
}

func (c *checker) outputs(g *Graph, s *scope, where string) {
	seen := map[string]bool{}
	for _, v := range g.Outputs {
		switch {
		case v.Name == "":
			c.fault("%s has an output without a name", where)
		case seen[v.Name]:
			c.fault("%s: output %q is there twice", where, v.Name)
		case !s.sees(v.Name):
			c.fault("%s: output %q is never produced", where, v.Name)
		}
		seen[v.Name] = true
		c.valueInfo(where, v)
	}
}

func (c *checker) valueInfo(where string, v *ValueInfo) {
	if v.Type == nil || v.Type.Tensor == nil {
		return
	}
	t := v.Type.Tensor
	if !t.Elem.Valid() && t.Elem != Undefined {
		c.fault("%s: value %q has unknown element type %s", where, v.Name, t.Elem)
	}
	for i, d := range t.Shape {
		if d.Known && d.Value < 0 {
			c.fault("%s: value %q: dimension %d is negative", where, v.Name, i)
		}
	}
}
