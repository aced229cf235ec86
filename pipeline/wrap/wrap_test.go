package wrap_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"slices"
	"testing"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/wrap"
)

// reddest takes a picture as numbers and gives the mean of each channel as it
// sees it: the class is the channel, in its own order.
func reddest(elem onnx.DataType, shape ...int64) *onnx.Model {
	axes := []int64{2, 3}
	if shape[3] == 3 {
		axes = []int64{1, 2}
	}
	dims := onnx.Dims(shape...)
	return &onnx.Model{
		IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}},
		Graph: &onnx.Graph{
			Name:    "means",
			Inputs:  []*onnx.ValueInfo{onnx.TensorValue("x", elem, dims...)},
			Outputs: []*onnx.ValueInfo{onnx.TensorValue("probabilities", elem, dims[0], onnx.Fixed(3))},
			Nodes: []*onnx.Node{{
				OpType: "ReduceMean", Inputs: []string{"x"}, Outputs: []string{"probabilities"},
				Attrs: []*onnx.Attribute{onnx.IntsAttr("axes", axes...), onnx.IntAttr("keepdims", 0)},
			}},
		},
	}
}

func TestAForeignClassifierBecomesAStudioModel(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	red := image.NewNRGBA(image.Rect(0, 0, 9, 5))
	for i := range 9 * 5 {
		red.Set(i%9, i/9, color.NRGBA{R: 200, G: 100, B: 50, A: 255})
	}
	spec := wrap.Spec{Labels: []string{"red", "green", "蓝"}, Height: 6, Width: 6}
	for name, c := range map[string]struct {
		m     *onnx.Model
		spec  func(*wrap.Spec)
		label string
		score float32
	}{
		"channels first": {reddest(onnx.Float, -1, 3, 4, 4), func(s *wrap.Spec) { s.Scale = .01 }, "red", 2},
		"channels last":  {reddest(onnx.Float, -1, 4, 4, 3), func(s *wrap.Spec) { s.Scale = .01 }, "red", 2},
		"blue first":     {reddest(onnx.Float, 1, 3, 4, 4), func(s *wrap.Spec) { s.BGR = true }, "蓝", 200},
		"any size":       {reddest(onnx.Float16, -1, 3, -1, -1), func(*wrap.Spec) {}, "red", 200},
		"mean":           {reddest(onnx.Float, -1, 3, 4, 4), func(s *wrap.Spec) { s.Mean, s.Deviation = []float64{200, 100, 40}, []float64{1, 1, 5} }, "蓝", 2},
		"scores":         {reddest(onnx.Float, -1, 3, 4, 4), func(s *wrap.Spec) { s.Softmax = true }, "red", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec
			c.spec(&s)
			copied, err := wrap.Image(c.m, s)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := copied.Encode()
			if err != nil {
				t.Fatal(err)
			}
			m, err := model.New(raw, model.Options{Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			list, err := m.Images(context.Background(), red)
			if err != nil {
				t.Fatal(err)
			}
			if best := list[0].Top(1)[0]; best.Label != c.label || best.Probability < c.score*.999 || best.Probability > c.score*1.001 {
				t.Errorf("got %+v, wanted %s %g", best, c.label, c.score)
			}
		})
	}
}

func TestDescriptionsThatDoNotFit(t *testing.T) {
	labels := []string{"a", "b", "c"}
	two := reddest(onnx.Float, -1, 3, 4, 4)
	two.Graph.Inputs = append(two.Graph.Inputs, onnx.TensorValue("y", onnx.Float))
	for name, c := range map[string]struct {
		m *onnx.Model
		s wrap.Spec
	}{
		"no names":       {reddest(onnx.Float, -1, 3, 4, 4), wrap.Spec{}},
		"two names":      {reddest(onnx.Float, -1, 3, 4, 4), wrap.Spec{Labels: labels[:2]}},
		"no size":        {reddest(onnx.Float, -1, 3, -1, -1), wrap.Spec{Labels: labels}},
		"two inputs":     {two, wrap.Spec{Labels: labels}},
		"five channels":  {reddest(onnx.Float, -1, 5, 4, 4), wrap.Spec{Labels: labels}},
		"integers":       {reddest(onnx.Int64, -1, 3, 4, 4), wrap.Spec{Labels: labels}},
		"one mean":       {reddest(onnx.Float, -1, 3, 4, 4), wrap.Spec{Labels: labels, Pixels: wrap.Pixels{Mean: []float64{1}}}},
		"zero deviation": {reddest(onnx.Float, -1, 3, 4, 4), wrap.Spec{Labels: labels, Pixels: wrap.Pixels{Deviation: []float64{1, 0, 1}}}},
		"unknown fit":    {reddest(onnx.Float, -1, 3, 4, 4), wrap.Spec{Labels: labels, Fit: "crop"}},
	} {
		if _, err := wrap.Image(c.m, c.s); !errors.Is(err, wrap.ErrSpec) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNamesAreListedInAnyScript(t *testing.T) {
	got := wrap.Names(" cat, dog\tbird\n\n猫，狗、 鸟 ,")
	if want := []string{"cat", "dog", "bird", "猫", "狗", "鸟"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}
