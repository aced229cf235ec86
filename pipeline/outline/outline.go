// Package outline tells a model's graph as a few blocks in the order of
// computation: each layer with what follows it, repeated ones once.
package outline

import (
	"fmt"
	"slices"
	"strings"

	"athanor/inference/onnx"
)

// Block is one layer with the operators that follow it without weights.
type Block struct {
	Title      string   // "Conv 3×3 › 32", or "" for what stands before the first layer
	Operators  []string // that follow, in order: "Relu", "MaxPool 2×2"
	Parameters int64    // of one of them
	Nodes      int      // of one of them
	Joins      bool     // a value from further up is added or concatenated
	Times      int      // how often it stands in a row
	Group      int      // blocks of one number repeat together; 0 where none do
	Repeats    int      // how often the group does
}

// Of returns the blocks of a graph. It never fails: a graph that is unlike a
// network is one block.
func Of(g *onnx.Graph) []Block {
	o := outliner{constants: map[string]*onnx.Tensor{}, counted: map[string]bool{}}
	for _, t := range g.Initializers {
		o.constants[t.Name] = t
	}
	for _, n := range g.Nodes {
		if t := n.Tensor("value"); n.OpType == "Constant" && t != nil && len(n.Outputs) > 0 {
			o.constants[n.Outputs[0]] = t
		}
	}
	for _, n := range g.Nodes {
		o.node(n)
	}
	return repeats(collapse(o.blocks))
}

type outliner struct {
	constants map[string]*onnx.Tensor
	counted   map[string]bool
	blocks    []Block
}

func (o *outliner) node(n *onnx.Node) {
	if n.OpType == "Constant" || n.OpType == "Identity" {
		return
	}
	title := o.layer(n)
	if title != "" || len(o.blocks) == 0 {
		o.blocks = append(o.blocks, Block{Title: title, Times: 1})
	}
	b := &o.blocks[len(o.blocks)-1]
	b.Nodes++
	activations := 0
	for _, in := range n.Inputs {
		t := o.constants[in]
		if t == nil {
			if in != "" {
				activations++
			}
			continue
		}
		if size, err := t.Len(); err == nil && !o.counted[in] {
			b.Parameters += size
			o.counted[in] = true
		}
	}
	if title == "" {
		b.Operators = append(b.Operators, o.operator(n))
	}
	if activations > 1 && slices.Contains([]string{"Add", "Sum", "Concat", "Mul"}, n.OpType) {
		b.Joins = true
	}
}

// weight are the dimensions of a constant input, nil where it is none.
func (o *outliner) weight(n *onnx.Node, i int) []int64 {
	if i < len(n.Inputs) {
		if t := o.constants[n.Inputs[i]]; t != nil {
			return t.Dims
		}
	}
	return nil
}

// layer is the title of an operator with weights, "" for others.
func (o *outliner) layer(n *onnx.Node) string {
	switch n.OpType {
	case "Conv", "ConvTranspose":
		return convolution(n, o.weight(n, 1))
	case "QLinearConv":
		return convolution(n, o.weight(n, 3))
	case "Gemm", "MatMul", "MatMulInteger":
		return dense(n, o.weight(n, 1))
	case "QLinearMatMul":
		return dense(n, o.weight(n, 3))
	case "LSTM", "GRU", "RNN":
		return fmt.Sprintf("%s › %d", n.OpType, n.Int("hidden_size", 0))
	case "Gather":
		if w := o.weight(n, 0); len(w) == 2 {
			return fmt.Sprintf("Embedding %d × %d", w[0], w[1])
		}
	}
	return ""
}

func convolution(n *onnx.Node, w []int64) string {
	group := n.Int("group", 1)
	switch {
	case len(w) < 3:
		return ""
	case n.OpType == "ConvTranspose":
		return fmt.Sprintf("ConvTranspose %s › %d", times(w[2:]), w[1]*group)
	case group > 1 && group == w[0]:
		return fmt.Sprintf("Depthwise conv %s › %d", times(w[2:]), w[0])
	}
	return fmt.Sprintf("Conv %s › %d", times(w[2:]), w[0])
}

func dense(n *onnx.Node, w []int64) string {
	switch {
	case len(w) != 2:
		return ""
	case n.Int("transB", 0) != 0:
		return fmt.Sprintf("Dense %d › %d", w[1], w[0])
	}
	return fmt.Sprintf("Dense %d › %d", w[0], w[1])
}

func times(dims []int64) string {
	text := make([]string, len(dims))
	for i, d := range dims {
		text[i] = fmt.Sprint(d)
	}
	return strings.Join(text, "×")
}

func (o *outliner) operator(n *onnx.Node) string {
	if k := n.Ints("kernel_shape"); len(k) > 0 {
		return n.OpType + " " + times(k)
	}
	return n.OpType
}

func same(a, b Block) bool {
	return a.Title == b.Title && a.Joins == b.Joins && a.Parameters == b.Parameters && slices.Equal(a.Operators, b.Operators)
}

// collapse makes one block of equal ones in a row.
func collapse(blocks []Block) []Block {
	var out []Block
	for _, b := range blocks {
		if n := len(out); n > 0 && same(out[n-1], b) {
			out[n-1].Times++
			continue
		}
		out = append(out, b)
	}
	return out
}

// longestGroup is how many blocks are looked at as one that repeats.
const longestGroup = 8

// repeats makes one group of groups of blocks that repeat.
func repeats(blocks []Block) []Block {
	var out []Block
	group := 0
	for i := 0; i < len(blocks); {
		length, count := longest(blocks[i:])
		if count < 2 {
			out = append(out, blocks[i])
			i++
			continue
		}
		group++
		for _, b := range blocks[i : i+length] {
			b.Group, b.Repeats = group, count
			out = append(out, b)
		}
		i += length * count
	}
	return out
}

// longest finds the group at the beginning whose repeats cover most blocks.
func longest(blocks []Block) (length, count int) {
	equal := func(a, b []Block) bool {
		return slices.EqualFunc(a, b, func(x, y Block) bool { return x.Times == y.Times && same(x, y) })
	}
	length, count = 1, 1
	for n := 2; n <= longestGroup && 2*n <= len(blocks); n++ {
		k := 1
		for (k+1)*n <= len(blocks) && equal(blocks[:n], blocks[k*n:(k+1)*n]) {
			k++
		}
		if k > 1 && n*k > length*count {
			length, count = n, k
		}
	}
	return length, count
}
