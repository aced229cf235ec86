package graph

import "athanor/inference/onnx"

// The operators that formulas are written with; each is one node of ai.onnx.

// Add is x + y, broadcast.
func (b *Builder) Add(x, y *Value) *Value { return b.Op("Add", nil, x, y) }

// Sub is x − y, broadcast.
func (b *Builder) Sub(x, y *Value) *Value { return b.Op("Sub", nil, x, y) }

// Mul is x · y elementwise, broadcast.
func (b *Builder) Mul(x, y *Value) *Value { return b.Op("Mul", nil, x, y) }

// Div is x / y elementwise, broadcast.
func (b *Builder) Div(x, y *Value) *Value { return b.Op("Div", nil, x, y) }

// MulBy is x times a constant.
func (b *Builder) MulBy(x *Value, c float64) *Value {
	if c == 1 {
		return x
	}
	return b.Mul(x, b.Scalar(x, c))
}

// AddTo is x plus a constant.
func (b *Builder) AddTo(x *Value, c float64) *Value { return b.Add(x, b.Scalar(x, c)) }

// Neg is −x.
func (b *Builder) Neg(x *Value) *Value { return b.Op("Neg", nil, x) }

// Exp is e to the x.
func (b *Builder) Exp(x *Value) *Value { return b.Op("Exp", nil, x) }

// Log is the natural logarithm.
func (b *Builder) Log(x *Value) *Value { return b.Op("Log", nil, x) }

// Sqrt is the square root.
func (b *Builder) Sqrt(x *Value) *Value { return b.Op("Sqrt", nil, x) }

// Relu is max(x, 0).
func (b *Builder) Relu(x *Value) *Value { return b.Op("Relu", nil, x) }

// MatMul is the matrix product over the last two dimensions, batched over the others.
func (b *Builder) MatMul(x, y *Value) *Value { return b.Op("MatMul", nil, x, y) }

// Gemm is x′·y′ + c with x and y transposed where asked; c may be nil.
func (b *Builder) Gemm(x, y, c *Value, transX, transY bool) *Value {
	attrs := Attrs{}
	if transX {
		attrs["transA"] = 1
	}
	if transY {
		attrs["transB"] = 1
	}
	return b.Op("Gemm", attrs, x, y, c)
}

// Reshape gives x another shape; one dimension may be Unknown (inferred).
func (b *Builder) Reshape(x *Value, shape ...int) *Value {
	if sameShape(x.Shape, shape) && x.Size() != Unknown {
		return x
	}
	return b.Op("Reshape", nil, x, b.Ints(shape...))
}

// Transpose permutes dimensions.
func (b *Builder) Transpose(x *Value, perm ...int) *Value {
	return b.Op("Transpose", Attrs{"perm": perm}, x)
}

// ReduceSum sums over axes, keeping them with size 1 when keep.
func (b *Builder) ReduceSum(x *Value, keep bool, axes ...int) *Value {
	return b.reduce("ReduceSum", x, keep, axes)
}

// ReduceMean averages over axes.
func (b *Builder) ReduceMean(x *Value, keep bool, axes ...int) *Value {
	return b.reduce("ReduceMean", x, keep, axes)
}

// ReduceMax takes the maximum over axes.
func (b *Builder) ReduceMax(x *Value, keep bool, axes ...int) *Value {
	return b.reduce("ReduceMax", x, keep, axes)
}

func (b *Builder) reduce(op string, x *Value, keep bool, axes []int) *Value {
	attrs := Attrs{"keepdims": 0}
	if keep {
		attrs["keepdims"] = 1
	}
	return b.Op(op, attrs, x, b.Ints(axes...))
}

// Concat joins values along axis.
func (b *Builder) Concat(axis int, in ...*Value) *Value {
	if len(in) == 1 {
		return in[0]
	}
	return b.Op("Concat", Attrs{"axis": axis}, in...)
}

// Cast converts elements.
func (b *Builder) Cast(x *Value, kind onnx.DataType) *Value {
	if x.Type == kind {
		return x
	}
	return b.Op("Cast", Attrs{"to": int(kind)}, x)
}

// Window cuts x[start:end:step] along one axis; step may be negative.
type Window struct{ Axis, Start, End, Step int }

// Slice cuts windows out of x.
func (b *Builder) Slice(x *Value, windows ...Window) *Value {
	var starts, ends, axes, steps []int
	for _, w := range windows {
		starts, ends = append(starts, w.Start), append(ends, w.End)
		axes, steps = append(axes, w.Axis), append(steps, max(w.Step, 1))
		if w.Step < 0 {
			steps[len(steps)-1] = w.Step
		}
	}
	return b.Op("Slice", nil, x, b.Ints(starts...), b.Ints(ends...), b.Ints(axes...), b.Ints(steps...))
}

// Split cuts x along axis into pieces of the given sizes.
func (b *Builder) Split(x *Value, axis int, sizes ...int) []*Value {
	if len(sizes) == 1 {
		return []*Value{x}
	}
	return b.OpN("Split", len(sizes), Attrs{"axis": axis}, x, b.Ints(sizes...))
}

// Unsqueeze inserts dimensions of size 1 at axes.
func (b *Builder) Unsqueeze(x *Value, axes ...int) *Value {
	return b.Op("Unsqueeze", nil, x, b.Ints(axes...))
}

// Squeeze removes dimensions of size 1 at axes.
func (b *Builder) Squeeze(x *Value, axes ...int) *Value {
	return b.Op("Squeeze", nil, x, b.Ints(axes...))
}

// Expand broadcasts x to shape.
func (b *Builder) Expand(x *Value, shape ...int) *Value {
	if sameShape(x.Shape, shape) {
		return x
	}
	return b.Op("Expand", nil, x, b.Ints(shape...))
}

// Where picks x where cond, else y.
func (b *Builder) Where(cond, x, y *Value) *Value { return b.Op("Where", nil, cond, x, y) }

// Greater tells where x > y.
func (b *Builder) Greater(x, y *Value) *Value { return b.Op("Greater", nil, x, y) }

// Equal tells where x = y.
func (b *Builder) Equal(x, y *Value) *Value { return b.Op("Equal", nil, x, y) }

func sameShape(x, y []int) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}
