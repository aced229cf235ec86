package graph

import (
	"fmt"
	"math"
	"slices"
)

func resizeRules() map[string]inferFunc { return map[string]inferFunc{"Resize": inferResize} }

// ResizePlan is the output size and the scale of every axis of a Resize node.
func ResizePlan(n *Node) (sizes []int, scales []float64, err error) {
	if err := need(n, 1); err != nil {
		return nil, nil, err
	}
	axes, err := resizedAxes(n)
	if err != nil {
		return nil, nil, err
	}
	x := n.In[0].Shape
	sizes, scales = slices.Clone(x), make([]float64, len(x))
	for i := range scales {
		scales[i] = 1
	}
	if len(n.In) > 3 && n.In[3] != nil {
		want, ok := ConstInts(n.In[3])
		if !ok || len(want) != len(axes) {
			return nil, nil, fmt.Errorf("needs a constant size for each axis")
		}
		return resizeTo(n, axes, want, sizes, scales)
	}
	if len(n.In) < 3 || n.In[2] == nil || n.In[2].Const == nil {
		return nil, nil, fmt.Errorf("needs constant sizes or scales")
	}
	factors := ConstFloats(n.In[2])
	if len(factors) != len(axes) {
		return nil, nil, fmt.Errorf("needs a scale for each axis, has %v", factors)
	}
	for i, a := range axes {
		if !(factors[i] > 0) || factors[i] > 1<<16 {
			return nil, nil, fmt.Errorf("scales must be positive, are %v", factors)
		}
		scales[a] = factors[i]
		if x[a] != Unknown {
			sizes[a] = int(math.Floor(float64(float32(x[a]) * float32(factors[i]))))
		}
	}
	return sizes, scales, nil
}

func resizeTo(n *Node, axes, want, sizes []int, scales []float64) ([]int, []float64, error) {
	if policy := n.Attrs.String("keep_aspect_ratio_policy", "stretch"); policy != "stretch" {
		return nil, nil, fmt.Errorf("keep_aspect_ratio_policy %q is not supported", policy)
	}
	for i, a := range axes {
		if want[i] < 1 || sizes[a] == 0 {
			return nil, nil, fmt.Errorf("cannot resize %v to %v", n.In[0].Shape, want)
		}
		if sizes[a] != Unknown {
			scales[a] = float64(want[i]) / float64(sizes[a])
		} else if want[i] != sizes[a] {
			scales[a] = math.NaN() // known when the graph runs
		}
		sizes[a] = want[i]
	}
	return sizes, scales, nil
}

// resizedAxes are the axes that sizes and scales are given for.
func resizedAxes(n *Node) ([]int, error) {
	rank := n.In[0].Rank()
	list := n.Attrs.Ints("axes")
	if list == nil {
		for i := range rank {
			list = append(list, i)
		}
		return list, nil
	}
	axes := make([]int, len(list))
	for i, a := range list {
		var err error
		if axes[i], err = axis(a, rank); err != nil {
			return nil, err
		}
	}
	return axes, nil
}

func inferResize(n *Node) ([]result, error) {
	sizes, _, err := ResizePlan(n)
	if err != nil {
		return nil, err
	}
	return one(n.In[0].Type, sizes), nil
}
