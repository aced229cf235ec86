package grad_test

import (
	"testing"

	"athanor/pipeline/graph"
)

// permuted feeds each of [0, n) once, shaped as [n] + rest.
func (t *trial) permuted(n int, take int) *graph.Value {
	order := t.r.Perm(n)
	i := -1
	return t.feed(7, []int{take}, func() float64 { i++; return float64(order[i]) })
}

func indexCases() map[string]checkCase {
	return map[string]checkCase{
		"Gather": func(t *trial) *graph.Value {
			rows := t.among(1, 5)
			return t.Op("Gather", nil, t.x(append([]int{rows}, t.shape(t.among(1, 2))...)...), t.index(-rows, rows, t.shape(t.among(1, 3))...))
		},
		"Gather along an axis": func(t *trial) *graph.Value {
			shape := t.shape(3)
			axis := t.among(0, 2)
			index := t.index(-shape[axis], shape[axis], t.shape(t.among(1, 2))...)
			return t.Op("Gather", graph.Attrs{"axis": axis - 3*t.among(0, 1)}, t.x(shape...), index)
		},
		"Gather one row": func(t *trial) *graph.Value {
			return t.Op("Gather", graph.Attrs{"axis": 1}, t.x(3, 4, 2), t.Const(7, []int{}, float64(t.among(-4, 3))))
		},
		"GatherElements": func(t *trial) *graph.Value {
			axis := t.among(0, 2)
			return t.Op("GatherElements", graph.Attrs{"axis": axis - 3*t.among(0, 1)}, t.x(3, 3, 4), t.index(-3, 3, 2, 3, 4))
		},
		"GatherND": func(t *trial) *graph.Value {
			return t.Op("GatherND", nil, t.x(3, 3, 2), t.index(-3, 3, append(t.shape(2), 2)...))
		},
		"GatherND of elements": func(t *trial) *graph.Value {
			return t.Op("GatherND", nil, t.x(3, 3), t.index(-3, 3, append(t.shape(1), 2)...))
		},
		"GatherND in batches": func(t *trial) *graph.Value {
			return t.Op("GatherND", graph.Attrs{"batch_dims": 1}, t.x(2, 3, 3, 2), t.index(-3, 3, 2, 4, 2))
		},
		"ScatterElements": func(t *trial) *graph.Value {
			n := t.among(2, 5)
			return t.Op("ScatterElements", nil, t.x(n), t.permuted(n, n-1), t.x(n-1))
		},
		"ScatterElements that adds": func(t *trial) *graph.Value {
			return t.Op("ScatterElements", graph.Attrs{"axis": 1, "reduction": "add"}, t.x(3, 4), t.index(0, 4, 2, 5), t.x(2, 5))
		},
		"ScatterND": func(t *trial) *graph.Value {
			n := t.among(2, 5)
			return t.Op("ScatterND", nil, t.x(n, 3), t.Unsqueeze(t.permuted(n, n-1), 1), t.x(n-1, 3))
		},
		"ScatterND that adds": func(t *trial) *graph.Value {
			return t.Op("ScatterND", graph.Attrs{"reduction": "add"}, t.x(4, 3), t.index(0, 3, 5, 2), t.x(5))
		},
		"CumSum": func(t *trial) *graph.Value {
			attrs := graph.Attrs{"exclusive": t.among(0, 1), "reverse": t.among(0, 1)}
			return t.Op("CumSum", attrs, t.x(t.shape(3)...), t.Const(7, []int{}, float64(t.among(-3, 2))))
		},
		"TopK": func(t *trial) *graph.Value {
			attrs := graph.Attrs{"axis": t.among(-2, 1), "largest": t.among(0, 1)}
			return t.OpN("TopK", 2, attrs, t.apart(0.1, 4, 5), t.Ints(t.among(1, 4)))[0]
		},
		"TopK without indices": func(t *trial) *graph.Value { return t.Op("TopK", nil, t.apart(0.1, 4, 5), t.Ints(2)) },
		"ReverseSequence": func(t *trial) *graph.Value {
			return t.Op("ReverseSequence", nil, t.x(4, 3, 2), t.index(1, 5, 3))
		},
		"ReverseSequence, batch first": func(t *trial) *graph.Value {
			return t.Op("ReverseSequence", graph.Attrs{"batch_axis": 0, "time_axis": 1}, t.x(3, 4), t.index(1, 5, 3))
		},
	}
}

func TestIndexGradients(t *testing.T) { checkGradients(t, indexCases()) }

func resizeCase(attrs graph.Attrs, bySize bool) checkCase {
	return func(t *trial) *graph.Value {
		x := t.x(1, 2, t.among(2, 5), t.among(2, 5))
		if bySize {
			return t.Op("Resize", attrs, x, nil, nil, t.Ints(1, 2, t.among(1, 9), t.among(1, 9)))
		}
		scale := []float64{0.5, 1, 1.5, 2, 3}
		return t.Op("Resize", attrs, x, nil, t.Const(1, nil, 1, 1, scale[t.among(0, 4)], scale[t.among(0, 4)]))
	}
}

func resizeCases() map[string]checkCase {
	attrs := func(mode, coordinates, nearest string) graph.Attrs {
		return graph.Attrs{"mode": mode, "coordinate_transformation_mode": coordinates, "nearest_mode": nearest}
	}
	return map[string]checkCase{
		"nearest, as Upsample": resizeCase(attrs("nearest", "asymmetric", "floor"), false),
		"nearest":              resizeCase(nil, false),
		"nearest, ceil":        resizeCase(attrs("nearest", "asymmetric", "ceil"), false),
		"linear":               resizeCase(graph.Attrs{"mode": "linear"}, false),
		"linear to sizes":      resizeCase(graph.Attrs{"mode": "linear"}, true),
		"linear, corners":      resizeCase(attrs("linear", "align_corners", "floor"), true),
		"linear, asymmetric":   resizeCase(attrs("linear", "asymmetric", "floor"), false),
		"linear, PyTorch":      resizeCase(attrs("linear", "pytorch_half_pixel", "floor"), true),
		"cubic":                resizeCase(graph.Attrs{"mode": "cubic"}, true),
		"cubic, inside only":   resizeCase(graph.Attrs{"mode": "cubic", "exclude_outside": 1, "cubic_coeff_a": -0.5}, true),
	}
}

func TestResizeGradients(t *testing.T) { checkGradients(t, resizeCases()) }
