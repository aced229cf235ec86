package transfer

import (
	"slices"

	"athanor/inference/onnx"
)

// widened is a model with all numbers of 16 bits as float32, in which it is taught;
// m itself where it has none. m is not changed.
func widened(m *onnx.Model) (*onnx.Model, error) {
	if m == nil || m.Graph == nil || !slices.ContainsFunc(m.Graph.Inputs, isNarrow) && !slices.ContainsFunc(m.Graph.Initializers, func(t *onnx.Tensor) bool { return narrow(t.Type) }) {
		return m, nil
	}
	raw, err := m.Encode()
	if err != nil {
		return nil, err
	}
	wide, err := onnx.Decode(raw)
	if err != nil {
		return nil, err
	}
	g := wide.Graph
	for _, v := range slices.Concat(g.Inputs, g.Outputs, g.Values) {
		if isNarrow(v) {
			v.Type.Tensor.Elem = onnx.Float
		}
	}
	for i, t := range g.Initializers {
		if g.Initializers[i], err = wideTensor(t); err != nil {
			return nil, err
		}
	}
	return wide, widenNodes(g.Nodes)
}

func isNarrow(v *onnx.ValueInfo) bool {
	return v.Type != nil && v.Type.Tensor != nil && narrow(v.Type.Tensor.Elem)
}

func narrow(t onnx.DataType) bool { return t == onnx.Float16 || t == onnx.BFloat16 }

// wideTensor is a constant as float32.
func wideTensor(t *onnx.Tensor) (*onnx.Tensor, error) {
	if !narrow(t.Type) {
		return t, nil
	}
	values, err := t.Float32s()
	if err != nil {
		return nil, err
	}
	return onnx.FloatTensor(t.Name, t.Dims, values), nil
}

// widenNodes changes the constants inside of nodes and what they cast to.
func widenNodes(nodes []*onnx.Node) (err error) {
	for _, n := range nodes {
		for _, a := range n.Attrs {
			if a.T != nil {
				if a.T, err = wideTensor(a.T); err != nil {
					return err
				}
			}
			if (a.Name == "to" || a.Name == "dtype") && narrow(onnx.DataType(a.I)) {
				a.I = int64(onnx.Float)
			}
		}
	}
	return nil
}
