package graph

import (
	"math"
	"slices"

	"athanor/inference/onnx"
)

// gathered makes a constant by telling for every index which element of in it is.
func (in constant) gathered(shape []int, pick func(idx []int) int) constant {
	out := constant{in.kind, shape, make([]float64, 0, max(product(shape), 0))}
	forEach(shape, func(idx []int) { out.data = append(out.data, in.data[pick(idx)]) })
	return out
}

// forEach visits every index of shape in row-major order; idx is reused.
func forEach(shape []int, visit func(idx []int)) {
	idx := make([]int, len(shape))
	for n := product(shape); n > 0; n-- {
		visit(idx)
		for i := len(idx) - 1; i >= 0; i-- {
			if idx[i]++; idx[i] < shape[i] {
				break
			}
			idx[i] = 0
		}
	}
}

// place is the position of idx in shape; dimensions of 1 are broadcast, as are
// leading ones that shape does not have.
func place(idx, shape []int) int {
	p := 0
	for i, d := range shape {
		k := idx[len(idx)-len(shape)+i]
		if d == 1 {
			k = 0
		}
		p = p*d + k
	}
	return p
}

func foldSame(_ *call, in []constant) (constant, bool) { return in[0], true }

func foldCast(c *call, in []constant) (constant, bool) {
	kind := onnx.DataType(c.attrs.Int("to", 0))
	out := constant{kind, in[0].shape, slices.Clone(in[0].data)}
	for i, x := range out.data {
		switch {
		case kind == onnx.Bool:
			out.data[i] = truth(x != 0)
		case !kind.IsFloat():
			out.data[i] = math.Trunc(x)
		}
	}
	return out, kind.IsFloat() || kind.IsInteger() || kind == onnx.Bool
}

// foldInferred keeps the elements and takes the shape that is inferred anyway.
func foldInferred(c *call, in []constant) (constant, bool) {
	results, err := infer(&Node{Op: c.op, In: c.in, Attrs: c.attrs}, 1)
	if err != nil || product(results[0].shape) != len(in[0].data) {
		return constant{}, false
	}
	return constant{in[0].kind, results[0].shape, in[0].data}, true
}

func foldReshape(c *call, in []constant) (constant, bool) { return foldInferred(c, in) }

func foldConcat(c *call, in []constant) (constant, bool) {
	results, err := infer(&Node{Op: c.op, In: c.in, Attrs: c.attrs}, 1)
	if err != nil {
		return constant{}, false
	}
	shape := results[0].shape
	at, _ := axis(c.attrs.Int("axis", 0), len(shape))
	out := constant{in[0].kind, shape, nil}
	for outer := range product(shape[:at]) {
		for _, part := range in {
			width := product(part.shape[at:])
			out.data = append(out.data, part.data[outer*width:(outer+1)*width]...)
		}
	}
	return out, true
}

func foldGather(c *call, in []constant) (constant, bool) {
	if len(in) < 2 {
		return constant{}, false
	}
	x, index := in[0], in[1]
	at, err := axis(c.attrs.Int("axis", 0), len(x.shape))
	if err != nil {
		return constant{}, false
	}
	size := x.shape[at]
	for _, k := range index.data {
		if k < float64(-size) || k >= float64(size) {
			return constant{}, false
		}
	}
	shape := slices.Concat(x.shape[:at], index.shape, x.shape[at+1:])
	return x.gathered(shape, func(idx []int) int {
		k := int(index.data[place(idx[at:at+len(index.shape)], index.shape)])
		if k < 0 {
			k += size
		}
		return place(slices.Concat(idx[:at], []int{k}, idx[at+len(index.shape):]), x.shape)
	}), true
}

func foldSlice(c *call, in []constant) (constant, bool) {
	if len(c.in) < 3 {
		return constant{}, false
	}
	windows, err := Windows(&Node{In: c.in, Attrs: c.attrs})
	if err != nil {
		return constant{}, false
	}
	x := in[0]
	shape := slices.Clone(x.shape)
	for _, w := range windows {
		shape[w.Axis] = w.Length()
	}
	return x.gathered(shape, func(idx []int) int {
		from := slices.Clone(idx)
		for _, w := range windows {
			from[w.Axis] = w.Start + idx[w.Axis]*w.Step
		}
		return flatPlace(from, x.shape)
	}), true
}

// flatPlace is place without broadcasting.
func flatPlace(idx, shape []int) int {
	p := 0
	for i, d := range shape {
		p = p*d + idx[i]
	}
	return p
}

func foldTranspose(c *call, in []constant) (constant, bool) {
	perm := Permutation(&Node{In: c.in, Attrs: c.attrs})
	x := in[0]
	if len(perm) != len(x.shape) {
		return constant{}, false
	}
	shape := make([]int, len(perm))
	for i, p := range perm {
		if p < 0 || p >= len(perm) {
			return constant{}, false
		}
		shape[i] = x.shape[p]
	}
	return x.gathered(shape, func(idx []int) int {
		from := make([]int, len(idx))
		for i, p := range perm {
			from[p] = idx[i]
		}
		return flatPlace(from, x.shape)
	}), true
}

func foldExpand(c *call, in []constant) (constant, bool) {
	results, err := infer(&Node{Op: c.op, In: c.in, Attrs: c.attrs}, 1)
	if err != nil || product(results[0].shape) > mostFolded {
		return constant{}, false
	}
	return in[0].gathered(results[0].shape, func(idx []int) int { return place(idx, in[0].shape) }), true
}

func foldWhere(c *call, in []constant) (constant, bool) {
	results, err := infer(&Node{Op: c.op, In: c.in, Attrs: c.attrs}, 1)
	if err != nil || product(results[0].shape) > mostFolded {
		return constant{}, false
	}
	out := constant{in[1].kind, results[0].shape, nil}
	forEach(out.shape, func(idx []int) {
		from := in[2]
		if in[0].data[place(idx, in[0].shape)] != 0 {
			from = in[1]
		}
		out.data = append(out.data, from.data[place(idx, from.shape)])
	})
	return out, true
}

func foldRange(_ *call, in []constant) (constant, bool) {
	if len(in) != 3 || len(in[0].data)*len(in[1].data)*len(in[2].data) != 1 || in[2].data[0] == 0 {
		return constant{}, false
	}
	start, limit, step := in[0].data[0], in[1].data[0], in[2].data[0]
	count := max(0, math.Ceil((limit-start)/step))
	if count > largestFold {
		return constant{}, false
	}
	out := constant{kind: in[0].kind, shape: []int{int(count)}}
	for i := range int(count) {
		out.data = append(out.data, start+float64(i)*step)
	}
	return out, true
}

func foldConstantOfShape(c *call, in []constant) (constant, bool) {
	out := constant{kind: onnx.Float, shape: make([]int, len(in[0].data))}
	size := 1.0
	for i, d := range in[0].data {
		out.shape[i] = int(d)
		size *= d
	}
	x := 0.0
	if t, ok := c.attrs["value"].(*onnx.Tensor); ok {
		list, err := t.Float64s()
		if err != nil || len(list) != 1 {
			return out, false
		}
		out.kind, x = t.Type, list[0]
	}
	if size < 0 || size > mostFolded {
		return out, false
	}
	out.data = slices.Repeat([]float64{x}, int(size))
	return out, true
}

// foldNonZero lists the places of what is not zero, one column each. Exporters of
// old opsets make a range of it.
func foldNonZero(_ *call, in []constant) (constant, bool) {
	x := in[0]
	rank := len(x.shape)
	var places [][]int
	forEach(x.shape, func(idx []int) {
		if x.data[place(idx, x.shape)] != 0 {
			places = append(places, slices.Clone(idx))
		}
	})
	out := constant{kind: onnx.Int64, shape: []int{rank, len(places)}, data: make([]float64, rank*len(places))}
	for column, idx := range places {
		for axis, i := range idx {
			out.data[axis*len(places)+column] = float64(i)
		}
	}
	return out, rank > 0
}

// foldReduce folds over all axes or over the only one.
func foldReduce(start float64, f func(a, b float64) float64) folder {
	return func(c *call, in []constant) (constant, bool) {
		x := in[0]
		if len(ReducedAxes(&Node{In: c.in, Attrs: c.attrs})) != len(x.shape) || len(x.data) == 0 {
			return constant{}, false
		}
		total := start
		for _, e := range x.data {
			total = f(total, e)
		}
		shape := []int{}
		if c.attrs.Int("keepdims", 1) == 1 {
			shape = slices.Repeat([]int{1}, len(x.shape))
		}
		return constant{x.kind, shape, []float64{total}}, true
	}
}

func foldUnary(f func(float64) float64) folder {
	return func(_ *call, in []constant) (constant, bool) {
		out := constant{in[0].kind, in[0].shape, slices.Clone(in[0].data)}
		for i, x := range out.data {
			out.data[i] = f(x)
		}
		return out, true
	}
}

func foldBinary(op string, f func(x, y float64) float64) folder {
	return func(c *call, in []constant) (constant, bool) {
		if len(in) != 2 || c.attrs.Int("fmod", 0) == 1 {
			return constant{}, false
		}
		shape, err := Broadcast(in[0].shape, in[1].shape)
		if err != nil || product(shape) > mostFolded {
			return constant{}, false
		}
		out := constant{in[0].kind, shape, nil}
		if results, err := infer(&Node{Op: op, In: c.in, Attrs: c.attrs}, 1); err == nil {
			out.kind = results[0].kind
		}
		whole := !out.kind.IsFloat()
		defined := true
		forEach(shape, func(idx []int) {
			x, y := in[0].data[place(idx, in[0].shape)], in[1].data[place(idx, in[1].shape)]
			r := f(x, y)
			if whole {
				defined = defined && !math.IsNaN(r) && !math.IsInf(r, 0)
				r = math.Trunc(r)
			}
			out.data = append(out.data, r)
		})
		return out, defined
	}
}
