package train

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
)

// digitsOf are a few embedded digits.
func digitsOf(t *testing.T) *dataset.Set {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	set, err := source.Open(t.Context(), source.Config{Path: "digits", Validation: 0.1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	set.Train, set.Validation, set.Test = some{set.Train}, some{set.Validation}, some{set.Test}
	return set
}

// trained runs a recipe on 48 digits, after prepare has changed the run.
func trained(t *testing.T, r Recipe, prepare func(*run)) (*record, []float32) {
	t.Helper()
	r.Seed, r.Threads, r.Data.Path = 3, 1, "digits"
	recipe, err := r.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	store := &record{nowhere: nowhere{dir: t.TempDir()}, metrics: map[int]Metric{}}
	made, err := newRun(t.Context(), recipe, Deps{Set: digitsOf(t), Store: store}, ignoreEvents)
	if err != nil {
		t.Fatal(err)
	}
	defer made.close()
	if prepare != nil {
		prepare(made)
	}
	if err := made.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := made.epochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	parts, err := made.state.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return store, floatsOf(parts[0])
}

func floatsOf(raw []byte) []float32 {
	list := make([]float32, len(raw)/4)
	for i := range list {
		list[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return list
}

// furthest is the largest difference of two lists.
func furthest(t *testing.T, a, b []float32) float64 {
	t.Helper()
	if len(a) != len(b) || len(a) == 0 {
		t.Fatalf("%d and %d numbers", len(a), len(b))
	}
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i]-b[i])))
	}
	return worst
}

// closeLosses compares every step's loss.
func closeLosses(t *testing.T, got, want *record, tolerance float64) {
	t.Helper()
	if len(got.metrics) != len(want.metrics) || len(got.metrics) == 0 {
		t.Fatalf("%d and %d steps", len(got.metrics), len(want.metrics))
	}
	for step, m := range want.metrics {
		if d := math.Abs(got.metrics[step].Loss - m.Loss); !(d <= tolerance*max(1, m.Loss)) {
			t.Errorf("step %d: loss %v, want %v", step, got.metrics[step].Loss, m.Loss)
		}
	}
}

// TestPartsComeToTheWholeBatch: gradients of a batch's parts, of equal and of
// unequal size, add up to those of the batch, with dropout and class weights, too.
func TestPartsComeToTheWholeBatch(t *testing.T) {
	for name, r := range map[string]Recipe{
		"mlp": {Model: Model{Name: "mlp", Hidden: []int{32}, Dropout: 0.3}, Optimizer: Optimizer{ClassWeights: "balanced", Clip: 1}},
		"cnn": {Model: Model{Name: "cnn", Channels: []int{4, 8}, Dropout: 0.2}, Optimizer: Optimizer{Name: "nesterov"}},
		"vit": {Model: Model{Name: "vit", Embed: 16, Layers: 1, Heads: 2, Dropout: 0.1}, Optimizer: Optimizer{Name: "adamw", WeightDecay: 0.1}},
	} {
		t.Run(name, func(t *testing.T) {
			r.Train = Loop{Epochs: 2, Batch: 20} // two batches of 20 and one of 8
			whole, params := trained(t, r, nil)
			for _, rows := range []int{10, 7} {
				r.Train.MicroBatch = rows
				store, parts := trained(t, r, nil)
				closeLosses(t, store, whole, 1e-5)
				if d := furthest(t, parts, params); d > 1e-4 {
					t.Errorf("in parts of %d the parameters end %g apart", rows, d)
				}
			}
		})
	}
}

// TestStatisticsFollowEveryPart: with weights that stand still, three parts of a
// batch move the running statistics as three batches of their size.
func TestStatisticsFollowEveryPart(t *testing.T) {
	r := Recipe{Model: Model{Name: "resnet", Channels: []int{4}}, Train: Loop{Epochs: 1, Batch: 48, MicroBatch: 16}, Optimizer: Optimizer{Name: "sgd", LearningRate: 1e-12}}
	var inParts, inSteps [][]float32
	trained(t, r, func(m *run) { keepState(t, m, &inParts) })
	r.Train = Loop{Epochs: 1, Batch: 16}
	trained(t, r, func(m *run) { keepState(t, m, &inSteps) })
	if len(inParts) != 2 {
		t.Fatalf("%d vectors, want parameters and statistics", len(inParts))
	}
	if d := furthest(t, inParts[1], inSteps[1]); d > 1e-5 {
		t.Errorf("the statistics end %g apart", d)
	}
	if d := furthest(t, inParts[1], slices.Repeat([]float32{1}, len(inParts[1]))); d < 0.01 {
		t.Error("the statistics did not move")
	}
}

// keepState copies the state at the end of each epoch.
func keepState(t *testing.T, m *run, into *[][]float32) {
	t.Helper()
	m.out = func(e Event) {
		if _, ok := e.(Epoch); !ok {
			return
		}
		parts, err := m.state.snapshot(t.Context())
		if err != nil {
			t.Error(err)
		}
		*into = nil
		for _, p := range parts {
			*into = append(*into, floatsOf(p))
		}
	}
}

// TestBatchIsHalvedWhenMemoryRunsOut gives the run a device that holds twelve
// samples at once: it says so, and every step comes to the same.
func TestBatchIsHalvedWhenMemoryRunsOut(t *testing.T) {
	r := Recipe{Model: Model{Name: "cnn", Channels: []int{4}}, Train: Loop{Epochs: 2, Batch: 40}}
	whole, params := trained(t, r, nil)
	store, parts := trained(t, r, func(made *run) { made.limit = holds(12) })
	closeLosses(t, store, whole, 1e-5)
	if d := furthest(t, parts, params); d > 1e-4 {
		t.Errorf("the parameters end %g apart", d)
	}
	if logs := strings.Join(store.logs, "\n"); len(store.logs) != 2 || !strings.Contains(logs, "the batch of 40 is computed in parts of 10") {
		t.Errorf("the log says: %s", logs)
	}
}

// holds is a device with memory for so many samples.
func holds(samples int) func(int) error {
	return func(rows int) error {
		if rows > samples {
			return fmt.Errorf("%w: %d samples", runtime.ErrDeviceMemory, rows)
		}
		return nil
	}
}

func TestOneSampleTooLargeIsAnError(t *testing.T) {
	r := &run{rows: 1, recipe: Recipe{Train: Loop{Batch: 4}}}
	if err := r.halve(holds(0)(1), 4); !errors.Is(err, runtime.ErrDeviceMemory) {
		t.Errorf("one sample that does not fit: %v", err)
	}
	guesses := &run{rows: 8, net: &network{recipe: Recipe{Model: Model{Language: 1}}}}
	if err := guesses.halve(holds(0)(8), 8); !errors.Is(err, runtime.ErrDeviceMemory) || guesses.rows != 8 {
		t.Errorf("a batch that guesses is cut to %d: %v", guesses.rows, err)
	}
	if err := r.halve(ErrDiverged, 4); !errors.Is(err, ErrDiverged) {
		t.Errorf("another error: %v", err)
	}
}
