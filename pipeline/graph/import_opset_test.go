package graph_test

import (
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/pipeline/graph"
)

// oldForm is one operator in the form that an opset gave it.
type oldForm struct {
	opset     int64
	op        string
	in        []onnx.Dim // of the input x
	attrs     []*onnx.Attribute
	constants []*onnx.Tensor // further inputs; a nil stands for an omitted one
	outputs   int            // 0 is 1
}

func (f oldForm) model() *onnx.Model {
	g := &onnx.Graph{Name: "old", Inputs: []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, f.in...)}}
	n := &onnx.Node{OpType: f.op, Inputs: []string{"x"}, Attrs: f.attrs}
	for i, t := range f.constants {
		if t == nil {
			n.Inputs = append(n.Inputs, "")
			continue
		}
		named := *t
		named.Name = "c" + string(rune('a'+i))
		g.Initializers = append(g.Initializers, &named)
		n.Inputs = append(n.Inputs, named.Name)
	}
	for i := range max(f.outputs, 1) {
		name := "y" + string(rune('a'+i))
		n.Outputs = append(n.Outputs, name)
		g.Outputs = append(g.Outputs, &onnx.ValueInfo{Name: name, Type: &onnx.Type{Tensor: &onnx.TensorType{Elem: onnx.Float}}})
	}
	g.Nodes = []*onnx.Node{n}
	return &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: f.opset}}, Graph: g}
}

func floats(v ...float32) *onnx.Tensor { return onnx.FloatTensor("", []int64{int64(len(v))}, v) }
func int64s(v ...int64) *onnx.Tensor   { return onnx.Int64Tensor("", []int64{int64(len(v))}, v) }

// TestOldForms: an operator as older and newer opsets write it computes the
// same after it was rewritten.
func TestOldForms(t *testing.T) {
	image := onnx.Dims(2, 3, 4, 6)
	attr, list, text := onnx.IntAttr, onnx.IntsAttr, onnx.StringAttr
	type attrs = []*onnx.Attribute
	empty := onnx.FloatTensor("", []int64{0}, nil)
	four := []*onnx.Tensor{floats(1, 2, 3), floats(0, 1, 0), floats(0.1, 0.2, 0.3), floats(1, 2, 3)}
	for name, f := range map[string]oldForm{
		"Clip 6":              {6 + 1, "Clip", image, attrs{onnx.FloatAttr("min", -0.5), onnx.FloatAttr("max", 0.5)}, nil, 0},
		"Clip 6 above":        {10, "Clip", image, attrs{onnx.FloatAttr("max", 0.5)}, nil, 0},
		"Clip 13":             {13, "Clip", image, nil, []*onnx.Tensor{nil, onnx.FloatScalar("", 0.3)}, 0},
		"Squeeze 11":          {11, "Squeeze", onnx.Dims(2, 1, 3, 1), attrs{list("axes", 1, -1)}, nil, 0},
		"Unsqueeze 11":        {11, "Unsqueeze", image, attrs{list("axes", 0, 5)}, nil, 0},
		"ReduceMean 13":       {13, "ReduceMean", image, attrs{list("axes", 2, 3), attr("keepdims", 0)}, nil, 0},
		"ReduceSum 11":        {11, "ReduceSum", image, attrs{list("axes", -1)}, nil, 0},
		"ReduceSum 13":        {13, "ReduceSum", image, nil, []*onnx.Tensor{int64s(1)}, 0},
		"ReduceSum, no axes":  {13, "ReduceSum", image, attrs{attr("noop_with_empty_axes", 1)}, nil, 0},
		"ReduceMax all":       {12, "ReduceMax", image, nil, nil, 0},
		"Slice 9":             {9, "Slice", image, attrs{list("starts", 0, -3), list("ends", 9, -1), list("axes", 2, 3)}, nil, 0},
		"Slice 10":            {10, "Slice", image, nil, []*onnx.Tensor{int64s(-1), int64s(-9223372036854775807), int64s(3), int64s(-2)}, 0},
		"Pad 10":              {10, "Pad", image, attrs{list("pads", 0, 0, 1, 2, 0, 0, 0, 1), onnx.FloatAttr("value", 0.5)}, nil, 0},
		"Pad 10 reflect":      {10, "Pad", image, attrs{list("pads", 0, 0, 1, 2, 0, 0, 0, 1), text("mode", "reflect")}, nil, 0},
		"Pad 13 edge":         {13, "Pad", image, attrs{text("mode", "edge")}, []*onnx.Tensor{int64s(0, 0, 1, 2, 0, 0, 0, 1)}, 0},
		"Pad 18 axes":         {18, "Pad", image, nil, []*onnx.Tensor{int64s(1, 2), nil, int64s(-1)}, 0},
		"Split 11":            {11, "Split", image, attrs{attr("axis", 3), list("split", 1, 5)}, nil, 2},
		"Split 11, equal":     {11, "Split", image, attrs{attr("axis", 3)}, nil, 3},
		"Split 18, unequal":   {18, "Split", onnx.Dims(2, 7), attrs{attr("axis", 1), attr("num_outputs", 3)}, nil, 3},
		"Upsample 7":          {7, "Upsample", image, attrs{text("mode", "nearest"), onnx.FloatsAttr("scales", 1, 1, 2, 3)}, nil, 0},
		"Upsample 9":          {9, "Upsample", image, attrs{text("mode", "linear")}, []*onnx.Tensor{floats(1, 1, 2, 2)}, 0},
		"Resize 10":           {10, "Resize", image, attrs{text("mode", "nearest")}, []*onnx.Tensor{floats(1, 1, 2, 1.5)}, 0},
		"Resize 11":           {11, "Resize", image, attrs{text("mode", "linear")}, []*onnx.Tensor{empty, empty, int64s(2, 3, 5, 9)}, 0},
		"Resize 11 by scale":  {11, "Resize", image, attrs{text("mode", "nearest")}, []*onnx.Tensor{empty, floats(1, 1, 0.5, 2)}, 0},
		"Softmax 11":          {11, "Softmax", image, nil, nil, 0},
		"Softmax 11 last":     {11, "Softmax", image, attrs{attr("axis", 3)}, nil, 0},
		"LogSoftmax 7":        {7, "LogSoftmax", image, attrs{attr("axis", 2)}, nil, 0},
		"Softmax 13":          {13, "Softmax", image, attrs{attr("axis", 1)}, nil, 0},
		"Dropout 7":           {7, "Dropout", image, attrs{onnx.FloatAttr("ratio", 0.5)}, nil, 0},
		"Dropout 12":          {12, "Dropout", image, nil, []*onnx.Tensor{onnx.FloatScalar("", 0.5)}, 0},
		"BatchNormalization":  {9, "BatchNormalization", image, attrs{onnx.FloatAttr("momentum", 0.8), onnx.FloatAttr("epsilon", 0.01)}, four, 0},
		"Gelu 20":             {20, "Gelu", image, nil, nil, 0},
		"Gelu 20, tanh":       {20, "Gelu", image, attrs{text("approximate", "tanh")}, nil, 0},
		"GroupNorm 18":        {18, "GroupNormalization", onnx.Dims(2, 6, 4, 2), attrs{attr("num_groups", 3)}, []*onnx.Tensor{floats(1, 2, 3), floats(0, 1, 0)}, 0},
		"GroupNorm 21":        {21, "GroupNormalization", onnx.Dims(2, 6, 4, 2), attrs{attr("num_groups", 3)}, []*onnx.Tensor{floats(1, 2, 3, 4, 5, 6), floats(0, 1, 0, 1, 0, 2)}, 0},
		"CastLike 15":         {15, "CastLike", image, nil, []*onnx.Tensor{floats(1)}, 0},
		"AveragePool 7":       {7, "AveragePool", image, attrs{list("kernel_shape", 3, 3), list("pads", 1, 1, 1, 1)}, nil, 0},
		"AveragePool 22 ceil": {22, "AveragePool", image, attrs{list("kernel_shape", 2, 2), list("strides", 3, 4), attr("ceil_mode", 1)}, nil, 0},
		"Flatten 9":           {9, "Flatten", image, attrs{attr("axis", 2)}, nil, 0},
		"Sum 8":               {8, "Sum", image, nil, []*onnx.Tensor{floats(1, 2, 3, 4, 5, 6)}, 0},
		"Reshape 14":          {14, "Reshape", image, nil, []*onnx.Tensor{int64s(0, -1, 2)}, 0},
	} {
		t.Run(name, func(t *testing.T) { sameResults(t, f.model(), graph.ImportConfig{}, 1e-5) })
	}
}

// TestShapeArithmeticFolds: what PyTorch writes for x.view(x.size(0), -1, 2),
// and a position list, become constants.
func TestShapeArithmeticFolds(t *testing.T) {
	node := func(op string, out string, in ...string) *onnx.Node {
		return &onnx.Node{OpType: op, Inputs: in, Outputs: []string{out}}
	}
	constant := func(out string, a *onnx.Attribute) *onnx.Node {
		n := node("Constant", out)
		n.Attrs = []*onnx.Attribute{a}
		return n
	}
	unsqueeze := func(out, in string) *onnx.Node { return node("Unsqueeze", out, in, "zeros") }
	concat := node("Concat", "shape", "n1", "minus", "two")
	concat.Attrs = []*onnx.Attribute{onnx.IntAttr("axis", 0)}
	cast := node("Cast", "length", "product")
	cast.Attrs = []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Int64))}
	floated := node("Cast", "positions", "range")
	floated.Attrs = []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Float))}
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Graph: &onnx.Graph{
		Name:   "shapes",
		Inputs: []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, onnx.Named("N"), onnx.Fixed(6), onnx.Fixed(2))},
		Outputs: []*onnx.ValueInfo{
			{Name: "y", Type: &onnx.Type{Tensor: &onnx.TensorType{Elem: onnx.Float}}},
			{Name: "z", Type: &onnx.Type{Tensor: &onnx.TensorType{Elem: onnx.Float}}},
		},
		Nodes: []*onnx.Node{
			constant("zero", onnx.IntAttr("value_int", 0)), constant("zeros", onnx.IntsAttr("value_ints", 0)),
			constant("minus", onnx.TensorAttr("value", int64s(-1))), constant("two", onnx.TensorAttr("value", int64s(2))),
			node("Shape", "size", "x"), node("Gather", "n", "size", "zero"), unsqueeze("n1", "n"), concat, node("Reshape", "y", "x", "shape"),
			constant("one", onnx.IntAttr("value_int", 1)),
			node("Gather", "six", "size", "one"), node("Mul", "product", "six", "n"), cast,
			node("Range", "range", "zero", "length", "one"), floated,
			constant("half", onnx.FloatAttr("value_float", 0.5)), node("Mul", "z", "positions", "half"),
		},
	}}
	b := sameResults(t, m, graph.ImportConfig{Batch: 1}, 1e-6)
	if got := len(b.Nodes()); got > 4 {
		t.Errorf("%d nodes are left, want the Reshape and the outputs only", got)
	}
	if _, _, err := graph.Import(m, graph.ImportConfig{}); err == nil {
		t.Error("a list whose length depends on the batch was folded")
	}
	m.Graph.Nodes[11].Inputs[1] = "one" // now only y depends on the batch
	open, _ := imported(t, m, graph.ImportConfig{})
	if y := open.Outputs()[0]; !slices.Equal(y.Shape, []int{graph.Unknown, graph.Unknown, 2}) {
		t.Errorf("with an open batch y has shape %v", y.Shape)
	}
	m.Graph.Nodes[11].Inputs[1] = "n"
	big, _ := imported(t, m, graph.ImportConfig{Sizes: map[string]int{"N": 4}})
	if y := big.Outputs()[0]; !matches(y.Shape, []int64{4, 6, 2}) {
		t.Errorf("with 4 samples y has shape %v", y.Shape)
	}
}
