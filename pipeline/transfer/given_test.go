package transfer_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// lesson is one training of a given network.
type lesson struct {
	network *transfer.Network
	set     *dataset.Set
	how     train.Transfer
	epochs  int
	rate    float64
	trained func([]train.Value) error
}

// run teaches and returns what came out with the model's file.
func (l lesson) run(t *testing.T) (train.Result, *onnx.Model) {
	t.Helper()
	l.how.Model = "in memory"
	recipe, err := train.Recipe{
		Task: "image", Seed: 3, Threads: 2, Transfer: &l.how, Optimizer: train.Optimizer{LearningRate: l.rate}, Train: train.Loop{Epochs: l.epochs, Batch: 32},
	}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	given, err := l.network.Given(t.Context(), *recipe.Transfer, l.set, transfer.FeatureConfig{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	given.Trained = l.trained
	dir := t.TempDir()
	res, err := train.Run(t.Context(), recipe, train.Deps{Set: l.set, Store: store{dir}, Given: given}, func(train.Event) {})
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnx.Load(filepath.Join(dir, train.ModelName))
	if err != nil {
		t.Fatal(err)
	}
	return res, m
}

// weightOf reads an initializer, nil where there is none.
func weightOf(t *testing.T, m *onnx.Model, name string) []float32 {
	t.Helper()
	for _, w := range m.Graph.Initializers {
		if w.Name == name {
			values, err := w.Float32s()
			if err != nil {
				t.Fatal(err)
			}
			return values
		}
	}
	return nil
}

// layering adds layers behind x.
type layering func(b *graph.Builder, draw func(name string, shape ...int) *graph.Value, x *graph.Value) *graph.Value

// built is a network of layers around its dense end, with drawn weights.
func built(t *testing.T, layers layering) *transfer.Network {
	t.Helper()
	n, err := transfer.Open(builtFile(t, layers))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// builtFile is the file of such a network.
func builtFile(t *testing.T, layers layering) *onnx.Model {
	t.Helper()
	b := graph.New("given")
	draw := func(name string, shape ...int) *graph.Value {
		fan := 1
		dims := []int64{}
		for i, d := range shape {
			dims = append(dims, int64(d))
			if i > 0 || len(shape) == 2 {
				fan *= d
			}
		}
		values := make([]float32, slices.Max([]int{1, product(shape)}))
		nn.Parameter{Name: name, Init: nn.Init{Kind: nn.HeUniform, FanIn: fan}}.Fill(values, 1)
		return b.Initializer(name, onnx.FloatTensor(name, dims, values))
	}
	x := b.Input("x", onnx.Float, graph.Unknown, 1, 28, 28)
	b.Output("y", layers(b, draw, x))
	m, err := b.Model()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// dense is 784-64-10.
func dense(b *graph.Builder, draw func(string, ...int) *graph.Value, x *graph.Value) *graph.Value {
	h := b.Op("Relu", nil, b.Op("MatMul", nil, b.Reshape(x, graph.Unknown, 784), draw("w1", 784, 64)))
	return b.Op("MatMul", nil, h, draw("w2", 64, 10))
}

// normalised is a convolution with batch normalisation in front of its end.
func normalised(b *graph.Builder, draw func(string, ...int) *graph.Value, x *graph.Value) *graph.Value {
	h := b.Op("Conv", graph.Attrs{"kernel_shape": []int{3, 3}, "strides": []int{2, 2}}, x, draw("kernel", 8, 1, 3, 3), nil)
	one := func(name string, v float32) *graph.Value {
		return b.Initializer(name, onnx.FloatTensor(name, []int64{8}, slices.Repeat([]float32{v}, 8)))
	}
	h = b.Op("BatchNormalization", nil, h, one("scale", 1), one("shift", 0), one("mean", 0.3), one("variance", 2))
	h = b.Op("GlobalAveragePool", nil, b.Op("Relu", nil, h))
	return b.Op("Gemm", nil, b.Reshape(h, graph.Unknown, 8), draw("end", 8, 10), nil)
}

func TestAllLayersReachWhatTheSameNetworkFromScratchReaches(t *testing.T) {
	n := digitsNetwork(t)
	for name, set := range map[string]*dataset.Set{"odd": parity(t, 2000), "greater than 4": greater(parity(t, 2000))} {
		how := train.Transfer{Rate: 0.1, Decay: 0.3}
		tuned, _ := lesson{network: n, set: set, how: how, epochs: 4, rate: 0.003}.run(t)
		scratch, _ := lesson{network: n, set: set, how: train.Transfer{Scratch: true, Scale: 1.0 / 255}, epochs: 4, rate: 0.003}.run(t)
		t.Logf("%s: all layers %.4f, from scratch %.4f", name, tuned.Classification.Accuracy, scratch.Classification.Accuracy)
		if tuned.Classification.Accuracy < max(0.93, scratch.Classification.Accuracy) {
			t.Errorf("%s: all layers reach %.4f, the same network from scratch %.4f", name, tuned.Classification.Accuracy, scratch.Classification.Accuracy)
		}
	}
}

// bigger asks of the same digits whether they are greater than 4.
type bigger struct{ drawn }

func (b bigger) Class(row int) int {
	if b.labels[row] > 4 {
		return 1
	}
	return 0
}

func greater(set *dataset.Set) *dataset.Set {
	of := func(f dataset.Feed) dataset.Feed {
		d, _ := f.(drawn)
		return bigger{d}
	}
	set.Classes, set.Fingerprint = []string{"0 to 4", "5 to 9"}, "drawn, greater"
	set.Train, set.Validation, set.Test = of(set.Train), of(set.Validation), of(set.Test)
	return set
}

func TestLayersKeepTheirOwnPace(t *testing.T) {
	n, set := built(t, normalised), parity(t, 640)
	_, slow := lesson{network: n, set: set, how: train.Transfer{Scale: 1.0 / 255, Rate: 1e-6}, epochs: 1}.run(t)
	_, fast := lesson{network: n, set: set, how: train.Transfer{Scale: 1.0 / 255}, epochs: 1}.run(t)
	_, frozen := lesson{network: n, set: set, how: train.Transfer{Scale: 1.0 / 255, Freeze: []string{"kernel"}}, epochs: 1}.run(t)
	start := weightOf(t, frozen, "base/kernel")
	if start == nil {
		t.Fatal("the frozen kernel is not in the model")
	}
	if d := apart(start, weightOf(t, slow, "base/kernel")); d == 0 || d > 1e-4 {
		t.Errorf("at a millionth of the rate the kernel moved by %g", d)
	}
	if d := apart(start, weightOf(t, fast, "base/kernel")); d < 1e-3 {
		t.Errorf("at the full rate the kernel moved by %g", d)
	}
	if d := apart(weightOf(t, frozen, "head.weight"), weightOf(t, fast, "head.weight")); d == 0 || math.IsNaN(d) {
		t.Errorf("the heads of two trainings are %g apart", d)
	}
}

func apart(a, b []float32) float64 {
	if len(a) == 0 || len(a) != len(b) {
		return math.NaN()
	}
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i]-b[i])))
	}
	return worst
}

func TestStatisticsAreFrozenOrFollowed(t *testing.T) {
	n, set := built(t, normalised), parity(t, 640)
	_, kept := lesson{network: n, set: set, how: train.Transfer{Scale: 1.0 / 255}, epochs: 2, rate: 0.01}.run(t)
	_, moved := lesson{network: n, set: set, how: train.Transfer{Scale: 1.0 / 255, BatchNorm: "updated"}, epochs: 2, rate: 0.01}.run(t)
	if mean := weightOf(t, kept, "base/mean"); len(mean) != 8 || mean[0] != 0.3 {
		t.Errorf("the frozen means are %v, the file has 0.3", mean)
	}
	if mean := weightOf(t, moved, "base/mean"); len(mean) != 8 || apart(mean, slices.Repeat([]float32{0.3}, 8)) < 0.05 {
		t.Errorf("the followed means are %v, near the file's 0.3", mean)
	}
}

func TestLowRankAdditionsAreMergedAndKeptAlone(t *testing.T) {
	n, set := built(t, dense), parity(t, 1500)
	path := filepath.Join(t.TempDir(), transfer.AdapterName)
	low := train.Transfer{Scale: 1.0 / 255, Rank: 4}
	res, m := lesson{network: n, set: set, how: low, epochs: 4, trained: func(values []train.Value) error {
		var file bytes.Buffer
		if err := transfer.WriteAdapter(&file, values); err != nil {
			return err
		}
		return os.WriteFile(path, file.Bytes(), 0o600)
	}}.run(t)
	if res.Classification.Accuracy < 0.85 {
		t.Errorf("rank 4 reaches %.3f", res.Classification.Accuracy)
	}
	if want := 4*(784+64) + 64*2 + 2; res.Parameters != want {
		t.Errorf("%d numbers were trained, want %d", res.Parameters, want)
	}
	for _, w := range m.Graph.Initializers {
		if strings.HasPrefix(w.Name, "lora/") {
			t.Errorf("%s is still beside the weight it was merged into", w.Name)
		}
	}
	low.Adapter = path
	again, _ := lesson{network: n, set: set, how: low, epochs: 1, rate: 1e-9}.run(t)
	if math.Abs(again.Classification.Accuracy-res.Classification.Accuracy) > 1e-6 {
		t.Errorf("with its adapter the network reaches %.4f, it had %.4f", again.Classification.Accuracy, res.Classification.Accuracy)
	}
}

func TestWhatCannotBeTaughtIsRefused(t *testing.T) {
	n, set := built(t, normalised), parity(t, 100)
	for name, how := range map[string]train.Transfer{
		"no matrix": {Rank: 2}, "all frozen": {Freeze: []string{"*"}},
	} {
		if _, err := n.Given(t.Context(), how, set, transfer.FeatureConfig{}); !errors.Is(err, transfer.ErrNothing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := filepath.Join(t.TempDir(), "broken.safetensors")
	if err := os.WriteFile(broken, []byte("no tensors"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := built(t, dense).Given(t.Context(), train.Transfer{Rank: 2, Adapter: broken}, set, transfer.FeatureConfig{}); !errors.Is(err, transfer.ErrAdapter) {
		t.Errorf("a broken adapter: %v", err)
	}
	for name, how := range map[string]train.Transfer{
		"no model": {}, "rate": {Model: "x", Rate: -1}, "decay": {Model: "x", Decay: 2}, "statistics": {Model: "x", BatchNorm: "maybe"},
	} {
		if _, err := (train.Recipe{Transfer: &how}).Resolve(); !errors.Is(err, train.ErrRecipe) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
