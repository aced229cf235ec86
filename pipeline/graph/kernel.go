package graph

import (
	"fmt"

	"athanor/inference/onnx"
)

// Operators of onnx.KernelDomain, which package inference/runtime/kernels
// computes. Their numbers are in two lists: "sizes" and "constants".
const (
	kernelPrefix = onnx.KernelDomain + "."

	// ConvKernel is Conv (x, w, bias) with what follows it: 2×2 maximum pooling
	// and ReLU. Gives y, and after pooling a mask of the elements that were the
	// maximum.
	ConvKernel = kernelPrefix + "Conv"
	// ConvGradKernel takes x, w, the mask or y, and dy; gives dw, the bias's
	// gradient and, if asked for by one more size, dx.
	ConvGradKernel = kernelPrefix + "ConvGrad"
	// DenseKernel is Gemm (x, w, bias[, mask]) with the scaling of bytes in front
	// and ReLU and the product with a mask behind it.
	DenseKernel = kernelPrefix + "Dense"
	// DenseGradKernel takes x, w, y, dy and the mask; gives dw, the bias's
	// gradient and, if asked for by one more size, dx.
	DenseGradKernel = kernelPrefix + "DenseGrad"
	// UpdateKernel is an optimizer's step: parameters, hyper, slots, mask of
	// decay and all gradients in; norm, parameters and slots out.
	UpdateKernel = kernelPrefix + "Update"
	// EntropyKernel is cross entropy: logits and classes in, losses and logp out.
	EntropyKernel = kernelPrefix + "CrossEntropy"
	// EntropyGradKernel takes logp, classes and dloss; gives dlogits.
	EntropyGradKernel = kernelPrefix + "CrossEntropyGrad"
	// ReluGradKernel takes y and dy [N, C]; gives dx and its sums over rows [C].
	ReluGradKernel = kernelPrefix + "ReluGrad"
	// ScaleKernel takes bytes; gives them as floats times a constant.
	ScaleKernel = kernelPrefix + "Scale"
)

// UseKernels lets the graph name operators of onnx.KernelDomain from here on.
// It then runs only in sessions opened with runtime.Options.Kernels.
func (b *Builder) UseKernels() { b.kernels = true }

// UseCard says that the graph is for a graphics processor: rules then prefer
// many small products side by side to few long ones, and operators that the
// providers of such devices have.
func (b *Builder) UseCard() { b.card = true }

// Card tells whether UseCard was called.
func (b *Builder) Card() bool { return b.card }

// Kernels tells whether the graph may name operators of onnx.KernelDomain.
func (b *Builder) Kernels() bool { return b.kernels }

// KernelAttrs are the attributes of an operator of onnx.KernelDomain.
func KernelAttrs(sizes []int, constants ...float64) Attrs {
	if len(constants) == 0 {
		constants = []float64{0} // the runtime does not take an empty list
	}
	return Attrs{"sizes": sizes, "constants": constants}
}

// kernelOperators holds their shape rules; it is never changed.
var kernelOperators = map[string]inferFunc{
	ConvKernel: inferConvKernel, ConvGradKernel: inferConvGradKernel, UpdateKernel: inferUpdateKernel,
	EntropyKernel: inferEntropyKernel, EntropyGradKernel: inferEntropyGradKernel, ReluGradKernel: inferReluGradKernel,
	ScaleKernel: inferScaleKernel, DenseKernel: inferDenseKernel, DenseGradKernel: inferDenseGradKernel,
	BagKernel: inferBagKernel, BagGradKernel: inferBagGradKernel,
	GRUKernel: inferGRUKernel, GRUGradKernel: inferGRUGradKernel,
}

func inferConvKernel(n *Node) ([]result, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	s := n.Attrs.Ints("sizes")
	batch, channels, h, w := s[0], s[4], s[13], s[14]
	if s[15] == 1 {
		h, w = h/2, w/2
	}
	return []result{{onnx.Float, []int{batch, channels, h, w}}, {onnx.Uint8, []int{batch, h * w, channels}}}, nil
}

func inferConvGradKernel(n *Node) ([]result, error) {
	if err := need(n, 4); err != nil {
		return nil, err
	}
	return []result{{onnx.Float, n.In[1].Shape}, {onnx.Float, n.In[1].Shape[:1]}, {onnx.Float, n.In[0].Shape}}, nil
}

func inferUpdateKernel(n *Node) ([]result, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	flat := result{onnx.Float, n.In[0].Shape}
	return []result{{onnx.Float, []int{1}}, flat, flat, flat}, nil
}

func inferEntropyKernel(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	return []result{{onnx.Float, []int{n.In[0].Shape[0], 1}}, {onnx.Float, n.In[0].Shape}}, nil
}

func inferReluGradKernel(n *Node) ([]result, error) {
	if err := need(n, 2); err != nil {
		return nil, err
	}
	return []result{{onnx.Float, n.In[0].Shape}, {onnx.Float, n.In[0].Shape[1:]}}, nil
}

func inferScaleKernel(n *Node) ([]result, error) {
	if err := need(n, 1); err != nil {
		return nil, err
	}
	if n.In[0].Type != onnx.Uint8 {
		return nil, fmt.Errorf("takes bytes, got %v", n.In[0].Type)
	}
	return one(onnx.Float, n.In[0].Shape), nil
}

func inferEntropyGradKernel(n *Node) ([]result, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	return one(onnx.Float, n.In[0].Shape), nil
}
