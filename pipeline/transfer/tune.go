package transfer

import (
	"fmt"
	"path"
	"slices"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
)

// Layers says which weights of the network are trained with the head.
type Layers struct {
	// Train and Freeze are patterns of weight names in the file (path.Match);
	// no Train means all, and Freeze wins.
	Train, Freeze []string
	// From, where set, freezes every weight that is only used before the node of
	// that name.
	From string
}

// Weight is a trained weight of the network with its value in the file.
type Weight struct {
	nn.Parameter
	Value []float32
}

// Weights lists the weights that layers choose: float32 tensors of two elements
// or more that a layer in front of the head multiplies with, adds or looks up.
// Running statistics of batch normalisation are never among them.
func (n *Network) Weights(layers Layers) ([]Weight, error) {
	used, err := n.usedWeights(layers.From)
	if err != nil {
		return nil, err
	}
	var list []Weight
	for _, t := range n.model.Graph.Initializers {
		if size, err := t.Len(); err != nil || size < 2 || t.Type != onnx.Float || !used[t.Name] {
			continue
		}
		chosen, err := layers.choose(t.Name)
		if err != nil {
			return nil, err
		}
		if !chosen {
			continue
		}
		values, err := t.Float32s()
		if err != nil {
			return nil, fmt.Errorf("read weight %s: %w", t.Name, err)
		}
		list = append(list, Weight{parameter(t), values})
	}
	return list, nil
}

// parameter is a weight as the training sees it; its drawn values are those of
// layers before a ReLU.
func parameter(t *onnx.Tensor) nn.Parameter {
	p := nn.Parameter{Name: scope + "/" + t.Name, Shape: ints(t.Dims), Decay: len(t.Dims) > 1}
	switch shape := p.Shape; {
	case len(shape) == 2:
		p.Init = nn.Init{Kind: nn.HeUniform, FanIn: shape[0]}
	case len(shape) > 2: // a kernel: outputs, inputs, places
		p.Init = nn.Init{Kind: nn.HeUniform, FanIn: max(1, size(shape[1:]))}
		if len(slices.DeleteFunc(slices.Clone(shape), func(d int) bool { return d == 1 })) < 2 { // a bias with its places
			p.Init = nn.Init{}
		}
	}
	return p
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func ints(dims []int64) []int {
	out := make([]int, len(dims))
	for i, d := range dims {
		out[i] = int(d)
	}
	return out
}

func (l Layers) choose(name string) (bool, error) {
	train, err := matches(l.Train, name)
	if err != nil {
		return false, err
	}
	frozen, err := matches(l.Freeze, name)
	return (train || len(l.Train) == 0) && !frozen, err
}

func matches(patterns []string, name string) (bool, error) {
	for _, p := range patterns {
		ok, err := path.Match(p, name)
		if err != nil {
			return false, fmt.Errorf("pattern %q: %w", p, err)
		}
		if ok {
			return true, nil
		}
	}
	return false, nil
}

// weightPlaces are the inputs of each operator that hold weights.
func weightPlaces() map[string][]int {
	return map[string][]int{
		"Conv": {1, 2}, "ConvTranspose": {1, 2}, "Gemm": {0, 1, 2}, "MatMul": {0, 1}, "Einsum": {0, 1, 2}, "Gather": {0}, "PRelu": {1},
		"BatchNormalization": {1, 2}, "LayerNormalization": {1, 2}, "InstanceNormalization": {1, 2}, "GroupNormalization": {1, 2},
		"Add": {0, 1}, "Sub": {0, 1}, "Mul": {0, 1}, "Concat": {0, 1}, "Expand": {0}, "Reshape": {0}, "Transpose": {0},
	}
}

// usedWeights are the initializers that layers before the features read as
// weights, from a node on.
func (n *Network) usedWeights(from string) (map[string]bool, error) {
	needed := n.beforeFeatures()
	used, started, places := map[string]bool{}, from == "", weightPlaces()
	for _, node := range n.model.Graph.Nodes {
		started = started || nodeName(node) == from
		if !started || !slices.ContainsFunc(node.Outputs, func(o string) bool { return needed[o] }) {
			continue
		}
		for _, i := range places[node.OpType] {
			if i < len(node.Inputs) {
				used[node.Inputs[i]] = true
			}
		}
	}
	if !started {
		return nil, fmt.Errorf("%w: no node is called %s", ErrNoHead, from)
	}
	return used, nil
}

// beforeFeatures are the values that the features depend on.
func (n *Network) beforeFeatures() map[string]bool {
	needed := map[string]bool{n.Head.Feature: true}
	nodes := n.model.Graph.Nodes
	for i := range slices.Backward(nodes) {
		if slices.ContainsFunc(nodes[i].Outputs, func(o string) bool { return o != "" && needed[o] }) {
			for _, in := range nodes[i].Inputs {
				needed[in] = true
			}
		}
	}
	return needed
}

// Build rebuilds the network in c with a new head of the given outputs: weights
// become parameters of c, all else stays constant. x is the data set's column,
// [N, …]. The caller fills the parameters from Weights.
func (n *Network) Build(c *nn.Context, x *graph.Value, p Pixels, weights []Weight, outputs int) (*graph.Value, error) {
	t := &taught{network: n, pixels: p, weights: map[string]Weight{}}
	for _, w := range weights {
		t.weights[w.Name] = w
	}
	return t.build(c, x, outputs)
}
