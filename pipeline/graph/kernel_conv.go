package graph

import (
	"slices"

	"athanor/inference/onnx"
)

// FuseConvolutions replaces each two-dimensional Conv of one group, with the bias
// that is added to it, the 2×2 pooling and the ReLU behind it that nothing else
// reads, by one node. Very large ones stay as they are. Call
// it on a forward graph, before it is differentiated.
func (b *Builder) FuseConvolutions() {
	readers := b.readers()
	var kept []*Node
	for _, n := range b.nodes {
		if n.Op == "" || !fusible(n) {
			kept = append(kept, n)
			continue
		}
		c := convolution{conv: n, last: n}
		if len(n.In) > 2 {
			c.bias = n.In[2]
		}
		b.takeBias(&c, readers, kept)
		c.takePool(readers)
		c.takeRelu(readers)
		c.takePool(readers) // ReLU changes places with the maximum of what follows
		before := len(b.nodes)
		node := b.fuse(c)
		kept = append(append(kept, b.nodes[before:]...), node)
		b.nodes = b.nodes[:before]
	}
	b.nodes = slices.DeleteFunc(kept, func(n *Node) bool { return n.Op == "" })
}

// convolution is a Conv that is being gathered with what follows it.
type convolution struct {
	conv, last *Node
	bias       *Value // nil, [C], or as it is added: [C, 1, 1] with any number of ones in front
	pool, relu bool
}

// take goes on to the next node, which the fused one stands for, too.
func (c *convolution) take(next *Node) {
	next.Op = "" // dropped at the end
	c.last = next
}

// takeBias goes over an Add of one number a channel that is known by now.
func (b *Builder) takeBias(c *convolution, readers map[*Value][]*Node, kept []*Node) {
	next := onlyReader(readers, c.last.Out[0])
	if c.bias != nil || next == nil || next.Op != "Add" || !slices.Equal(next.Out[0].Shape, c.conv.Out[0].Shape) {
		return
	}
	v := next.In[0]
	if v == c.last.Out[0] {
		v = next.In[1]
	}
	channels, made := c.conv.Out[0].Shape[1], b.producer[v]
	if v.Rank() < 3 || v.Shape[v.Rank()-3] != channels || v.Size() != channels || made != nil && !slices.Contains(kept, made) {
		return
	}
	c.bias = v
	c.take(next)
}

func (c *convolution) takePool(readers map[*Value][]*Node) {
	if next := onlyReader(readers, c.last.Out[0]); !c.pool && next != nil && halves(next) {
		c.pool = true
		c.take(next)
	}
}

func (c *convolution) takeRelu(readers map[*Value][]*Node) {
	if next := onlyReader(readers, c.last.Out[0]); next != nil && next.Op == "Relu" {
		c.relu = true
		c.take(next)
	}
}

// fuse makes the node that computes what the last of a convolution's nodes did.
func (b *Builder) fuse(c convolution) *Node {
	x, w := c.conv.In[0], c.conv.In[1]
	g, err := WindowGeometry(c.conv.Attrs, w.Shape[2:], x.Shape[2:])
	if err != nil {
		b.Fail("fuse %s: %w", c.conv.Name, err)
		return c.conv
	}
	bias := c.bias
	switch {
	case bias == nil:
		bias = b.Const(onnx.Float, []int{w.Shape[0]}, make([]float64, w.Shape[0])...)
	case bias.Rank() > 1:
		bias = b.Reshape(bias, w.Shape[0])
	}
	flag := map[bool]int{true: 1}
	out := c.conv.Out[0].Shape
	sizes := slices.Concat(x.Shape, w.Shape[:1], w.Shape[2:], g.Stride, g.Dilation, g.PadBegin, out[2:], []int{flag[c.pool], flag[c.relu]})
	n := &Node{Op: ConvKernel, Name: c.conv.Name, In: []*Value{x, w, bias}, Out: c.last.Out, Attrs: KernelAttrs(sizes)}
	if c.pool {
		mask := result{onnx.Uint8, []int{out[0], c.last.Out[0].Shape[2] * c.last.Out[0].Shape[3], out[1]}}
		n.Out = append(slices.Clone(n.Out), b.fresh("mask", mask.kind, mask.shape))
	}
	for _, v := range n.Out {
		b.producer[v] = n
	}
	return n
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
