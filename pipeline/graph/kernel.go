package graph

import (
	"fmt"
	"slices"

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

// FuseConvolutions replaces each two-dimensional Conv of one group, with the
// 2×2 pooling and the ReLU behind it that nothing else reads, by one node. Very
// large ones stay as they are. Call
// it on a forward graph, before it is differentiated.
func (b *Builder) FuseConvolutions() {
	readers := b.readers()
	var kept []*Node
	for _, n := range b.nodes {
		if !fusible(n) {
			kept = append(kept, n)
			continue
		}
		chain := []*Node{n}
		if next := onlyReader(readers, n.Out[0]); next != nil && halves(next) {
			chain = append(chain, next)
		}
		if next := onlyReader(readers, chain[len(chain)-1].Out[0]); next != nil && next.Op == "Relu" {
			chain = append(chain, next)
		}
		kept = append(kept, b.fuse(chain))
		for _, gone := range chain[1:] {
			gone.Op = "" // dropped below
		}
	}
	b.nodes = slices.DeleteFunc(kept, func(n *Node) bool { return n.Op == "" })
}

// readers lists for each value the nodes that read it; outputs of the graph
// have one reader more.
func (b *Builder) readers() map[*Value][]*Node {
	readers := map[*Value][]*Node{}
	for _, n := range b.nodes {
		for _, v := range n.In {
			readers[v] = append(readers[v], n)
		}
	}
	for _, v := range b.outputs {
		readers[v] = append(readers[v], &Node{})
	}
	return readers
}

func onlyReader(readers map[*Value][]*Node, v *Value) *Node {
	if len(readers[v]) != 1 {
		return nil
	}
	return readers[v][0]
}

// The kernel's threads keep a sample and the weights' sums each: beyond these
// sizes that is too much memory, and the plain operators' products are large.
const (
	largestSample  = 1 << 19
	largestWeights = 1 << 18
)

func fusible(n *Node) bool {
	if n.Op != "Conv" || n.Attrs.Int("group", 1) != 1 || n.In[0].Rank() != 4 || n.In[0].Type != onnx.Float {
		return false
	}
	if n.In[0].Size() == Unknown || n.In[1].Size() == Unknown || n.Out[0].Size() <= 0 {
		return false
	}
	sample := max(n.In[0].Size(), n.Out[0].Size()) / n.In[0].Shape[0]
	return sample <= largestSample && n.In[1].Size() <= largestWeights
}

// halves tells whether a node is 2×2 maximum pooling, side by side.
func halves(n *Node) bool {
	if n.Op != "MaxPool" || len(n.Out) != 1 || n.Attrs.Int("ceil_mode", 0) != 0 {
		return false
	}
	g, err := WindowGeometry(n.Attrs, nil, n.In[0].Shape[2:])
	two := []int{2, 2}
	return err == nil && slices.Equal(g.Kernel, two) && slices.Equal(g.Stride, two) && slices.Equal(g.Dilation, []int{1, 1}) &&
		slices.Max(slices.Concat(g.PadBegin, g.PadEnd)) == 0
}

// fuse makes the node that stands for a chain; it computes the chain's last value.
func (b *Builder) fuse(chain []*Node) *Node {
	conv, last := chain[0], chain[len(chain)-1]
	x, w := conv.In[0], conv.In[1]
	g, err := WindowGeometry(conv.Attrs, w.Shape[2:], x.Shape[2:])
	if err != nil {
		b.Fail("fuse %s: %w", conv.Name, err)
		return conv
	}
	bias := b.Const(onnx.Float, []int{w.Shape[0]}, make([]float64, w.Shape[0])...)
	if len(conv.In) > 2 && conv.In[2] != nil {
		bias = conv.In[2]
	}
	flag := map[bool]int{true: 1}
	pool, relu := flag[len(chain) > 1 && chain[1].Op == "MaxPool"], flag[last.Op == "Relu"]
	out := conv.Out[0].Shape
	sizes := slices.Concat(x.Shape, w.Shape[:1], w.Shape[2:], g.Stride, g.Dilation, g.PadBegin, out[2:], []int{pool, relu})
	n := &Node{Op: ConvKernel, Name: conv.Name, In: []*Value{x, w, bias}, Out: last.Out, Attrs: KernelAttrs(sizes)}
	if pool == 1 {
		mask := result{onnx.Uint8, []int{out[0], last.Out[0].Shape[2] * last.Out[0].Shape[3], out[1]}}
		n.Out = append(slices.Clone(n.Out), b.fresh("mask", mask.kind, mask.shape))
	}
	for _, v := range n.Out {
		b.producer[v] = n
	}
	return n
}
