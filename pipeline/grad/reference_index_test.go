package grad_test

import (
	"cmp"
	"slices"

	"athanor/pipeline/graph"
)

func indexOperators() map[string]operator {
	return map[string]operator{
		"Gather": single(gather), "GatherElements": single(gatherElements), "GatherND": single(gatherND),
		"ScatterElements": single(scatterElements), "ScatterND": single(scatterND),
		"CumSum": single(cumSum), "OneHot": single(oneHot), "TopK": topK, "ReverseSequence": single(reverseSequence),
	}
}

func gather(n *graph.Node, in []array) array {
	x, index := in[0], in[1]
	axis := positive(n.Attrs.Int("axis", 0), len(x.shape))
	shape := slices.Concat(x.shape[:axis], index.shape, x.shape[axis+1:])
	return build(shape, func(idx []int) float64 {
		k := int(index.at(idx[axis : axis+len(index.shape)]))
		return x.at(slices.Concat(idx[:axis], []int{positive(k, x.shape[axis])}, idx[axis+len(index.shape):]))
	})
}

func gatherElements(n *graph.Node, in []array) array {
	axis := positive(n.Attrs.Int("axis", 0), len(in[0].shape))
	return build(in[1].shape, func(idx []int) float64 {
		from := slices.Clone(idx)
		from[axis] = positive(int(in[1].at(idx)), in[0].shape[axis])
		return in[0].at(from)
	})
}

// tuple reads the index tuple at lead and makes its entries positive.
func tuple(index array, lead, shape []int) []int {
	k := index.shape[len(index.shape)-1]
	out := make([]int, k)
	for i := range k {
		out[i] = positive(int(index.at(append(slices.Clone(lead), i))), shape[i])
	}
	return out
}

func gatherND(n *graph.Node, in []array) array {
	x, index, batch := in[0], in[1], n.Attrs.Int("batch_dims", 0)
	lead := len(index.shape) - 1
	width := index.shape[lead]
	shape := slices.Concat(index.shape[:lead], x.shape[batch+width:])
	return build(shape, func(idx []int) float64 {
		at := tuple(index, idx[:lead], x.shape[batch:])
		return x.at(slices.Concat(idx[:batch], at, idx[lead:]))
	})
}

func merged(reduction string, old, update float64) float64 {
	switch reduction {
	case "add":
		return old + update
	case "mul":
		return old * update
	case "max":
		return max(old, update)
	case "min":
		return min(old, update)
	}
	return update
}

func scatterElements(n *graph.Node, in []array) array {
	axis := positive(n.Attrs.Int("axis", 0), len(in[0].shape))
	out := array{in[0].shape, slices.Clone(in[0].data)}
	each(in[1].shape, func(idx []int) {
		to := slices.Clone(idx)
		to[axis] = positive(int(in[1].at(idx)), out.shape[axis])
		p := out.flat(to)
		out.data[p] = merged(n.Attrs.String("reduction", "none"), out.data[p], in[2].at(idx))
	})
	return out
}

func scatterND(n *graph.Node, in []array) array {
	out, index := array{in[0].shape, slices.Clone(in[0].data)}, in[1]
	lead := len(index.shape) - 1
	each(in[2].shape, func(idx []int) {
		p := out.flat(slices.Concat(tuple(index, idx[:lead], out.shape), idx[lead:]))
		out.data[p] = merged(n.Attrs.String("reduction", "none"), out.data[p], in[2].at(idx))
	})
	return out
}

func cumSum(n *graph.Node, in []array) array {
	x, out := in[0], zeros(in[0].shape...)
	axis := positive(in[1].ints()[0], len(x.shape))
	size := x.shape[axis]
	along(x.shape, axis, func(base, step int) {
		sum := 0.0
		for k := range size {
			if n.Attrs.Int("reverse", 0) == 1 {
				k = size - 1 - k
			}
			p := base + k*step
			if n.Attrs.Int("exclusive", 0) == 1 {
				out.data[p] = sum
			}
			sum += x.data[p]
			if n.Attrs.Int("exclusive", 0) == 0 {
				out.data[p] = sum
			}
		}
	})
	return out
}

func oneHot(n *graph.Node, in []array) array {
	index, depth := in[0], in[1].ints()[0]
	axis := positive(n.Attrs.Int("axis", -1), len(index.shape)+1)
	shape := slices.Insert(slices.Clone(index.shape), axis, depth)
	return build(shape, func(idx []int) float64 {
		own := slices.Delete(slices.Clone(idx), axis, axis+1)
		if positive(int(index.at(own)), depth) == idx[axis] {
			return in[2].data[1]
		}
		return in[2].data[0]
	})
}

func topK(n *graph.Node, in []array) []array {
	x, k := in[0], in[1].ints()[0]
	axis := positive(n.Attrs.Int("axis", -1), len(x.shape))
	shape := slices.Clone(x.shape)
	shape[axis] = k
	order := func(idx []int) []int {
		line := func(p int) float64 {
			at := slices.Clone(idx)
			at[axis] = p
			return x.at(at)
		}
		list := positions(0, x.shape[axis], 1, x.shape[axis])
		slices.SortStableFunc(list, func(a, b int) int {
			if n.Attrs.Int("largest", 1) == 1 {
				a, b = b, a
			}
			return cmp.Compare(line(a), line(b))
		})
		return list
	}
	index := build(shape, func(idx []int) float64 { return float64(order(idx)[idx[axis]]) })
	values := gatherElements(&graph.Node{Attrs: graph.Attrs{"axis": axis}}, []array{x, index})
	return []array{values, index}
}

func reverseSequence(n *graph.Node, in []array) array {
	batch, time := n.Attrs.Int("batch_axis", 1), n.Attrs.Int("time_axis", 0)
	return build(in[0].shape, func(idx []int) float64 {
		from := slices.Clone(idx)
		if length := int(in[1].data[idx[batch]]); idx[time] < length {
			from[time] = length - 1 - idx[time]
		}
		return in[0].at(from)
	})
}
