package train_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"athanor/inference/model"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// parentRun trains four epochs and keeps all their states.
func parentRun(t *testing.T, set *dataset.Set) (*folder, train.Recipe) {
	t.Helper()
	store := &folder{dir: t.TempDir()}
	r := recipe("mlp")
	r.Train.Epochs, r.Schedule.Name = 4, "constant"
	if _, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: store}, ignore); err != nil {
		t.Fatal(err)
	}
	return store, r
}

func snapshotOf(t *testing.T, dir string, epoch int) train.Snapshot {
	t.Helper()
	list, err := train.Snapshots(dir)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(s train.Snapshot) bool { return s.Epoch == epoch && s.Batch == 0 })
	if i < 0 {
		t.Fatalf("no snapshot of epoch %d in %+v", epoch, list)
	}
	return list[i]
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAForkWithoutChangesIsTheSameRun is the strongest check: weights, optimizer
// memory, order of samples and schedule all have to come over.
func TestAForkWithoutChangesIsTheSameRun(t *testing.T) {
	set := small(digits(t), 480)
	parent, r := parentRun(t, set)
	s := snapshotOf(t, parent.dir, 2)
	child := &folder{dir: t.TempDir()}
	if _, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: child, Fork: &train.Fork{Snapshot: s.Path, Parent: "p@2"}}, ignore); err != nil {
		t.Fatal(err)
	}
	last := filepath.Join("checkpoints", "step-000000040.safetensors")
	sameTensors(t, read(t, filepath.Join(parent.dir, last)), read(t, filepath.Join(child.dir, last)))
	if n := len(child.metrics); n != 20 || child.metrics[0].Step != 21 || child.metrics[0].Epoch != 3 {
		t.Errorf("%d steps, the first is %+v; want 20 from step 21 on", n, child.metrics[0])
	}
	for i, m := range child.metrics {
		if want := parent.metrics[20+i]; m.Loss != want.Loss || m.LearningRate != want.LearningRate {
			t.Fatalf("step %d: %+v, the parent had %+v", m.Step, m, want)
		}
	}
	mark, ok := child.events[0].(train.Mark)
	if !ok || mark.Kind != train.MarkFork || mark.Step != 20 {
		t.Errorf("the first event is %+v", child.events[0])
	}
}

// TestAForkCanBeResumed stops a fork before its first own checkpoint and goes on
// without the parent.
func TestAForkCanBeResumed(t *testing.T) {
	set := small(digits(t), 480)
	parent, r := parentRun(t, set)
	s := snapshotOf(t, parent.dir, 3)
	child := &folder{dir: t.TempDir()}
	r.Optimizer.LearningRate = 0.0005
	whole := &folder{dir: t.TempDir()}
	fork := &train.Fork{Snapshot: s.Path}
	if _, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: whole, Fork: fork}, ignore); err != nil {
		t.Fatal(err)
	}
	failing := errors.New("killed")
	_, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: &failingStore{folder: child, after: 3, err: failing}, Fork: fork}, ignore)
	if !errors.Is(err, failing) {
		t.Fatalf("error %v", err)
	}
	if err := os.RemoveAll(parent.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: child, Resume: true}, ignore); err != nil {
		t.Fatal(err)
	}
	last := filepath.Join("checkpoints", "step-000000040.safetensors")
	sameTensors(t, read(t, filepath.Join(whole.dir, last)), read(t, filepath.Join(child.dir, last)))
}

// failingStore ends a run after some steps, as a killed process does.
type failingStore struct {
	*folder
	after int
	err   error
}

func (f *failingStore) AppendMetric(m train.Metric) error {
	if f.after--; f.after < 0 {
		return f.err
	}
	return f.folder.AppendMetric(m)
}

func TestAForkWithOtherSettings(t *testing.T) {
	set := small(digits(t), 480)
	parent, r := parentRun(t, set)
	s := snapshotOf(t, parent.dir, 2)
	for name, change := range map[string]func(*train.Recipe){
		"optimizer":     func(r *train.Recipe) { r.Optimizer = train.Optimizer{Name: "sgd", LearningRate: 0.05} },
		"batch":         func(r *train.Recipe) { r.Train.Batch = 96 },
		"learning rate": func(r *train.Recipe) { r.Optimizer.LearningRate = 1e-4 },
		"cosine":        func(r *train.Recipe) { r.Schedule.Name, r.Train.Epochs = "cosine", 6 },
	} {
		t.Run(name, func(t *testing.T) {
			changed := r
			change(&changed)
			child := &folder{dir: t.TempDir()}
			res, err := train.Run(t.Context(), changed, train.Deps{Set: set, Store: child, Fork: &train.Fork{Snapshot: s.Path}}, ignore)
			if err != nil {
				t.Fatal(err)
			}
			if first, start := child.metrics[0].Loss, parent.metrics[0].Loss; first > start/2 {
				t.Errorf("the fork begins at a loss of %v, new weights at %v", first, start)
			}
			if got := child.metrics[0].Step; got != 21 {
				t.Errorf("the first step is %d, want 21", got)
			}
			if rate := child.metrics[len(child.metrics)-1].LearningRate; name == "cosine" && rate > 0.1*changed.Optimizer.LearningRate+0.0002 {
				t.Errorf("the cosine ends at %v", rate)
			}
			if res.Epochs != changed.Train.Epochs && res.Epochs != 4 {
				t.Errorf("%d epochs", res.Epochs)
			}
		})
	}
}

func TestWhatCannotBeForked(t *testing.T) {
	set := small(digits(t), 480)
	parent, r := parentRun(t, set)
	fork := &train.Fork{Snapshot: snapshotOf(t, parent.dir, 4).Path}
	run := func(r train.Recipe, f *train.Fork) error {
		_, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: &folder{dir: t.TempDir()}, Fork: f}, ignore)
		return err
	}
	if err := run(r, fork); !errors.Is(err, train.ErrFork) {
		t.Errorf("no epoch is left: error %v, want ErrFork", err)
	}
	r.Train.Epochs = 5
	wider := r
	wider.Model.Hidden = []int{32, 16}
	if err := run(wider, fork); !errors.Is(err, train.ErrFork) {
		t.Errorf("another model: error %v, want ErrFork", err)
	}
	broken := filepath.Join(t.TempDir(), "broken.safetensors")
	data := read(t, fork.Snapshot)
	data[len(data)-9] ^= 1
	if err := os.WriteFile(broken, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(r, &train.Fork{Snapshot: broken}); !errors.Is(err, train.ErrDamaged) {
		t.Errorf("a damaged snapshot: error %v, want ErrDamaged", err)
	}
	if err := run(r, &train.Fork{Snapshot: broken + ".gone"}); !errors.Is(err, train.ErrNoCheckpoint) {
		t.Errorf("a missing snapshot: error %v, want ErrNoCheckpoint", err)
	}
}

func TestSnapshotsAreThinnedEvenly(t *testing.T) {
	set := small(digits(t), 96)
	store := &folder{dir: t.TempDir()}
	r := recipe("mlp")
	r.Train.Epochs, r.Train.KeepSnapshots = 12, 5
	res, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: store}, ignore)
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(store.dir, "checkpoints", "epoch-*.safetensors"))
	if err != nil || len(names) > 6 || len(names) < 5 {
		t.Fatalf("%d snapshots kept: %v (%v)", len(names), names, err)
	}
	snapshotOf(t, store.dir, 1)
	snapshotOf(t, store.dir, 12)
	list, err := train.Snapshots(store.dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(list); i++ {
		if gap := list[i].Epoch - list[i-1].Epoch; gap > 7 {
			t.Errorf("epochs %d to %d are all gone", list[i-1].Epoch, list[i].Epoch)
		}
	}
	if res.BestEpoch > 0 && !slices.ContainsFunc(list, func(s train.Snapshot) bool { return s.Epoch == res.BestEpoch }) {
		t.Errorf("the best epoch %d is not kept: %+v", res.BestEpoch, list)
	}
	none := r
	none.Train.KeepSnapshots = -1
	bare := &folder{dir: t.TempDir()}
	if _, err := train.Run(t.Context(), none, train.Deps{Set: set, Store: bare}, ignore); err != nil {
		t.Fatal(err)
	}
	if names, _ := filepath.Glob(filepath.Join(bare.dir, "checkpoints", "epoch-*")); len(names) != 0 {
		t.Errorf("kept %v against the recipe", names)
	}
}

// TestASnapshotBecomesAModel compares the last epoch's snapshot with the model
// the run itself left: they must answer alike when the last epoch was the best.
func TestASnapshotBecomesAModel(t *testing.T) {
	set := small(digits(t), 480)
	parent, r := parentRun(t, set)
	for _, epoch := range []int{1, 4} {
		out := filepath.Join(t.TempDir(), "model.onnx")
		if err := train.ExportSnapshot(t.Context(), r, set, nil, snapshotOf(t, parent.dir, epoch).Path, out, "test"); err != nil {
			t.Fatal(err)
		}
		m, err := model.Open(out, model.Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(m.Info().Labels); got != 10 {
			t.Errorf("%d labels", got)
		}
		m.Close()
	}
	damage(t, parent.dir, func(d []byte) []byte { d[len(d)-5] ^= 0x40; return d })
	bad := filepath.Join(parent.dir, "checkpoints", "step-000000040.safetensors")
	if err := train.ExportSnapshot(t.Context(), r, set, nil, bad, filepath.Join(t.TempDir(), "m.onnx"), ""); !errors.Is(err, train.ErrDamaged) {
		t.Errorf("error %v, want ErrDamaged", err)
	}
}
