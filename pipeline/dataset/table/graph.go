package table

import (
	"fmt"

	"athanor/inference/onnx"
)

// Graph returns the preparation as an ONNX graph: one input [N,1] for each
// column, float32 for numbers (NaN where missing) and string for categories
// (without spaces around them), and one output [N, Width], named output. It
// needs opset 18 of ai.onnx. A column of the output's name is asked for as
// "<name> (column)".
func (p *Preparation) Graph(output string) *onnx.Graph {
	g := &grapher{graph: &onnx.Graph{Name: "prepare table"}, output: output}
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
	output string
}

func (g *grapher) input(name string, t onnx.DataType) string {
	if name == g.output {
		name += " (column)"
	}
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

// category counts the value among those known: one output each, and one for all
// marks of missing values. TfIdfVectorizer over single words is the operator of
// ai.onnx that compares strings.
func (g *grapher) category(f *Feature) []string {
	x := g.input(f.Column, onnx.String)
	var pool []string
	var at []int64
	for i, v := range f.Values {
		pool, at = append(pool, v), append(at, int64(i))
	}
	if f.Indicator {
		for _, m := range marks() {
			pool, at = append(pool, m), append(at, int64(len(f.Values)))
		}
	}
	return []string{g.op("TfIdfVectorizer", "one-hot", []*onnx.Attribute{
		onnx.StringAttr("mode", "TF"), onnx.IntAttr("min_gram_length", 1), onnx.IntAttr("max_gram_length", 1), onnx.IntAttr("max_skip_count", 0),
		onnx.IntsAttr("ngram_counts", 0), onnx.IntsAttr("ngram_indexes", at...), onnx.StringsAttr("pool_strings", pool...),
	}, x)}
}
