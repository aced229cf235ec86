package model_test

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"math"
	"strings"
	"sync"
	"testing"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/inference/text"
)

func node(op string, in []string, out string, attrs ...*onnx.Attribute) *onnx.Node {
	return &onnx.Node{OpType: op, Inputs: in, Outputs: []string{out}, Attrs: attrs}
}

// linear is Softmax(Cast(input) · w) with one row of w for each input value.
func linear(in *onnx.ValueInfo, w [][]float32, meta ...onnx.Pair) *onnx.Model {
	var flat []float32
	for _, row := range w {
		flat = append(flat, row...)
	}
	rows, cols := int64(len(w)), int64(len(w[0]))
	return &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}}, Metadata: meta,
		Graph: &onnx.Graph{
			Name: "linear", Inputs: []*onnx.ValueInfo{in},
			Outputs:      []*onnx.ValueInfo{onnx.TensorValue("probabilities", onnx.Float, onnx.Named("N"), onnx.Fixed(cols))},
			Initializers: []*onnx.Tensor{onnx.FloatTensor("w", []int64{rows, cols}, flat), onnx.FloatTensor("zero", []int64{1}, []float32{0})},
			Nodes: []*onnx.Node{
				node("Cast", []string{in.Name}, "f", onnx.IntAttr("to", int64(onnx.Float))),
				node("IsNaN", []string{"f"}, "lost"),
				node("Where", []string{"lost", "zero", "f"}, "known"),
				node("Flatten", []string{"known"}, "flat"),
				node("MatMul", []string{"flat", "w"}, "logits"),
				node("Softmax", []string{"logits"}, "probabilities"),
			},
		},
	}
}

func labels(names ...string) onnx.Pair {
	b, _ := json.Marshal(names)
	return onnx.Pair{Key: model.KeyLabels, Value: string(b)}
}

func task(t model.Task) onnx.Pair { return onnx.Pair{Key: model.KeyTask, Value: string(t)} }

// halves is an image model of 2×2 grey pictures: "top" or "bottom" is brighter.
func halves(meta ...onnx.Pair) *onnx.Model {
	in := onnx.TensorValue("pixels", onnx.Uint8, onnx.Named("N"), onnx.Fixed(2), onnx.Fixed(2), onnx.Fixed(1))
	if meta == nil {
		meta = []onnx.Pair{task(model.Image), labels("top", "下"), {Key: model.KeyFingerprint, Value: "abc"}}
	}
	return linear(in, [][]float32{{.1, 0}, {.1, 0}, {0, .1}, {0, .1}}, meta...)
}

func open(t testing.TB, m *onnx.Model) *model.Model {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	if err := onnx.Check(m); err != nil {
		t.Fatal(err)
	}
	file, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	opened, err := model.New(file, model.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened
}

func grey(w, h int, at func(x, y int) uint8) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			g.SetGray(x, y, color.Gray{Y: at(x, y)})
		}
	}
	return g
}

func top(x, y int) uint8    { return map[bool]uint8{true: 200}[y == 0] }
func bottom(x, y int) uint8 { return 200 - top(x, y) }

func TestInfoTellsWhatTheFileSays(t *testing.T) {
	info := open(t, halves()).Info()
	if info.Task != model.Image || info.Labels[1] != "下" || info.Fingerprint != "abc" {
		t.Errorf("got %+v", info)
	}
	if info.Inputs[0].Text != "uint8[N,2,2,1]" || info.Outputs[0].Text != "float32[N,2]" {
		t.Errorf("ports %+v %+v", info.Inputs, info.Outputs)
	}
	if info.Parameters != 9 || info.Nodes != 6 || info.Opset != 20 {
		t.Errorf("%d parameters, %d nodes, opset %d", info.Parameters, info.Nodes, info.Opset)
	}
}

func TestImagesOfAnySizeAndKind(t *testing.T) {
	m := open(t, halves())
	rgb := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	for i := range rgb.Pix {
		rgb.Pix[i] = map[bool]uint8{true: 255}[i%4 == 3 || i/rgb.Stride >= 20]
	}
	var many []image.Image
	for i := range 200 { // several batches
		many = append(many, grey(2, 2, map[bool]func(int, int) uint8{true: top, false: bottom}[i%3 == 0]))
	}
	answers, err := m.Images(context.Background(), append(many, rgb)...)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		want := "下"
		if i%3 == 0 && i < 200 {
			want = "top"
		}
		best := a.Top(1)[0]
		if best.Label != want || best.Probability < 0.99 {
			t.Fatalf("picture %d: %+v, wanted %s", i, best, want)
		}
	}
	two := answers[0].Top(9)
	if len(two) != 2 || math.Abs(float64(two[0].Probability+two[1].Probability-1)) > 1e-6 {
		t.Errorf("got %+v", two)
	}
	if want := 1 / (1 + math.Exp(-40)); math.Abs(float64(two[0].Probability)-want) > 1e-6 {
		t.Errorf("probability %g, wanted %g", two[0].Probability, want)
	}
}

func TestFixedBatchIsPadded(t *testing.T) {
	file := halves()
	file.Graph.Inputs[0].Type.Tensor.Shape[0] = onnx.Fixed(4)
	m := open(t, file)
	for _, n := range []int{0, 1, 4, 6} {
		var pictures []image.Image
		for range n {
			pictures = append(pictures, grey(2, 2, top))
		}
		answers, err := m.Images(context.Background(), pictures...)
		if err != nil || len(answers) != n {
			t.Errorf("%d pictures: %d answers, %v", n, len(answers), err)
		}
	}
}

func TestTextsUseTheTokenizerInTheFile(t *testing.T) {
	const buckets, length = 50, 6
	d, err := text.Sequence(buckets, length).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	ids := onnx.TensorValue("tokens", onnx.Int64, onnx.Named("N"), onnx.Fixed(length))
	w := make([][]float32, length)
	for i := range w {
		w[i] = []float32{0.01, 0}
	}
	m := open(t, linear(ids, w, task(model.Text), labels("a", "b"), onnx.Pair{Key: model.KeyTokenizer, Value: string(d)}))
	answers, err := m.Texts(context.Background(), "", "好 good", "good 好")
	if err != nil {
		t.Fatal(err)
	}
	if p := answers[0].Probabilities[0]; p != 0.5 { // padding only
		t.Errorf("empty text: %g", p)
	}
	if p, q := answers[1].Probabilities[0], answers[2].Probabilities[0]; p == 0.5 || math.Abs(float64(p-q)) > 1e-6 {
		t.Errorf("the same words in another order: %g and %g", p, q)
	}
}

// tableModel reads a number "age" and a text "sex"; its answer is age, or
// age+10 for "female".
func tableModel(answer string, meta ...onnx.Pair) *onnx.Model {
	outputs := []onnx.Dim{onnx.Named("N"), onnx.Fixed(1)}
	return &onnx.Model{
		IRVersion: 10, Opsets: []onnx.Opset{{Version: 20}}, Metadata: append(meta, task(model.Table)),
		Graph: &onnx.Graph{
			Name: "table",
			Inputs: []*onnx.ValueInfo{
				onnx.TensorValue("age (column)", onnx.Float, onnx.Named("N"), onnx.Fixed(1)),
				onnx.TensorValue("sex", onnx.String, onnx.Named("N"), onnx.Fixed(1)),
			},
			Outputs:      []*onnx.ValueInfo{onnx.TensorValue(answer, onnx.Float, outputs...)},
			Initializers: []*onnx.Tensor{onnx.FloatTensor("zero", []int64{1}, []float32{0}), onnx.FloatTensor("ten", []int64{1}, []float32{10})},
			Nodes: []*onnx.Node{
				node("IsNaN", []string{"age (column)"}, "lost"),
				node("Where", []string{"lost", "zero", "age (column)"}, "known"),
				node("TfIdfVectorizer", []string{"sex"}, "female", onnx.StringAttr("mode", "TF"), onnx.IntAttr("min_gram_length", 1),
					onnx.IntAttr("max_gram_length", 1), onnx.IntAttr("max_skip_count", 0), onnx.IntsAttr("ngram_counts", 0),
					onnx.IntsAttr("ngram_indexes", 0), onnx.StringsAttr("pool_strings", "female")),
				node("Mul", []string{"female", "ten"}, "extra"),
				node("Add", []string{"known", "extra"}, answer),
			},
		},
	}
}

func TestRowsEnterByTheirColumns(t *testing.T) {
	m := open(t, tableModel("value"))
	columns, err := m.Columns()
	if err != nil || len(columns) != 2 || columns[0] != (model.Column{Name: "age", Numeric: true}) || columns[1].Name != "sex" {
		t.Fatalf("%v, %v", columns, err)
	}
	answers, err := m.Rows(context.Background(),
		map[string]string{"age": " 3.5 ", "sex": "male", "other": "x"},
		map[string]string{"age": "3", "sex": " female "},
		map[string]string{"age": "N/A"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{3.5, 13, 0} {
		if answers[i].Value != want || len(answers[i].Top(3)) != 0 {
			t.Errorf("row %d: %+v, wanted %g", i, answers[i], want)
		}
	}
	_, err = m.Rows(context.Background(), map[string]string{"age": "old"})
	if !errors.Is(err, model.ErrInput) || !strings.Contains(err.Error(), `row 0: input does not fit the model: column "age": "old" is no number`) {
		t.Errorf("got %v", err)
	}
	samples, err := m.EncodeRow(map[string]string{"age": "1", "sex": "female"})
	if err != nil || len(samples) != 2 || samples[0].Input != "age (column)" || samples[1].Texts[0] != "female" {
		t.Errorf("%+v, %v", samples, err)
	}
}

func TestErrorsSayWhatIsMissing(t *testing.T) {
	ctx := context.Background()
	picture := grey(2, 2, top)
	for name, c := range map[string]struct {
		meta []onnx.Pair
		want error
	}{
		"no task":       {[]onnx.Pair{labels("a", "b")}, model.ErrForeign},
		"no labels":     {[]onnx.Pair{task(model.Image)}, model.ErrForeign},
		"other task":    {[]onnx.Pair{task(model.Text), labels("a", "b")}, model.ErrTask},
		"too many":      {[]onnx.Pair{task(model.Image), labels("a", "b", "c")}, model.ErrMetadata},
		"unknown fit":   {[]onnx.Pair{task(model.Image), labels("a", "b"), {Key: model.KeyFit, Value: "squeeze"}}, model.ErrMetadata},
		"empty picture": {nil, model.ErrInput},
	} {
		m := open(t, halves(c.meta...))
		p := image.Image(picture)
		if c.want == model.ErrInput {
			p = image.NewGray(image.Rectangle{})
		}
		if _, err := m.Images(ctx, p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for key, value := range map[string]string{model.KeyLabels: "[", model.KeyTask: "dance", model.KeyTokenizer: "{}"} {
		file, err := halves(onnx.Pair{Key: key, Value: value}).Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := model.New(file, model.Options{}); !errors.Is(err, model.ErrMetadata) {
			t.Errorf("%s = %q: %v", key, value, err)
		}
	}
}

func TestRunRefusesWrongTensors(t *testing.T) {
	m := open(t, halves())
	tensor := func(shape ...int64) *runtime.Tensor {
		x, err := runtime.NewZeros(onnx.Uint8, shape)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(x.Close)
		return x
	}
	floats, err := runtime.NewTensor([]int64{1, 2, 2, 1}, make([]float32, 4))
	if err != nil {
		t.Fatal(err)
	}
	defer floats.Close()
	for name, in := range map[string][]*runtime.Tensor{
		"none": {}, "nil": {nil}, "two": {tensor(1, 2, 2, 1), tensor(1, 2, 2, 1)},
		"rank": {tensor(1, 2, 2)}, "size": {tensor(1, 3, 2, 1)}, "type": {floats},
	} {
		if _, err := m.Run(context.Background(), in); !errors.Is(err, model.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConcurrentPredictionsAndClose(t *testing.T) {
	m := open(t, halves())
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for range 20 {
				at := map[bool]func(int, int) uint8{true: top, false: bottom}[i%2 == 0]
				answers, err := m.Images(context.Background(), grey(2, 2, at))
				if errors.Is(err, model.ErrClosed) {
					return
				}
				if err != nil || answers[0].Top(1)[0].Index != i%2 {
					t.Errorf("goroutine %d: %v, %v", i, answers, err)
					return
				}
			}
		})
	}
	m.Close()
	wait.Wait()
	if _, err := m.Images(context.Background(), grey(2, 2, top)); !errors.Is(err, model.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestWrongOutputShapeInTheFile(t *testing.T) {
	file := halves()
	file.Graph.Outputs[0].Type.Tensor.Shape = []onnx.Dim{onnx.Named("N"), onnx.Named("N")}
	m := open(t, file)
	for range 2 {
		if _, err := m.Images(context.Background(), grey(2, 2, top)); err != nil {
			t.Fatal(err)
		}
	}
}
