package grad_test

import "athanor/inference/onnx"

// Sizes of the shifted windows: a map of side×side patches in windows of window×window.
const (
	side, window = 4, 2
	windows      = side / window
	inWindow     = window * window
)

// rolled moves a map of patches [N, side, side, C] by so many, what leaves it
// coming in again, as torch.roll is written.
func (f *file) rolled(x string, by int64) string {
	for _, axis := range []int64{1, 2} {
		cut := (by + side) % side
		front := f.op("Slice", nil, x, f.ints(cut), f.ints(1<<62), f.ints(axis))
		x = f.op("Concat", attrs(onnx.IntAttr("axis", axis)), front, f.op("Slice", nil, x, f.ints(0), f.ints(cut), f.ints(axis)))
	}
	return x
}

// windowMask keeps the patches of two places of the map apart; it is written row by
// row into zeros, as assignments to slices are.
func (f *file) windowMask() string {
	zeros := f.op("ConstantOfShape", nil, f.ints(windows*windows, inWindow, inWindow))
	apart := onnx.FloatTensor("", []int64{2, inWindow}, []float32{-5, 0, -5, 0, 0, -5, 0, -5})
	return f.op("ScatterND", nil, zeros, f.constant(onnx.Int64Tensor("", []int64{2, 2}, []int64{1, 0, 3, 2})), f.constant(apart))
}

// windowAttention attends inside of windows [M, inWindow, width], with a learnt bias for
// each pair of places that a table of offsets gives.
func (f *file) windowAttention(x string) string {
	fused := f.op("Reshape", nil, f.linear(x, width, 3*width), f.ints(-1, inWindow, 3, heads, width/heads))
	parts := f.op("Transpose", attrs(onnx.IntsAttr("perm", 2, 0, 3, 1, 4)), fused)
	part := func(i int64) string {
		return f.op("Gather", attrs(onnx.IntAttr("axis", 0)), parts, f.constant(onnx.Int64Scalar("", i)))
	}
	q := f.op("Mul", nil, part(0), f.scalar(0.7))
	scores := f.op("MatMul", nil, q, f.op("Transpose", attrs(onnx.IntsAttr("perm", 0, 1, 3, 2)), part(1)))
	var offsets []int64
	for a := range int64(inWindow) {
		for b := range int64(inWindow) {
			offsets = append(offsets, (a/window-b/window+1)*3+a%window-b%window+1)
		}
	}
	table := f.op("Gather", nil, f.weight(0, 9, heads), f.constant(onnx.Int64Tensor("", []int64{inWindow * inWindow}, offsets)))
	bias := f.op("Transpose", attrs(onnx.IntsAttr("perm", 2, 0, 1)), f.op("Reshape", nil, table, f.ints(inWindow, inWindow, -1)))
	scores = f.op("Add", nil, scores, f.op("Unsqueeze", nil, bias, f.ints(0)))
	byWindow := f.op("Reshape", nil, scores, f.ints(-1, windows*windows, heads, inWindow, inWindow))
	masked := f.op("Add", nil, byWindow, f.op("Unsqueeze", nil, f.windowMask(), f.ints(0, 2)))
	weights := f.op("Softmax", attrs(onnx.IntAttr("axis", -1)), f.op("Reshape", nil, masked, f.ints(-1, heads, inWindow, inWindow)))
	mixed := f.op("Transpose", attrs(onnx.IntsAttr("perm", 0, 2, 1, 3)), f.op("MatMul", nil, weights, part(2)))
	return f.linear(f.op("Reshape", nil, mixed, f.ints(-1, inWindow, width)), width, width)
}

// merged joins each four neighbours into one patch of twice the channels.
func (f *file) merged(x string) string {
	var corners []string
	for _, from := range [][]int64{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		corners = append(corners, f.op("Slice", nil, x, f.ints(from...), f.ints(1<<62, 1<<62), f.ints(1, 2), f.ints(2, 2)))
	}
	x = f.op("Concat", attrs(onnx.IntAttr("axis", -1)), corners...)
	n := f.op("LayerNormalization", attrs(onnx.IntAttr("axis", -1)), x, f.weight(1, 4*width), f.weight(0, 4*width))
	return f.op("MatMul", nil, n, f.weight(0, 4*width, 2*width))
}

// shiftedWindows is a block of a Swin transformer whose windows are shifted, and the
// merging of patches behind it; HardSwish is the operator, as new exports have it.
func shiftedWindows() *onnx.Model {
	f := newFile(17)
	x := f.input("image", onnx.Float, onnx.Named("N"), onnx.Fixed(3), onnx.Fixed(2*side), onnx.Fixed(2*side))
	patches := f.op("Conv", attrs(onnx.IntsAttr("kernel_shape", 2, 2), onnx.IntsAttr("strides", 2, 2)), x, f.weight(0, width, 3, 2, 2), f.weight(0, width))
	x = f.op("Transpose", attrs(onnx.IntsAttr("perm", 0, 2, 3, 1)), patches)
	swapped := attrs(onnx.IntsAttr("perm", 0, 1, 3, 2, 4, 5))
	h := f.rolled(f.op("LayerNormalization", attrs(onnx.IntAttr("axis", -1)), x, f.weight(1, width), f.weight(0, width)), 1)
	h = f.op("Transpose", swapped, f.op("Reshape", nil, h, f.ints(-1, windows, window, windows, window, width)))
	h = f.windowAttention(f.op("Reshape", nil, h, f.ints(-1, inWindow, width)))
	h = f.op("Transpose", swapped, f.op("Reshape", nil, h, f.ints(-1, windows, windows, window, window, width)))
	x = f.op("Add", nil, x, f.rolled(f.op("Reshape", nil, h, f.ints(-1, side, side, width)), -1))
	h = f.op("HardSwish", nil, f.merged(x))
	pooled := f.op("ReduceMean", attrs(onnx.IntsAttr("axes", 1, 2), onnx.IntAttr("keepdims", 0)), h)
	return f.output(f.linear(pooled, 2*width, 3))
}
