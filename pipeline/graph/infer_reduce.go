package graph

import (
	"fmt"
	"slices"

	"athanor/inference/onnx"
)

func reduceRules() map[string]inferFunc {
	table := map[string]inferFunc{"ArgMax": inferArg, "ArgMin": inferArg}
	for _, op := range []string{
		"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare", "ReduceL2", "ReduceL1", "ReduceProd", "ReduceLogSum", "ReduceLogSumExp",
	} {
		table[op] = inferReduce
	}
	return table
}

// ReducedAxes are the axes a Reduce node works on, sorted; the list may come as
// an input or, in old opsets, as an attribute. None means all.
func ReducedAxes(n *Node) []int {
	rank := n.In[0].Rank()
	list := n.Attrs.Ints("axes")
	if len(n.In) > 1 {
		list, _ = ConstInts(n.In[1])
	}
	if len(list) == 0 {
		for i := range rank {
			list = append(list, i)
		}
		return list
	}
	axes := make([]int, len(list))
	for i, a := range list {
		axes[i] = a
		if a < 0 {
			axes[i] += rank
		}
	}
	slices.Sort(axes)
	return axes
}

// checkAxes refuses axes that are not known, outside the rank or repeated.
func checkAxes(n *Node) error {
	if len(n.In) > 1 && n.In[1] != nil {
		if _, ok := ConstInts(n.In[1]); !ok {
			return fmt.Errorf("the axes are not a constant")
		}
	}
	axes := ReducedAxes(n)
	for i, a := range axes {
		if a < 0 || a >= n.In[0].Rank() || i > 0 && axes[i-1] == a {
			return fmt.Errorf("axes %v do not fit %v", axes, n.In[0].Shape)
		}
	}
	return nil
}

func inferReduce(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	x := n.In[0]
	if err := checkAxes(n); err != nil {
		return nil, err
	}
	shape := dropped(x.Shape, ReducedAxes(n), n.Attrs.Int("keepdims", 1) == 1)
	return one(x.Type, shape), nil
}

func inferArg(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	a, err := axis(n.Attrs.Int("axis", 0), n.In[0].Rank())
	if err != nil {
		return nil, err
	}
	return one(onnx.Int64, dropped(n.In[0].Shape, []int{a}, n.Attrs.Int("keepdims", 1) == 1)), nil
}

func dropped(shape, axes []int, keep bool) []int {
	out := []int{}
	for i, d := range shape {
		switch {
		case !slices.Contains(axes, i):
			out = append(out, d)
		case keep:
			out = append(out, 1)
		}
	}
	return out
}
