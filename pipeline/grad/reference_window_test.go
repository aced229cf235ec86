package grad_test

import (
	"maps"
	"math"
	"slices"

	"athanor/pipeline/graph"
)

func windowOperators() map[string]operator {
	return map[string]operator{
		"Conv": single(conv), "ConvTranspose": single(convTranspose),
		"MaxPool": single(maxPool), "AveragePool": single(averagePool), "LpPool": single(lpPool),
		"GlobalMaxPool":     single(globalPool(slices.Max[[]float64])),
		"GlobalAveragePool": single(globalPool(func(g []float64) float64 { return total(g) / float64(len(g)) })),
		"Resize":            single(resize),
	}
}

// sliding is a window along one axis.
type sliding struct{ kernel, stride, dilation, before, behind int }

func (w sliding) extent() int { return (w.kernel-1)*w.dilation + 1 }

// slidings reads the window of every spatial axis, auto_pad worked out.
func slidings(a graph.Attrs, kernel, input []int) []sliding {
	if k := a.Ints("kernel_shape"); k != nil {
		kernel = k
	}
	pick := func(name string, i, fallback int) int {
		if list := a.Ints(name); list != nil {
			return list[i]
		}
		return fallback
	}
	out := make([]sliding, len(input))
	for i, size := range input {
		w := sliding{kernel[i], pick("strides", i, 1), pick("dilations", i, 1), pick("pads", i, 0), pick("pads", len(input)+i, 0)}
		if mode := a.String("auto_pad", "NOTSET"); mode == "SAME_UPPER" || mode == "SAME_LOWER" {
			target := int(math.Ceil(float64(size) / float64(w.stride)))
			need := max(0, (target-1)*w.stride+w.extent()-size)
			w.before, w.behind = need/2, (need+1)/2
			if mode == "SAME_LOWER" {
				w.before, w.behind = w.behind, w.before
			}
		}
		out[i] = w
	}
	return out
}

func (w sliding) outputs(size int, ceil bool) int {
	steps := float64(size+w.before+w.behind-w.extent()) / float64(w.stride)
	if !ceil {
		return int(math.Floor(steps)) + 1
	}
	n := int(math.Ceil(steps)) + 1
	if (n-1)*w.stride >= size+w.before {
		n--
	}
	return n
}

func spatial(windows []sliding, input []int, ceil bool) []int {
	out := make([]int, len(windows))
	for i, w := range windows {
		out[i] = w.outputs(input[i], ceil)
	}
	return out
}

// covered maps an output position and a kernel offset to the input position,
// and tells whether it lies inside.
func covered(windows []sliding, out, offset, input []int) ([]int, bool) {
	at, inside := make([]int, len(out)), true
	for i, w := range windows {
		at[i] = out[i]*w.stride + offset[i]*w.dilation - w.before
		inside = inside && at[i] >= 0 && at[i] < input[i]
	}
	return at, inside
}

func conv(n *graph.Node, in []array) array {
	x, w := in[0], in[1]
	windows := slidings(n.Attrs, w.shape[2:], x.shape[2:])
	perGroup := w.shape[0] / n.Attrs.Int("group", 1)
	shape := slices.Concat([]int{x.shape[0], w.shape[0]}, spatial(windows, x.shape[2:], false))
	return build(shape, func(idx []int) float64 {
		sum := 0.0
		each(w.shape[1:], func(k []int) {
			if at, inside := covered(windows, idx[2:], k[1:], x.shape[2:]); inside {
				channel := idx[1]/perGroup*w.shape[1] + k[0]
				sum += w.at(slices.Concat([]int{idx[1]}, k)) * x.at(slices.Concat([]int{idx[0], channel}, at))
			}
		})
		if present(in, 2) {
			sum += in[2].data[idx[1]]
		}
		return sum
	})
}

// transposedSlidings chooses padding so that the output has the wanted size.
func transposedSlidings(a graph.Attrs, kernel, input []int) []sliding {
	mode := a.String("auto_pad", "NOTSET")
	plain := maps.Clone(a)
	delete(plain, "auto_pad")
	windows := slidings(plain, kernel, input)
	for i := range windows {
		w := &windows[i]
		want := input[i] * w.stride
		if shape := a.Ints("output_shape"); shape != nil {
			want = shape[i]
		} else if mode != "SAME_UPPER" && mode != "SAME_LOWER" {
			continue
		}
		surplus := (input[i]-1)*w.stride + w.extent() - want
		small, large := surplus/2, (surplus+1)/2
		w.before, w.behind = large, small
		if mode == "SAME_UPPER" {
			w.before, w.behind = small, large
		}
	}
	return windows
}

// convTranspose sends every input element to the outputs its window covers.
func convTranspose(n *graph.Node, in []array) array {
	x, w := in[0], in[1]
	windows := transposedSlidings(n.Attrs, w.shape[2:], x.shape[2:])
	group := n.Attrs.Int("group", 1)
	shape := []int{x.shape[0], w.shape[1] * group}
	for i, win := range windows {
		size := (x.shape[2+i]-1)*win.stride + win.extent() - win.before - win.behind
		if extra := n.Attrs.Ints("output_padding"); extra != nil {
			size += extra[i]
		}
		shape = append(shape, size)
	}
	out := zeros(shape...)
	each(x.shape, func(idx []int) {
		each(w.shape[1:], func(k []int) {
			if at, inside := covered(windows, idx[2:], k[1:], shape[2:]); inside {
				channel := idx[1]/(x.shape[1]/group)*w.shape[1] + k[0]
				out.data[out.flat(slices.Concat([]int{idx[0], channel}, at))] += x.at(idx) * w.at(slices.Concat([]int{idx[1]}, k))
			}
		})
	})
	if present(in, 2) {
		return combine(func(a, b float64) float64 { return a + b })(n, []array{out, {slices.Concat([]int{len(in[2].data)}, slices.Repeat([]int{1}, len(windows))), in[2].data}})[0]
	}
	return out
}

// pool folds the elements inside each window; counted is the number of
// positions that do not run past the padding.
func pool(n *graph.Node, in []array, fold func(group []float64, counted int) float64) array {
	x := in[0]
	windows := slidings(n.Attrs, nil, x.shape[2:])
	kernel := make([]int, len(windows))
	for i, w := range windows {
		kernel[i] = w.kernel
	}
	shape := slices.Concat(x.shape[:2], spatial(windows, x.shape[2:], n.Attrs.Int("ceil_mode", 0) == 1))
	return build(shape, func(idx []int) float64 {
		var group []float64
		counted := 0
		each(kernel, func(k []int) {
			at, inside := covered(windows, idx[2:], k, x.shape[2:])
			if inside {
				group = append(group, x.at(slices.Concat(idx[:2], at)))
			}
			padded := true
			for i, w := range windows {
				padded = padded && at[i] < x.shape[2+i]+w.behind
			}
			if padded {
				counted++
			}
		})
		return fold(group, counted)
	})
}

func maxPool(n *graph.Node, in []array) array {
	return pool(n, in, func(group []float64, _ int) float64 { return slices.Max(group) })
}

func averagePool(n *graph.Node, in []array) array {
	return pool(n, in, func(group []float64, counted int) float64 {
		if n.Attrs.Int("count_include_pad", 0) == 1 {
			return total(group) / float64(counted)
		}
		return total(group) / float64(len(group))
	})
}

func lpPool(n *graph.Node, in []array) array {
	p := float64(n.Attrs.Int("p", 2))
	return pool(n, in, func(group []float64, _ int) float64 {
		return math.Pow(total(mapped(group, func(x float64) float64 { return math.Pow(math.Abs(x), p) })), 1/p)
	})
}

func globalPool(fold func([]float64) float64) func(*graph.Node, []array) array {
	return func(_ *graph.Node, in []array) array {
		var axes []int
		for i := 2; i < len(in[0].shape); i++ {
			axes = append(axes, i)
		}
		return reduce(&graph.Node{Attrs: graph.Attrs{"axes": axes}}, in[:1], fold)
	}
}

// resize interpolates one axis after another.
func resize(n *graph.Node, in []array) array {
	x := in[0]
	for axis, size := range x.shape {
		var out int
		var scale float64
		if present(in, 3) && len(in[3].data) > 0 {
			out = in[3].ints()[axis]
			scale = float64(out) / float64(size)
		} else {
			scale = in[2].data[axis]
			out = int(math.Floor(float64(size) * scale))
		}
		if out != size || scale != 1 {
			x = resizeAxis(n.Attrs, x, axis, out, scale)
		}
	}
	return x
}

func resizeAxis(a graph.Attrs, x array, axis, size int, scale float64) array {
	shape := slices.Clone(x.shape)
	shape[axis] = size
	return build(shape, func(idx []int) float64 {
		position := original(a.String("coordinate_transformation_mode", "half_pixel"), float64(idx[axis]), scale, x.shape[axis], size)
		read := func(p int) float64 {
			at := slices.Clone(idx)
			at[axis] = min(max(p, 0), x.shape[axis]-1)
			return x.at(at)
		}
		if a.String("mode", "nearest") == "nearest" {
			return read(nearest(a.String("nearest_mode", "round_prefer_floor"), position))
		}
		if a.String("mode", "nearest") == "cubic" {
			return cubic(a, read, position, x.shape[axis])
		}
		low := math.Floor(position)
		return read(int(low))*(1-(position-low)) + read(int(low)+1)*(position-low)
	})
}

func original(mode string, p, scale float64, in, out int) float64 {
	switch mode {
	case "asymmetric":
		return p / scale
	case "align_corners":
		if out == 1 {
			return 0
		}
		return p * float64(in-1) / float64(out-1)
	case "pytorch_half_pixel":
		if out == 1 {
			return 0
		}
	}
	return (p+0.5)/scale - 0.5
}

func nearest(mode string, p float64) int {
	switch mode {
	case "floor":
		return int(math.Floor(p))
	case "ceil":
		return int(math.Ceil(p))
	case "round_prefer_ceil":
		return int(math.Floor(p + 0.5))
	}
	return int(math.Ceil(p - 0.5))
}

// cubic weighs the four nearest elements by Keys' kernel.
func cubic(attrs graph.Attrs, read func(int) float64, position float64, size int) float64 {
	a := attrs.Float("cubic_coeff_a", -0.75)
	kernel := func(x float64) float64 {
		x = math.Abs(x)
		if x <= 1 {
			return (a+2)*x*x*x - (a+3)*x*x + 1
		}
		return a*x*x*x - 5*a*x*x + 8*a*x - 4*a
	}
	sum, weights := 0.0, 0.0
	for p := int(math.Floor(position)) - 1; p <= int(math.Floor(position))+2; p++ {
		if attrs.Int("exclude_outside", 0) == 1 && (p < 0 || p >= size) {
			continue
		}
		sum += kernel(position-float64(p)) * read(p)
		weights += kernel(position - float64(p))
	}
	return sum / weights
}
