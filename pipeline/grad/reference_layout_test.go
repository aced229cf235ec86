package grad_test

import (
	"slices"
	"strings"

	"athanor/pipeline/graph"
)

func layoutOperators() map[string]operator {
	return map[string]operator{
		"Reshape": single(reshape), "Flatten": single(flatten), "Squeeze": single(squeeze), "Unsqueeze": single(unsqueeze),
		"Transpose": single(transpose), "Concat": single(concat), "Split": split, "Slice": single(slice), "Pad": single(pad),
		"Expand": single(expand), "Tile": single(tile), "Trilu": single(trilu),
		"DepthToSpace": single(depthToSpace), "SpaceToDepth": single(spaceToDepth),
	}
}

func reshape(_ *graph.Node, in []array) array {
	shape, hole, known := in[1].ints(), -1, 1
	for i, d := range shape {
		switch {
		case d == 0:
			shape[i] = in[0].shape[i]
			known *= shape[i]
		case d < 0:
			hole = i
		default:
			known *= d
		}
	}
	if hole >= 0 {
		shape[hole] = len(in[0].data) / known
	}
	mustSame("Reshape", volume(shape), len(in[0].data))
	return array{shape, in[0].data}
}

func flatten(n *graph.Node, in []array) array {
	axis := n.Attrs.Int("axis", 1)
	if axis < 0 {
		axis += len(in[0].shape)
	}
	return array{[]int{volume(in[0].shape[:axis]), volume(in[0].shape[axis:])}, in[0].data}
}

func squeeze(_ *graph.Node, in []array) array {
	shape := []int{}
	for i, d := range in[0].shape {
		if present(in, 1) && !slices.ContainsFunc(in[1].ints(), func(a int) bool { return positive(a, len(in[0].shape)) == i }) || !present(in, 1) && d != 1 {
			shape = append(shape, d)
		}
	}
	return array{shape, in[0].data}
}

func unsqueeze(_ *graph.Node, in []array) array {
	axes := in[1].ints()
	rank := len(in[0].shape) + len(axes)
	rest, shape := in[0].shape, []int{}
	for i := range rank {
		if slices.ContainsFunc(axes, func(a int) bool { return positive(a, rank) == i }) {
			shape = append(shape, 1)
			continue
		}
		shape, rest = append(shape, rest[0]), rest[1:]
	}
	return array{shape, in[0].data}
}

func transpose(n *graph.Node, in []array) array {
	perm := n.Attrs.Ints("perm")
	if perm == nil {
		for i := range in[0].shape {
			perm = slices.Insert(perm, 0, i)
		}
	}
	shape := make([]int, len(perm))
	for i, p := range perm {
		shape[i] = in[0].shape[p]
	}
	return build(shape, func(idx []int) float64 {
		from := make([]int, len(idx))
		for i, p := range perm {
			from[p] = idx[i]
		}
		return in[0].at(from)
	})
}

func concat(n *graph.Node, in []array) array {
	axis := positive(n.Attrs.Int("axis", 0), len(in[0].shape))
	shape := slices.Clone(in[0].shape)
	shape[axis] = 0
	for _, a := range in {
		shape[axis] += a.shape[axis]
	}
	return build(shape, func(idx []int) float64 {
		at := slices.Clone(idx)
		for _, a := range in {
			if at[axis] < a.shape[axis] {
				return a.at(at)
			}
			at[axis] -= a.shape[axis]
		}
		panic("reference: Concat ran off its end")
	})
}

func split(n *graph.Node, in []array) []array {
	axis := positive(n.Attrs.Int("axis", 0), len(in[0].shape))
	sizes := equalParts(in[0].shape[axis], len(n.Out))
	if present(in, 1) {
		sizes = in[1].ints()
	}
	var out []array
	start := 0
	for _, size := range sizes {
		shape := slices.Clone(in[0].shape)
		shape[axis] = size
		out = append(out, build(shape, func(idx []int) float64 {
			at := slices.Clone(idx)
			at[axis] += start
			return in[0].at(at)
		}))
		start += size
	}
	return out
}

func equalParts(size, parts int) []int {
	chunk := (size + parts - 1) / parts
	var sizes []int
	for range parts {
		sizes = append(sizes, min(chunk, size))
		size -= chunk
	}
	return sizes
}

// slice lists the positions taken along every axis, then picks them.
func slice(_ *graph.Node, in []array) array {
	x := in[0]
	taken := make([][]int, len(x.shape))
	for i, d := range x.shape {
		for p := range d {
			taken[i] = append(taken[i], p)
		}
	}
	starts, ends := in[1].ints(), in[2].ints()
	for i := range starts {
		axis, step := i, 1
		if present(in, 3) {
			axis = positive(in[3].ints()[i], len(x.shape))
		}
		if present(in, 4) {
			step = in[4].ints()[i]
		}
		taken[axis] = positions(starts[i], ends[i], step, x.shape[axis])
	}
	shape := make([]int, len(taken))
	for i := range taken {
		shape[i] = len(taken[i])
	}
	return build(shape, func(idx []int) float64 {
		from := make([]int, len(idx))
		for i, k := range idx {
			from[i] = taken[i][k]
		}
		return x.at(from)
	})
}

func positions(start, end, step, size int) []int {
	if start < 0 {
		start += size
	}
	if end < 0 {
		end += size
	}
	list := []int{}
	if step > 0 {
		for p := max(start, 0); p < min(end, size); p += step {
			list = append(list, p)
		}
		return list
	}
	for p := min(start, size-1); p > max(end, -1); p += step {
		list = append(list, p)
	}
	return list
}

// pad reads from inside where the mode says what lies outside.
func pad(n *graph.Node, in []array) array {
	x, pads := in[0], in[1].ints()
	rank := len(x.shape)
	if present(in, 3) {
		pads = scatteredPads(pads, in[3].ints(), rank)
	}
	fill := 0.0
	if present(in, 2) {
		fill = in[2].data[0]
	}
	shape := slices.Clone(x.shape)
	for i := range shape {
		shape[i] += pads[i] + pads[rank+i]
	}
	return build(shape, func(idx []int) float64 {
		from := make([]int, rank)
		for i, p := range idx {
			var inside bool
			if from[i], inside = source(n.Attrs.String("mode", "constant"), p-pads[i], x.shape[i]); !inside {
				return fill
			}
		}
		return x.at(from)
	})
}

func scatteredPads(pads, axes []int, rank int) []int {
	all := make([]int, 2*rank)
	for i, a := range axes {
		all[positive(a, rank)], all[rank+positive(a, rank)] = pads[i], pads[len(axes)+i]
	}
	return all
}

func source(mode string, p, size int) (int, bool) {
	switch {
	case p >= 0 && p < size:
		return p, true
	case mode == "edge":
		return min(max(p, 0), size-1), true
	case mode == "wrap":
		return ((p % size) + size) % size, true
	case mode == "reflect":
		for p < 0 || p >= size {
			if p < 0 {
				p = -p
			} else {
				p = 2*(size-1) - p
			}
		}
		return p, true
	}
	return 0, false
}

func expand(_ *graph.Node, in []array) array {
	return build(joint([]array{in[0], {shape: in[1].ints()}}), func(idx []int) float64 { return in[0].spread(idx) })
}

func tile(_ *graph.Node, in []array) array {
	shape := slices.Clone(in[0].shape)
	for i, times := range in[1].ints() {
		shape[i] *= times
	}
	return build(shape, func(idx []int) float64 {
		from := slices.Clone(idx)
		for i := range from {
			from[i] %= in[0].shape[i]
		}
		return in[0].at(from)
	})
}

func trilu(n *graph.Node, in []array) array {
	k, upper := 0, n.Attrs.Int("upper", 1) == 1
	if present(in, 1) {
		k = in[1].ints()[0]
	}
	return build(in[0].shape, func(idx []int) float64 {
		row, col := idx[len(idx)-2], idx[len(idx)-1]
		if upper && col-row >= k || !upper && col-row <= k {
			return in[0].at(idx)
		}
		return 0
	})
}

func depthToSpace(n *graph.Node, in []array) array {
	s, x := n.Attrs.Int("blocksize", 1), in[0]
	channels := x.shape[1] / (s * s)
	return build([]int{x.shape[0], channels, x.shape[2] * s, x.shape[3] * s}, func(idx []int) float64 {
		block := (idx[2]%s)*s + idx[3]%s
		from := block*channels + idx[1]
		if n.Attrs.String("mode", "DCR") == "CRD" {
			from = idx[1]*s*s + block
		}
		return x.at([]int{idx[0], from, idx[2] / s, idx[3] / s})
	})
}

func spaceToDepth(n *graph.Node, in []array) array {
	s, x := n.Attrs.Int("blocksize", 1), in[0]
	return build([]int{x.shape[0], x.shape[1] * s * s, x.shape[2] / s, x.shape[3] / s}, func(idx []int) float64 {
		block, channel := idx[1]/x.shape[1], idx[1]%x.shape[1]
		return x.at([]int{idx[0], channel, idx[2]*s + block/s, idx[3]*s + block%s})
	})
}

// einsum sums over every assignment of the equation's labels.
func einsum(n *graph.Node, in []array) array {
	terms, result, _ := strings.Cut(strings.ReplaceAll(n.Attrs.String("equation", ""), " ", ""), "->")
	sizes := map[rune]int{}
	labels := strings.Split(terms, ",")
	for t := range labels {
		labels[t] = spelledOut(labels[t], len(in[t].shape))
		for i, r := range labels[t] {
			sizes[r] = max(sizes[r], in[t].shape[i])
		}
	}
	result = outputLabels(n.Attrs.String("equation", ""), labels, result)
	all := result
	for _, r := range strings.Join(labels, "") {
		if !strings.ContainsRune(all, r) {
			all += string(r)
		}
	}
	shape := make([]int, len(all))
	for i, r := range all {
		shape[i] = sizes[r]
	}
	out := zeros(shape[:len(result)]...)
	each(shape, func(idx []int) {
		product := 1.0
		for t, term := range labels {
			own := make([]int, len(term))
			for i, r := range term {
				own[i] = min(idx[strings.IndexRune(all, r)], in[t].shape[i]-1)
			}
			product *= in[t].at(own)
		}
		out.data[out.flat(idx[:len(result)])] += product
	})
	return out
}

// spelledOut writes an ellipsis as digits, the last dimension as 9.
func spelledOut(term string, rank int) string {
	head, tail, found := strings.Cut(term, "...")
	if !found {
		return term
	}
	hidden := rank - len(head) - len(tail)
	return head + "0123456789"[10-hidden:] + tail
}

func outputLabels(equation string, labels []string, result string) string {
	widest := ""
	for _, digit := range "0123456789" {
		if strings.ContainsRune(strings.Join(labels, ""), digit) {
			widest += string(digit)
		}
	}
	if strings.Contains(equation, "->") {
		return strings.Replace(result, "...", widest, 1)
	}
	once := []rune{}
	joined := strings.Join(labels, "")
	for _, r := range joined {
		if strings.Count(joined, string(r)) == 1 && (r < '0' || r > '9') {
			once = append(once, r)
		}
	}
	slices.Sort(once)
	return widest + string(once)
}
