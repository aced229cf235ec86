package train

import (
	"fmt"
	"math"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
	"athanor/pipeline/optim"
)

// loss is one number a sample, [N, 1], and the scores that decide the class.
func (n *network) loss(b *graph.Builder, y, target *graph.Value, smoothing float64) (loss, score *graph.Value) {
	if n.classes == 0 {
		return n.squaredError(b, y, target), y
	}
	if n.recipe.Train.Loss == "bce" {
		return binaryCrossEntropy(b, y, grad.OneHot(b, target, n.classes, smoothing)), y
	}
	return grad.ClassEntropy(b, y, target, smoothing)
}

// binaryCrossEntropy sums −t·log σ(y) − (1−t)·log(1−σ(y)) = softplus(y) − y·t
// over the classes.
func binaryCrossEntropy(b *graph.Builder, y, wanted *graph.Value) *graph.Value {
	return b.ReduceSum(b.Sub(b.Op("Softplus", nil, y), b.Mul(y, wanted)), true, 1)
}

// squaredError is ((y − target)/deviation)², so that it does not depend on the
// target's unit.
func (n *network) squaredError(b *graph.Builder, y, target *graph.Value) *graph.Value {
	rows := target.Shape[0]
	d := b.MulBy(b.Sub(y, b.Reshape(target, rows, 1)), 1/n.scale.Deviation)
	return b.Mul(d, d)
}

// measureTargets is the mean and deviation of a feed's targets.
func measureTargets(feed dataset.Feed) targetScale {
	count, mean, squares := 0.0, 0.0, 0.0
	for row := range feed.Len() {
		count++
		x := float64(feed.Target(row))
		delta := x - mean
		mean += delta / count
		squares += delta * (x - mean)
	}
	deviation := math.Sqrt(squares / max(count, 1))
	if deviation < 1e-12 {
		deviation = 1
	}
	return targetScale{mean, deviation}
}

// optimize adds the update rule and the outputs of the new state.
func (n *network) optimize(b *graph.Builder, s *stateValues, grads []*graph.Value, hyper *graph.Value) error {
	state := optim.State{Params: s.params, Grads: grads, Slots: s.slots, Hyper: hyper}
	if n.recipe.Optimizer.WeightDecay > 0 {
		state.Decay = n.decayMask(b)
	}
	params, slots, norm := n.recipe.rule().Update(b, state)
	b.Output("params.next", n.paced(b, s.params, params))
	for i, slot := range slots {
		b.Output(fmt.Sprintf("slot%d.next", i), slot)
	}
	s.norm = norm
	return b.Err()
}

// decayMask is 1 for every element that weight decay applies to.
func (n *network) decayMask(b *graph.Builder) *graph.Value {
	var parts []*graph.Value
	for _, p := range n.parameters {
		x := 0.0
		if p.Decay {
			x = 1
		}
		parts = append(parts, b.Expand(b.Const(onnx.Float, []int{1}, x), size(p.Shape)))
	}
	return b.Concat(0, parts...)
}
