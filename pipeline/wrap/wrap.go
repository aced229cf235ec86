// Package wrap makes a studio model of any picture classifier or model of rows:
// what it expects of pixels or how its columns are called, and the names of its
// classes, are written into a copy.
package wrap

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"athanor/inference/model"
	"athanor/inference/onnx"
)

// Pixels says how a model wants pixels: value = (pixel·Scale − Mean)/Deviation
// for each channel, pixels from 0 to 255. The zero value passes them as they are.
type Pixels struct {
	Scale           float64 // 0 is 1
	Mean, Deviation []float64
	BGR             bool // blue first
}

// Spec is what a person knows of a model.
type Spec struct {
	Pixels
	Height, Width int    // used where the model leaves its size free
	Fit           string // stretch (default), cover, letterbox
	Labels        []string
	Softmax       bool // the output holds scores, not probabilities
}

// Names are what a person lists of classes or columns, one a line or with commas or
// tabs between, as tables give them.
func Names(text string) (list []string) {
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("\n\t,，、", r) }) {
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, name)
		}
	}
	return list
}

// ErrSpec says that model and description do not fit.
var ErrSpec = errors.New("the model cannot be described so")

// Image returns a copy of m that takes pictures, uint8[N,H,W,C], and gives
// "probabilities" of named classes. m is not changed.
func Image(m *onnx.Model, s Spec) (*onnx.Model, error) {
	copied, err := duplicate(m)
	if err != nil {
		return nil, err
	}
	w := &wrapper{m: copied, g: copied.Graph, s: s, task: model.Image}
	if err := errors.Join(w.input(), w.output(), w.describe()); err != nil {
		return nil, err
	}
	if err := onnx.Check(copied); err != nil {
		return nil, fmt.Errorf("wrap model: %w", err)
	}
	return copied, nil
}

// duplicate is a copy of a model that can be run.
func duplicate(m *onnx.Model) (*onnx.Model, error) {
	raw, err := m.Encode()
	if err = errors.Join(err, onnx.Check(m)); err != nil {
		return nil, fmt.Errorf("wrap model: %w", err)
	}
	copied, err := onnx.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("wrap model: %w", err)
	}
	return copied, nil
}

type wrapper struct {
	task  model.Task
	m     *onnx.Model
	g     *onnx.Graph
	s     Spec
	front []*onnx.Node
	n     int
}

func (w *wrapper) fault(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrSpec, fmt.Sprintf(format, args...))
}

// layout finds height, width and channels of a picture input, and whether the
// channels come first.
func (w *wrapper) layout(t *onnx.TensorType) (height, width, channels int64, first bool, err error) {
	if !t.HasShape || len(t.Shape) != 4 {
		return 0, 0, 0, false, w.fault("its input is %s, not one picture a row", t)
	}
	d := []int64{t.Shape[1].Size(), t.Shape[2].Size(), t.Shape[3].Size()}
	few := func(n int64) bool { return n == 1 || n == 3 }
	switch {
	case few(d[0]):
		height, width, channels, first = d[1], d[2], d[0], true
	case few(d[2]):
		height, width, channels = d[0], d[1], d[2]
	default:
		return 0, 0, 0, false, w.fault("its input %s has neither one nor three channels", t)
	}
	if height < 0 {
		height = int64(w.s.Height)
	}
	if width < 0 {
		width = int64(w.s.Width)
	}
	if height <= 0 || width <= 0 {
		return 0, 0, 0, false, w.fault("it leaves the size of pictures free: say which to use")
	}
	return height, width, channels, first, nil
}

func (w *wrapper) add(op, in, out string, attrs ...*onnx.Attribute) string {
	return w.join(op, []string{in}, out, attrs...)
}

func (w *wrapper) join(op string, in []string, out string, attrs ...*onnx.Attribute) string {
	w.n++
	if out == "" {
		out = fmt.Sprintf("athanor_prepare_%d", w.n)
	}
	w.front = append(w.front, &onnx.Node{Name: fmt.Sprintf("athanor_prepare_node_%d", w.n), OpType: op, Inputs: in, Outputs: []string{out}, Attrs: attrs})
	return out
}

func (w *wrapper) constant(name string, dims []int64, values ...float64) string {
	v := make([]float32, len(values))
	for i, x := range values {
		v[i] = float32(x)
	}
	w.g.Initializers = append(w.g.Initializers, onnx.FloatTensor("athanor_"+name, dims, v))
	return "athanor_" + name
}

// pictures is what the new input is called.
const pictures = "athanor_picture"

// input puts the preparation of pixels before the model.
func (w *wrapper) input() error {
	feeds := w.g.Feeds()
	if len(feeds) != 1 || feeds[0].Type == nil || feeds[0].Type.Tensor == nil {
		return w.fault("it has %d inputs, one picture is needed", len(feeds))
	}
	in, t := feeds[0], feeds[0].Type.Tensor
	height, width, channels, first, err := w.layout(t)
	if err != nil {
		return err
	}
	if !slices.Contains([]onnx.DataType{onnx.Float, onnx.Float16, onnx.Uint8}, t.Elem) {
		return w.fault("its input is %s", t)
	}
	x := w.add("Cast", pictures, "", onnx.IntAttr("to", int64(onnx.Float)))
	if w.s.BGR && channels == 3 {
		w.g.Initializers = append(w.g.Initializers, onnx.Int64Tensor("athanor_bgr", []int64{3}, []int64{2, 1, 0}))
		x = w.join("Gather", []string{x, "athanor_bgr"}, "", onnx.IntAttr("axis", 3))
	}
	if x, err = w.normalise(x, channels); err != nil {
		return err
	}
	if first {
		x = w.add("Transpose", x, "", onnx.IntsAttr("perm", 0, 3, 1, 2))
	}
	w.add("Cast", x, in.Name, onnx.IntAttr("to", int64(t.Elem)))
	w.g.Nodes = append(w.front, w.g.Nodes...)
	rows := t.Shape[0]
	if !rows.Known {
		rows = onnx.Named("N")
	}
	w.g.Inputs = slices.DeleteFunc(w.g.Inputs, func(v *onnx.ValueInfo) bool { return v == in })
	w.g.Inputs = append([]*onnx.ValueInfo{onnx.TensorValue(pictures, onnx.Uint8, rows, onnx.Fixed(height), onnx.Fixed(width), onnx.Fixed(channels))}, w.g.Inputs...)
	return nil
}

// normalise scales pixels, channels last.
func (w *wrapper) normalise(x string, channels int64) (string, error) {
	if w.s.Scale != 0 && w.s.Scale != 1 {
		x = w.join("Mul", []string{x, w.constant("scale", nil, w.s.Scale)}, "")
	}
	for _, step := range []struct {
		op, name string
		values   []float64
	}{{"Sub", "mean", w.s.Mean}, {"Div", "deviation", w.s.Deviation}} {
		if len(step.values) == 0 {
			continue
		}
		if n := int64(len(step.values)); n != channels {
			return "", w.fault("the %s has %d numbers for %d channels", step.name, n, channels)
		}
		if step.op == "Div" && slices.Contains(step.values, 0) {
			return "", w.fault("a deviation is zero")
		}
		x = w.join(step.op, []string{x, w.constant(step.name, []int64{channels}, step.values...)}, "")
	}
	return x, nil
}

// answer is how many numbers the new output holds, and its name.
func (w *wrapper) answer() (numbers int64, name string, err error) {
	switch n := int64(len(w.s.Labels)); {
	case n > 0:
		return n, model.OutputProbabilities, nil
	case w.task == model.Table:
		return 1, model.OutputValue, nil
	}
	return 0, "", w.fault("the classes need names")
}

// output names the first output that has one number a class.
func (w *wrapper) output() error {
	classes, name, err := w.answer()
	if err != nil {
		return err
	}
	k := slices.IndexFunc(w.g.Outputs, func(o *onnx.ValueInfo) bool {
		return o.Type != nil && o.Type.Tensor != nil && (o.Type.Tensor.Elem == onnx.Float || o.Type.Tensor.Elem == onnx.Float16)
	})
	if k < 0 {
		return w.fault("none of its outputs holds numbers")
	}
	o := w.g.Outputs[k]
	if shape := o.Type.Tensor.Sizes(); o.Type.Tensor.HasShape && len(shape) > 1 {
		n := int64(1)
		for _, d := range shape[1:] {
			n *= d
		}
		if n > 0 && n != classes {
			return w.fault("%d names are given, its output %q has %d numbers", classes, o.Name, n)
		}
	}
	w.front = nil
	x := w.add("Flatten", o.Name, "", onnx.IntAttr("axis", 1))
	x = w.add("Cast", x, "", onnx.IntAttr("to", int64(onnx.Float)))
	last := "Identity"
	var attrs []*onnx.Attribute
	if w.s.Softmax && name == model.OutputProbabilities {
		last, attrs = "Softmax", []*onnx.Attribute{onnx.IntAttr("axis", 1)}
	}
	w.free(name)
	if o.Name == name {
		w.front[0].Inputs[0] = "athanor_" + o.Name
	}
	w.add(last, x, name, attrs...)
	w.g.Nodes = append(w.g.Nodes, w.front...)
	rows := w.g.Inputs[0].Type.Tensor.Shape[0]
	w.g.Outputs = []*onnx.ValueInfo{onnx.TensorValue(name, onnx.Float, rows, onnx.Fixed(classes))}
	return nil
}

// free renames an inner value that has the name the output gets.
func (w *wrapper) free(name string) {
	for _, n := range w.g.Nodes {
		for _, list := range [][]string{n.Inputs, n.Outputs} {
			for i, v := range list {
				if v == name {
					list[i] = "athanor_" + name
				}
			}
		}
	}
}

func (w *wrapper) describe() error {
	labels, err := json.Marshal(w.s.Labels)
	if err != nil {
		return fmt.Errorf("wrap model: %w", err)
	}
	if !slices.Contains([]string{"", "stretch", "cover", "letterbox"}, w.s.Fit) {
		return w.fault("pictures can be brought to size by stretch, cover or letterbox, not %q", w.s.Fit)
	}
	w.m.SetMeta(model.KeyTask, string(w.task))
	if len(w.s.Labels) > 0 {
		w.m.SetMeta(model.KeyLabels, string(labels))
	}
	if w.task == model.Image {
		w.m.SetMeta(model.KeyFit, w.s.Fit)
	}
	w.g.Values = nil
	return nil
}
