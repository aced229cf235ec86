package graph

import (
	"fmt"
	"slices"
)

func matrixRules() map[string]inferFunc {
	return map[string]inferFunc{"MatMul": inferMatMul, "Gemm": inferGemm, "Einsum": inferEinsum}
}

// inferMatMul follows NumPy: an operand of one dimension is a row on the left
// and a column on the right, and the result loses that dimension again.
func inferMatMul(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	x, y := n.In[0].Shape, n.In[1].Shape
	if len(x) < 1 || len(y) < 1 {
		return nil, fmt.Errorf("operands need at least one dimension")
	}
	row, column := len(x) == 1, len(y) == 1
	if row {
		x = []int{1, x[0]}
	}
	if column {
		y = []int{y[0], 1}
	}
	if !agree(x[len(x)-1], y[len(y)-2]) {
		return nil, fmt.Errorf("inner dimensions %d and %d differ", x[len(x)-1], y[len(y)-2])
	}
	shape, err := Broadcast(x[:len(x)-2], y[:len(y)-2])
	if err != nil {
		return nil, err
	}
	shape = slices.Clone(shape)
	if !row {
		shape = append(shape, x[len(x)-2])
	}
	if !column {
		shape = append(shape, y[len(y)-1])
	}
	return one(n.In[0].Type, shape), nil
}

func inferGemm(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	x, y := n.In[0].Shape, n.In[1].Shape
	if len(x) != 2 || len(y) != 2 {
		return nil, fmt.Errorf("operands need two dimensions")
	}
	rows, inner := x[0], x[1]
	if n.Attrs.Int("transA", 0) == 1 {
		rows, inner = inner, rows
	}
	other, cols := y[0], y[1]
	if n.Attrs.Int("transB", 0) == 1 {
		other, cols = cols, other
	}
	if !agree(inner, other) {
		return nil, fmt.Errorf("inner dimensions %d and %d differ", inner, other)
	}
	out := []int{rows, cols}
	if len(n.In) > 2 && n.In[2] != nil {
		if s, err := Broadcast(out, n.In[2].Shape); err != nil || !sameShape(s, out) {
			return nil, fmt.Errorf("the added term %v does not broadcast to %v", n.In[2].Shape, out)
		}
	}
	return one(n.In[0].Type, out), nil
}

func agree(a, b int) bool { return a == b || a == Unknown || b == Unknown }
