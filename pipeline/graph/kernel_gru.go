package graph

import (
	"fmt"

	"athanor/inference/onnx"
)

const (
	// GRUKernel takes what the places of texts come to [N, L, 3H], the recurrent
	// weights [3H, H] and bias [3H] in ONNX's order, and where a unit stands [N, L, 1];
	// gives the states [N, L, H], 0 at padding, and what the gradient needs [N, L, 4H].
	GRUKernel = kernelPrefix + "GRU"
	// GRUGradKernel takes weights, where a unit stands, both results and the states'
	// gradient; gives the gradients of the places' part and of the product with the
	// state before, both [N, L, 3H].
	GRUGradKernel = kernelPrefix + "GRUGrad"
	// gruStep is what the number of units must be a multiple of.
	gruStep = 16
)

// GRU is gated recurrent units (Cho et al. 2014, the reset gate behind the product) by
// Athanor's own operator; ok is false where that does not take them. in is [N, L, 3H],
// weights [3H, H], bias [3H], present [N, L, 1] with padding at the end; the states are
// [N, L, H].
func (b *Builder) GRU(in, weights, bias, present *Value, reverse bool) (states *Value, ok bool) {
	if !b.kernels || in.Size() == Unknown || weights.Shape[1]%gruStep != 0 {
		return nil, false
	}
	sizes := []int{in.Shape[1], in.Shape[0], weights.Shape[1], 0}
	if reverse {
		sizes[3] = 1
	}
	return b.OpN(GRUKernel, 2, KernelAttrs(sizes), in, weights, bias, present)[0], true
}

func inferGRUKernel(n *Node) ([]result, error) {
	if err := need(n, 4); err != nil {
		return nil, err
	}
	s := n.Attrs.Ints("sizes")
	if in := n.In[0].Shape; len(in) != 3 || in[2] != 3*s[2] {
		return nil, fmt.Errorf("takes [N, L, %d], got %v", 3*s[2], in)
	}
	return []result{{onnx.Float, []int{s[1], s[0], s[2]}}, {onnx.Float, []int{s[1], s[0], 4 * s[2]}}}, nil
}

func inferGRUGradKernel(n *Node) ([]result, error) {
	if err := need(n, 5); err != nil {
		return nil, err
	}
	s := n.Attrs.Ints("sizes")
	part := result{onnx.Float, []int{s[1], s[0], 3 * s[2]}}
	return []result{part, part}, nil
}
