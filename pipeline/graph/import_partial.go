package graph

import (
	"slices"

	"athanor/inference/onnx"
)

// Where the batch is not known, exporters' shape arithmetic cannot be folded,
// but all of it but one number is known. A value's partial elements carry that
// through, Unknown where not known, so that shapes behind a Reshape are inferred.

// partialInts are the elements of an integer value as far as they are known.
func partialInts(v *Value) ([]int, bool) {
	if list, ok := ConstInts(v); ok {
		return list, true
	}
	if v == nil || v.partial == nil {
		return nil, false
	}
	return v.partial, true
}

// partly computes the first output of a call as far as it is known, nil where
// nothing is.
func partly(c *call) []int {
	if c.op == "Shape" && len(c.in) == 1 {
		shape := c.in[0].Shape
		from, to := bounded(c.attrs.Int("start", 0), len(shape)), bounded(c.attrs.Int("end", len(shape)), len(shape))
		return slices.Clone(shape[from:max(from, to)])
	}
	x, ok := partialInts(c.input(0))
	if !ok {
		return nil
	}
	switch c.op {
	case "Identity", "Cast", "Unsqueeze", "Squeeze", "Reshape":
		return x
	case "Gather":
		return partialGather(x, c)
	case "Slice":
		return partialSlice(x, c)
	case "Concat":
		return partialConcat(c)
	case "Mul", "Add", "Sub", "Div":
		return partialArithmetic(x, c)
	}
	return nil
}

func partialGather(x []int, c *call) []int {
	index, ok := ConstInts(c.input(1))
	if !ok {
		return nil
	}
	out := make([]int, len(index))
	for i, k := range index {
		if k < 0 {
			k += len(x)
		}
		if k < 0 || k >= len(x) {
			return nil
		}
		out[i] = x[k]
	}
	return out
}

func partialSlice(x []int, c *call) []int {
	windows, err := Windows(&Node{In: c.in})
	if err != nil || len(windows) != 1 {
		return nil
	}
	var out []int
	for i := range windows[0].Length() {
		p := windows[0].Start + i*windows[0].Step
		if p < 0 || p >= len(x) {
			return nil
		}
		out = append(out, x[p])
	}
	return out
}

func partialConcat(c *call) []int {
	var out []int
	for _, v := range c.in {
		if v == nil || v.Size() == Unknown {
			return nil
		}
		part, ok := partialInts(v)
		if !ok {
			part = slices.Repeat([]int{Unknown}, v.Size())
		}
		out = append(out, part...)
	}
	return out
}

// partialArithmetic is for lists of one length, or one number with a list.
func partialArithmetic(x []int, c *call) []int {
	y, ok := partialInts(c.input(1))
	if !ok || len(x) == 0 || len(y) == 0 || len(x) != len(y) && len(x) != 1 && len(y) != 1 {
		return nil
	}
	out := make([]int, max(len(x), len(y)))
	for i := range out {
		a, b := x[min(i, len(x)-1)], y[min(i, len(y)-1)]
		out[i] = Unknown
		switch {
		case a == Unknown || b == Unknown || c.op == "Div" && b == 0:
		case c.op == "Mul":
			out[i] = a * b
		case c.op == "Add":
			out[i] = a + b
		case c.op == "Sub":
			out[i] = a - b
		default:
			out[i] = a / b
		}
	}
	return out
}

// foldPartial is the constant that a call comes to although its inputs are not
// all known, such as the channels of a shape whose batch is open; or nil.
func foldPartial(c *call, p []int) *onnx.Tensor {
	if p == nil || slices.Contains(p, Unknown) || len(c.names) != 1 {
		return nil
	}
	results, err := infer(&Node{Op: c.op, In: c.in, Attrs: c.attrs}, 1)
	if err != nil || results[0].kind != onnx.Int64 || product(results[0].shape) != len(p) {
		return nil
	}
	return &onnx.Tensor{Type: onnx.Int64, Dims: int64s(results[0].shape), Raw: onnx.Int64Tensor("", nil, int64s(p)).Raw}
}
