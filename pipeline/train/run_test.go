package train_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/train"
)

// folder is a run store that only remembers.
type folder struct {
	dir     string
	metrics []train.Metric
	events  []train.Event
}

func (f *folder) Dir() string                       { return f.dir }
func (f *folder) AppendMetric(m train.Metric) error { f.metrics = append(f.metrics, m); return nil }
func (f *folder) AppendEvent(e train.Event) error   { f.events = append(f.events, e); return nil }
func (f *folder) Flush() error                      { return nil }
func (f *folder) CutAfter(step int) error {
	f.metrics = slices.DeleteFunc(f.metrics, func(m train.Metric) bool { return m.Step > step })
	return nil
}

func ignore(train.Event) {}

// digits are the embedded pictures.
func digits(t *testing.T) *dataset.Set {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	set, err := source.Open(t.Context(), source.Config{Path: "digits", Validation: 0.1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// few keeps the first samples of a feed, so that a test is short.
type few struct {
	dataset.Feed
	n int
}

func (f few) Len() int { return min(f.n, f.Feed.Len()) }

func small(set *dataset.Set, n int) *dataset.Set {
	s := *set
	s.Train, s.Validation, s.Test = few{set.Train, n}, few{set.Validation, 200}, few{set.Test, 300}
	return &s
}

func recipe(model string) train.Recipe {
	return train.Recipe{Seed: 7, Threads: 2, Model: train.Model{Name: model}, Train: train.Loop{Epochs: 2, Batch: 48}}
}

func TestRunLearnsDigits(t *testing.T) {
	store := &folder{dir: t.TempDir()}
	r := train.Recipe{Threads: 2, Train: train.Loop{Epochs: 3}}
	var last train.Progress
	res, err := train.Run(t.Context(), r, train.Deps{Set: digits(t), Store: store, Version: "test"}, func(e train.Event) {
		if p, ok := e.(train.Progress); ok {
			last = p
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if res.Classification == nil || res.Classification.Accuracy < 0.9 {
		t.Errorf("test accuracy %v after three epochs, want at least 0.9", res.Classification)
	}
	if want := 3 * ((9000 + 31) / 32); len(store.metrics) != want || res.Steps != want {
		t.Errorf("%d metrics and %d steps, want every step of %d", len(store.metrics), res.Steps, want)
	}
	if last.Step != res.Steps || last.Left != 0 {
		t.Errorf("the last progress told step %d of %d and %v left", last.Step, res.Steps, last.Left)
	}
	if res.Parity > 1e-5 {
		t.Errorf("parity %v", res.Parity)
	}
	if first, last := store.metrics[0].Loss, store.metrics[len(store.metrics)-1].Loss; last > first/2 {
		t.Errorf("loss went from %v to %v", first, last)
	}
}

func TestEveryImageArchitectureLearns(t *testing.T) {
	set := small(digits(t), 960)
	for _, model := range []string{"mlp", "cnn", "resnet", "separable", "vit"} {
		t.Run(model, func(t *testing.T) {
			r := recipe(model)
			r.Model.Dropout = 0.1
			if model != "mlp" {
				r.Model.Channels, r.Train.Epochs, r.Train.Batch, r.Optimizer.LearningRate = []int{8, 16}, 5, 16, 0.005
			}
			if model == "separable" {
				r.Model.Channels, r.Model.Layers, r.Train.Epochs, r.Optimizer.LearningRate = []int{16, 32}, 1, 8, 0.01
			}
			if model == "vit" {
				r.Model.Embed, r.Model.Layers, r.Optimizer.LearningRate, r.Schedule.WarmUp = 32, 2, 0.002, 20
			}
			res, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: &folder{dir: t.TempDir()}}, ignore)
			if err != nil {
				t.Fatal(err)
			}
			if res.Classification.Accuracy < 0.5 {
				t.Errorf("accuracy %.3f, chance is 0.1", res.Classification.Accuracy)
			}
		})
	}
}

func TestOptimizersAndSchedules(t *testing.T) {
	set := small(digits(t), 480)
	for _, o := range []train.Optimizer{
		{Name: "sgd", LearningRate: 0.1},
		{Name: "momentum"},
		{Name: "nesterov", WeightDecay: 1e-4},
		{Name: "adam", Clip: 1, LabelSmoothing: 0.1},
		{Name: "adamw", WeightDecay: 0.01, ClassWeights: "balanced"},
	} {
		for _, s := range []string{"constant", "plateau"} {
			t.Run(o.Name+"/"+s, func(t *testing.T) {
				r := recipe("mlp")
				r.Optimizer, r.Schedule = o, train.Schedule{Name: s, WarmUp: 3}
				store := &folder{dir: t.TempDir()}
				if _, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: store}, ignore); err != nil {
					t.Fatal(err)
				}
				if first, last := store.metrics[0].Loss, store.metrics[len(store.metrics)-1].Loss; last >= first {
					t.Errorf("loss rose from %v to %v", first, last)
				}
			})
		}
	}
}

// checkpointOf reads the newest checkpoint of a run's folder.
func checkpointOf(t *testing.T, dir string) []byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.safetensors"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no checkpoint in %s: %v", dir, err)
	}
	slices.Sort(names)
	data, err := os.ReadFile(names[len(names)-1])
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// wholeAndBroken runs a recipe without a break, and once more broken off at a step and
// gone on with; both must end in the same state.
func wholeAndBroken(t *testing.T, r train.Recipe, set *dataset.Set, step int) (whole, broken *folder) {
	t.Helper()
	whole, broken = &folder{dir: t.TempDir()}, &folder{dir: t.TempDir()}
	if _, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: whole}, ignore); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := train.Run(ctx, r, train.Deps{Set: set, Store: broken}, func(e train.Event) {
		if m, ok := e.(train.Metric); ok && m.Step == step {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled run ended with %v", err)
	}
	if _, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: broken, Resume: true}, ignore); err != nil {
		t.Fatal(err)
	}
	sameTensors(t, checkpointOf(t, whole.dir), checkpointOf(t, broken.dir))
	return whole, broken
}

func TestResumeIsBitIdentical(t *testing.T) {
	set := small(digits(t), 960)
	for _, model := range []string{"mlp", "resnet"} {
		t.Run(model, func(t *testing.T) {
			r := recipe(model)
			r.Model.Dropout, r.Model.Channels = 0.2, []int{8, 16}
			whole, broken := wholeAndBroken(t, r, set, 27)
			for i, m := range whole.metrics {
				if got := broken.metrics[i]; got.Loss != m.Loss || got.Step != m.Step {
					t.Fatalf("step %d: loss %v after resuming, %v without a break", m.Step, got.Loss, m.Loss)
				}
			}
		})
	}
}
