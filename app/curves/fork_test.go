package curves_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"athanor/app/curves"
	"athanor/app/datasets"
	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/app/training"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/chart"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/train"
)

func openRun(t *testing.T, dir string) *curves.Run {
	t.Helper()
	r, err := curves.Open(dir)
	must(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// TestRewindForkAndMend goes the whole way on real digits: a run, the batch of a
// step whose losses under the snapshot before it are those that were measured, a
// sample relabelled and another left out, a fork that learns with both, its branch
// in the chart, and a model of a snapshot.
func TestRewindForkAndMend(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	runs, kept := t.TempDir(), t.TempDir()
	recipe, err := train.Recipe{
		Task: "image", Seed: 5, Device: "cpu", Threads: 1, Name: "parent", Data: train.Data{Path: "digits", Augment: "none"}, Train: train.Loop{Epochs: 3, Batch: 100},
	}.Resolve()
	must(t, err)
	parent, err := training.Run(t.Context(), training.Request{Recipe: recipe, Runs: runs}, func(train.Event) {})
	must(t, err)
	s, err := training.FindSnapshot(parent.Dir, "2")
	must(t, err)
	run := openRun(t, parent.Dir)

	b, err := curves.BatchOf(t.Context(), run, s.Step+1)
	must(t, err)
	mean := 0.0
	for _, x := range b.Samples {
		mean += x.Loss / float64(len(b.Samples))
	}
	if math.Abs(mean-b.Loss) > 1e-4*(1+b.Loss) || b.Judge == nil || b.Judge.Step != s.Step {
		t.Fatalf("the batch's mean loss is %v under step %v, measured was %v", mean, b.Judge, b.Loss)
	}

	d, err := datasets.Open(kept, "digits")
	must(t, err)
	worst, next := b.Samples[0], b.Samples[1]
	other := map[bool]string{true: "1", false: "0"}[worst.Class == "0"]
	must(t, d.Add(operation.List{{Kind: operation.Relabel, Samples: []string{worst.Name}, To: other}, {Kind: operation.Drop, Samples: []string{next.Name}}}))
	forked, err := training.ForkRecipe(parent.Dir)
	must(t, err)
	forked.Data.Operations, forked.Train.Epochs, forked.Name = "", 4, "child"
	child, err := training.Run(t.Context(), training.Request{
		Recipe: forked, Runs: runs, Datasets: kept, Fork: &training.Fork{Run: parent.Dir, Snapshot: s.Path},
	}, func(train.Event) {})
	must(t, err)
	branch := openRun(t, child.Dir)
	if st := branch.Info.Status; st.Parent != filepath.Base(parent.Dir) || st.ForkStep != s.Step || st.State != store.Finished {
		t.Errorf("the fork's status is %+v", st)
	}
	again, err := curves.BatchOf(t.Context(), branch, s.Step+1)
	must(t, err)
	for _, x := range again.Samples {
		if x.Number == next.Number || x.Number == worst.Number && x.Class != other {
			t.Errorf("sample %d is still %q in the fork", x.Number, x.Class)
		}
	}
	checkBranch(t, run, branch, s.Step)

	path, err := training.Rewind(t.Context(), parent.Dir, s, "test", nil)
	must(t, err)
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	if _, err := training.Verify(t.Context(), child.Dir, func(train.Event) {}); err != nil {
		t.Errorf("a fork cannot be proved: %v", err)
	}
	if _, err := training.FindSnapshot(parent.Dir, "17"); !errors.Is(err, training.ErrSnapshot) {
		t.Errorf("error %v, want ErrSnapshot", err)
	}
}

// checkBranch looks at how a chart draws a fork.
func checkBranch(t *testing.T, parent, child *curves.Run, step int) {
	t.Helper()
	o := curves.DefaultOptions()
	for _, axis := range []metrics.Axis{metrics.Step, metrics.Epoch, metrics.Active, metrics.Wall} {
		o.Axis = axis
		shown, err := curves.Build([]*curves.Run{parent, child}, []string{"loss", "val_loss"}, o)
		must(t, err)
		for i, l := range shown.Spec.Lines {
			if joined := l.Joint != nil; joined != (shown.Of[i].Run == child) {
				t.Errorf("%s: line %q of the parent=%v is joined: %v", axis, l.Name, shown.Of[i].Run == parent, joined)
			}
			if l.Joint != nil && axis == metrics.Step && l.Joint.X != float64(step) {
				t.Errorf("line %q branches at %v, want %d", l.Name, l.Joint.X, step)
			}
			if l.Joint != nil && axis != metrics.Wall && l.Samples.X(l.Joint.Row) < l.Joint.X {
				t.Errorf("%s: line %q goes back from %v to %v", axis, l.Name, l.Joint.X, l.Samples.X(l.Joint.Row))
			}
		}
	}
	if x, ok := parent.PlaceOf(metrics.Epoch, step); !ok || x != 2 {
		t.Errorf("the fork's step is at epoch %v", x)
	}
	if got, ok := parent.StepAt(metrics.Epoch, 2); !ok || got != step {
		t.Errorf("epoch 2 is step %d, want %d", got, step)
	}
}

// TestExcludedSamplesAreNotInLaterBatches finds batches again after samples were
// left out while a run went.
func TestExcludedSamplesAreNotInLaterBatches(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	recipe, err := train.Recipe{Task: "image", Seed: 5, Device: "cpu", Threads: 1, Data: train.Data{Path: "digits", Augment: "none"}, Train: train.Loop{Epochs: 2, Batch: 500}}.Resolve()
	must(t, err)
	set, err := training.Open(t.Context(), recipe, nil)
	must(t, err)
	first := train.BatchRows(set.Train, recipe.Seed, 1, 500, 0, nil)
	out := set.Train.Row(first[0])
	control := &train.Control{}
	outcome, err := training.Run(t.Context(), training.Request{Recipe: recipe, Runs: t.TempDir(), Control: control}, func(e train.Event) {
		if m, ok := e.(train.Metric); ok && m.Step == 3 {
			control.Exclude(out)
		}
	})
	must(t, err)
	b, err := curves.BatchOf(t.Context(), openRun(t, outcome.Dir), 19)
	must(t, err)
	if b.Epoch != 2 || slices.ContainsFunc(b.Samples, func(s curves.Sample) bool { return s.Number == out }) {
		t.Errorf("the batch of epoch %d holds a sample that was left out", b.Epoch)
	}
	mean := 0.0
	for _, x := range b.Samples {
		mean += x.Loss / float64(len(b.Samples))
	}
	if math.Abs(mean-b.Loss) > 1e-4*(1+b.Loss) {
		t.Errorf("mean loss %v, measured %v: these are not the batch's samples", mean, b.Loss)
	}
}

func TestBoard(t *testing.T) {
	names := []string{"loss", "accuracy", "lr", "val_loss"}
	var b curves.Board
	b.Remove([]string{"lr"})
	b.Add([]string{"loss", "lr"})
	b.Add([]string{"loss", "lr"})
	b.Add([]string{"elsewhere"})
	b.Resize([]string{"accuracy"}, 1, 0)
	b.Resize([]string{"accuracy"}, 9, 1)
	path := filepath.Join(t.TempDir(), "deep", "curves.toml")
	must(t, b.Save(path))
	got, err := curves.LoadBoard(path)
	must(t, err)
	want := [][]string{{"loss", "val_loss"}, {"accuracy"}, {"loss", "lr"}}
	if a := got.Arrange(names); !slices.EqualFunc(a, want, slices.Equal[[]string]) {
		t.Errorf("charts %v, want %v", a, want)
	}
	if s := got.Size([]string{"accuracy"}); s != (curves.Size{Wide: 3, High: 2}) {
		t.Errorf("size %v", s)
	}
	if s := got.Size([]string{"lr"}); s != (curves.Size{Wide: 1, High: 1}) {
		t.Errorf("usual size %v", s)
	}
	got.Add([]string{"lr"})
	got.Remove([]string{"loss", "lr"})
	want = [][]string{{"loss", "val_loss"}, {"accuracy"}, {"lr"}}
	if a := got.Arrange(names); !slices.EqualFunc(a, want, slices.Equal[[]string]) {
		t.Errorf("charts %v, want %v", a, want)
	}
	must(t, os.WriteFile(path, []byte("sizes = 3"), 0o644))
	if b, err := curves.LoadBoard(path); err == nil || len(b.Added) > 0 {
		t.Errorf("a broken arrangement is read as %+v, %v", b, err)
	}
}

func TestParallelAxes(t *testing.T) {
	info := func(rate, optimizer string, accuracy float64) store.Info {
		return store.Info{
			Name: optimizer + rate, Recipe: map[string]string{"optimizer.learning_rate": rate, "optimizer.name": optimizer, "seed": "1", "name": rate},
			Status: store.Status{Started: time.Unix(0, 0), Best: map[string]float64{"val_accuracy": accuracy}},
		}
	}
	p := curves.Parallel([]store.Info{info("0.0001", "adam", 0.9), info("0.1", "sgd", 0.5), info("0.01", "adam", math.NaN())}, "val_accuracy", chart.Light())
	var labels []string
	for _, a := range p.Axes {
		labels = append(labels, a.Label)
	}
	if want := []string{"optimizer.learning_rate", "optimizer.name", "val_accuracy"}; !slices.Equal(labels, want) {
		t.Fatalf("axes %v, want %v", labels, want)
	}
	if at := p.Lines[2].At; math.Abs(at[0]-2./3) > 1e-9 || at[1] != 0.25 || at[2] == at[2] {
		t.Errorf("the third run lies at %v", at)
	}
	if p.Lines[0].Share != 1 || p.Lines[1].Share != 0 || p.Lines[2].Share == p.Lines[2].Share {
		t.Errorf("shares %v %v %v", p.Lines[0].Share, p.Lines[1].Share, p.Lines[2].Share)
	}
	if empty := curves.Parallel(nil, "val_accuracy", chart.Light()); len(empty.Axes) != 0 {
		t.Errorf("no runs have axes %v", empty.Axes)
	}
}
