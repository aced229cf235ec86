package grad_test

import (
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

func layoutCases() map[string]checkCase {
	return map[string]checkCase{
		"Reshape": func(t *trial) *graph.Value {
			s := t.shape(3)
			return t.Reshape(t.x(s...), s[2], graph.Unknown)
		},
		"Reshape keeping": func(t *trial) *graph.Value {
			s := t.shape(3)
			return t.Op("Reshape", nil, t.x(s...), t.Ints(0, -1))
		},
		"Flatten": func(t *trial) *graph.Value {
			return t.Op("Flatten", graph.Attrs{"axis": t.among(-3, 3)}, t.x(t.shape(3)...))
		},
		"Squeeze": func(t *trial) *graph.Value {
			return t.Squeeze(t.x(1, t.among(1, 3), 1, t.among(1, 3)), 0, -2)
		},
		"Squeeze all":    func(t *trial) *graph.Value { return t.Op("Squeeze", nil, t.x(1, 3, 1, 2)) },
		"Unsqueeze":      func(t *trial) *graph.Value { return t.Unsqueeze(t.x(t.shape(2)...), t.among(0, 1), -1) },
		"Transpose":      func(t *trial) *graph.Value { return t.Transpose(t.x(t.shape(4)...), t.r.Perm(4)...) },
		"Transpose back": func(t *trial) *graph.Value { return t.Op("Transpose", nil, t.x(t.shape(3)...)) },
		"Concat":         concatCase, "Split": splitCase, "Split, a part unused": splitUnusedCase,
		"Expand": func(t *trial) *graph.Value {
			shape := t.shape(3)
			return t.Expand(t.x(t.narrowed(shape)...), shape...)
		},
		"Expand by a smaller shape": func(t *trial) *graph.Value { return t.Op("Expand", nil, t.x(3, 1), t.Ints(4)) },
		"Slice":                     sliceCase, "Slice without axes": func(t *trial) *graph.Value {
			return t.Op("Slice", nil, t.x(4, 5, 3), t.Ints(1, 0), t.Ints(1000, -1))
		},
		"Pad": padCase(0, nil), "Pad that crops": padCase(-1, nil), "Pad by edges": padCase(0, graph.Attrs{"mode": "edge"}),
		"Pad by reflection": padCase(0, graph.Attrs{"mode": "reflect"}),
		"Tile": func(t *trial) *graph.Value {
			return t.Op("Tile", nil, t.x(t.shape(3)...), t.Ints(t.among(1, 3), t.among(1, 3), t.among(1, 3)))
		},
		"Trilu": func(t *trial) *graph.Value {
			return t.Op("Trilu", graph.Attrs{"upper": t.among(0, 1)}, t.x(2, t.among(2, 4), t.among(2, 4)), t.Const(onnx.Int64, []int{}, float64(t.among(-2, 2))))
		},
		"Trilu default": func(t *trial) *graph.Value { return t.Op("Trilu", nil, t.x(3, 4)) },
		"DepthToSpace": func(t *trial) *graph.Value {
			mode := []string{"DCR", "CRD"}[t.among(0, 1)]
			return t.Op("DepthToSpace", graph.Attrs{"blocksize": 2, "mode": mode}, t.x(2, 8, 3, 2))
		},
		"SpaceToDepth": func(t *trial) *graph.Value { return t.Op("SpaceToDepth", graph.Attrs{"blocksize": 2}, t.x(2, 3, 4, 6)) },
	}
}

func TestLayoutGradients(t *testing.T) { checkGradients(t, layoutCases()) }

func concatCase(t *trial) *graph.Value {
	rank := t.among(1, 4)
	shape, axis := t.shape(rank), t.r.IntN(rank)
	var in []*graph.Value
	for range t.among(1, 4) {
		own := slices.Clone(shape)
		own[axis] = t.among(1, 4)
		in = append(in, t.x(own...))
	}
	if t.r.IntN(2) == 0 {
		axis -= rank
	}
	return t.Op("Concat", graph.Attrs{"axis": axis}, in...)
}

// splitCase uses the parts differently, so that their gradients differ.
func splitCase(t *trial) *graph.Value {
	parts := t.Split(t.x(3, 7, 2), t.among(0, 1)*3-2, 2, 4, 1)
	return t.Concat(1, parts[2], t.MulBy(parts[1], 2), t.Mul(parts[0], parts[0]))
}

func splitUnusedCase(t *trial) *graph.Value {
	return t.Split(t.x(6, 2), 0, 2, 3, 1)[1]
}

// sliceCase cuts random windows, some backwards and some past the end.
func sliceCase(t *trial) *graph.Value {
	shape := []int{t.among(2, 7), t.among(2, 7), t.among(1, 3)}
	var windows []graph.Window
	for axis := range 2 {
		w := graph.Window{Axis: axis, Start: t.among(0, shape[axis]-1), End: shape[axis] + 10, Step: t.among(1, 3)}
		switch t.r.IntN(3) {
		case 0:
			w.Step, w.End = -w.Step, -100
		case 1:
			w.Start, w.End = -shape[axis], -1
		}
		windows = append(windows, w)
	}
	return t.Slice(t.x(shape...), windows...)
}

// padCase pads every side by low to 2.
func padCase(low int, attrs graph.Attrs) checkCase {
	return func(t *trial) *graph.Value {
		pads := make([]int, 6)
		for i := range pads {
			pads[i] = t.among(low, 2)
		}
		return t.Op("Pad", attrs, t.x(t.among(3, 4), t.among(3, 4), t.among(3, 4)), t.Ints(pads...), t.Const(1, []int{1}, 0.7))
	}
}
