package train

import (
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
)

// blended tells whether a feed's samples may be blends of two.
func blended(feed dataset.Feed) bool {
	b, ok := feed.(dataset.Blender)
	return ok && b.Blends()
}

// partners is the other class of each sample of a batch and the share of its own.
type partners struct {
	classes []int64
	shares  []float32
}

// partnersOf finds with which classes the samples of a batch are blended.
func partnersOf(feed dataset.Feed, epoch int, rows []int) (p partners) {
	b, ok := feed.(dataset.Blender)
	if !ok || !b.Blends() {
		return p
	}
	for _, row := range rows {
		other, share := b.Blend(epoch, row)
		p.classes, p.shares = append(p.classes, int64(b.Class(other))), append(p.shares, share)
	}
	return p
}

// blendLoss is the loss where labels are blended too: each of two classes counts
// by its share (H. Zhang et al., mix-up, 2018). score is that of the first class.
func (n *network) blendLoss(b *graph.Builder, y, target *graph.Value, batch int) (loss, score *graph.Value) {
	smoothing := n.recipe.Optimizer.LabelSmoothing
	loss, score = n.loss(b, y, target, smoothing)
	if !n.blended {
		return loss, score
	}
	partner := b.Input("partner", onnx.Int64, batch)
	share := b.Reshape(b.Input("share", onnx.Float, batch), batch, 1)
	other, _ := n.loss(b, y, partner, smoothing)
	return b.Add(b.Mul(loss, share), b.Mul(other, b.AddTo(b.MulBy(share, -1), 1))), score
}

// blendInputs are the tensors of partner and share, in the order of the graph's
// inputs; none where nothing is blended.
func (s *stepper) blendInputs() []*runtime.Tensor {
	if s.partner == nil {
		return nil
	}
	return []*runtime.Tensor{s.partner, s.share}
}

// loadPartners copies a batch's partners; without them every sample is its own.
func (s *stepper) loadPartners(p partners) {
	if s.partner == nil {
		return
	}
	classes, shares := runtime.Data[int64](s.partner), runtime.Data[float32](s.share)
	copy(classes, runtime.Data[int64](s.target))
	for i := range shares {
		shares[i] = 1
	}
	copy(classes, p.classes)
	copy(shares, p.shares)
}
