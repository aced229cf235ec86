package graph_test

import (
	"testing"

	"athanor/inference/onnx"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// draw turns bytes into choices; when they run out it draws zeros.
type draw struct{ data []byte }

func (d *draw) below(n int) int {
	if len(d.data) == 0 {
		return 0
	}
	k := int(d.data[0])
	d.data = d.data[1:]
	return k % n
}

func (d *draw) list(most, low, high int) []int {
	list := make([]int, d.below(most+1))
	for i := range list {
		list[i] = low + d.below(high-low+1)
	}
	return list
}

var fuzzedInts = []string{"axis", "keepdims", "group", "to", "ceil_mode", "transA", "upper", "batch_dims", "blocksize", "size", "p", "time_axis", "batch_axis", "exclusive"}

var fuzzedLists = []string{"axes", "perm", "kernel_shape", "strides", "dilations", "pads", "output_padding", "output_shape"}

var fuzzedTexts = []string{"mode", "auto_pad", "reduction", "equation", "coordinate_transformation_mode", "nearest_mode"}

// attrs draws a few attributes, sensible or not.
func (d *draw) attrs() graph.Attrs {
	a := graph.Attrs{}
	for range d.below(3) {
		a[fuzzedInts[d.below(len(fuzzedInts))]] = d.below(8) - 3
	}
	for range d.below(4) {
		a[fuzzedLists[d.below(len(fuzzedLists))]] = d.list(4, -2, 4)
	}
	words := []string{"edge", "reflect", "wrap", "constant", "SAME_UPPER", "add", "none", "ij,jk->ik", "...i->...", "ii->i", "linear", "cubic", "nearest", "asymmetric"}
	for range d.below(3) {
		a[fuzzedTexts[d.below(len(fuzzedTexts))]] = words[d.below(len(words))]
	}
	return a
}

// value draws an input: floats, a constant list of integers, or nothing.
func (d *draw) value(b *graph.Builder, i int) *graph.Value {
	switch d.below(8) {
	case 0:
		return nil
	case 1, 2:
		return b.Ints(d.list(5, -2, 5)...)
	case 3:
		return b.Const(onnx.Float, nil, 1, 1, 2, 2)
	case 4:
		return b.Input("i"+string(rune('a'+i)), onnx.Int64, d.list(4, 0, 4)...)
	}
	return b.Input("x"+string(rune('a'+i)), onnx.Float, d.list(5, -1, 5)...)
}

// FuzzOperators: no use of an operator makes the shape or the gradient rule
// panic, however wrong it is.
func FuzzOperators(f *testing.F) {
	operators := graph.Operators()
	for i := range operators {
		f.Add([]byte{byte(i), 2, 0, 0, 0, 5, 4, 3, 3, 3, 3, 1, 4, 1, 1, 1, 1})
		f.Add([]byte{byte(i), 3, 1, 0, 3, 0, 0, 5, 2, 3, 3, 5, 2, 3, 3, 5, 1, 3})
		f.Add([]byte{byte(i), 1, 0, 0, 0, 5, 0})
	}
	for _, found := range []string{"91010000007121", "17000CC01", "G1000701"} {
		f.Add([]byte(found)) // once made a rule panic
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		d := &draw{data}
		b := graph.New("fuzz")
		op, count := operators[d.below(len(operators))], 1+d.below(4)
		attrs := d.attrs()
		var in, wrt []*graph.Value
		for i := range count {
			v := d.value(b, i)
			in = append(in, v)
			if v != nil && v.Type == onnx.Float {
				wrt = append(wrt, v)
			}
		}
		y := b.Op(op, attrs, in...)
		if b.Err() == nil && y.Type == onnx.Float {
			_, _ = grad.Backward(b, y, y, wrt)
		}
	})
}
