package onnx_test

import (
	"errors"
	"strings"
	"testing"

	"athanor/inference/onnx"
)

// chain is x → Relu → Relu → y.
func chain() *onnx.Model {
	return &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}},
		Graph: &onnx.Graph{
			Name:    "g",
			Inputs:  []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, onnx.Fixed(1))},
			Outputs: []*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, onnx.Fixed(1))},
			Nodes: []*onnx.Node{
				{Name: "first", OpType: "Relu", Inputs: []string{"x"}, Outputs: []string{"h"}},
				{Name: "second", OpType: "Relu", Inputs: []string{"h"}, Outputs: []string{"y"}},
			},
		},
	}
}

func TestCheckAcceptsAGoodModel(t *testing.T) {
	if err := onnx.Check(chain()); err != nil {
		t.Fatal(err)
	}
	m := chain()
	m.Graph.Initializers = []*onnx.Tensor{onnx.FloatTensor("x", []int64{1}, []float32{1})} // a default
	m.Graph.Nodes[0].Attrs = []*onnx.Attribute{onnx.GraphAttr("body", &onnx.Graph{
		Name:    "inner",
		Nodes:   []*onnx.Node{{OpType: "Neg", Inputs: []string{"x"}, Outputs: []string{"inner_y"}}},
		Outputs: []*onnx.ValueInfo{onnx.TensorValue("inner_y", onnx.Float)},
	})}
	if err := onnx.Check(m); err != nil {
		t.Errorf("a subgraph that reads an outer value: %v", err)
	}
}

func TestCheckNamesTheFault(t *testing.T) {
	type change = func(m *onnx.Model)
	nodes := func(m *onnx.Model) []*onnx.Node { return m.Graph.Nodes }
	for name, c := range map[string]struct {
		do   change
		want string
	}{
		"no graph":         {func(m *onnx.Model) { m.Graph = nil }, "no graph"},
		"no opset":         {func(m *onnx.Model) { m.Opsets = nil }, "imports no operator set"},
		"opset twice":      {func(m *onnx.Model) { m.Opsets = append(m.Opsets, onnx.Opset{Domain: "ai.onnx", Version: 1}) }, "imported twice"},
		"foreign domain":   {func(m *onnx.Model) { nodes(m)[0].Domain = "x" }, `node "first" (Relu): operator domain "x" is not imported`},
		"unknown input":    {func(m *onnx.Model) { nodes(m)[1].Inputs[0] = "z" }, `node "second" (Relu): input "z" is produced nowhere`},
		"unsorted":         {func(m *onnx.Model) { n := nodes(m); n[0], n[1] = n[1], n[0] }, `produced later, by node "first"`},
		"cycle":            {func(m *onnx.Model) { nodes(m)[0].Inputs[0] = "y" }, `closes a cycle through node "second"`},
		"not SSA":          {func(m *onnx.Model) { nodes(m)[1].Outputs[0] = "h" }, `value "h" is produced twice: by node "first" (Relu) and by node "second" (Relu)`},
		"output of no one": {func(m *onnx.Model) { m.Graph.Outputs[0].Name = "z" }, `output "z" is never produced`},
		"no outputs":       {func(m *onnx.Model) { m.Graph.Outputs = nil }, "no outputs"},
		"input twice":      {func(m *onnx.Model) { m.Graph.Inputs = append(m.Graph.Inputs, m.Graph.Inputs[0]) }, `value "x" is produced twice`},
		"negative dim":     {func(m *onnx.Model) { m.Graph.Inputs[0].Type.Tensor.Shape = []onnx.Dim{onnx.Fixed(-3)} }, "dimension 0 is negative"},
		"wrong size": {func(m *onnx.Model) {
			m.Graph.Initializers = []*onnx.Tensor{onnx.FloatTensor("w", []int64{3}, []float32{1})}
		}, `initializer "w": shape [3] of float32 wants 12 bytes, the file has 4`},
		"overflowing size": {func(m *onnx.Model) {
			m.Graph.Initializers = []*onnx.Tensor{{Name: "w", Type: onnx.Float, Dims: []int64{1 << 40, 1 << 40}}}
		}, "too large"},
		"initializer twice": {func(m *onnx.Model) {
			w := onnx.FloatScalar("w", 1)
			m.Graph.Initializers = []*onnx.Tensor{w, w}
		}, `initializer "w" is there twice`},
		"attribute twice": {func(m *onnx.Model) {
			nodes(m)[0].Attrs = []*onnx.Attribute{onnx.IntAttr("a", 1), onnx.IntAttr("a", 1)}
		}, `attribute "a" is there twice`},
		"attribute without value": {func(m *onnx.Model) {
			nodes(m)[0].Attrs = []*onnx.Attribute{{Name: "a", Type: onnx.AttrTensor}}
		}, `attribute "a" has no value`},
		"hidden outer value": {func(m *onnx.Model) {
			nodes(m)[0].Attrs = []*onnx.Attribute{onnx.GraphAttr("body", &onnx.Graph{
				Nodes: []*onnx.Node{{OpType: "Neg", Inputs: []string{"x"}, Outputs: []string{"x"}}},
			})}
		}, "hides one of the enclosing graph"},
		"inner value used outside": {func(m *onnx.Model) {
			nodes(m)[0].Attrs = []*onnx.Attribute{onnx.GraphAttr("body", &onnx.Graph{
				Nodes: []*onnx.Node{{OpType: "Neg", Inputs: []string{"x"}, Outputs: []string{"secret"}}},
			})}
			nodes(m)[1].Inputs[0] = "secret"
		}, `input "secret" is produced nowhere`},
		"function body": {func(m *onnx.Model) {
			m.Functions = []*onnx.Function{{Name: "F", Domain: "f", Opsets: m.Opsets, Outputs: []string{"b"}}}
		}, `function "F": output "b" is never produced`},
	} {
		m := chain()
		c.do(m)
		err := onnx.Check(m)
		if !errors.Is(err, onnx.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, wanted …%s…", name, err, c.want)
		}
	}
}

func TestCheckStopsCountingFaults(t *testing.T) {
	m := chain()
	for range 1000 {
		m.Graph.Nodes = append(m.Graph.Nodes, &onnx.Node{OpType: "Relu", Inputs: []string{"nowhere"}})
	}
	if n := strings.Count(onnx.Check(m).Error(), "\n") + 1; n != 20 {
		t.Errorf("%d faults", n)
	}
}
