package grad_test

import (
	"slices"
	"testing"

	"athanor/pipeline/graph"
)

func TestMatrixGradients(t *testing.T) {
	checkGradients(t, map[string]checkCase{
		"Gemm": gemmCase,
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
	})
}

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
