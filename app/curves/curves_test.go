package curves_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"athanor/app/curves"
	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/app/training"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// makeRun makes a run of 300 steps whose loss is scale divided by the step.
func makeRun(t testing.TB, optimizer string, scale float64) *curves.Run {
	t.Helper()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	r, err := store.CreateRun(t.TempDir(), optimizer, at)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(r.Dir(), store.RecipeFile), []byte("[optimizer]\nname = \""+optimizer+"\"\n"), 0o644))
	must(t, r.AppendEvent(train.Mark{Kind: train.MarkStart, Time: at}))
	for step := 1; step <= 300; step++ {
		at = at.Add(time.Second)
		must(t, r.AppendMetric(train.Metric{Step: step, Epoch: (step-1)/100 + 1, Time: at, Loss: scale / float64(step), Accuracy: math.NaN()}))
		if step%100 == 0 {
			must(t, r.AppendEvent(train.Epoch{Epoch: step / 100, Epochs: 3, Step: step, ValLoss: scale / float64(step%250+1), ValAccuracy: math.NaN()}))
		}
	}
	must(t, r.AppendEvent(train.Mark{Kind: train.MarkPause, Step: 150, Time: at}))
	must(t, r.Close())
	out, err := curves.Open(r.Dir())
	must(t, err)
	t.Cleanup(func() { _ = out.Close() })
	return out
}

func TestOneRunIsDrawnByMetric(t *testing.T) {
	s, err := curves.Build([]*curves.Run{makeRun(t, "adam", 1)}, []string{"loss", "val_loss", "accuracy"}, curves.DefaultOptions())
	must(t, err)
	if len(s.Spec.Lines) != 3 || !s.Spec.Lines[0].Faint || s.Spec.Lines[1].Name != "loss" || s.Spec.Lines[2].Dash == nil {
		t.Fatalf("lines %+v", s.Spec.Lines)
	}
	if d := s.Spec.Lines[2].Dots; len(d) != 1 || d[0].X != 200 {
		t.Errorf("best epoch %v, want that at step 200", d)
	}
	if len(s.Spec.Marks) != 1 || s.Spec.Marks[0].X != 150 || !slices.Equal(s.Spec.EpochTicks, []float64{100, 200, 300}) {
		t.Errorf("marks %v, epochs %v", s.Spec.Marks, s.Spec.EpochTicks)
	}
}

func TestRunsWithOneValueOfAKeyBecomeABand(t *testing.T) {
	runs := []*curves.Run{makeRun(t, "adam", 1), makeRun(t, "adam", 3), makeRun(t, "sgd", 8)}
	o := curves.DefaultOptions()
	o.GroupBy, o.Smooth = "optimizer", curve.NoSmoothing
	s, err := curves.Build(runs, []string{"loss"}, o)
	must(t, err)
	if len(s.Spec.Lines) != 4 || s.Spec.Lines[0].Upper == nil || s.Spec.Lines[1].Name != "optimizer = adam" {
		t.Fatalf("lines %+v", s.Spec.Lines)
	}
	for step, want := range map[float64][3]float64{1: {1, 2, 3}, 100: {0.01, 0.02, 0.03}, 300: {1. / 300, 2. / 300, 3. / 300}} {
		low, _ := curve.Line{Samples: s.Spec.Lines[0].Samples}.Nearest(step)
		mid, _ := curve.Line{Samples: s.Spec.Lines[1].Samples}.Nearest(step)
		high, _ := curve.Line{Samples: s.Spec.Lines[0].Upper}.Nearest(step)
		for i, got := range []float64{low.Y, mid.Y, high.Y} {
			if math.Abs(got-want[i]) > 1e-12 {
				t.Errorf("step %v: %v, want %v", step, [3]float64{low.Y, mid.Y, high.Y}, want)
			}
		}
	}
}

func TestTimeToATarget(t *testing.T) {
	r := makeRun(t, "adam", 1)
	if s, ok := curves.TimeTo(r, "loss", 0.01); !ok || s != 100 {
		t.Errorf("the loss reached 0.01 after %v s (%v), want 100", s, ok)
	}
	if _, ok := curves.TimeTo(r, "loss", 1e-9); ok {
		t.Error("a loss that was never reached was reached")
	}
}

func TestBestPoint(t *testing.T) {
	ys := []float64{math.NaN(), 3, 1, 2, 1, math.Inf(-1)}
	if p, ok := curves.Best(curve.NewPoints(nil, ys), false); !ok || p.Row != 2 || p.Y != 1 {
		t.Errorf("best %+v", p)
	}
	if _, ok := curves.Best(curve.NewPoints(nil, ys[:1]), true); ok {
		t.Error("NaN has a best point")
	}
}

func TestChartsPairValidationWithTraining(t *testing.T) {
	got := curves.Charts([]string{"loss", "accuracy", "lr", "val_loss", "val_accuracy", "val_f1"})
	want := [][]string{{"loss", "val_loss"}, {"accuracy", "val_accuracy"}, {"lr"}, {"val_f1"}}
	if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("charts %v, want %v", got, want)
	}
}

// TestASpikeLeadsToItsSamples trains for real and checks that the batch found
// for a step has the loss that was measured there: on the first step the weights
// are known to give about ln 10.
func TestASpikeLeadsToItsSamples(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	recipe, err := train.Recipe{Task: "image", Seed: 5, Device: "cpu", Threads: 1, Data: train.Data{Path: "digits"}, Train: train.Loop{Epochs: 2, Batch: 64}}.Resolve()
	must(t, err)
	out, err := training.Run(t.Context(), training.Request{Recipe: recipe, Runs: t.TempDir()}, func(train.Event) {})
	must(t, err)
	r, err := curves.Open(out.Dir)
	must(t, err)
	defer r.Close()
	s, err := r.Curves.Series("loss", metrics.Step)
	must(t, err)
	last := int(s.X(s.Len() - 1))
	seen := map[int]bool{}
	for _, step := range []int{1, 2, last/2 + 1} {
		b, err := curves.BatchOf(context.Background(), r, step)
		must(t, err)
		if len(b.Samples) != 64 || b.Epoch != (step-1)*2/last+1 {
			t.Fatalf("step %d: %d samples in epoch %d", step, len(b.Samples), b.Epoch)
		}
		for i, x := range b.Samples {
			if i > 0 && x.Loss > b.Samples[i-1].Loss || x.Class == "" {
				t.Fatalf("step %d: samples are not worst first: %+v", step, b.Samples)
			}
			if step <= 2 && seen[x.Row] {
				t.Fatalf("sample %d is in two batches of one epoch", x.Row)
			}
			seen[x.Row] = true
		}
	}
	if _, err := curves.BatchOf(t.Context(), r, last+1); !errors.Is(err, curves.ErrBatch) {
		t.Errorf("error %v, want ErrBatch", err)
	}
}
