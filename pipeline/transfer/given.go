package transfer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
	"athanor/pipeline/train"
)

// ErrNothing: no weight is left to train.
var ErrNothing = errors.New("no weight of the network is chosen")

// lowRank is the scope of LoRA's matrices.
const lowRank = "lora"

// Given makes the network that a recipe teaches: its chosen layers and a new
// head. A recipe that leaves nothing but the head is refused with ErrNothing,
// because FeatureSet does that in seconds. The features in front of the new head
// are standardised by what the file's weights make of some training samples, so
// that the head learns at usual rates. The recipe's transfer must be resolved.
func (n *Network) Given(ctx context.Context, t train.Transfer, set *dataset.Set, how FeatureConfig) (*train.Given, error) {
	n, err := n.fitted(set)
	if err != nil {
		return nil, err
	}
	b := &taught{
		network: n, pixels: pixelsOf(t),
		weights: map[string]Weight{}, update: t.BatchNorm == "updated", rank: t.Rank, alpha: t.Alpha,
	}
	g := &train.Given{Start: map[string][]float32{}, Rates: map[string]float64{}}
	if err := b.choose(t, g); err != nil {
		return nil, err
	}
	if t.Rate == 1 && t.Decay == 1 {
		g.Rates = nil
	}
	if b.update {
		if err := b.statistics(g.Start); err != nil {
			return nil, err
		}
	}
	if t.Adapter != "" {
		if err := begin(g.Start, t.Adapter); err != nil {
			return nil, err
		}
	}
	if !t.Scratch {
		how.Pixels = b.pixels
		if b.scale, err = n.sampled(ctx, set, how); err != nil {
			return nil, err
		}
	}
	g.Build = func(c *nn.Context, x []*graph.Value, outputs int) (*graph.Value, error) {
		return b.build(c, x[0], outputs)
	}
	return g, nil
}

// choose takes the weights to train with their first values and rates.
func (t *taught) choose(how train.Transfer, g *train.Given) error {
	weights, err := t.network.Weights(Layers{Train: how.Train, Freeze: how.Freeze, From: how.From})
	if err != nil {
		return err
	}
	if t.rank > 0 {
		if weights = t.network.matrices(weights); len(weights) == 0 {
			return fmt.Errorf("%w: low-rank training needs a matrix that MatMul or Gemm multiplies with", ErrNothing)
		}
	}
	if len(weights) == 0 {
		return fmt.Errorf("%w: train the head alone", ErrNothing)
	}
	free, blocked, err := t.network.Trainable(weights)
	if err != nil {
		return err
	}
	if err := refuse(free, blocked); err != nil {
		return err
	}
	depth := t.network.depths()
	for _, w := range weights {
		t.weights[w.Name] = w
		rate := how.Rate * math.Pow(how.Decay, float64(max(0, depth[strings.TrimPrefix(w.Name, scope+"/")]-1)))
		if t.rank > 0 {
			g.Rates[t.lowName(w, "a")], g.Rates[t.lowName(w, "b")] = rate, rate
			continue
		}
		g.Rates[w.Name] = rate
		if !how.Scratch {
			g.Start[w.Name] = w.Value
		}
	}
	return nil
}

// matrices are the weights that MatMul or Gemm multiply features with.
func (n *Network) matrices(weights []Weight) []Weight {
	read := map[string]bool{}
	for _, node := range n.model.Graph.Nodes {
		if node.OpType == "MatMul" || node.OpType == "Gemm" {
			for _, in := range node.Inputs[:min(2, len(node.Inputs))] {
				read[scope+"/"+in] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(weights), func(w Weight) bool { return !read[w.Name] || len(w.Shape) != 2 })
}

// depths counts for every weight how many layers of weights lie between it and
// the output, the head included: 1 for the last layer before the head.
func (n *Network) depths() map[string]int {
	depth, layer, places := map[string]int{}, 0, weightPlaces()
	stored := map[string]bool{}
	for _, t := range n.model.Graph.Initializers {
		stored[t.Name] = true
	}
	needed := n.beforeFeatures()
	for _, node := range slices.Backward(n.model.Graph.Nodes) {
		if !slices.ContainsFunc(node.Outputs, func(o string) bool { return needed[o] }) {
			continue
		}
		counted := false
		for _, i := range places[node.OpType] {
			if i >= len(node.Inputs) || !stored[node.Inputs[i]] || depth[node.Inputs[i]] > 0 {
				continue
			}
			if !counted && node.OpType != "Add" && node.OpType != "Reshape" { // a bias belongs to the layer in front of it
				layer, counted = layer+1, true
			}
			depth[node.Inputs[i]] = max(layer, 1)
		}
	}
	return depth
}

// taught builds a network of which some weights are parameters.
type taught struct {
	network *Network
	pixels  Pixels
	scale   *statistics       // of the features; nil leaves them as they are
	weights map[string]Weight // by parameter name
	rank    int               // above 0: low-rank additions in place of the weights
	alpha   float64
	update  bool            // batch statistics are used and followed
	running map[string]bool // initializers that are running statistics
}

func (t *taught) lowName(w Weight, part string) string {
	return lowRank + "/" + strings.TrimPrefix(w.Name, scope+"/") + "." + part
}

func (t *taught) build(c *nn.Context, x *graph.Value, outputs int) (*graph.Value, error) {
	config := graph.ImportConfig{Variable: func(name string, stored *onnx.Tensor) *graph.Value { return t.variable(c, name, stored) }}
	if t.update && c.Training {
		config.BatchNorm = func(n *onnx.Node, in []*graph.Value, epsilon float64) *graph.Value {
			return t.batchNorm(c, n, in, epsilon)
		}
	}
	features, err := t.network.features(c.Builder, x, t.pixels, config)
	if err != nil {
		return nil, err
	}
	if t.scale != nil {
		features = t.scale.node(c.Builder, features)
	}
	return c.Dense("head", features, outputs, nn.GlorotUniform), c.Err()
}

// variable is the value to use for an initializer, nil for what the file holds.
func (t *taught) variable(c *nn.Context, name string, stored *onnx.Tensor) *graph.Value {
	if t.running[name] {
		return c.Running(nn.Buffer{Name: scope + "/" + name, Shape: ints(stored.Dims)})
	}
	w, ok := t.weights[scope+"/"+name]
	switch {
	case !ok:
		return nil
	case t.rank > 0:
		return t.low(c, w)
	}
	return c.Param(w.Parameter)
}

// low is W + alpha/rank·A·B with A [rows, rank] drawn and B [rank, columns] zero
// at first (Hu et al., "LoRA", 2021). Where both are known, as in the exported
// model, the sum is one stored matrix.
func (t *taught) low(c *nn.Context, w Weight) *graph.Value {
	rows, columns := w.Shape[0], w.Shape[1]
	rank := min(t.rank, rows, columns)
	a := c.Param(nn.Parameter{Name: t.lowName(w, "a"), Shape: []int{rows, rank}, Init: nn.Init{Kind: nn.Normal, Value: 1 / math.Sqrt(float64(rows))}, Decay: true})
	b := c.Param(nn.Parameter{Name: t.lowName(w, "b"), Shape: []int{rank, columns}, Decay: true})
	scale := t.alpha / float64(t.rank)
	if a.Const != nil && b.Const != nil {
		if merged, err := merge(w, a.Const, b.Const, scale); err == nil {
			return c.Initializer(w.Name+".merged", merged)
		}
	}
	base := c.Initializer(w.Name, onnx.FloatTensor("", []int64{int64(rows), int64(columns)}, w.Value))
	return c.Add(base, c.MulBy(c.Op("MatMul", nil, a, b), scale))
}

// merge adds scale·A·B to the weight.
func merge(w Weight, left, right *onnx.Tensor, scale float64) (*onnx.Tensor, error) {
	a, err := left.Float32s()
	if err != nil {
		return nil, err
	}
	b, err := right.Float32s()
	if err != nil {
		return nil, err
	}
	rows, columns := w.Shape[0], w.Shape[1]
	rank := len(a) / rows
	sum := slices.Clone(w.Value)
	for i := range rows {
		for j := range columns {
			dot := 0.0
			for k := range rank {
				dot += float64(a[i*rank+k]) * float64(b[k*columns+j])
			}
			sum[i*columns+j] += float32(scale * dot)
		}
	}
	return onnx.FloatTensor("", []int64{int64(rows), int64(columns)}, sum), nil
}

// statistics finds the running statistics of the layers in front of the head and
// puts their values in the file into start.
func (t *taught) statistics(start map[string][]float32) error {
	needed := t.network.beforeFeatures()
	t.running = map[string]bool{}
	for _, node := range t.network.model.Graph.Nodes {
		if node.OpType == "BatchNormalization" && len(node.Inputs) == 5 && needed[node.Outputs[0]] {
			t.running[node.Inputs[3]], t.running[node.Inputs[4]] = true, true
		}
	}
	for _, stored := range t.network.model.Graph.Initializers {
		if !t.running[stored.Name] {
			continue
		}
		values, err := stored.Float32s()
		if err != nil {
			return fmt.Errorf("read statistics %s: %w", stored.Name, err)
		}
		start[scope+"/"+stored.Name] = values
	}
	return nil
}

// batchNorm normalises by the batch and follows its statistics.
func (t *taught) batchNorm(c *nn.Context, n *onnx.Node, in []*graph.Value, epsilon float64) *graph.Value {
	x, scale, bias := in[0], in[1], in[2]
	if !t.running[n.Inputs[3]] || !t.running[n.Inputs[4]] {
		return nil
	}
	y, mean, variance := grad.BatchNorm(c.Builder, x, scale, bias, epsilon)
	count := float64(x.Size() / x.Shape[1])
	c.Follow(scope+"/"+n.Inputs[3], in[3], mean, 1)
	c.Follow(scope+"/"+n.Inputs[4], in[4], variance, count/max(count-1, 1))
	return y
}
