package model

import (
	"fmt"
	"slices"
	"strconv"

	"athanor/inference/onnx"
)

// KeyTemperature is the metadata key of the number a model's logits are divided
// by before they become probabilities.
const KeyTemperature = "athanor.temperature"

// temperatureScale names the constant 1/temperature and the nodes around it.
const temperatureScale = "athanor.temperature.scale"

// SetTemperature makes the model divide its logits by t (Guo et al. 2017), on
// top of a temperature it has already. The order of the classes stays.
func SetTemperature(m *onnx.Model, t float64) error {
	if !(t > 0) || t > 1e6 {
		return fmt.Errorf("%w: a temperature of %v", ErrInput, t)
	}
	g := m.Graph
	i := slices.IndexFunc(g.Nodes, func(n *onnx.Node) bool { return slices.Contains(n.Outputs, OutputProbabilities) })
	if i < 0 {
		return fmt.Errorf("%w: no node gives the output %q", ErrForeign, OutputProbabilities)
	}
	if known := g.Initializer(temperatureScale); known != nil {
		list, err := known.Float32s()
		if err != nil || len(list) != 1 {
			return fmt.Errorf("%w: the temperature inside cannot be read", ErrMetadata)
		}
		*known = *onnx.FloatTensor(temperatureScale, []int64{1}, []float32{float32(float64(list[0]) / t)})
		m.SetMeta(KeyTemperature, strconv.FormatFloat(1/(float64(list[0])/t), 'g', 6, 64))
		return nil
	}
	g.Initializers = append(g.Initializers, onnx.FloatTensor(temperatureScale, []int64{1}, []float32{float32(1 / t)}))
	if n := g.Nodes[i]; n.OpType == "Softmax" {
		scaled := &onnx.Node{OpType: "Mul", Name: temperatureScale + ".mul", Inputs: []string{n.Inputs[0], temperatureScale}, Outputs: []string{temperatureScale + ".logits"}}
		n.Inputs[0] = scaled.Outputs[0]
		g.Nodes = slices.Insert(g.Nodes, i, scaled)
	} else {
		temperProbabilities(g, n)
	}
	m.SetMeta(KeyTemperature, strconv.FormatFloat(t, 'g', 6, 64))
	return onnx.Check(m)
}

// temperProbabilities is for models that do not end in a softmax: the logarithms
// of probabilities are logits, up to a constant.
func temperProbabilities(g *onnx.Graph, last *onnx.Node) {
	part := func(name string) string { return temperatureScale + "." + name }
	last.Outputs[slices.Index(last.Outputs, OutputProbabilities)] = part("before")
	for _, n := range g.Nodes {
		for k, in := range n.Inputs {
			if in == OutputProbabilities {
				n.Inputs[k] = part("before")
			}
		}
	}
	g.Initializers = append(g.Initializers, onnx.FloatTensor(part("least"), []int64{1}, []float32{1e-30}))
	g.Nodes = append(g.Nodes,
		&onnx.Node{OpType: "Max", Name: part("max"), Inputs: []string{part("before"), part("least")}, Outputs: []string{part("some")}},
		&onnx.Node{OpType: "Log", Name: part("log"), Inputs: []string{part("some")}, Outputs: []string{part("logs")}},
		&onnx.Node{OpType: "Mul", Name: part("mul"), Inputs: []string{part("logs"), temperatureScale}, Outputs: []string{part("logits")}},
		&onnx.Node{
			OpType: "Softmax", Name: part("softmax"), Inputs: []string{part("logits")}, Outputs: []string{OutputProbabilities},
			Attrs: []*onnx.Attribute{onnx.IntAttr("axis", -1)},
		})
}
