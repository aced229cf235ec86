package transfer

import (
	"slices"

	"athanor/inference/onnx"
)

// UsualSide is the side that most networks were trained at.
const UsualSide = 224

// sized is a model that takes pictures of this side where it takes pictures of any
// size; any other model, or a side of 0, comes back as it is. m is not changed.
func sized(m *onnx.Model, side int) *onnx.Model {
	if side == 0 || m == nil || m.Graph == nil {
		return m
	}
	at := slices.IndexFunc(m.Graph.Inputs, func(v *onnx.ValueInfo) bool { return len(openSides(v)) > 0 })
	if at < 0 {
		return m
	}
	in := *m.Graph.Inputs[at]
	kind, tensor := *in.Type, *in.Type.Tensor
	tensor.Shape = slices.Clone(tensor.Shape)
	for _, i := range openSides(&in) {
		tensor.Shape[i] = onnx.Fixed(int64(side))
	}
	kind.Tensor, in.Type = &tensor, &kind
	g, out := *m.Graph, *m
	g.Inputs = slices.Clone(g.Inputs)
	g.Inputs[at], out.Graph = &in, &g
	return &out
}

// openSides are the places of height and width in the shape of a batch of pictures
// whose channels are known, where the file does not say them.
func openSides(v *onnx.ValueInfo) (places []int) {
	if v.Type == nil || v.Type.Tensor == nil || len(v.Type.Tensor.Shape) != 4 {
		return nil
	}
	shape := v.Type.Tensor.Shape
	known := func(i int) bool { return shape[i].Known && shape[i].Value > 0 }
	sides := []int{2, 3}
	if !known(1) && known(3) {
		sides = []int{1, 2}
	} else if !known(1) {
		return nil
	}
	return slices.DeleteFunc(sides, known)
}
