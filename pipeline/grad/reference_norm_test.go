package grad_test

import (
	"math"
	"slices"

	"athanor/pipeline/graph"
)

func normOperators() map[string]operator {
	return map[string]operator{
		"BatchNormalization": single(batchNorm), "LayerNormalization": layerNorm, "InstanceNormalization": single(instanceNorm),
		"LpNormalization": single(lpNormalization), "LRN": single(localResponse), "MeanVarianceNormalization": single(meanVariance),
	}
}

func batchNorm(n *graph.Node, in []array) array {
	epsilon := n.Attrs.Float("epsilon", 1e-5)
	return build(in[0].shape, func(idx []int) float64 {
		c := idx[1]
		return in[1].data[c]*(in[0].at(idx)-in[3].data[c])/math.Sqrt(in[4].data[c]+epsilon) + in[2].data[c]
	})
}

// standardised subtracts the mean over axes and divides by the root of variance plus epsilon.
func standardised(x array, epsilon float64, axes []int) (out, mean, inverse array) {
	keep := &graph.Node{Attrs: graph.Attrs{"axes": axes}}
	average := func(g []float64) float64 { return total(g) / float64(len(g)) }
	mean = reduce(keep, []array{x}, average)
	variance := reduce(keep, []array{x}, func(g []float64) float64 {
		m := average(g)
		return average(mapped(g, func(x float64) float64 { return (x - m) * (x - m) }))
	})
	inverse = array{variance.shape, mapped(variance.data, func(v float64) float64 { return 1 / math.Sqrt(v+epsilon) })}
	out = build(x.shape, func(idx []int) float64 { return (x.at(idx) - mean.spread(idx)) * inverse.spread(idx) })
	return out, mean, inverse
}

func layerNorm(n *graph.Node, in []array) []array {
	axes := positions(positive(n.Attrs.Int("axis", -1), len(in[0].shape)), len(in[0].shape), 1, len(in[0].shape))
	out, mean, inverse := standardised(in[0], n.Attrs.Float("epsilon", 1e-5), axes)
	out = build(out.shape, func(idx []int) float64 {
		y := out.at(idx) * in[1].spread(idx)
		if present(in, 2) {
			y += in[2].spread(idx)
		}
		return y
	})
	return []array{out, mean, inverse}
}

func instanceNorm(n *graph.Node, in []array) array {
	rank := len(in[0].shape)
	out, _, _ := standardised(in[0], n.Attrs.Float("epsilon", 1e-5), positions(2, rank, 1, rank))
	return build(out.shape, func(idx []int) float64 { return out.at(idx)*in[1].data[idx[1]] + in[2].data[idx[1]] })
}

func lpNormalization(n *graph.Node, in []array) array {
	p := float64(n.Attrs.Int("p", 2))
	norm := reduce(&graph.Node{Attrs: graph.Attrs{"axes": []int{n.Attrs.Int("axis", -1)}}}, in, func(g []float64) float64 {
		return math.Pow(total(mapped(g, func(x float64) float64 { return math.Pow(math.Abs(x), p) })), 1/p)
	})
	return build(in[0].shape, func(idx []int) float64 { return in[0].at(idx) / norm.spread(idx) })
}

func localResponse(n *graph.Node, in []array) array {
	x, size := in[0], n.Attrs.Int("size", 1)
	return build(x.shape, func(idx []int) float64 {
		sum := 0.0
		for c := max(0, idx[1]-(size-1)/2); c <= min(x.shape[1]-1, idx[1]+size/2); c++ {
			at := slices.Clone(idx)
			at[1] = c
			sum += x.at(at) * x.at(at)
		}
		scale := n.Attrs.Float("bias", 1) + n.Attrs.Float("alpha", 1e-4)/float64(size)*sum
		return x.at(idx) / math.Pow(scale, n.Attrs.Float("beta", 0.75))
	})
}

func meanVariance(n *graph.Node, in []array) array {
	axes := n.Attrs.Ints("axes")
	if axes == nil {
		axes = []int{0, 2, 3}
	}
	out, _, _ := standardised(in[0], 1e-9, axes)
	return out
}
