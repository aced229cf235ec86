package grad_test

import (
	"math"
	"slices"

	"athanor/pipeline/graph"
)

// joint is the shape that all arrays broadcast to.
func joint(in []array) []int {
	rank := 0
	for _, a := range in {
		rank = max(rank, len(a.shape))
	}
	shape := slices.Repeat([]int{1}, rank)
	for _, a := range in {
		for i, d := range a.shape {
			if d != 1 {
				shape[rank-len(a.shape)+i] = d
			}
		}
	}
	return shape
}

// combine folds the inputs elementwise, broadcast.
func combine(f func(x, y float64) float64) operator {
	return single(func(_ *graph.Node, in []array) array {
		return build(joint(in), func(idx []int) float64 {
			total := in[0].spread(idx)
			for _, a := range in[1:] {
				total = f(total, a.spread(idx))
			}
			return total
		})
	})
}

func truth(cond bool) float64 {
	if cond {
		return 1
	}
	return 0
}

func binaryOperators() map[string]operator {
	table := map[string]operator{}
	for name, f := range map[string]func(x, y float64) float64{
		"Add": func(x, y float64) float64 { return x + y }, "Sub": func(x, y float64) float64 { return x - y },
		"Mul": func(x, y float64) float64 { return x * y }, "Div": func(x, y float64) float64 { return x / y },
		"Pow": math.Pow, "Sum": func(x, y float64) float64 { return x + y }, "Max": math.Max, "Min": math.Min, "Mod": math.Mod,
		"PRelu":   func(x, y float64) float64 { return math.Max(x, 0) + y*math.Min(x, 0) },
		"Equal":   func(x, y float64) float64 { return truth(x == y) },
		"Greater": func(x, y float64) float64 { return truth(x > y) }, "Less": func(x, y float64) float64 { return truth(x < y) },
		"GreaterOrEqual": func(x, y float64) float64 { return truth(x >= y) }, "LessOrEqual": func(x, y float64) float64 { return truth(x <= y) },
		"And": func(x, y float64) float64 { return x * y }, "Or": math.Max,
	} {
		table[name] = combine(f)
	}
	table["Mean"] = single(func(_ *graph.Node, in []array) array {
		return build(joint(in), func(idx []int) float64 {
			total := 0.0
			for _, a := range in {
				total += a.spread(idx)
			}
			return total / float64(len(in))
		})
	})
	table["Where"] = single(func(_ *graph.Node, in []array) array {
		return build(joint(in), func(idx []int) float64 {
			if in[0].spread(idx) != 0 {
				return in[1].spread(idx)
			}
			return in[2].spread(idx)
		})
	})
	table["Clip"] = single(clip)
	return table
}

func clip(_ *graph.Node, in []array) array {
	low, high := math.Inf(-1), math.Inf(1)
	if present(in, 1) {
		low = in[1].data[0]
	}
	if present(in, 2) {
		high = in[2].data[0]
	}
	return build(in[0].shape, func(idx []int) float64 { return math.Min(math.Max(in[0].at(idx), low), high) })
}

// reduceOperators collect the elements of each reduced group and then fold them.
func reduceOperators() map[string]operator {
	table := map[string]operator{}
	for name, f := range map[string]func(group []float64) float64{
		"ReduceSum": total, "ReduceMean": func(g []float64) float64 { return total(g) / float64(len(g)) },
		"ReduceMax": slices.Max[[]float64], "ReduceMin": slices.Min[[]float64],
		"ReduceSumSquare": sumSquare, "ReduceL2": func(g []float64) float64 { return math.Sqrt(sumSquare(g)) },
		"ReduceL1":        func(g []float64) float64 { return total(mapped(g, math.Abs)) },
		"ReduceLogSum":    func(g []float64) float64 { return math.Log(total(g)) },
		"ReduceLogSumExp": func(g []float64) float64 { return math.Log(total(mapped(g, math.Exp))) },
		"ReduceProd": func(g []float64) float64 {
			product := 1.0
			for _, x := range g {
				product *= x
			}
			return product
		},
	} {
		table[name] = single(func(n *graph.Node, in []array) array { return reduce(n, in, f) })
	}
	table["ArgMax"], table["ArgMin"] = single(argExtreme(slices.Max[[]float64])), single(argExtreme(slices.Min[[]float64]))
	return table
}

func total(g []float64) float64 {
	sum := 0.0
	for _, x := range g {
		sum += x
	}
	return sum
}

func sumSquare(g []float64) float64 {
	return total(mapped(g, func(x float64) float64 { return x * x }))
}

func mapped(g []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(g))
	for i, x := range g {
		out[i] = f(x)
	}
	return out
}

func reduce(n *graph.Node, in []array, fold func([]float64) float64) array {
	x := in[0]
	rank := len(x.shape)
	axes := n.Attrs.Ints("axes")
	if present(in, 1) {
		axes = in[1].ints()
	}
	reduced := slices.Repeat([]bool{len(axes) == 0 && n.Attrs.Int("noop_with_empty_axes", 0) == 0}, rank)
	for _, a := range axes {
		reduced[positive(a, rank)] = true
	}
	kept := slices.Clone(x.shape)
	for i := range kept {
		if reduced[i] {
			kept[i] = 1
		}
	}
	groups := make([][]float64, volume(kept))
	place := array{shape: kept}
	each(x.shape, func(idx []int) {
		own := slices.Clone(idx)
		for i := range own {
			if reduced[i] {
				own[i] = 0
			}
		}
		p := place.flat(own)
		groups[p] = append(groups[p], x.at(idx))
	})
	out := zeros(kept...)
	for i, g := range groups {
		out.data[i] = fold(g)
	}
	out.shape = squeezed(kept, reduced, n.Attrs.Int("keepdims", 1) == 1)
	return out
}

func squeezed(shape []int, drop []bool, keep bool) []int {
	out := []int{}
	for i, d := range shape {
		if keep || !drop[i] {
			out = append(out, d)
		}
	}
	return out
}

func argExtreme(pick func([]float64) float64) func(*graph.Node, []array) array {
	return func(n *graph.Node, in []array) array {
		axis := n.Attrs.Int("axis", 0)
		node := &graph.Node{Attrs: graph.Attrs{"axes": []int{axis}, "keepdims": n.Attrs.Int("keepdims", 1)}}
		return reduce(node, in, func(g []float64) float64 { return float64(slices.Index(g, pick(g))) })
	}
}

func matrixOperators() map[string]operator {
	return map[string]operator{"MatMul": single(matMul), "Gemm": single(gemm), "Einsum": single(einsum)}
}

// matMul follows numpy: one-dimensional operands gain a dimension that the
// result loses again.
func matMul(_ *graph.Node, in []array) array {
	x, y := in[0], in[1]
	if len(x.shape) == 1 {
		x.shape = []int{1, x.shape[0]}
	}
	if len(y.shape) == 1 {
		y.shape = []int{y.shape[0], 1}
	}
	m, k, p := x.shape[len(x.shape)-2], x.shape[len(x.shape)-1], y.shape[len(y.shape)-1]
	mustSame("MatMul", k, y.shape[len(y.shape)-2])
	batch := joint([]array{{shape: x.shape[:len(x.shape)-2]}, {shape: y.shape[:len(y.shape)-2]}})
	out := build(slices.Concat(batch, []int{m, p}), func(idx []int) float64 {
		b, sum := len(batch), 0.0
		for i := range k {
			sum += x.spread(slices.Concat(idx[:b], []int{idx[b], i})) * y.spread(slices.Concat(idx[:b], []int{i, idx[b+1]}))
		}
		return sum
	})
	out.shape = slices.Clone(batch)
	if len(in[0].shape) > 1 {
		out.shape = append(out.shape, m)
	}
	if len(in[1].shape) > 1 {
		out.shape = append(out.shape, p)
	}
	return out
}

func gemm(n *graph.Node, in []array) array {
	element := func(a array, trans string) (rows, cols int, at func(i, j int) float64) {
		if n.Attrs.Int(trans, 0) == 1 {
			return a.shape[1], a.shape[0], func(i, j int) float64 { return a.at([]int{j, i}) }
		}
		return a.shape[0], a.shape[1], func(i, j int) float64 { return a.at([]int{i, j}) }
	}
	m, k, x := element(in[0], "transA")
	_, p, y := element(in[1], "transB")
	return build([]int{m, p}, func(idx []int) float64 {
		sum := 0.0
		for i := range k {
			sum += x(idx[0], i) * y(i, idx[1])
		}
		sum *= n.Attrs.Float("alpha", 1)
		if present(in, 2) {
			sum += n.Attrs.Float("beta", 1) * in[2].spread(idx)
		}
		return sum
	})
}
