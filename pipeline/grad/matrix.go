package grad

import (
	"slices"

	"athanor/pipeline/graph"
)

func matrixRules() map[string]Rule {
	return map[string]Rule{"MatMul": matMulRule, "Gemm": gemmRule, "Einsum": einsumRule}
}

// matMulRule: dA = dY·Bᵀ, dB = Aᵀ·dY, summed over broadcast batches.
func matMulRule(c *Context) ([]*graph.Value, error) {
	a, bb, dy := c.X(0), c.X(1), c.DY(0)
	if a.Rank() == 1 || bb.Rank() == 1 {
		return c.vectorProduct(), nil
	}
	if a.Rank() == 2 && bb.Rank() == 2 {
		return []*graph.Value{
			c.ifNeeded(0, func() *graph.Value { return c.Gemm(dy, bb, nil, false, true) }),
			c.ifNeeded(1, func() *graph.Value { return c.Gemm(a, dy, nil, true, false) }),
		}, nil
	}
	if bb.Rank() == 2 {
		return []*graph.Value{
			c.ifNeeded(0, func() *graph.Value { return c.MatMul(dy, c.swapLast(bb)) }),
			c.ifNeeded(1, func() *graph.Value { return c.Gemm(c.rows(a), c.rows(dy), nil, true, false) }),
		}, nil
	}
	return []*graph.Value{
		c.ifNeeded(0, func() *graph.Value { return c.MatMul(dy, c.swapLast(bb)) }),
		c.ifNeeded(1, func() *graph.Value { return c.MatMul(c.swapLast(a), dy) }),
	}, nil
}

// vectorProduct differentiates a MatMul with an operand of one dimension by
// seeing it as a row on the left and a column on the right.
func (c *Context) vectorProduct() []*graph.Value {
	a, bb := c.X(0), c.X(1)
	row, column := a, bb
	if a.Rank() == 1 {
		row = c.Reshape(a, 1, a.Shape[0])
	}
	if bb.Rank() == 1 {
		column = c.Reshape(bb, bb.Shape[0], 1)
	}
	lead := c.Y(0).Shape
	if a.Rank() > 1 {
		lead = lead[:len(lead)-1]
	}
	if bb.Rank() > 1 {
		lead = lead[:len(lead)-1]
	}
	dy := c.Reshape(c.DY(0), slices.Concat(lead, []int{row.Shape[row.Rank()-2], column.Shape[column.Rank()-1]})...)
	return []*graph.Value{
		c.want(0, func() *graph.Value {
			return c.Reshape(c.unbroadcast(c.MatMul(dy, c.swapLast(column)), row.Shape), a.Shape...)
		}),
		c.want(1, func() *graph.Value {
			return c.Reshape(c.unbroadcast(c.MatMul(c.swapLast(row), dy), column.Shape), bb.Shape...)
		}),
	}
}

// rows flattens all but the last dimension.
func (c *Context) rows(x *graph.Value) *graph.Value {
	last := x.Shape[x.Rank()-1]
	return c.Reshape(x, x.Size()/last, last)
}

// swapLast transposes the last two dimensions.
func (c *Context) swapLast(x *graph.Value) *graph.Value {
	perm := make([]int, x.Rank())
	for i := range perm {
		perm[i] = i
	}
	n := len(perm)
	perm[n-2], perm[n-1] = n-1, n-2
	return c.Transpose(x, perm...)
}

// gemmRule differentiates Y = α·A′·B′ + β·C, where ′ transposes if asked.
func gemmRule(c *Context) ([]*graph.Value, error) {
	at := c.Node.Attrs.Int("transA", 0) == 1
	bt := c.Node.Attrs.Int("transB", 0) == 1
	alpha, beta := c.Node.Attrs.Float("alpha", 1), c.Node.Attrs.Float("beta", 1)
	a, bb, dy := c.X(0), c.X(1), c.DY(0)
	scaled := func(v *graph.Value) *graph.Value { return c.MulBy(v, alpha) }
	return []*graph.Value{
		c.ifNeeded(0, func() *graph.Value {
			if at {
				return scaled(c.Gemm(bb, dy, nil, bt, true))
			}
			return scaled(c.Gemm(dy, bb, nil, false, !bt))
		}),
		c.ifNeeded(1, func() *graph.Value {
			if bt {
				return scaled(c.Gemm(dy, a, nil, true, at))
			}
			return scaled(c.Gemm(a, dy, nil, !at, false))
		}),
		c.ifNeeded(2, func() *graph.Value { return c.MulBy(dy, beta) }),
	}, nil
}
