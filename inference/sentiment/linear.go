package sentiment

import (
	"fmt"
	"math"

	"athanor/inference/onnx"
	"athanor/inference/text"
)

// Names of the tables in models of the architecture nb-linear.
const (
	ratiosTable  = "ratios"
	weightsTable = "weights.table"
	biasVector   = "output.bias"
)

// linear is what a model of the architecture nb-linear computes for two
// classes: the log-odds of the second are Σ r·w / ‖r‖ + base over a text's
// n-grams, at a temperature.
type linear struct {
	ratios, weights []float32
	base            float64
	temperature     float64
}

// readLinear finds the tables in a model's file; nil where it is none of these.
func readLinear(file *onnx.Model) (*linear, error) {
	ratios, weights := file.Graph.Initializer(ratiosTable), file.Graph.Initializer(weightsTable)
	bias := file.Graph.Initializer(biasVector)
	if ratios == nil || weights == nil || bias == nil || len(ratios.Dims) != 2 || ratios.Dims[1] != 1 {
		return nil, nil
	}
	l := &linear{temperature: 1}
	var both []float32
	for _, part := range []struct {
		into *[]float32
		t    *onnx.Tensor
	}{{&l.ratios, ratios}, {&l.weights, weights}, {&both, bias}} {
		at, err := part.t.Float32s()
		if err != nil {
			return nil, fmt.Errorf("%w: its table %s cannot be read: %w", ErrModel, part.t.Name, err)
		}
		*part.into = at
	}
	if len(l.ratios) != len(l.weights) || len(both) != 2 {
		return nil, nil
	}
	l.base = float64(both[1] - both[0])
	if v, ok := file.Meta("athanor.temperature"); ok {
		if _, err := fmt.Sscan(v, &l.temperature); err != nil || !(l.temperature > 0) {
			return nil, fmt.Errorf("%w: its temperature is %q", ErrModel, v)
		}
	}
	return l, nil
}

// leastEvidence is the norm below which a text holds nothing that tells: what is left
// are n-grams of its edges.
const leastEvidence = 1

// norm is ‖r‖ over a text's ids: how much of it tells by itself.
func (l *linear) norm(ids []int64) float64 {
	sum := 0.0
	for _, id := range ids {
		if id >= 0 && id < int64(len(l.ratios)) {
			sum += float64(l.ratios[id]) * float64(l.ratios[id])
		}
	}
	return math.Sqrt(sum)
}

// parts is what each of n ids adds to the log-odds of the class of the higher
// value, which is the first class where flipped is set, and what a text without
// n-grams has.
func (l *linear) parts(grams []text.Token, n int, flipped bool) (parts []float64, base float64, err error) {
	parts = make([]float64, n)
	norm := 0.0
	for _, g := range grams {
		if g.Index < 0 || parts[g.Index] != 0 {
			continue
		}
		if g.ID < 0 || g.ID >= int64(len(l.ratios)) {
			return nil, 0, fmt.Errorf("%w: id %d has no weight", ErrModel, g.ID)
		}
		r := float64(l.ratios[g.ID])
		norm += r * r
		parts[g.Index] = r * float64(l.weights[g.ID])
	}
	scale := 1 / (math.Sqrt(norm+1e-12) * l.temperature)
	base = l.base / l.temperature
	if flipped {
		scale, base = -scale, -base
	}
	for i := range parts {
		parts[i] *= scale
	}
	return parts, base, nil
}
