package grad_test

import (
	"maps"
	"slices"
	"testing"

	"athanor/pipeline/graph"
)

// window draws kernel, strides, dilations and pads that fit size.
func (t *trial) window(size []int) graph.Attrs {
	rank := len(size)
	kernel, strides, dilations, pads := make([]int, rank), make([]int, rank), make([]int, rank), make([]int, 2*rank)
	for i := range rank {
		kernel[i], strides[i], dilations[i] = t.among(1, 3), t.among(1, 3), t.among(1, 2)
		for (kernel[i]-1)*dilations[i]+1 > size[i] {
			kernel[i]--
		}
		pads[i], pads[rank+i] = t.among(0, kernel[i]-1), t.among(0, kernel[i]-1)
	}
	return graph.Attrs{"kernel_shape": kernel, "strides": strides, "dilations": dilations, "pads": pads}
}

// space is a random spatial shape of the given rank.
func (t *trial) space(rank int) []int {
	s := make([]int, rank)
	for i := range s {
		s[i] = t.among(3, 7)
	}
	return s
}

func convCase(rank int, group bool) checkCase {
	return func(t *trial) *graph.Value {
		size, groups := t.space(rank), 1
		if rank > 2 {
			size = []int{3, 4, 3}
		}
		if group {
			groups = t.among(2, 3)
		}
		in, out := t.among(1, 2), t.among(1, 3)
		if !group {
			in = t.among(1, 5)
		}
		attrs := t.window(size)
		attrs["group"] = groups
		w := slices.Concat([]int{out * groups, in}, attrs.Ints("kernel_shape"))
		var bias *graph.Value
		if t.r.IntN(2) == 0 {
			bias = t.x(out * groups)
		}
		return t.Op("Conv", attrs, t.x(slices.Concat([]int{t.among(1, 2), in * groups}, size)...), t.x(w...), bias)
	}
}

func autoPadCase(op string, weights bool) checkCase {
	// the runtime refuses pooling whose stride is larger than its kernel here
	return func(t *trial) *graph.Value {
		mode := []string{"SAME_UPPER", "SAME_LOWER", "VALID"}[t.r.IntN(3)]
		k := []int{t.among(1, 3), t.among(1, 3)}
		s := []int{t.among(1, k[0]), t.among(1, k[1])}
		x := t.apart(0.05, 1, 2, t.among(3, 7), t.among(3, 7))
		if weights {
			return t.Op(op, graph.Attrs{"auto_pad": mode, "strides": s}, x, t.x(3, 2, k[0], k[1]))
		}
		return t.Op(op, graph.Attrs{"auto_pad": mode, "strides": s, "kernel_shape": k}, x)
	}
}

func convolutionCases() map[string]checkCase {
	return map[string]checkCase{
		"Conv": convCase(2, false), "Conv again": convCase(2, false), "Conv in groups": convCase(2, true),
		"Conv with two kernels a channel": func(t *trial) *graph.Value {
			return t.Op("Conv", graph.Attrs{"group": 3}, t.x(2, 3, 5, 6), t.x(6, 1, 3, 2))
		},
		"Conv auto_pad": autoPadCase("Conv", true),
		"Conv same 3×3": func(t *trial) *graph.Value {
			return t.Op("Conv", graph.Attrs{"pads": []int{1, 1, 1, 1}}, t.x(2, t.among(1, 5), 5, 6), t.x(3, t.wrtChannels(), 3, 3), t.x(3))
		},
		"Conv over lines": convCase(1, false), "Conv over volumes": convCase(3, false), "Conv over volumes in groups": convCase(3, true),
		"ConvTranspose over lines": convTransposeCase(1), "ConvTranspose over volumes": convTransposeCase(3),
		"ConvTranspose": convTransposeCase(2), "ConvTranspose auto_pad": transposedAutoPadCase, "ConvTranspose to a given shape": transposedShapeCase,
	}
}

func TestConvolutionGradients(t *testing.T) { checkGradients(t, convolutionCases()) }

// wrtChannels is how many channels the last variable has.
func (t *trial) wrtChannels() int { return t.wrt[len(t.wrt)-1].Shape[1] }

func convTransposeCase(rank int) checkCase {
	return func(t *trial) *graph.Value {
		size, groups := t.space(rank), t.among(1, 2)
		if rank > 2 {
			size = []int{2, 3, 2}
		}
		in, out := t.among(1, 3), t.among(1, 3)
		attrs := t.window(size)
		attrs["group"] = groups
		extra := make([]int, rank)
		for i := range extra {
			extra[i] = t.among(0, attrs.Ints("strides")[i]-1)
		}
		attrs["output_padding"] = extra
		w := slices.Concat([]int{in * groups, out}, attrs.Ints("kernel_shape"))
		var bias *graph.Value
		if t.r.IntN(2) == 0 {
			bias = t.x(out * groups)
		}
		return t.Op("ConvTranspose", attrs, t.x(slices.Concat([]int{t.among(1, 2), in * groups}, size)...), t.x(w...), bias)
	}
}

func poolCase(op string, rank int, more graph.Attrs) checkCase {
	return func(t *trial) *graph.Value {
		size := t.space(rank)
		if rank > 2 {
			size = []int{3, 4, 3}
		}
		attrs := t.window(size)
		if op != "MaxPool" {
			delete(attrs, "dilations")
		}
		maps.Copy(attrs, more)
		return t.Op(op, attrs, t.apart(0.05, slices.Concat([]int{t.among(1, 2), t.among(1, 3)}, size)...))
	}
}

// tilingCase has windows side by side, with a rest that none covers.
func tilingCase(op string) checkCase {
	return func(t *trial) *graph.Value {
		k := []int{t.among(1, 3), t.among(1, 3)}
		x := t.apart(0.05, 2, 2, t.among(3, 8), t.among(3, 8))
		return t.Op(op, graph.Attrs{"kernel_shape": k, "strides": k}, x)
	}
}

func poolCases() map[string]checkCase {
	return map[string]checkCase{
		"MaxPool": poolCase("MaxPool", 2, nil), "MaxPool of tiles": tilingCase("MaxPool"), "MaxPool auto_pad": autoPadCase("MaxPool", false),
		"AveragePool": poolCase("AveragePool", 2, nil), "AveragePool of tiles": tilingCase("AveragePool"),
		"AveragePool auto_pad":       autoPadCase("AveragePool", false),
		"AveragePool counts padding": poolCase("AveragePool", 2, graph.Attrs{"count_include_pad": 1}),
		"MaxPool over lines":         poolCase("MaxPool", 1, nil), "MaxPool over volumes": poolCase("MaxPool", 3, nil),
		"AveragePool over lines": poolCase("AveragePool", 1, nil), "AveragePool over volumes": poolCase("AveragePool", 3, nil),
		"MaxPool rounding up":                   poolCase("MaxPool", 2, graph.Attrs{"ceil_mode": 1}),
		"AveragePool rounding up":               poolCase("AveragePool", 2, graph.Attrs{"ceil_mode": 1}),
		"AveragePool rounding up, with padding": poolCase("AveragePool", 2, graph.Attrs{"ceil_mode": 1, "count_include_pad": 1}),
		"LpPool":                                poolCase("LpPool", 2, nil), "LpPool of p 3": poolCase("LpPool", 2, graph.Attrs{"p": 3}), "LpPool of p 1": poolCase("LpPool", 2, graph.Attrs{"p": 1}),
		"GlobalAveragePool over lines": func(t *trial) *graph.Value { return t.Op("GlobalAveragePool", nil, t.x(t.shape(3)...)) },
		"GlobalAveragePool":            func(t *trial) *graph.Value { return t.Op("GlobalAveragePool", nil, t.x(t.shape(4)...)) },
		"GlobalMaxPool":                func(t *trial) *graph.Value { return t.Op("GlobalMaxPool", nil, t.apart(0.1, t.shape(4)...)) },
	}
}

func TestPoolGradients(t *testing.T) { checkGradients(t, poolCases()) }

func transposedAutoPadCase(t *trial) *graph.Value {
	mode := []string{"SAME_UPPER", "SAME_LOWER", "VALID"}[t.r.IntN(3)]
	s := []int{t.among(1, 3), t.among(1, 3)}
	attrs := graph.Attrs{"auto_pad": mode, "strides": s}
	return t.Op("ConvTranspose", attrs, t.x(1, 2, t.among(2, 4), t.among(2, 4)), t.x(2, 2, t.among(s[0], 4), t.among(s[1], 4)))
}

func transposedShapeCase(t *trial) *graph.Value {
	attrs := graph.Attrs{"strides": []int{2, 2}, "output_shape": []int{t.among(7, 9), t.among(6, 8)}}
	return t.Op("ConvTranspose", attrs, t.x(1, 2, 4, 4), t.x(2, 3, 3, 3))
}
