package outline_test

import (
	"fmt"
	"testing"

	"athanor/inference/onnx"
	"athanor/pipeline/outline"
)

func node(op, in, weights, out string, attrs ...*onnx.Attribute) *onnx.Node {
	n := &onnx.Node{OpType: op, Inputs: []string{in}, Outputs: []string{out}, Attrs: attrs}
	if weights != "" {
		n.Inputs = append(n.Inputs, weights)
	}
	return n
}

func weights(name string, dims ...int64) *onnx.Tensor {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	return onnx.FloatTensor(name, dims, make([]float32, n))
}

func TestBlocksOfANetwork(t *testing.T) {
	g := &onnx.Graph{Initializers: []*onnx.Tensor{weights("stem", 8, 3, 3, 3), weights("out", 8, 10)}}
	g.Nodes = append(g.Nodes, node("Cast", "image", "", "f"), node("Conv", "f", "stem", "v"), node("Relu", "v", "", "v0"))
	for i := range 3 { // residual blocks
		a, b := fmt.Sprint("a", i), fmt.Sprint("b", i)
		g.Initializers = append(g.Initializers, weights(a, 8, 8, 3, 3), weights(b, 8, 8, 1, 1))
		g.Nodes = append(g.Nodes, node("Conv", fmt.Sprint("v", i), a, a+"c"), node("Relu", a+"c", "", a+"r"), node("Conv", a+"r", b, b+"c"),
			node("Add", b+"c", fmt.Sprint("v", i), fmt.Sprint("v", i+1)))
	}
	g.Nodes = append(g.Nodes, node("MaxPool", "v3", "", "p", onnx.IntsAttr("kernel_shape", 2, 2)), node("MatMul", "p", "out", "y"))
	got := outline.Of(g)
	want := []outline.Block{
		{Operators: []string{"Cast"}, Nodes: 1, Times: 1},
		{Title: "Conv 3×3 › 8", Operators: []string{"Relu"}, Parameters: 216, Nodes: 2, Times: 1},
		{Title: "Conv 3×3 › 8", Operators: []string{"Relu"}, Parameters: 576, Nodes: 2, Times: 1, Group: 1, Repeats: 2},
		{Title: "Conv 1×1 › 8", Operators: []string{"Add"}, Parameters: 64, Nodes: 2, Times: 1, Joins: true, Group: 1, Repeats: 2},
		{Title: "Conv 3×3 › 8", Operators: []string{"Relu"}, Parameters: 576, Nodes: 2, Times: 1},
		{Title: "Conv 1×1 › 8", Operators: []string{"Add", "MaxPool 2×2"}, Parameters: 64, Nodes: 3, Times: 1, Joins: true},
		{Title: "Dense 8 › 10", Parameters: 80, Nodes: 1, Times: 1},
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got\n%+v, wanted\n%+v", got, want)
	}
}

func TestEqualLayersInARow(t *testing.T) {
	g := &onnx.Graph{}
	for i := range 5 {
		w := fmt.Sprint("w", i)
		g.Initializers = append(g.Initializers, weights(w, 4, 4))
		g.Nodes = append(g.Nodes, node("MatMul", fmt.Sprint("v", i), w, w+"h"), node("Relu", w+"h", "", fmt.Sprint("v", i+1)))
	}
	if got := outline.Of(g); len(got) != 1 || got[0].Times != 5 || got[0].Parameters != 16 {
		t.Errorf("got %+v", got)
	}
	if got := outline.Of(&onnx.Graph{}); len(got) != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}
