// Package grad differentiates a graph in reverse mode: for each operator one
// rule adds the nodes that carry a gradient from the operator's outputs to its
// inputs. It knows no layers.
package grad

import (
	"fmt"
	"maps"
	"slices"

	"athanor/pipeline/graph"
)

// Context is one node seen by its rule.
type Context struct {
	*graph.Builder
	Node  *graph.Node
	grads []*graph.Value
	needs []bool
}

// X is the node's i-th input, nil where omitted.
func (c *Context) X(i int) *graph.Value {
	if i >= len(c.Node.In) {
		return nil
	}
	return c.Node.In[i]
}

// Y is the node's i-th output.
func (c *Context) Y(i int) *graph.Value { return c.Node.Out[i] }

// DY is the gradient of the i-th output; zeros when nothing depends on it.
func (c *Context) DY(i int) *graph.Value {
	if c.grads[i] == nil {
		c.grads[i] = Zeros(c.Builder, c.Node.Out[i])
	}
	return c.grads[i]
}

// Needs tells whether the gradient of the i-th input is wanted.
func (c *Context) Needs(i int) bool { return i < len(c.needs) && c.needs[i] }

// Rule returns the gradient of each input, nil for those not wanted or not
// differentiable.
type Rule func(c *Context) ([]*graph.Value, error)

// rules holds the rule of every differentiable operator; it is never changed.
var rules = merge(elementwiseRules(), matrixRules(), reduceRules(), layoutRules(), convolutionRules(), poolRules(), normRules(), otherNormRules(), indexRules(), activationRules(), trigonometryRules(), resampleRules())

func merge(tables ...map[string]Rule) map[string]Rule {
	all := map[string]Rule{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// Operators lists the operators with a gradient rule, sorted.
func Operators() []string { return slices.Sorted(maps.Keys(rules)) }

// Backward adds the nodes that compute the gradient of Σ seed·y with respect to
// each of wrt and returns these gradients, each shaped like its value. Where y
// does not depend on a value its gradient is zeros.
func Backward(b *graph.Builder, y, seed *graph.Value, wrt []*graph.Value) ([]*graph.Value, error) {
	nodes := slices.Clone(b.Nodes())
	needed := dependents(nodes, wrt)
	grads := map[*graph.Value]*graph.Value{y: seed}
	for _, node := range slices.Backward(nodes) {
		if err := step(b, node, needed, grads); err != nil {
			return nil, err
		}
	}
	out := make([]*graph.Value, len(wrt))
	for i, v := range wrt {
		out[i] = grads[v]
		if out[i] == nil {
			out[i] = Zeros(b, v)
		}
	}
	return out, b.Err()
}

// dependents marks all values that depend on one of wrt.
func dependents(nodes []*graph.Node, wrt []*graph.Value) map[*graph.Value]bool {
	needed := map[*graph.Value]bool{}
	for _, v := range wrt {
		needed[v] = true
	}
	for _, n := range nodes {
		if slices.ContainsFunc(n.In, func(v *graph.Value) bool { return v != nil && needed[v] }) {
			for _, v := range n.Out {
				needed[v] = true
			}
		}
	}
	return needed
}

// step carries the gradients of one node's outputs to its inputs.
func step(b *graph.Builder, n *graph.Node, needed map[*graph.Value]bool, grads map[*graph.Value]*graph.Value) error {
	c := &Context{Builder: b, Node: n, grads: make([]*graph.Value, len(n.Out)), needs: make([]bool, len(n.In))}
	wanted, arrived := false, false
	for i, v := range n.In {
		c.needs[i] = v != nil && needed[v]
		wanted = wanted || c.needs[i]
	}
	for i, v := range n.Out {
		c.grads[i] = grads[v]
		arrived = arrived || grads[v] != nil
	}
	if !wanted || !arrived {
		return nil
	}
	rule, ok := rules[n.Op]
	if !ok {
		rule, ok = ownRules[n.Op]
	}
	if !ok {
		return &NodeError{n, fmt.Errorf("%w rule for operator %s (node %s)", ErrNoRule, n.Op, n.Name)}
	}
	if v := unsized(n); v != nil {
		return &NodeError{n, fmt.Errorf("%w for %s (node %s): %s has the shape %v; give every dimension a size, the batch too, before differentiating", ErrNoRule, n.Op, n.Name, v.Name, v.Shape)}
	}
	in, err := c.apply(rule)
	if err != nil {
		return &NodeError{n, fmt.Errorf("gradient of %s (node %s): %w", n.Op, n.Name, err)}
	}
	return c.accumulate(in, grads)
}

// NodeError says which node has no gradient, and why.
type NodeError struct {
	Node *graph.Node
	Err  error
}

// Error implements error.
func (e *NodeError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *NodeError) Unwrap() error { return e.Err }

// apply runs a rule. After a node that could not be built, a rule goes on with
// placeholders of no meaning; where it trips over one, the builder's error is
// the cause.
func (c *Context) apply(rule Rule) (in []*graph.Value, err error) {
	defer func() {
		if c.Err() == nil {
			return
		}
		_ = recover()
		err = c.Err()
	}()
	return rule(c)
}

// unsized is an end of n with a dimension that is not known or 0, or nil.
// Omitted inputs and lists of nothing, such as Resize's regions, do not count.
func unsized(n *graph.Node) *graph.Value {
	for _, v := range slices.Concat(n.In, n.Out) {
		if v != nil && (v.Size() == graph.Unknown || v.Size() == 0 && v.Const == nil) {
			return v
		}
	}
	return nil
}

func (c *Context) accumulate(in []*graph.Value, grads map[*graph.Value]*graph.Value) error {
	for i, g := range in {
		if g == nil || !c.Needs(i) {
			continue
		}
		v := c.Node.In[i]
		if !slices.Equal(g.Shape, v.Shape) {
			return fmt.Errorf("gradient of %s (node %s): input %d has shape %v, its gradient %v", c.Node.Op, c.Node.Name, i, v.Shape, g.Shape)
		}
		if grads[v] != nil {
			g = c.Add(grads[v], g)
		}
		grads[v] = g
	}
	return nil
}

// Zeros is a tensor of zeros shaped like v.
func Zeros(b *graph.Builder, v *graph.Value) *graph.Value {
	return b.Expand(b.Scalar(v, 0), v.Shape...)
}

// unbroadcast sums g over the dimensions along which a value of the given shape
// was broadcast.
func (c *Context) unbroadcast(g *graph.Value, shape []int) *graph.Value {
	if slices.Equal(g.Shape, shape) {
		return g
	}
	if sum := c.summedRows(g, shape); sum != nil {
		return sum
	}
	lead := g.Rank() - len(shape)
	var axes []int
	for i := range g.Shape {
		if i < lead || (shape[i-lead] == 1 && g.Shape[i] != 1) {
			axes = append(axes, i)
		}
	}
	if len(axes) > 0 {
		g = c.ReduceSum(g, true, axes...)
	}
	return c.Reshape(g, shape...)
}
