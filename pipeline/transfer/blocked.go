package transfer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"athanor/inference/onnx"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
)

// ErrBlocked: an operator without a gradient stands between weights and the head.
var ErrBlocked = errors.New("weights cannot be trained")

// Blocked are weights that no gradient reaches, and the operator that stops it.
type Blocked struct {
	Operator, Node string
	Weights        []Weight
	Cause          error
}

// Trainable tells which weights a gradient from the features reaches, and which
// operators keep it from the others.
func (n *Network) Trainable(weights []Weight) (free []Weight, blocked []Blocked, err error) {
	free = weights
	for len(free) > 0 {
		stop, err := n.differentiate(free)
		if err != nil || stop == nil {
			return free, blocked, err
		}
		blocked = append(blocked, *stop)
		free = slices.DeleteFunc(slices.Clone(free), func(w Weight) bool {
			return slices.ContainsFunc(stop.Weights, func(s Weight) bool { return s.Name == w.Name })
		})
	}
	return nil, blocked, nil
}

// differentiate tries to take the gradient of the features, and says what stops it.
func (n *Network) differentiate(weights []Weight) (*Blocked, error) {
	b := graph.New("trial")
	values, wrt := map[string]*graph.Value{}, make([]*graph.Value, len(weights))
	for i, w := range weights {
		wrt[i] = b.Input("trained/"+w.Name, onnx.Float, w.Shape...)
		values[strings.TrimPrefix(w.Name, scope+"/")] = wrt[i]
	}
	c := n.trial(b, 2)
	c.Variable = func(name string, _ *onnx.Tensor) *graph.Value { return values[name] }
	im, err := b.Import(n.model, c)
	if err != nil {
		return nil, err
	}
	y := im.Values[n.Head.Feature]
	_, err = grad.Backward(b, y, b.Expand(b.Scalar(y, 1), y.Shape...), wrt)
	var at *grad.NodeError
	if !errors.As(err, &at) {
		return nil, err
	}
	stop := &Blocked{Operator: at.Node.Op, Node: at.Node.Name, Cause: at.Err}
	behind := ancestors(b, at.Node)
	for i, v := range wrt {
		if behind[v] {
			stop.Weights = append(stop.Weights, weights[i])
		}
	}
	if len(stop.Weights) == 0 {
		return nil, err
	}
	return stop, nil
}

// ancestors are the values that a node depends on.
func ancestors(b *graph.Builder, n *graph.Node) map[*graph.Value]bool {
	found := map[*graph.Value]bool{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		for _, v := range n.In {
			if v == nil || found[v] {
				continue
			}
			found[v] = true
			if p := b.Producer(v); p != nil {
				visit(p)
			}
		}
	}
	visit(n)
	return found
}

// refuse says what stops the gradient and what can be trained without it.
func refuse(free []Weight, blocked []Blocked) error {
	if len(blocked) == 0 {
		return nil
	}
	var texts []string
	for _, s := range blocked {
		texts = append(texts, fmt.Sprintf("%s in front of %s (node %s): %v", some(s.Weights), s.Operator, s.Node, s.Cause))
	}
	advice := "train the head alone"
	if len(free) > 0 {
		advice = "these can be trained without it: " + some(free) + "; choose them by --train, by --from, or freeze the others"
	}
	return fmt.Errorf("%w: %s; %s", ErrBlocked, strings.Join(texts, "; "), advice)
}

// some names a few weights.
func some(weights []Weight) string {
	const few = 8
	var names []string
	for _, w := range weights[:min(few, len(weights))] {
		names = append(names, strings.TrimPrefix(w.Name, scope+"/"))
	}
	text := strings.Join(names, ", ")
	if more := len(weights) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Layer is a node of the network that holds weights.
type Layer struct {
	Node, Operator string
	Weights        []string // as patterns name them
	Numbers        int
	// Matrix says that low-rank additions are possible.
	Matrix bool
	// At is the layer's place among the network's nodes, and Parts its weights one
	// by one.
	At    int
	Parts []Part
	// Blocked names the operator that keeps gradients from it, or is empty.
	Blocked string
}

// Layers lists the nodes in front of the head that hold weights, from the input on:
// those that training can begin from.
func (n *Network) Layers() ([]Layer, error) {
	weights, err := n.Weights(Layers{})
	if err != nil {
		return nil, err
	}
	_, blocked, err := n.Trainable(weights)
	if err != nil {
		return nil, err
	}
	var list []Layer
	made := map[string]int{} // which layer gives a value
	last := n.lastUses()
	for place, node := range n.model.Graph.Nodes {
		var own []Weight
		weights = slices.DeleteFunc(weights, func(w Weight) bool {
			read := slices.Contains(node.Inputs, strings.TrimPrefix(w.Name, scope+"/"))
			if read {
				own = append(own, w)
			}
			return read
		})
		if len(own) == 0 {
			continue
		}
		at := len(list)
		if i := slices.IndexFunc(node.Inputs, func(in string) bool { _, ok := made[in]; return ok }); node.OpType == "Add" && i >= 0 {
			at = made[node.Inputs[i]] // a bias belongs to the layer in front of it
		} else {
			list = append(list, Layer{Node: nodeName(node), Operator: node.OpType, At: place})
		}
		for _, out := range node.Outputs {
			made[out] = at
		}
		list[at].add(n, own, blocked, last)
	}
	return list, nil
}

// Part is one weight of a layer.
type Part struct {
	Name    string // as patterns name it
	Shape   []int
	Numbers int
	Matrix  bool // low-rank additions are possible
	Last    int  // the last node that reads it as a weight
}

// add takes weights into a layer.
func (l *Layer) add(n *Network, weights []Weight, blocked []Blocked, last map[string]int) {
	for _, w := range weights {
		name := strings.TrimPrefix(w.Name, scope+"/")
		l.Weights, l.Numbers = append(l.Weights, name), l.Numbers+len(w.Value)
		l.Blocked = max(l.Blocked, blocker(blocked, name))
		part := Part{Name: name, Shape: w.Shape, Numbers: len(w.Value), Matrix: len(n.matrices([]Weight{w})) > 0, Last: last[name]}
		l.Matrix = l.Matrix || part.Matrix
		l.Parts = append(l.Parts, part)
	}
}

// lastUses tells for every weight in front of the features the last node that reads
// it.
func (n *Network) lastUses() map[string]int {
	needed, places, last := n.beforeFeatures(), weightPlaces(), map[string]int{}
	for at, node := range n.model.Graph.Nodes {
		if !slices.ContainsFunc(node.Outputs, func(o string) bool { return needed[o] }) {
			continue
		}
		for _, i := range places[node.OpType] {
			if i < len(node.Inputs) {
				last[node.Inputs[i]] = at
			}
		}
	}
	return last
}

// blocker is the operator that keeps gradients from a weight.
func blocker(blocked []Blocked, name string) string {
	for _, s := range blocked {
		if slices.ContainsFunc(s.Weights, func(w Weight) bool { return w.Name == scope+"/"+name }) {
			return s.Operator
		}
	}
	return ""
}

// nodeName is a node's name, or that of its first output where it has none.
func nodeName(n *onnx.Node) string {
	if n.Name != "" || len(n.Outputs) == 0 {
		return n.Name
	}
	return n.Outputs[0]
}
