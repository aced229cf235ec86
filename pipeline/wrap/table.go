package wrap

import (
	"errors"
	"fmt"
	"slices"

	"athanor/inference/model"
	"athanor/inference/onnx"
)

// TableSpec is what a person knows of a model of rows.
type TableSpec struct {
	Columns []string // of its numbers, in their order
	Labels  []string // of the classes; none for a model that answers with a number
	Softmax bool     // the output holds scores, not probabilities
}

// columnSuffix follows the name of a column that the model calls another value.
const columnSuffix = " (column)"

// Table returns a copy of m, which takes rows of numbers as one input [N,F], that
// takes each column as an input of its own, float32[N,1], and gives
// "probabilities" of named classes, or "value". Classes in maps, as scikit-learn's
// exporter writes them, become a tensor. m is not changed.
func Table(m *onnx.Model, s TableSpec) (*onnx.Model, error) {
	copied, err := duplicate(m)
	if err != nil {
		return nil, err
	}
	w := &wrapper{m: copied, g: copied.Graph, s: Spec{Labels: s.Labels, Softmax: s.Softmax}, task: model.Table}
	if err := w.columns(s.Columns); err != nil {
		return nil, err
	}
	w.unzip()
	if err := errors.Join(w.output(), w.describe()); err != nil {
		return nil, err
	}
	if err := onnx.Check(copied); err != nil {
		return nil, fmt.Errorf("wrap model: %w", err)
	}
	return copied, nil
}

// columns puts the joining of columns before the model.
func (w *wrapper) columns(names []string) error {
	feeds := w.g.Feeds()
	if len(feeds) != 1 || feeds[0].Type == nil || feeds[0].Type.Tensor == nil {
		return w.fault("it has %d inputs, one of rows is needed", len(feeds))
	}
	in, t := feeds[0], feeds[0].Type.Tensor
	if !t.HasShape || len(t.Shape) != 2 || !slices.Contains([]onnx.DataType{onnx.Float, onnx.Double, onnx.Int64, onnx.Float16, onnx.Int32}, t.Elem) {
		return w.fault("its input is %s, not rows of numbers", t)
	}
	if wanted := t.Shape[1].Size(); wanted > 0 && wanted != int64(len(names)) {
		return w.fault("%d columns are named, its input takes %d", len(names), wanted)
	}
	if len(names) == 0 {
		return w.fault("the columns need names")
	}
	rows := t.Shape[0]
	if !rows.Known {
		rows = onnx.Named("N")
	}
	taken := w.values()
	var inputs []*onnx.ValueInfo
	var parts []string
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return w.fault("two columns are called %q", name)
		}
		if taken[name] {
			name += columnSuffix
		}
		taken[name] = true
		inputs, parts = append(inputs, onnx.TensorValue(name, onnx.Float, rows, onnx.Fixed(1))), append(parts, name)
	}
	x := w.join("Concat", parts, "", onnx.IntAttr("axis", 1))
	w.add("Cast", x, in.Name, onnx.IntAttr("to", int64(t.Elem)))
	w.g.Nodes = append(w.front, w.g.Nodes...)
	w.g.Inputs = slices.DeleteFunc(w.g.Inputs, func(v *onnx.ValueInfo) bool { return v == in })
	w.g.Inputs = append(inputs, w.g.Inputs...)
	return nil
}

// values are the names that the graph uses already.
func (w *wrapper) values() map[string]bool {
	taken := map[string]bool{model.OutputProbabilities: true, model.OutputValue: true}
	for _, v := range w.g.Inputs {
		taken[v.Name] = true
	}
	for _, t := range w.g.Initializers {
		taken[t.Name] = true
	}
	for _, n := range w.g.Nodes {
		for _, name := range slices.Concat(n.Inputs, n.Outputs) {
			taken[name] = true
		}
	}
	return taken
}

// unzip takes maps from class to probability off the outputs, and gives the tensor
// they were made from instead.
func (w *wrapper) unzip() {
	for i, n := range w.g.Nodes {
		if n.OpType != "ZipMap" || len(n.Inputs) != 1 || len(n.Outputs) != 1 {
			continue
		}
		k := slices.IndexFunc(w.g.Outputs, func(o *onnx.ValueInfo) bool { return o.Name == n.Outputs[0] })
		if k < 0 {
			continue
		}
		w.g.Nodes = slices.Delete(w.g.Nodes, i, i+1)
		w.g.Outputs[k] = onnx.TensorValue(n.Inputs[0], onnx.Float, w.g.Inputs[0].Type.Tensor.Shape[0], onnx.Dim{})
		return
	}
}
