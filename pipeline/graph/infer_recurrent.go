package graph

import "fmt"

// recurrentRules are those of operators that go through a sequence step by step.
func recurrentRules() map[string]inferFunc { return map[string]inferFunc{"GRU": inferGRU} }

// inferGRU: X [L, N, D], W [directions, 3·units, D]; Y [L, directions, N, units] and
// the last states [directions, N, units].
func inferGRU(n *Node) ([]result, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	x, w, units := n.In[0], n.In[1], n.Attrs.Int("hidden_size", 0)
	if len(x.Shape) != 3 || len(w.Shape) != 3 || units <= 0 || w.Shape[1] != 3*units {
		return nil, fmt.Errorf("takes a sequence of rank 3 and weights [directions, 3·hidden_size, inputs], got %v and %v", x.Shape, w.Shape)
	}
	y := []int{x.Shape[0], w.Shape[0], x.Shape[1], units}
	return []result{{x.Type, y}, {x.Type, y[1:]}}, nil
}
