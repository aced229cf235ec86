package grad

import (
	"fmt"
	"slices"
	"strings"

	"athanor/pipeline/graph"
)

// einsumRule: the gradient of an operand is the Einsum of dy with all other
// operands, its output the operand's own dimensions. Dimensions that only this
// operand has were summed, so the gradient repeats along them.
func einsumRule(c *Context) ([]*graph.Value, error) {
	e, err := graph.NodeEquation(c.Node)
	if err != nil {
		return nil, err
	}
	out := make([]*graph.Value, len(c.Node.In))
	for i, labels := range e.Operands {
		if !c.Needs(i) {
			continue
		}
		if repeats(labels) {
			return nil, fmt.Errorf("%w for the diagonal %q in an Einsum", ErrNoRule, labels)
		}
		out[i] = c.einsumOperand(e, i)
	}
	return out, nil
}

func repeats(labels string) bool {
	for i, r := range labels {
		if strings.ContainsRune(labels[:i], r) {
			return true
		}
	}
	return false
}

func (c *Context) einsumOperand(e graph.Equation, i int) *graph.Value {
	x, back := c.X(i), graph.Equation{Operands: []string{e.Output}}
	in := []*graph.Value{c.DY(0)}
	for k, labels := range e.Operands {
		if k != i {
			back.Operands, in = append(back.Operands, labels), append(in, c.X(k))
		}
	}
	reachable := strings.Join(back.Operands, "")
	var alone []int
	for k, r := range e.Operands[i] {
		if strings.ContainsRune(reachable, r) {
			back.Output += string(r)
		} else {
			alone = append(alone, k)
		}
	}
	g := c.Op("Einsum", graph.Attrs{"equation": back.String()}, in...)
	for _, k := range alone {
		g = c.Reshape(g, slices.Insert(slices.Clone(g.Shape), k, 1)...)
	}
	// a dimension of 1 that other operands broadcast comes back as large as
	// theirs; one that the operand had alone comes back as 1
	for k := range x.Shape {
		if x.Shape[k] == 1 && g.Shape[k] != 1 {
			g = c.ReduceSum(g, true, k)
		}
	}
	return c.Expand(g, x.Shape...)
}
