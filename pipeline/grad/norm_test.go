package grad_test

import (
	"testing"

	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

func normCases() map[string]checkCase {
	return map[string]checkCase{
		"BatchNormalization": func(t *trial) *graph.Value {
			shape := append([]int{t.among(1, 3), t.among(1, 3)}, t.shape(t.among(0, 2))...)
			c := shape[1]
			return t.Op("BatchNormalization", graph.Attrs{"epsilon": 0.01}, t.x(shape...), t.x(c), t.x(c), t.x(c), t.between(0.3, 2, c))
		},
		"BatchNorm of the batch": func(t *trial) *graph.Value {
			shape := append([]int{t.among(4, 6), t.among(1, 3)}, t.shape(t.among(0, 2))...)
			y, _, _ := grad.BatchNorm(t.Builder, t.x(shape...), t.x(shape[1]), t.x(shape[1]), 0.01)
			return y
		},
		"LayerNormalization": func(t *trial) *graph.Value {
			rank := t.among(2, 4)
			shape := make([]int, rank)
			for i := range shape {
				shape[i] = t.among(3, 4)
			}
			axis := t.among(1, rank-1)
			return t.Op("LayerNormalization", graph.Attrs{"axis": axis - rank*t.r.IntN(2), "epsilon": 0.01}, t.x(shape...), t.x(shape[axis:]...), t.x(shape[axis:]...))
		},
		"LayerNormalization with statistics": func(t *trial) *graph.Value {
			return t.OpN("LayerNormalization", 3, nil, t.x(3, 5), t.x(5), t.x(5))[0]
		},
		"LayerNormalization without bias": func(t *trial) *graph.Value {
			return t.Op("LayerNormalization", nil, t.x(3, 5), t.x(5))
		},
		"InstanceNormalization": func(t *trial) *graph.Value {
			shape := append([]int{t.among(1, 3), t.among(1, 3), 5}, t.shape(t.among(0, 2))...)
			return t.Op("InstanceNormalization", graph.Attrs{"epsilon": 0.01}, t.x(shape...), t.x(shape[1]), t.x(shape[1]))
		},
		"MeanVarianceNormalization": func(t *trial) *graph.Value { return t.Op("MeanVarianceNormalization", nil, t.x(3, 2, 3, 2)) },
		"MeanVarianceNormalization over axes": func(t *trial) *graph.Value {
			return t.Op("MeanVarianceNormalization", graph.Attrs{"axes": []int{1, 2}}, t.x(2, 3, 4))
		},
		"LpNormalization": func(t *trial) *graph.Value {
			return t.Op("LpNormalization", graph.Attrs{"axis": t.among(-3, 2), "p": t.among(1, 2)}, t.apart(0.1, 3, 4, 3))
		},
		"LRN": func(t *trial) *graph.Value {
			attrs := graph.Attrs{"size": t.among(1, 5), "alpha": 0.3, "beta": 0.6, "bias": 1.2}
			return t.Op("LRN", attrs, t.x(2, t.among(1, 6), 2, 3))
		},
		"Gelu": func(t *trial) *graph.Value { return grad.Gelu(t.Builder, t.x(t.shape(2)...)) },
		"CrossEntropy": func(t *trial) *graph.Value {
			n, k := t.among(1, 4), t.among(2, 5)
			target := t.Op("Softmax", nil, t.fixed(n, k))
			loss, _ := grad.CrossEntropy(t.Builder, t.x(n, k), target)
			return loss
		},
	}
}

func TestNormGradients(t *testing.T) { checkGradients(t, normCases()) }

// fixed is random and not differentiated by.
func (t *trial) fixed(shape ...int) *graph.Value { return t.feed(1, shape, t.r.NormFloat64) }
