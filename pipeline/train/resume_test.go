package train_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/pipeline/safetensors"
	"athanor/pipeline/train"
)

// sameTensors fails unless two checkpoints hold the same bits.
func sameTensors(t *testing.T, a, b []byte) {
	t.Helper()
	x, err := safetensors.Decode(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := safetensors.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Tensors) == 0 || len(x.Tensors) != len(y.Tensors) {
		t.Fatalf("%d and %d tensors", len(x.Tensors), len(y.Tensors))
	}
	for i, p := range x.Tensors {
		if q := y.Tensors[i]; p.Name != q.Name || !bytes.Equal(p.Data, q.Data) {
			t.Errorf("tensor %s differs from %s", p.Name, q.Name)
		}
	}
}

// damage breaks the newest checkpoint in a way.
func damage(t *testing.T, dir string, how func([]byte) []byte) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.safetensors"))
	slices.Sort(names)
	newest := names[len(names)-1]
	data, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(newest, how(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedCheckpointFallsBackToTheOneBefore(t *testing.T) {
	set := small(digits(t), 480)
	for name, how := range map[string]func([]byte) []byte{
		"cut":     func(d []byte) []byte { return d[:len(d)/2] },
		"empty":   func([]byte) []byte { return nil },
		"flipped": func(d []byte) []byte { d[len(d)-5] ^= 0x40; return d },
		"foreign": func([]byte) []byte { return []byte("this is not a checkpoint at all") },
	} {
		t.Run(name, func(t *testing.T) {
			store := &folder{dir: t.TempDir()}
			whole, err := train.Run(t.Context(), recipe("mlp"), train.Deps{Set: set, Store: store}, ignore)
			if err != nil {
				t.Fatal(err)
			}
			before := checkpointOf(t, store.dir)
			damage(t, store.dir, how)
			warned := false
			again, err := train.Run(t.Context(), recipe("mlp"), train.Deps{Set: set, Store: store, Resume: true}, func(e train.Event) {
				if l, ok := e.(train.Log); ok && l.Level == "warn" {
					warned = true
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if !warned {
				t.Error("the damaged checkpoint was not mentioned")
			}
			if again.Steps != whole.Steps {
				t.Errorf("%d steps after resuming, want %d", again.Steps, whole.Steps)
			}
			sameTensors(t, before, checkpointOf(t, store.dir))
		})
	}
}

func TestCheckpointOfAnotherRecipeIsRefused(t *testing.T) {
	set := small(digits(t), 480)
	store := &folder{dir: t.TempDir()}
	if _, err := train.Run(t.Context(), recipe("mlp"), train.Deps{Set: set, Store: store}, ignore); err != nil {
		t.Fatal(err)
	}
	other := recipe("mlp")
	other.Seed++
	_, err := train.Run(t.Context(), other, train.Deps{Set: set, Store: store, Resume: true}, ignore)
	if !errors.Is(err, train.ErrOtherRun) {
		t.Errorf("another recipe: %v, want ErrOtherRun", err)
	}
	moved := *set
	moved.Fingerprint = "other"
	_, err = train.Run(t.Context(), recipe("mlp"), train.Deps{Set: &moved, Store: store, Resume: true}, ignore)
	if !errors.Is(err, train.ErrOtherRun) {
		t.Errorf("other data: %v, want ErrOtherRun", err)
	}
	_, err = train.Run(t.Context(), recipe("mlp"), train.Deps{Set: set, Store: store}, ignore)
	if !errors.Is(err, train.ErrRunExists) {
		t.Errorf("without resume: %v, want ErrRunExists", err)
	}
}

func TestDivergenceNamesTheStepAndKeepsTheCheckpoint(t *testing.T) {
	set := small(digits(t), 960)
	store := &folder{dir: t.TempDir()}
	r := recipe("mlp")
	r.Optimizer = train.Optimizer{Name: "sgd", LearningRate: 1e12}
	_, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: store}, ignore)
	if !errors.Is(err, train.ErrDiverged) {
		t.Fatalf("got %v, want ErrDiverged", err)
	}
	if !bytes.Contains([]byte(err.Error()), []byte("step")) {
		t.Errorf("the error does not name the step: %v", err)
	}
}

// TestDivergenceAfterACheckpointLosesNothing: the error names the last good
// state, which is whole, and the run goes on from it.
func TestDivergenceAfterACheckpointLosesNothing(t *testing.T) {
	set := small(digits(t), 480)
	store := &folder{dir: t.TempDir()}
	control := &train.Control{}
	r := recipe("mlp")
	r.Optimizer = train.Optimizer{Name: "sgd", LearningRate: 0.01}
	_, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: store, Control: control}, func(e train.Event) {
		if _, ok := e.(train.Epoch); ok {
			control.SetLearningRateFactor(1e20)
		}
	})
	names, _ := filepath.Glob(filepath.Join(store.dir, "checkpoints", "step-*.safetensors"))
	if !errors.Is(err, train.ErrDiverged) || len(names) == 0 || !strings.Contains(err.Error(), filepath.Base(slices.Max(names))) {
		t.Fatalf("got %v with checkpoints %v, want ErrDiverged that names the newest", err, names)
	}
	if _, err := safetensors.Decode(checkpointOf(t, store.dir)); err != nil {
		t.Errorf("the last good state: %v", err)
	}
	if _, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: store, Resume: true}, ignore); err != nil {
		t.Errorf("from the last good state the run does not go on: %v", err)
	}
}

func TestStopKeepsTheModel(t *testing.T) {
	set := small(digits(t), 960)
	control := &train.Control{}
	store := &folder{dir: t.TempDir()}
	r := recipe("mlp")
	r.Train.Epochs = 50
	res, err := train.Run(t.Context(), r, train.Deps{Set: set, Store: store, Control: control}, func(e train.Event) {
		if m, ok := e.(train.Metric); ok && m.Step == 30 {
			control.Stop()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !res.Stopped || res.Steps != 30 {
		t.Errorf("stopped %v after %d steps, want true after 30", res.Stopped, res.Steps)
	}
	if _, err := os.Stat(res.Model); err != nil {
		t.Errorf("no model was kept: %v", err)
	}
}

func TestPauseHoldsTheRun(t *testing.T) {
	set := small(digits(t), 480)
	control := &train.Control{}
	store := &folder{dir: t.TempDir()}
	var steps []int
	_, err := train.Run(t.Context(), recipe("mlp"), train.Deps{Set: set, Store: store, Control: control}, func(e train.Event) {
		switch e := e.(type) {
		case train.Metric:
			steps = append(steps, e.Step)
			if e.Step == 5 {
				control.Pause()
			}
		case train.Mark:
			if e.Kind == train.MarkPause {
				if len(steps) != 5 {
					t.Errorf("paused after %d steps, want 5", len(steps))
				}
				go control.Resume()
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != 20 {
		t.Errorf("%d steps in all, want 20", len(steps))
	}
}

func TestBadSetsAreRefused(t *testing.T) {
	whole := digits(t)
	oneClass := small(whole, 100)
	oneClass.Classes = []string{"0"}
	for name, c := range map[string]struct {
		change func(*train.Recipe)
		n      int
	}{
		"batch larger than the set": {func(r *train.Recipe) { r.Train.Batch = 101 }, 100},
		"nothing to train on":       {func(*train.Recipe) {}, 0},
		"another task":              {func(r *train.Recipe) { r.Task = "text" }, 100},
	} {
		t.Run(name, func(t *testing.T) {
			r := recipe("")
			c.change(&r)
			_, err := train.Run(t.Context(), r, train.Deps{Set: small(whole, c.n), Store: &folder{dir: t.TempDir()}}, ignore)
			if !errors.Is(err, train.ErrData) {
				t.Errorf("got %v, want ErrData", err)
			}
		})
	}
	if _, err := train.Run(t.Context(), recipe("mlp"), train.Deps{Set: oneClass, Store: &folder{dir: t.TempDir()}}, ignore); !errors.Is(err, train.ErrData) {
		t.Errorf("one class: %v, want ErrData", err)
	}
}

func TestUnwritableFolderIsSaid(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := train.Run(t.Context(), recipe("mlp"), train.Deps{Set: small(digits(t), 480), Store: &folder{dir: blocked}}, ignore)
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte(blocked)) {
		t.Errorf("got %v, want an error that names %s", err, blocked)
	}
}
