package onnx

import (
	"fmt"
	"sync"
)

// describe names a node for a person.
func describe(i int, n *Node) string {
	if n.Name != "" {
		return fmt.Sprintf("node %q (%s)", n.Name, n.OpType)
	}
	return fmt.Sprintf("node %d (%s)", i, n.OpType)
}

func (c *checker) nodes(nodes []*Node, s *scope, where string) {
	cyclic := sync.OnceValue(func() bool { return hasCycle(nodes) })
	if len(s.later) == 0 { // a function body brings no scope of its own
		s.later = newScope(nil, nodes).later
	}
	for i, n := range nodes {
		who := where + ": " + describe(i, n)
		c.node(n, who)
		for _, in := range n.Inputs {
			if in == "" || s.sees(in) {
				continue
			}
			j, produced := s.later[in]
			switch {
			case !produced:
				c.fault("%s: input %q is produced nowhere", who, in)
			case cyclic():
				c.fault("%s: input %q closes a cycle through %s", who, in, describe(j, nodes[j]))
			default:
				c.fault("%s: input %q is produced later, by %s; nodes must be in topological order",
					who, in, describe(j, nodes[j]))
			}
		}
		for _, sub := range n.Subgraphs() {
			c.graph(sub, s)
		}
		for _, out := range n.Outputs {
			c.define(s, out, describe(i, n))
		}
	}
}

func (c *checker) node(n *Node, who string) {
	if n.OpType == "" {
		c.fault("%s: it has no operator", who)
	}
	if opsetOf(c.opsets, n.Domain) == 0 && !c.functions[functionID{canonical(n.Domain), n.OpType}] {
		c.fault("%s: operator domain %q is not imported", who, n.Domain)
	}
	seen := map[string]bool{}
	for _, a := range n.Attrs {
		if seen[a.Name] {
			c.fault("%s: attribute %q is there twice", who, a.Name)
		}
		seen[a.Name] = true
		c.attribute(a, who)
	}
}

func (c *checker) attribute(a *Attribute, who string) {
	switch {
	case a.Name == "":
		c.fault("%s: it has an attribute without a name", who)
	case a.RefName != "":
		return
	case a.Type <= AttrUndefined || a.Type > AttrTypeProtos:
		c.fault("%s: attribute %q has no known type", who, a.Name)
	case a.Type == AttrTensor && a.T == nil,
		a.Type == AttrGraph && a.G == nil,
		a.Type == AttrTypeProto && a.TP == nil,
		a.Type == AttrSparseTensor && a.Sparse == nil:
		c.fault("%s: attribute %q has no value", who, a.Name)
	case a.T != nil:
		if err := a.T.checkSize(); err != nil {
			c.fault("%s: attribute %q: %v", who, a.Name, err)
		}
	}
}

// hasCycle says whether the nodes cannot be sorted (Kahn's algorithm over the
// nodes' own inputs).
func hasCycle(nodes []*Node) bool {
	makers := newScope(nil, nodes).later
	waits := make([]int, len(nodes)) // inputs not made yet
	users := make([][]int, len(nodes))
	for i, n := range nodes {
		for _, in := range n.Inputs {
			if j, ok := makers[in]; ok && in != "" {
				waits[i]++
				users[j] = append(users[j], i)
			}
		}
	}
	var ready []int
	for i, w := range waits {
		if w == 0 {
			ready = append(ready, i)
		}
	}
	done := 0
	for ; done < len(ready); done++ {
		for _, u := range users[ready[done]] {
			if waits[u]--; waits[u] == 0 {
				ready = append(ready, u)
			}
		}
	}
	return done < len(nodes)
}
