package train

import (
	"fmt"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
)

// pass is the forward part of a step for some samples.
type pass struct {
	context *nn.Context
	named   map[string]*graph.Value // parameters and buffers
	loss    *graph.Value            // [B, 1]
	score   *graph.Value
	weight  *graph.Value // [B]
	scale   *graph.Value // of the loss, [1]; nil in float32
}

// trainingGraph starts a graph for the device and the type that the recipe names.
func (n *network) trainingGraph(name string) *graph.Builder {
	b := graph.New(name)
	switch {
	case n.kernels():
		b.UseKernels()
	case !runtime.OnCPU(n.recipe.Device):
		b.UseCard()
	}
	if n.half() {
		b.UseHalf()
	}
	return b
}

// pass declares the inputs of a batch and builds what they come to. Inputs: the
// sample's columns, target [B] (int64 classes or float values), weight [B] (sums to
// 1 over a step), the loss's scale [1] in float16, on the CPU each parameter again,
// the dropout masks, and the partners of blended samples.
func (n *network) pass(b *graph.Builder, state *stateValues, batch int) *pass {
	x := n.inputs(b, batch)
	target := n.target(b, batch)
	p := &pass{weight: b.Input("weight", onnx.Float, batch)}
	if n.half() {
		p.scale = b.Input("scale", onnx.Float, 1)
	}
	stage := n.declareStage(b)
	p.named = n.unpack(b, state.params, state.buffers)
	p.context = nn.NewContext(b, true, func(name string, _ []int) *graph.Value { return p.named[name] })
	y := n.forward(p.context, x)
	n.fuse(b)
	p.loss, p.score = n.blendLoss(b, y, target, batch)
	p.loss = n.guessing(p.context, n.distilled(b, x, y, p.loss), stage)
	return p
}

// backward differentiates the weighted loss with respect to each parameter. In
// float16 the loss is scaled up, so that small gradients do not vanish, and the
// gradients are scaled back in float32 (Micikevicius et al., "Mixed Precision
// Training", 2018).
func (n *network) backward(b *graph.Builder, p *pass) ([]*graph.Value, error) {
	if n.trouble != nil {
		return nil, n.trouble
	}
	seed := b.Reshape(p.weight, p.weight.Shape[0], 1)
	if p.scale != nil {
		seed = b.Mul(seed, p.scale)
	}
	wrt := make([]*graph.Value, len(n.parameters))
	for i, q := range n.parameters {
		wrt[i] = p.named[q.Name]
	}
	grads, err := grad.Backward(b, p.loss, seed, wrt)
	if err != nil {
		return nil, fmt.Errorf("differentiate %s: %w", n.recipe.Model.Name, err)
	}
	if p.scale != nil {
		back := b.Op("Reciprocal", nil, p.scale)
		for i, g := range grads {
			grads[i] = b.Mul(g, back)
		}
	}
	return grads, nil
}

// outputPass names what a pass gives besides gradients.
func (n *network) outputPass(b *graph.Builder, p *pass) {
	if len(n.buffers) > 0 {
		b.Output("buffers.next", n.nextBuffers(p.context, p.named))
	}
	b.Output("loss", b.Reshape(p.loss, p.weight.Shape[0]))
	if n.classes > 0 {
		b.Output("score", p.score)
	}
}
