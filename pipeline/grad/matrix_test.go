package grad_test

import (
	"slices"
	"testing"

	"athanor/pipeline/graph"
)

func matrixCases() map[string]checkCase {
	return map[string]checkCase{
		"Gemm":                          gemmCase,
		"MatMul of vectors":             func(t *trial) *graph.Value { return t.Unsqueeze(t.MatMul(t.x(4), t.x(4)), 0) },
		"MatMul of a vector by a batch": func(t *trial) *graph.Value { return t.MatMul(t.x(4), t.x(2, 3, 4, 5)) },
		"MatMul of a batch by a vector": func(t *trial) *graph.Value { return t.MatMul(t.x(2, 3, 4), t.x(4)) },
		"Einsum of matrices":            func(t *trial) *graph.Value { return t.einsum("ij,jk->ik", []int{2, 3}, []int{3, 4}) },
		"Einsum of heads":               func(t *trial) *graph.Value { return t.einsum("bqhd,bkhd->bhqk", []int{2, 3, 2, 4}, []int{2, 5, 2, 4}) },
		"Einsum with an ellipsis":       func(t *trial) *graph.Value { return t.einsum("...ij,jk->...ik", []int{2, 3, 2, 4}, []int{4, 3}) },
		"Einsum with two ellipses": func(t *trial) *graph.Value {
			return t.einsum("...ij,...jk->...ki", []int{2, 3, 2, 4}, []int{2, 3, 4, 3})
		},
		"Einsum without an arrow":            func(t *trial) *graph.Value { return t.einsum("ba,ca", []int{2, 3}, []int{4, 3}) },
		"Einsum that sums":                   func(t *trial) *graph.Value { return t.einsum("ijk->j", []int{2, 3, 4}) },
		"Einsum that transposes":             func(t *trial) *graph.Value { return t.einsum("i j k -> k i j", []int{2, 3, 4}) },
		"Einsum of three":                    func(t *trial) *graph.Value { return t.einsum("ab,bc,c->a", []int{2, 3}, []int{3, 4}, []int{4}) },
		"Einsum of an outer product":         func(t *trial) *graph.Value { return t.einsum("i,j->ij", []int{2}, []int{3}) },
		"Einsum with a dimension of its own": func(t *trial) *graph.Value { return t.einsum("ijk,jl->il", []int{2, 3, 4}, []int{3, 2}) },
		"MatMul of matrices": func(t *trial) *graph.Value {
			m, k, n := t.among(1, 5), t.among(1, 5), t.among(1, 5)
			return t.MatMul(t.x(m, k), t.x(k, n))
		},
		"MatMul of batches": func(t *trial) *graph.Value {
			m, k, n := t.among(1, 4), t.among(1, 4), t.among(1, 4)
			batch := t.shape(2)
			left, right := batch, t.narrowed(batch)
			if t.r.IntN(2) == 0 {
				left, right = right, left
			}
			return t.MatMul(t.x(append(slices.Clone(left), m, k)...), t.x(append(slices.Clone(right), k, n)...))
		},
		"MatMul of a batch by a matrix": func(t *trial) *graph.Value {
			k := t.among(1, 4)
			return t.MatMul(t.x(append(t.shape(t.among(2, 3)), k)...), t.x(k, t.among(1, 4)))
		},
		"MatMul of a matrix by a batch": func(t *trial) *graph.Value {
			k := t.among(1, 4)
			return t.MatMul(t.x(t.among(1, 4), k), t.x(t.among(1, 3), k, t.among(1, 4)))
		},
	}
}

func TestMatrixGradients(t *testing.T) { checkGradients(t, matrixCases()) }

// gemmCase covers transposes, factors and every way the added term broadcasts.
func gemmCase(t *trial) *graph.Value {
	m, k, n := t.among(1, 5), t.among(1, 5), t.among(1, 5)
	ta, tb := t.r.IntN(2), t.r.IntN(2)
	a, b := []int{m, k}, []int{k, n}
	if ta == 1 {
		slices.Reverse(a)
	}
	if tb == 1 {
		slices.Reverse(b)
	}
	attrs := graph.Attrs{"transA": ta, "transB": tb, "alpha": 0.5 + t.r.Float64(), "beta": 0.5 + t.r.Float64()}
	var c *graph.Value
	if t.r.IntN(4) > 0 {
		c = t.x(t.narrowed([]int{m, n})...)
	}
	return t.Op("Gemm", attrs, t.x(a...), t.x(b...), c)
}

func (t *trial) einsum(equation string, shapes ...[]int) *graph.Value {
	var in []*graph.Value
	for _, s := range shapes {
		in = append(in, t.x(s...))
	}
	return t.Op("Einsum", graph.Attrs{"equation": equation}, in...)
}
