// Package optim builds update rules as graphs: all parameters are one flat
// vector, so that a rule is a handful of nodes however many layers there are.
// Numbers that change from step to step are fed as a small vector, computed in
// float64 outside the graph. It knows no data.
package optim

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"athanor/pipeline/graph"
)

// ErrUnknown says that no optimizer or schedule has the name asked for.
var ErrUnknown = errors.New("unknown name")

// Config names an update rule and its constants.
type Config struct {
	Name         string // sgd, momentum, nesterov, adam, adamw
	Momentum     float64
	Beta1, Beta2 float64
	Epsilon      float64
	WeightDecay  float64
	// Clip is the largest global gradient norm; 0 is off.
	Clip float64
}

// Names lists the update rules.
func Names() []string { return []string{"sgd", "momentum", "nesterov", "adam", "adamw"} }

// Check tells what is wrong with the constants, or nil.
func (c Config) Check() error {
	switch {
	case c.Slots() < 0:
		return fmt.Errorf("%w: optimizer %q; choose one of %v", ErrUnknown, c.Name, Names())
	case c.Momentum < 0 || c.Momentum >= 1 || c.Beta1 < 0 || c.Beta1 >= 1 || c.Beta2 < 0 || c.Beta2 >= 1:
		return errors.New("momentum, beta1 and beta2 must be in [0, 1)")
	case c.WeightDecay < 0 || c.Clip < 0 || c.Epsilon < 0:
		return errors.New("weight_decay, clip and epsilon must not be negative")
	}
	return nil
}

// Slots is how many vectors of state the rule keeps, as long as the parameters;
// −1 for an unknown rule.
func (c Config) Slots() int {
	switch c.Name {
	case "sgd":
		return 0
	case "momentum", "nesterov":
		return 1
	case "adam", "adamw":
		return 2
	default:
		return -1
	}
}

// Hypers is the length of the vector of changing numbers.
const Hypers = 3

// Hyper writes the changing numbers of a step (counted from 1) into dst.
//
// Adam (Kingma and Ba 2015) is kept in scaled moments: with M = m/(1−β₁) and
// V = v/(1−β₂) the update lr·m̂/(√v̂+ε) is a·M/(√V+e), where
// k = √((1−β₂)/(1−β₂ᵗ)), a = lr·(1−β₁)/((1−β₁ᵗ)·k) and e = ε/k. That saves two
// passes over memory.
func (c Config) Hyper(dst []float32, step int, lr float64) {
	dst[0], dst[1], dst[2] = float32(lr), 0, float32(1-lr*c.WeightDecay)
	if c.Slots() != 2 {
		return
	}
	t := float64(step)
	k := math.Sqrt((1 - c.Beta2) / (1 - math.Pow(c.Beta2, t)))
	dst[0] = float32(lr * (1 - c.Beta1) / ((1 - math.Pow(c.Beta1, t)) * k))
	dst[1] = float32(c.Epsilon / k)
}

// State is a rule's view of the step: everything flat, [n].
type State struct {
	Params *graph.Value
	// Grads are the gradients of the parameters' parts, in their order.
	Grads []*graph.Value
	Slots []*graph.Value
	Hyper *graph.Value // [Hypers]
	// Decay is 1 where weight decay applies, else 0; nil when no decay is set.
	Decay *graph.Value
}

// Update adds the rule's nodes and returns the new parameters and slots, and
// the gradient's global norm before clipping, [1].
func (c Config) Update(b *graph.Builder, s State) (params *graph.Value, slots []*graph.Value, norm *graph.Value) {
	if b.Kernels() && len(s.Grads) <= maxGrads {
		return c.kernel(b, s)
	}
	hyper := b.Split(s.Hyper, 0, 1, 1, 1)
	flat := make([]*graph.Value, len(s.Grads))
	for i, g := range s.Grads {
		flat[i] = b.Reshape(g, g.Size())
	}
	grads := b.Concat(0, flat...)
	norm = b.Reshape(b.Op("ReduceL2", graph.Attrs{"keepdims": 1}, grads, b.Ints(0)), 1)
	g := c.clipped(b, grads, norm)
	if c.WeightDecay > 0 && c.Name != "adamw" {
		g = b.Add(g, b.Mul(s.Params, b.MulBy(s.Decay, c.WeightDecay)))
	}
	var direction *graph.Value
	switch c.Slots() {
	case 0:
		direction = g
	case 1:
		direction, slots = c.momentum(b, g, s.Slots[0])
	default:
		direction, slots = c.adam(b, g, s.Slots, hyper[1])
	}
	base := s.Params
	if c.WeightDecay > 0 && c.Name == "adamw" {
		base = b.Where(b.Greater(s.Decay, b.Scalar(s.Decay, 0)), b.Mul(base, hyper[2]), base)
	}
	return b.Sub(base, b.Mul(direction, hyper[0])), slots, norm
}

// clipped scales the gradient down to the largest allowed global norm
// (Pascanu et al. 2013).
func (c Config) clipped(b *graph.Builder, g, norm *graph.Value) *graph.Value {
	if c.Clip <= 0 {
		return g
	}
	limit := b.Scalar(norm, c.Clip)
	return b.Mul(g, b.Div(limit, b.Op("Max", nil, norm, limit)))
}

// momentum is v ← μ·v + g; Nesterov looks ahead with μ·v + g once more
// (Sutskever et al. 2013).
func (c Config) momentum(b *graph.Builder, g, v *graph.Value) (*graph.Value, []*graph.Value) {
	next := b.Add(b.MulBy(v, c.Momentum), g)
	if c.Name == "nesterov" {
		return b.Add(b.MulBy(next, c.Momentum), g), []*graph.Value{next}
	}
	return next, []*graph.Value{next}
}

func (c Config) adam(b *graph.Builder, g *graph.Value, slots []*graph.Value, epsilon *graph.Value) (*graph.Value, []*graph.Value) {
	first := b.Add(b.MulBy(slots[0], c.Beta1), g)
	second := b.Add(b.MulBy(slots[1], c.Beta2), b.Mul(g, g))
	return b.Div(first, b.Add(b.Sqrt(second), epsilon)), []*graph.Value{first, second}
}

// maxGrads is how many gradients the kernel takes.
const maxGrads = 120

// kernel is the whole rule as one operator, in one pass over memory.
func (c Config) kernel(b *graph.Builder, s State) (params *graph.Value, slots []*graph.Value, norm *graph.Value) {
	flag := map[bool]int{true: 1}
	sizes := []int{c.Slots(), flag[c.Name == "nesterov"], flag[c.Name == "adamw"], flag[s.Decay != nil]}
	in := slices.Concat([]*graph.Value{s.Params, s.Hyper}, s.Slots)
	if s.Decay != nil {
		in = append(in, s.Decay)
	}
	for _, g := range s.Grads {
		sizes = append(sizes, g.Size())
	}
	attrs := graph.KernelAttrs(sizes, c.Momentum, c.Beta1, c.Beta2, c.WeightDecay, c.Clip)
	out := b.OpN(graph.UpdateKernel, 2+c.Slots(), attrs, append(in, s.Grads...)...)
	return out[1], out[2:], out[0]
}
