package graph

import "fmt"

func normRules() map[string]inferFunc {
	return map[string]inferFunc{
		"BatchNormalization": inferBatchNorm, "LayerNormalization": inferLayerNorm, "InstanceNormalization": inferInstanceNorm,
		"LpNormalization": inferAlongAxis, "LRN": inferLRN, "MeanVarianceNormalization": inferMeanVariance,
	}
}

// checkChannels refuses inputs from first on that are not one number for each
// channel of the first input.
func checkChannels(n *Node, first int) error {
	x := n.In[0]
	if x.Rank() < 2 {
		return fmt.Errorf("needs a batch and channels, has %v", x.Shape)
	}
	for _, v := range n.In[first:] {
		if v == nil || v.Rank() != 1 || !agree(v.Shape[0], x.Shape[1]) {
			return fmt.Errorf("an input for each channel does not fit %v", x.Shape)
		}
	}
	return nil
}

func inferBatchNorm(n *Node) ([]result, error) {
	if err := need(n, 5); err != nil {
		return nil, err
	}
	if err := checkChannels(n, 1); err != nil {
		return nil, err
	}
	x := n.In[0]
	return []result{{x.Type, x.Shape}, {x.Type, n.In[1].Shape}, {x.Type, n.In[1].Shape}}, nil
}

func inferInstanceNorm(n *Node) ([]result, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	if err := checkChannels(n, 1); err != nil {
		return nil, err
	}
	if n.In[0].Rank() < 3 {
		return nil, fmt.Errorf("needs a batch, channels and space")
	}
	return inferUnary(n)
}

func inferLRN(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	if n.In[0].Rank() != 4 || n.Attrs.Int("size", 0) < 1 {
		return nil, fmt.Errorf("needs four dimensions and a positive size")
	}
	return inferUnary(n)
}

func inferMeanVariance(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	for _, a := range MeanVarianceAxes(n) {
		if _, err := axis(a, n.In[0].Rank()); err != nil {
			return nil, err
		}
	}
	return inferUnary(n)
}

// MeanVarianceAxes are the axes of a MeanVarianceNormalization node.
func MeanVarianceAxes(n *Node) []int {
	if axes := n.Attrs.Ints("axes"); axes != nil {
		return axes
	}
	return []int{0, 2, 3}
}

func inferLayerNorm(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	x := n.In[0]
	from, err := axis(n.Attrs.Int("axis", -1), x.Rank())
	if err != nil {
		return nil, err
	}
	for _, v := range n.In[1:] {
		if v == nil {
			continue
		}
		if s, err := Broadcast(x.Shape[from:], v.Shape); err != nil || !sameShape(s, x.Shape[from:]) {
			return nil, fmt.Errorf("scale or bias %v does not fit %v", v.Shape, x.Shape[from:])
		}
	}
	stats := append([]int{}, x.Shape...)
	for i := from; i < len(stats); i++ {
		stats[i] = 1
	}
	return []result{{x.Type, x.Shape}, {x.Type, stats}, {x.Type, stats}}, nil
}
