package graph

import (
	"fmt"
	"maps"
	"slices"

	"athanor/inference/onnx"
)

// result is the type and shape of one output.
type result struct {
	kind  onnx.DataType
	shape []int
}

// inferFunc finds a node's outputs from its inputs, or says why it cannot be.
type inferFunc func(n *Node) ([]result, error)

// operators holds the shape rule of every operator this package knows; it is
// never changed after start.
var operators = merge(elementwiseRules(), matrixRules(), windowRules(), layoutRules(), indexRules(), normRules(), resizeRules(), reduceRules(), recurrentRules())

func merge(tables ...map[string]inferFunc) map[string]inferFunc {
	all := map[string]inferFunc{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// Operators lists the operators with a shape rule, sorted.
func Operators() []string { return slices.Sorted(maps.Keys(operators)) }

func infer(n *Node, count int) ([]result, error) {
	rule, ok := operators[n.Op]
	if !ok {
		rule, ok = kernelOperators[n.Op]
	}
	if !ok {
		return nil, fmt.Errorf("no shape rule for operator %s", n.Op)
	}
	results, err := rule(n)
	if err != nil {
		return nil, err
	}
	if len(results) < count {
		return nil, fmt.Errorf("%s has %d outputs, %d wanted", n.Op, len(results), count)
	}
	for _, r := range results[:count] {
		if slices.ContainsFunc(r.shape, func(d int) bool { return d < Unknown }) {
			return nil, fmt.Errorf("the result would have the shape %v", r.shape)
		}
	}
	return results[:count], nil
}

// need checks that the first k inputs are there.
func need(n *Node, k int) error {
	if len(n.In) < k {
		return fmt.Errorf("needs %d inputs, has %d", k, len(n.In))
	}
	for i := range k {
		if n.In[i] == nil {
			return fmt.Errorf("input %d is missing", i)
		}
	}
	return nil
}

// Broadcast is the shape of two operands under ONNX's multidirectional
// (NumPy) broadcasting.
func Broadcast(x, y []int) ([]int, error) {
	rank := max(len(x), len(y))
	out := make([]int, rank)
	for i := range rank {
		a, b := dimFromEnd(x, rank-i), dimFromEnd(y, rank-i)
		switch {
		case a == b:
			out[i] = a
		case a == 1:
			out[i] = b
		case b == 1:
			out[i] = a
		case a == Unknown:
			out[i] = b
		case b == Unknown:
			out[i] = a
		default:
			return nil, fmt.Errorf("shapes %v and %v do not broadcast", x, y)
		}
	}
	return out, nil
}

// dimFromEnd is the k-th dimension from the end, 1 beyond the first.
func dimFromEnd(shape []int, k int) int {
	if k > len(shape) {
		return 1
	}
	return shape[len(shape)-k]
}

// axis normalises a negative axis.
func axis(a, rank int) (int, error) {
	if a < 0 {
		a += rank
	}
	if a < 0 || a >= rank {
		return 0, fmt.Errorf("axis %d outside rank %d", a, rank)
	}
	return a, nil
}

// one wraps a single result.
func one(kind onnx.DataType, shape []int) []result { return []result{{kind, shape}} }
