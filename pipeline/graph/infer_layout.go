package graph

import (
	"fmt"
	"slices"
)

func layoutRules() map[string]inferFunc {
	return map[string]inferFunc{
		"Reshape": inferReshape, "Flatten": inferFlatten, "Transpose": inferTranspose, "Concat": inferConcat,
		"Slice": inferSlice, "Split": inferSplit, "Squeeze": inferSqueeze, "Unsqueeze": inferUnsqueeze,
		"Expand": inferExpand, "Pad": inferPad, "Tile": inferTile, "Trilu": inferTrilu, "DepthToSpace": inferDepthToSpace, "SpaceToDepth": inferSpaceToDepth,
	}
}

func inferReshape(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	want, ok := partialInts(n.In[1])
	if !ok {
		return nil, fmt.Errorf("the new shape is not a constant")
	}
	shape, err := resolveShape(n.In[0], want, n.Attrs.Int("allowzero", 0) == 1)
	return one(n.In[0].Type, shape), err
}

// resolveShape fills in 0 (keep) and −1 (infer) of a Reshape.
func resolveShape(x *Value, want []int, zeroIsZero bool) ([]int, error) {
	shape := slices.Clone(want)
	known, hole := 1, -1
	for i, d := range shape {
		if d == 0 && !zeroIsZero {
			if i >= x.Rank() {
				return nil, fmt.Errorf("cannot keep dimension %d of %v", i, x.Shape)
			}
			shape[i] = x.Shape[i]
		}
		switch {
		case d == -1:
			hole = i
		case shape[i] != Unknown:
			known *= shape[i]
		}
	}
	size := x.Size()
	if size == Unknown {
		return shape, nil
	}
	if hole >= 0 && known > 0 && size%known == 0 {
		shape[hole] = size / known
		return shape, nil
	}
	if hole >= 0 || known != size {
		return nil, fmt.Errorf("%v does not reshape to %v", x.Shape, want)
	}
	return shape, nil
}

func inferFlatten(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	at := n.Attrs.Int("axis", 1)
	if at < 0 {
		at += n.In[0].Rank()
	}
	if at < 0 || at > n.In[0].Rank() {
		return nil, fmt.Errorf("axis %d outside rank %d", at, n.In[0].Rank())
	}
	return one(n.In[0].Type, []int{product(n.In[0].Shape[:at]), product(n.In[0].Shape[at:])}), nil
}

func product(shape []int) int { return (&Value{Shape: shape}).Size() }

func inferTranspose(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	perm := Permutation(n)
	if len(perm) != n.In[0].Rank() {
		return nil, fmt.Errorf("permutation %v does not fit %v", perm, n.In[0].Shape)
	}
	shape, seen := make([]int, len(perm)), make([]bool, len(perm))
	for i, p := range perm {
		a, err := axis(p, len(perm))
		if err != nil || seen[a] {
			return nil, fmt.Errorf("permutation %v does not fit %v", perm, n.In[0].Shape)
		}
		shape[i], seen[a] = n.In[0].Shape[a], true
	}
	return one(n.In[0].Type, shape), nil
}

// Permutation is a Transpose node's; absent means reversed.
func Permutation(n *Node) []int {
	if p := n.Attrs.Ints("perm"); p != nil {
		return p
	}
	perm := make([]int, n.In[0].Rank())
	for i := range perm {
		perm[i] = len(perm) - 1 - i
	}
	return perm
}

func inferConcat(n *Node) ([]result, error) {
	if err := need(n, max(1, len(n.In))); err != nil {
		return nil, err
	}
	at, err := axis(n.Attrs.Int("axis", 0), n.In[0].Rank())
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(n.In[0].Shape)
	for _, v := range n.In[1:] {
		if v.Rank() != len(shape) {
			return nil, fmt.Errorf("ranks of %v and %v differ", shape, v.Shape)
		}
		for i, d := range v.Shape {
			if i != at && !agree(d, shape[i]) {
				return nil, fmt.Errorf("%v and %v differ off axis %d", shape, v.Shape, at)
			}
		}
		if shape[at] == Unknown || v.Shape[at] == Unknown {
			shape[at] = Unknown
		} else {
			shape[at] += v.Shape[at]
		}
	}
	return one(n.In[0].Type, shape), nil
}

// Windows are the cuts a Slice node makes, with ends clamped to the input.
func Windows(n *Node) ([]Window, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	starts, ok1 := ConstInts(n.In[1])
	ends, ok2 := ConstInts(n.In[2])
	if !ok1 || !ok2 || len(starts) != len(ends) {
		return nil, fmt.Errorf("starts and ends must be constants of one length")
	}
	axes, steps := make([]int, len(starts)), filled(nil, len(starts), 1)
	for i := range axes {
		axes[i] = i
	}
	if len(n.In) > 3 && n.In[3] != nil {
		axes, _ = ConstInts(n.In[3])
	}
	if len(n.In) > 4 && n.In[4] != nil {
		steps, _ = ConstInts(n.In[4])
	}
	if len(axes) != len(starts) || len(steps) != len(starts) {
		return nil, fmt.Errorf("axes and steps must be constants as long as starts")
	}
	var windows []Window
	for i := range starts {
		a, err := axis(axes[i], n.In[0].Rank())
		if err != nil {
			return nil, err
		}
		if steps[i] == 0 || slices.ContainsFunc(windows, func(w Window) bool { return w.Axis == a }) {
			return nil, fmt.Errorf("axis %d is cut twice, or by steps of 0", a)
		}
		windows = append(windows, clamp(Window{a, starts[i], ends[i], steps[i]}, n.In[0].Shape[a]))
	}
	return windows, nil
}

func clamp(w Window, size int) Window {
	if size == Unknown {
		return w
	}
	low, high := 0, size
	if w.Step < 0 {
		low, high = -1, size-1
	}
	fix := func(x int) int {
		if x < 0 {
			x += size
		}
		return min(max(x, low), high)
	}
	w.Start, w.End = fix(w.Start), fix(w.End)
	return w
}

// Length is how many elements a clamped window takes.
func (w Window) Length() int {
	if w.Step > 0 {
		return max((w.End-w.Start+w.Step-1)/w.Step, 0)
	}
	return max((w.Start-w.End-w.Step-1)/-w.Step, 0)
}

func inferSlice(n *Node) ([]result, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	windows, err := Windows(n)
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(n.In[0].Shape)
	for _, w := range windows {
		if shape[w.Axis] == Unknown {
			continue
		}
		shape[w.Axis] = w.Length()
	}
	return one(n.In[0].Type, shape), nil
}

func inferSplit(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	at, err := axis(n.Attrs.Int("axis", 0), n.In[0].Rank())
	if err != nil {
		return nil, err
	}
	sizes, ok := ConstInts(n.In[1])
	if len(sizes) == 0 || slices.Min(sizes) < 0 {
		return nil, fmt.Errorf("pieces %v are not sizes", sizes)
	}
	total := 0
	var results []result
	for _, size := range sizes {
		shape := slices.Clone(n.In[0].Shape)
		shape[at] = size
		total += size
		results = append(results, result{n.In[0].Type, shape})
	}
	if !ok || !agree(total, n.In[0].Shape[at]) {
		return nil, fmt.Errorf("pieces %v do not make up %v", sizes, n.In[0].Shape)
	}
	return results, nil
}

func inferSqueeze(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	axes, err := listedAxes(n, n.In[0].Rank())
	if err != nil {
		return nil, err
	}
	shape := []int{}
	for i, d := range n.In[0].Shape {
		if slices.Contains(axes, i) || (axes == nil && d == 1) {
			continue
		}
		shape = append(shape, d)
	}
	return one(n.In[0].Type, shape), nil
}

func inferUnsqueeze(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	list := n.Attrs.Ints("axes")
	if len(n.In) > 1 {
		list, _ = ConstInts(n.In[1])
	}
	rank := n.In[0].Rank() + len(list)
	axes, err := listedAxes(n, rank)
	if err != nil {
		return nil, err
	}
	shape, next := make([]int, rank), 0
	for i := range shape {
		if slices.Contains(axes, i) {
			shape[i] = 1
			continue
		}
		if next >= n.In[0].Rank() {
			return nil, fmt.Errorf("axes %v repeat", axes)
		}
		shape[i] = n.In[0].Shape[next]
		next++
	}
	return one(n.In[0].Type, shape), nil
}

// listedAxes are the axes given as second input or attribute, normalised to rank.
func listedAxes(n *Node, rank int) ([]int, error) {
	list := n.Attrs.Ints("axes")
	if len(n.In) > 1 && n.In[1] != nil {
		var ok bool
		if list, ok = ConstInts(n.In[1]); !ok {
			return nil, fmt.Errorf("axes are not a constant")
		}
	}
	var axes []int
	for _, a := range list {
		a, err := axis(a, rank)
		if err != nil {
			return nil, err
		}
		axes = append(axes, a)
	}
	return axes, nil
}

func inferExpand(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	want, ok := partialInts(n.In[1])
	if !ok {
		return nil, fmt.Errorf("the new shape is not a constant")
	}
	shape, err := Broadcast(n.In[0].Shape, want)
	return one(n.In[0].Type, shape), err
}

func inferPad(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	pads, ok := ConstInts(n.In[1])
	rank := n.In[0].Rank()
	if !ok || rank == 0 || len(pads) != 2*rank {
		return nil, fmt.Errorf("needs constant pads for each side of each dimension")
	}
	shape := slices.Clone(n.In[0].Shape)
	for i := range shape {
		if shape[i] != Unknown {
			shape[i] += pads[i] + pads[rank+i]
		}
	}
	return one(n.In[0].Type, shape), nil
}

func inferTile(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	times, ok := ConstInts(n.In[1])
	if !ok || len(times) != n.In[0].Rank() {
		return nil, fmt.Errorf("needs constant repeats for each dimension")
	}
	shape := slices.Clone(n.In[0].Shape)
	for i := range shape {
		if shape[i] != Unknown {
			shape[i] *= times[i]
		}
	}
	return one(n.In[0].Type, shape), nil
}

func inferTrilu(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	if n.In[0].Rank() < 2 {
		return nil, fmt.Errorf("needs a matrix, has %v", n.In[0].Shape)
	}
	return inferUnary(n)
}

func inferDepthToSpace(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	x, s := n.In[0].Shape, n.Attrs.Int("blocksize", 0)
	if len(x) != 4 || s < 1 || x[1] == Unknown || x[1]%(s*s) != 0 {
		return nil, fmt.Errorf("blocks of %d do not fit %v", s, x)
	}
	return one(n.In[0].Type, []int{x[0], x[1] / (s * s), times(x[2], s), times(x[3], s)}), nil
}

func inferSpaceToDepth(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	x, s := n.In[0].Shape, n.Attrs.Int("blocksize", 0)
	if len(x) != 4 || s < 1 || x[2] == Unknown || x[3] == Unknown || x[2]%s != 0 || x[3]%s != 0 {
		return nil, fmt.Errorf("blocks of %d do not fit %v", s, x)
	}
	return one(n.In[0].Type, []int{x[0], times(x[1], s*s), x[2] / s, x[3] / s}), nil
}

// times multiplies a dimension that may be unknown.
func times(d, k int) int {
	if d == Unknown {
		return Unknown
	}
	return d * k
}
