package train

import (
	"fmt"
	"slices"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
)

// GivenName is what a recipe calls a network that is given from outside the
// catalogue of architectures.
const GivenName = "transfer"

// What a run keeps of low-rank training.
const (
	KeepBoth    = "both"
	KeepMerged  = "merged"
	KeepAdapter = "adapter"
)

// Given is a network from outside the catalogue, such as one that is imported.
type Given struct {
	// Build builds the forward part on the feed's columns and returns the logits,
	// [N, outputs]. It is called several times and must declare the same
	// parameters and buffers each time.
	Build func(c *nn.Context, x []*graph.Value, outputs int) (*graph.Value, error)
	// Start holds first values of parameters and buffers by name; what is missing
	// is drawn.
	Start map[string][]float32
	// Rates are factors on the learning rate by parameter, 1 for those missing.
	Rates map[string]float64
	// Trained, where set, gets the best epoch's parameters before the model is
	// written: raw little-endian float32 by name, shared with the run.
	Trained func(values []Value) error
}

// Value is a trained parameter.
type Value struct {
	Name  string
	Shape []int
	Raw   []byte
}

// tell hands the best parameters to whoever gave the network.
func (n *network) tell(params []byte) error {
	if n.given == nil || n.given.Trained == nil {
		return nil
	}
	var list []Value
	for _, p := range n.parameters {
		k := 4 * size(p.Shape)
		list = append(list, Value{Name: p.Name, Shape: p.Shape, Raw: params[:k]})
		params = params[k:]
	}
	return n.given.Trained(list)
}

// resolve fills in what is left open.
func (t Transfer) resolve() *Transfer {
	set(&t.Rate, 1)
	set(&t.Decay, 1)
	set(&t.BatchNorm, "frozen")
	set(&t.Scale, 1)
	if t.Head && len(t.Hidden) == 0 {
		t.Hidden = []int{64}
	}
	if t.Rank > 0 {
		set(&t.Alpha, float64(2*t.Rank))
	}
	return &t
}

// wrong says which setting is out of its range, or nothing.
func (t Transfer) wrong() string {
	switch {
	case t.Model == "":
		return "transfer.model names no file"
	case t.Rate <= 0 || t.Rate > 100:
		return "transfer.rate must be above 0; it multiplies the learning rate of the network's own weights"
	case t.Decay <= 0 || t.Decay > 1:
		return "transfer.decay must be above 0 and at most 1"
	case t.Head && (t.Rank > 0 || t.From != "" || len(t.Train)+len(t.Freeze) > 0):
		return "transfer.head trains no layers of the network: leave out rank, from, train and freeze"
	case slices.ContainsFunc(t.Hidden, func(units int) bool { return units < 1 }):
		return "transfer.hidden are numbers of units, 1 or more"
	case t.Rank < 0 || t.Rank > 1024:
		return "transfer.rank must be between 0 and 1024"
	}
	return t.wrongChoice()
}

// wrongChoice says which choice is none of those there are, or nothing.
func (t Transfer) wrongChoice() string {
	switch {
	case t.BatchNorm != "frozen" && t.BatchNorm != "updated":
		return `transfer.batch_norm is "frozen" or "updated"`
	case !slices.Contains([]string{"", KeepBoth, KeepMerged, KeepAdapter}, t.Keep):
		return `transfer.keep is "both", "merged" or "adapter"`
	}
	return ""
}

// architecture is the network of a recipe: from the catalogue, or given.
func (n *network) findArchitecture(given *Given) error {
	if n.recipe.Transfer == nil {
		a, err := nn.Find(n.recipe.Model.Name, n.recipe.Task)
		n.architecture = a
		return err
	}
	if given == nil {
		return fmt.Errorf("%w: it teaches %s, and no network was opened for it", ErrRecipe, n.recipe.Transfer.Model)
	}
	n.given = given
	return nil
}

// build adds the architecture and returns what it answers.
func (n *network) build(c *nn.Context, x []*graph.Value) *graph.Value {
	if n.given == nil {
		cfg := n.recipe.architecture(n.outputs())
		cfg.Weights, cfg.Categories = n.weights, n.categories
		return n.architecture.Build(c, x, cfg)
	}
	y, err := n.given.Build(c, x, n.outputs())
	if err != nil {
		n.trouble = err
		return c.Const(onnx.Float, []int{1, n.outputs()})
	}
	return y
}

// start puts given first values over what was drawn.
func (n *network) start(params, buffers []float32) {
	if n.given == nil {
		return
	}
	for _, p := range n.parameters {
		copy(params[:size(p.Shape)], n.given.Start[p.Name])
		params = params[size(p.Shape):]
	}
	for _, b := range n.buffers {
		copy(buffers[:size(b.Shape)], n.given.Start[b.Name])
		buffers = buffers[size(b.Shape):]
	}
}

// paced lets parameters of another rate go only that part of a step.
func (n *network) paced(b *graph.Builder, before, after *graph.Value) *graph.Value {
	if n.given == nil || len(n.given.Rates) == 0 {
		return after
	}
	var parts []*graph.Value
	for _, p := range n.parameters {
		rate, ok := n.given.Rates[p.Name]
		if !ok {
			rate = 1
		}
		parts = append(parts, b.Expand(b.Const(onnx.Float, []int{1}, rate), size(p.Shape)))
	}
	return b.Add(before, b.Mul(b.Sub(after, before), b.Concat(0, parts...)))
}
