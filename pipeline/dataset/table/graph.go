package table

import (
	"fmt"

	"athanor/inference/onnx"
)

// Graph returns the preparation as an ONNX graph: one input [N,1] for each
// column, float32 for numbers (NaN where missing) and string for categories
// (without spaces around them), and one output [N, Width], named output. It
// needs opset 18 of ai.onnx and version 3 of ai.onnx.ml.
func (p *Preparation) Graph(output string) *onnx.Graph {
	g := &grapher{graph: &onnx.Graph{Name: "prepare table"}}
	var parts []string
	for i := range p.Features {
		g.prefix = fmt.Sprintf("prepare/%d/", i)
		if p.Features[i].Numeric {
			parts = append(parts, g.number(&p.Features[i])...)
		} else {
			parts = append(parts, g.category(&p.Features[i])...)
		}
	}
	g.graph.Nodes = append(g.graph.Nodes, &onnx.Node{
		Name: "prepare/join", OpType: "Concat", Inputs: parts, Outputs: []string{output},
		Attrs: []*onnx.Attribute{onnx.IntAttr("axis", 1)},
	})
	g.graph.Outputs = []*onnx.ValueInfo{onnx.TensorValue(output, onnx.Float, onnx.Named("N"), onnx.Fixed(int64(p.Width())))}
	return g.graph
}

type grapher struct {
	graph  *onnx.Graph
	prefix string
}

func (g *grapher) input(name string, t onnx.DataType) string {
	g.graph.Inputs = append(g.graph.Inputs, onnx.TensorValue(name, t, onnx.Named("N"), onnx.Fixed(1)))
	return name
}

func (g *grapher) constant(name string, v float32) string {
	name = g.prefix + name
	g.graph.Initializers = append(g.graph.Initializers, onnx.FloatTensor(name, []int64{1, 1}, []float32{v}))
	return name
}

func (g *grapher) op(op, out string, attrs []*onnx.Attribute, in ...string) string {
	out = g.prefix + out
	g.graph.Nodes = append(g.graph.Nodes, &onnx.Node{Name: out, OpType: op, Inputs: in, Outputs: []string{out}, Attrs: attrs})
	return out
}

func (g *grapher) number(f *Feature) []string {
	x := g.input(f.Column, onnx.Float)
	lack := g.op("IsNaN", "lack", nil, x)
	v := g.op("Where", "filled", nil, lack, g.constant("fill", f.Fill), x)
	if f.Log {
		v = g.op("Max", "positive", nil, v, g.constant("zero", 0))
		v = g.op("Add", "plus one", nil, v, g.constant("one", 1))
		v = g.op("Log", "log", nil, v)
	}
	v = g.op("Sub", "centred", nil, v, g.constant("mean", f.Mean))
	v = g.op("Mul", "scaled", nil, v, g.constant("scale", f.Scale))
	v = g.op("Max", "above", nil, v, g.constant("low", -clip))
	v = g.op("Min", "clipped", nil, v, g.constant("high", clip))
	if !f.Indicator {
		return []string{v}
	}
	return []string{v, g.op("Cast", "missing", []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Float))}, lack)}
}

// marks are the texts that count as missing, as IsMissing has them.
func marks() []string {
	return []string{
		"", "?", "NA", "N/A", "n/a", "na", "NaN", "nan", "null", "NULL", "Null", "None", "none", "nil",
		`\N`, "#N/A", "<NA>", "-", "--", ".", "N.A.",
	}
}

// category codes the values 0, 1, … and missing as the code after the last, and
// compares with each code that has an input.
func (g *grapher) category(f *Feature) []string {
	x := g.input(f.Column, onnx.String)
	var keys []string
	var codes []int64
	for i, v := range f.Values {
		keys, codes = append(keys, v), append(codes, int64(i))
	}
	for _, m := range marks() {
		keys, codes = append(keys, m), append(codes, int64(len(f.Values)))
	}
	encoded := g.prefix + "code"
	g.graph.Nodes = append(g.graph.Nodes, &onnx.Node{
		Name: encoded, OpType: "LabelEncoder", Domain: "ai.onnx.ml", Inputs: []string{x}, Outputs: []string{encoded},
		Attrs: []*onnx.Attribute{
			onnx.StringsAttr("keys_strings", keys...), onnx.IntsAttr("values_int64s", codes...), onnx.IntAttr("default_int64", -1),
		},
	})
	known := make([]int64, f.width())
	for i := range known {
		known[i] = int64(i)
	}
	table := g.prefix + "codes"
	g.graph.Initializers = append(g.graph.Initializers, onnx.Int64Tensor(table, []int64{1, int64(len(known))}, known))
	same := g.op("Equal", "same", nil, encoded, table)
	return []string{g.op("Cast", "one-hot", []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Float))}, same)}
}
