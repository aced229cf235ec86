package source

import (
	"athanor/inference/onnx"
)

// Resizer returns the ONNX graph that brings pictures of any one size, uint8
// "picture" [N,H,W,3], to output [N,size,size,3]. A side that shrinks is
// averaged over the area each new pixel covers, as vision.DecodeResize does when
// a training set is filled; a side that grows is interpolated linearly. Both are
// two products with matrices that the graph makes from H and W.
func Resizer(output string, size int) *onnx.Graph {
	g := &resizer{graph: &onnx.Graph{Name: "resize picture"}}
	in := onnx.TensorValue("picture", onnx.Uint8, onnx.Named("N"), onnx.Named("H"), onnx.Named("W"), onnx.Fixed(3))
	g.graph.Inputs = []*onnx.ValueInfo{in}
	shape := g.op("Shape", "shape", nil, "picture")
	rows := g.weights("rows/", shape, 1, size)
	cols := g.weights("columns/", shape, 2, size)
	x := g.op("Cast", "values", to(onnx.Float), "picture")
	x = g.op("Transpose", "planes", perm(0, 3, 1, 2), x)
	x = g.op("MatMul", "short", nil, rows, x)
	x = g.op("MatMul", "small", nil, x, g.op("Transpose", "columns/across", perm(1, 0), cols))
	x = g.op("Round", "rounded", nil, x)
	x = g.op("Clip", "bounded", nil, x, g.float("black", 0), g.float("white", 255))
	x = g.op("Transpose", "pixels", perm(0, 2, 3, 1), x)
	g.graph.Nodes = append(g.graph.Nodes, &onnx.Node{Name: "resize/bytes", OpType: "Cast", Inputs: []string{x}, Outputs: []string{output}, Attrs: to(onnx.Uint8)})
	side := onnx.Fixed(int64(size))
	g.graph.Outputs = []*onnx.ValueInfo{onnx.TensorValue(output, onnx.Uint8, onnx.Named("N"), side, side, onnx.Fixed(3))}
	return g.graph
}

type resizer struct{ graph *onnx.Graph }

func to(t onnx.DataType) []*onnx.Attribute {
	return []*onnx.Attribute{onnx.IntAttr("to", int64(t))}
}

func perm(axes ...int64) []*onnx.Attribute {
	return []*onnx.Attribute{onnx.IntsAttr("perm", axes...)}
}

func (g *resizer) op(op, out string, attrs []*onnx.Attribute, in ...string) string {
	out = "resize/" + out
	g.graph.Nodes = append(g.graph.Nodes, &onnx.Node{Name: out, OpType: op, Inputs: in, Outputs: []string{out}, Attrs: attrs})
	return out
}

func (g *resizer) float(name string, v float32) string {
	name = "resize/" + name
	g.graph.Initializers = append(g.graph.Initializers, onnx.FloatScalar(name, v))
	return name
}

// weights makes the matrix [size, n] that brings n values to size, where n is
// the picture's dimension at axis.
func (g *resizer) weights(scope string, shape string, axis int64, size int) string {
	name := func(s string) string { return scope + s }
	n := g.op("Cast", name("length"), to(onnx.Float), g.op("Gather", name("dimension"), nil, shape, g.index(name("axis"), axis)))
	zero, one := g.float(name("zero"), 0), g.float(name("one"), 1)
	at := g.op("Range", name("at"), nil, zero, n, one) // [n]
	first := make([]float32, size)
	for i := range first {
		first[i] = float32(i)
	}
	index := "resize/" + name("index")
	g.graph.Initializers = append(g.graph.Initializers, onnx.FloatTensor(index, []int64{int64(size), 1}, first))
	scale := g.op("Div", name("scale"), nil, n, g.float(name("size"), float32(size)))
	low := g.op("Mul", name("low"), nil, index, scale)
	shrunk := g.area(name, at, low, scale, zero, one)
	grown := g.linear(name, at, low, scale, n, zero, one)
	shrinks := g.op("GreaterOrEqual", name("shrinks"), nil, scale, one)
	return g.op("Where", name("weights"), nil, shrinks, shrunk, grown)
}

func (g *resizer) index(name string, v int64) string {
	name = "resize/" + name
	g.graph.Initializers = append(g.graph.Initializers, onnx.Int64Scalar(name, v))
	return name
}

// area weighs each old pixel by the share of the new one that it covers.
func (g *resizer) area(name func(string) string, at, low, scale, zero, one string) string {
	high := g.op("Add", name("high"), nil, low, scale)
	end := g.op("Min", name("end"), nil, high, g.op("Add", name("next"), nil, at, one))
	start := g.op("Max", name("start"), nil, low, at)
	covered := g.op("Max", name("covered"), nil, g.op("Sub", name("overlap"), nil, end, start), zero)
	return g.op("Div", name("area"), nil, covered, scale)
}

// linear weighs the two old pixels whose centres lie around the new one's.
func (g *resizer) linear(name func(string) string, at, low, scale, n, zero, one string) string {
	half := g.float(name("half"), 0.5)
	centre := g.op("Sub", name("centre"), nil, g.op("Add", name("middle"), nil, low, g.op("Mul", name("half step"), nil, scale, half)), half)
	centre = g.op("Min", name("below end"), nil, g.op("Max", name("above start"), nil, centre, zero), g.op("Sub", name("last"), nil, n, one))
	distance := g.op("Abs", name("distance"), nil, g.op("Sub", name("away"), nil, at, centre))
	return g.op("Max", name("linear"), nil, g.op("Sub", name("near"), nil, one, distance), zero)
}
