package grad_test

import (
	"testing"

	"athanor/pipeline/graph"
)

// reduceCase reduces a random input over random axes, kept or not, or over all.
func reduceCase(op string, input func(t *trial, shape []int) *graph.Value) checkCase {
	return func(t *trial) *graph.Value {
		rank := t.among(2, 4)
		x := input(t, t.shape(rank))
		attrs := graph.Attrs{"keepdims": t.among(0, 1)}
		axes := t.r.Perm(rank)[:t.among(1, rank-1)]
		if t.r.IntN(2) == 0 {
			axes[0] -= rank
		}
		if t.r.IntN(4) == 0 {
			return t.Op(op, graph.Attrs{"keepdims": 1}, x)
		}
		return t.Op(op, attrs, x, t.Ints(axes...))
	}
}

func reduceCases() map[string]checkCase {
	return map[string]checkCase{
		"ReduceSum": reduceCase("ReduceSum", normal), "ReduceMean": reduceCase("ReduceMean", normal),
		"ReduceSumSquare": reduceCase("ReduceSumSquare", normal), "ReduceL2": reduceCase("ReduceL2", offZero),
		"ReduceMax": reduceCase("ReduceMax", offZero), "ReduceMin": reduceCase("ReduceMin", offZero),
		"ReduceL1": reduceCase("ReduceL1", offZero), "ReduceProd": reduceCase("ReduceProd", inside(0.5, 1.5)), "ReduceLogSum": reduceCase("ReduceLogSum", inside(0.2, 2)),
		"ReduceProd with zeros": func(t *trial) *graph.Value {
			return t.Op("ReduceProd", nil, t.values([]int{4, 3}, 1, 2, 3, 0, 2, 3, 0, 0, 3, 0, 0, 0), t.Ints(1))
		},
		"ReduceLogSumExp": reduceCase("ReduceLogSumExp", normal),
	}
}

func TestReduceGradients(t *testing.T) { checkGradients(t, reduceCases()) }
