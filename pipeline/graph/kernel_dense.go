package graph

import (
	"slices"

	"athanor/inference/onnx"
)

// Beyond this many weights a layer's matrix no longer stays in a near cache while
// rows go past it; products that are cut in blocks, as the runtime's are, win.
const largestDense = 1 << 18

// narrowDense is how many inputs a layer with few outputs may have: a row's sums
// are then too few for the processor to overlap.
const (
	fewOutputs  = 32
	narrowDense = 512
)

// FuseDense replaces each Gemm with one bias a column, the scaling of bytes in
// front and the ReLU and mask (an input) behind it that nothing else reads, by
// one node. Large ones stay as they are. Call it on a forward graph, before it is
// differentiated.
func (b *Builder) FuseDense() {
	readers := b.readers()
	var kept []*Node
	for _, n := range b.nodes {
		if n.Op == "" || !fusibleDense(n) {
			kept = append(kept, n)
			continue
		}
		d := dense{gemm: n, last: n, x: n.In[0]}
		d.takeBytes(b)
		d.takeFollowers(b, readers)
		kept = append(kept, b.fuseDense(d))
	}
	b.nodes = slices.DeleteFunc(kept, func(n *Node) bool { return n.Op == "" })
}

func fusibleDense(n *Node) bool {
	if n.Op != "Gemm" || len(n.In) < 3 || n.In[2] == nil || n.In[0].Type != onnx.Float || n.In[0].Size() == Unknown {
		return false
	}
	plain := n.Attrs.Int("transA", 0) == 0 && n.Attrs.Int("transB", 0) == 0 && n.Attrs.Float("alpha", 1) == 1 && n.Attrs.Float("beta", 1) == 1
	in, out := n.In[1].Shape[0], n.In[1].Shape[1]
	return plain && slices.Equal(n.In[2].Shape, []int{out}) && in*out <= largestDense && (out >= fewOutputs || in <= narrowDense)
}

// dense is a layer that is being gathered.
type dense struct {
	gemm, last *Node
	x, mask    *Value
	by         float64 // what a byte of x counts; 0 for floats
	relu       bool
}

// takeBytes reads bytes where the input is nothing but those, scaled.
func (d *dense) takeBytes(b *Builder) {
	n := b.producer[d.x]
	for n != nil && (n.Op == "Flatten" || n.Op == "Reshape") {
		n = b.producer[n.In[0]]
	}
	if n != nil && n.Op == ScaleKernel {
		d.x, d.by = n.In[0], n.Attrs["constants"].([]float64)[0]
	}
}

// takeFollowers goes over ReLU and the mask behind the Gemm.
func (d *dense) takeFollowers(b *Builder, readers map[*Value][]*Node) {
	next := onlyReader(readers, d.last.Out[0])
	if next != nil && next.Op == "Relu" {
		d.last.Op, d.last, d.relu = "", next, true
		next = onlyReader(readers, d.last.Out[0])
	}
	if next == nil || next.Op != "Mul" || len(next.In) != 2 {
		return
	}
	for i, v := range next.In {
		if v != d.last.Out[0] && next.In[1-i] == d.last.Out[0] && slices.Contains(b.inputs, v) && slices.Equal(v.Shape, d.gemm.Out[0].Shape) {
			d.last.Op, d.last, d.mask = "", next, v
			return
		}
	}
}

func (b *Builder) fuseDense(d dense) *Node {
	flag := map[bool]int{true: 1}
	w := d.gemm.In[1]
	sizes := []int{d.gemm.Out[0].Shape[0], w.Shape[0], w.Shape[1], flag[d.relu], flag[d.by != 0], flag[d.mask != nil]}
	n := &Node{Op: DenseKernel, Name: d.gemm.Name, In: []*Value{d.x, w, d.gemm.In[2]}, Out: d.last.Out, Attrs: KernelAttrs(sizes, d.by)}
	if d.mask != nil {
		n.In = append(n.In, d.mask)
	}
	d.last.Op = ""
	b.producer[n.Out[0]] = n
	return n
}

func inferDenseKernel(n *Node) ([]result, error) {
	if err := need(n, 3); err != nil {
		return nil, err
	}
	s := n.Attrs.Ints("sizes")
	return []result{{onnx.Float, []int{s[0], s[2]}}}, nil
}

func inferDenseGradKernel(n *Node) ([]result, error) {
	if err := need(n, 4); err != nil {
		return nil, err
	}
	s := n.Attrs.Ints("sizes")
	return []result{{onnx.Float, n.In[1].Shape}, {onnx.Float, n.In[1].Shape[1:]}, {onnx.Float, []int{s[0], s[1]}}}, nil
}
