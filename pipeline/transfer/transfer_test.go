package transfer_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/digits"
	"athanor/pipeline/grad"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// drawn is a feed of digits that asks whether a digit is odd.
type drawn struct {
	pixels []byte
	labels []byte
}

const picture = digits.Side * digits.Side

func (d drawn) Len() int           { return len(d.labels) }
func (d drawn) Class(row int) int  { return int(d.labels[row]) % 2 }
func (d drawn) Target(int) float32 { return 0 }
func (d drawn) Row(row int) int    { return row }
func (d drawn) Columns() []dataset.Column {
	return []dataset.Column{{Name: "image", Type: onnx.Uint8, Shape: []int{digits.Side, digits.Side, 1}}}
}

func (d drawn) Fill(ctx context.Context, dst [][]byte, _ int, rows []int) error {
	for i, row := range rows {
		copy(dst[0][i*picture:], d.pixels[row*picture:(row+1)*picture])
	}
	return ctx.Err()
}

// parity draws n digits to train on, 200 to validate and 300 to test.
func parity(t *testing.T, n int) *dataset.Set {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	all, err := digits.Draw(t.Context(), 5, n+500)
	if err != nil {
		t.Fatal(err)
	}
	part := func(from, to int) drawn { return drawn{all.Pixels[from*picture : to*picture], all.Labels[from:to]} }
	return &dataset.Set{
		Task: dataset.Image, Name: "parity", Classes: []string{"even", "odd"}, Fingerprint: "drawn",
		Train: part(0, n), Validation: part(n, n+200), Test: part(n+200, n+500),
	}
}

func digitsNetwork(t *testing.T) *transfer.Network {
	t.Helper()
	m, err := onnx.Load(testenv.SharedData(t, "onnx-small", "mnist.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := transfer.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// store is a run store that forgets.
type store struct{ dir string }

func (s store) Dir() string                     { return s.dir }
func (s store) AppendMetric(train.Metric) error { return nil }
func (s store) AppendEvent(train.Event) error   { return nil }
func (s store) Flush() error                    { return nil }
func (s store) CutAfter(int) error              { return nil }

func TestOpenFindsTheHead(t *testing.T) {
	n := digitsNetwork(t)
	if n.Head.Width != 256 || n.Head.Outputs != 10 || !slices.Equal(n.Shape, []int{1, 28, 28}) {
		t.Errorf("input %v, head %+v; want 28×28 and 256 features for 10 classes", n.Shape, n.Head)
	}
	detector, err := onnx.Load(testenv.SharedData(t, "faces", "models", "version-RFB-320_simplified.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transfer.Open(detector); !errors.Is(err, transfer.ErrNoHead) || !strings.Contains(err.Error(), "Concat") && !strings.Contains(err.Error(), "node") {
		t.Errorf("a detector has no head to replace, got %v", err)
	}
}

// TestHeadLearnsNewClasses: features once, a head on them, and one model that
// takes pixels and answers with the new classes.
func TestHeadLearnsNewClasses(t *testing.T) {
	n, set := digitsNetwork(t), parity(t, 1500)
	done := 0
	features, err := n.FeatureSet(t.Context(), set, transfer.FeatureConfig{Threads: 2, Progress: func(d, total int) {
		if done = d; total != 1700 { // those of the test are not asked for yet
			t.Errorf("%d samples in all, want 1700", total)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if done != 1700 {
		t.Errorf("progress ended at %d", done)
	}
	dir := t.TempDir()
	recipe := train.Recipe{Task: "table", Seed: 3, Threads: 2, Model: train.Model{Name: "mlp", Hidden: []int{64}}, Train: train.Loop{Epochs: 4, Batch: 32}}
	res, err := train.Run(t.Context(), recipe, train.Deps{Set: features, Store: store{dir}}, func(train.Event) {})
	if err != nil {
		t.Fatal(err)
	}
	if res.Classification == nil || res.Classification.Accuracy < 0.9 {
		t.Fatalf("test accuracy %v, want at least 0.9", res.Classification)
	}
	if got := accuracy(t, dir+"/"+train.ModelName, set.Test); math.Abs(got-res.Classification.Accuracy) > 1e-9 {
		t.Errorf("the exported model is right for %.4f from pixels, training said %.4f", got, res.Classification.Accuracy)
	}
}

// accuracy runs a model file over a feed's raw columns.
func accuracy(t *testing.T, path string, feed dataset.Feed) float64 {
	t.Helper()
	s, err := runtime.OpenSession(path, runtime.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	right := 0
	for row := range feed.Len() {
		x, err := runtime.NewZeros(onnx.Uint8, []int64{1, 28, 28, 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := feed.Fill(t.Context(), [][]byte{x.Bytes()}, -1, []int{row}); err != nil {
			t.Fatal(err)
		}
		out := make([]*runtime.Tensor, 1)
		if err := s.Run(t.Context(), []*runtime.Tensor{x}, out); err != nil {
			t.Fatal(err)
		}
		p := runtime.Data[float32](out[0])
		if (p[1] > p[0]) == (feed.Class(row) == 1) {
			right++
		}
		x.Close()
		out[0].Close()
	}
	return float64(right) / float64(feed.Len())
}

// TestLayersLearn trains the rebuilt network itself for a few steps.
func TestLayersLearn(t *testing.T) {
	n, set := digitsNetwork(t), parity(t, 640)
	const batch, rate = 32, 0.02
	weights, err := n.Weights(transfer.Layers{})
	if err != nil {
		t.Fatal(err)
	}
	if len(weights) != 4 {
		t.Fatalf("%d weights, want those of two convolutions and their biases", len(weights))
	}
	b := graph.New("tune")
	x := b.Input("image", onnx.Uint8, batch, 28, 28, 1)
	target := b.Input("target", onnx.Int64, batch)
	c := nn.NewContext(b, true, nil)
	y, err := n.Build(c, x, transfer.Pixels{}, weights, 2)
	if err != nil {
		t.Fatal(err)
	}
	wanted := b.Op("OneHot", nil, target, b.Ints(2), b.Const(onnx.Float, nil, 0, 1))
	loss, _ := grad.CrossEntropy(b, y, wanted)
	mean := b.ReduceMean(loss, false, 0)
	parameters := variables(b, c)
	gradients, err := grad.Backward(b, mean, b.Const(onnx.Float, []int{1}, 1), parameters)
	if err != nil {
		t.Fatal(err)
	}
	b.Output("loss", mean)
	for i, g := range gradients {
		b.Output(parameters[i].Name+".next", b.Sub(parameters[i], b.MulBy(g, rate)))
	}
	first, last := descend(t, b, c, weights, set.Train)
	if !(last < 0.7*first) {
		t.Errorf("the loss went from %.3f to %.3f in two rounds, want a third less", first, last)
	}
}

func variables(b *graph.Builder, c *nn.Context) []*graph.Value {
	var list []*graph.Value
	for _, p := range c.Parameters() {
		i := slices.IndexFunc(b.Inputs(), func(v *graph.Value) bool { return v.Name == p.Name })
		list = append(list, b.Inputs()[i])
	}
	return list
}

// descend runs the step graph over the feed twice; it returns the mean loss of
// the first and the last ten steps.
func descend(t *testing.T, b *graph.Builder, c *nn.Context, weights []transfer.Weight, feed dataset.Feed) (first, last float64) {
	t.Helper()
	m, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewSession(raw, runtime.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	in, out := map[string]*runtime.Tensor{}, make([]*runtime.Tensor, len(s.Outputs()))
	var list []*runtime.Tensor
	for _, p := range s.Inputs() {
		x, err := runtime.NewZeros(p.Type, p.Shape)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		in[p.Name], list = x, append(list, x)
	}
	for _, p := range c.Parameters() {
		p.Fill(runtime.Data[float32](in[p.Name]), 1)
	}
	for _, w := range weights {
		copy(runtime.Data[float32](in[w.Name]), w.Value)
	}
	steps := 2 * feed.Len() / 32
	for step := range steps {
		rows := make([]int, 32)
		for i := range rows {
			rows[i] = (step*32 + i) % feed.Len()
			runtime.Data[int64](in["target"])[i] = int64(feed.Class(rows[i]))
		}
		if err := feed.Fill(t.Context(), [][]byte{in["image"].Bytes()}, step, rows); err != nil {
			t.Fatal(err)
		}
		if err := s.Run(t.Context(), list, out); err != nil {
			t.Fatal(err)
		}
		for i, p := range s.Outputs() {
			if name, ok := strings.CutSuffix(p.Name, ".next"); ok {
				copy(in[name].Bytes(), out[i].Bytes())
			} else if step < 10 {
				first += float64(runtime.Data[float32](out[i])[0]) / 10
			} else if step >= steps-10 {
				last += float64(runtime.Data[float32](out[i])[0]) / 10
			}
			out[i].Close()
			out[i] = nil
		}
	}
	return first, last
}

func TestLayersAreChosenByName(t *testing.T) {
	n := digitsNetwork(t)
	all, err := n.Weights(transfer.Layers{})
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(all[0].Name, "base/")
	for label, c := range map[string]struct {
		layers transfer.Layers
		want   int
	}{
		"one":       {transfer.Layers{Train: []string{name}}, 1},
		"all but 1": {transfer.Layers{Freeze: []string{name}}, len(all) - 1},
		"none":      {transfer.Layers{Freeze: []string{"*"}}, 0},
		"from":      {transfer.Layers{From: n.Head.Node}, 0},
	} {
		got, err := n.Weights(c.layers)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %d weights, %v; want %d", label, len(got), err, c.want)
		}
	}
	if _, err := n.Weights(transfer.Layers{Train: []string{"["}}); err == nil {
		t.Error("a broken pattern was taken")
	}
	if _, err := n.Weights(transfer.Layers{From: "nowhere"}); err == nil {
		t.Error("a node that does not exist was taken")
	}
}

func TestFeatureSetRefuses(t *testing.T) {
	n, set := digitsNetwork(t), parity(t, 100)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.FeatureSet(ctx, set, transfer.FeatureConfig{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context gave %v", err)
	}
	if _, err := n.FeatureSet(t.Context(), set, transfer.FeatureConfig{Pixels: transfer.Pixels{Mean: []float64{1, 2, 3}}}); !errors.Is(err, transfer.ErrInput) {
		t.Errorf("three means for one channel gave %v", err)
	}
	if _, err := n.FeatureSet(t.Context(), set, transfer.FeatureConfig{Pixels: transfer.Pixels{Deviation: []float64{0}}}); !errors.Is(err, transfer.ErrInput) {
		t.Errorf("features that are not numbers gave %v", err)
	}
}
