package train

import (
	"context"
	"errors"
	"strings"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
)

// record is a run store that remembers.
type record struct {
	nowhere
	metrics map[int]Metric
	logs    []string
}

func (r *record) AppendMetric(m Metric) error { r.metrics[m.Step] = m; return nil }
func (r *record) AppendEvent(e Event) error {
	if l, ok := e.(Log); ok {
		r.logs = append(r.logs, l.Text)
	}
	return nil
}

func (r *record) CutAfter(step int) error {
	for s := range r.metrics {
		if s > step {
			delete(r.metrics, s)
		}
	}
	return nil
}

type some struct{ dataset.Feed }

func (s some) Len() int { return 48 }

// TestLostDevice takes the graphics processor away in the middle of the second
// epoch: the run goes on with the processor from the checkpoint of the first,
// says so, and every step has its loss.
func TestLostDevice(t *testing.T) {
	device, set := testenv.GPU(t), fewDigits(t)
	recipe, err := Recipe{Device: device, Threads: 1, Train: Loop{Epochs: 3, Batch: 16}}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	lost := false
	store := &record{nowhere: nowhere{dir: t.TempDir()}, metrics: map[int]Metric{}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := newRun(ctx, recipe, Deps{Set: set, Store: store}, ignoreEvents)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if err := r.begin(ctx); err != nil {
		t.Fatal(err)
	}
	r.out = func(e Event) {
		if m, ok := e.(Metric); ok && m.Step == 5 && !lost {
			lost = true
			r.closeDevice() // what the device held is gone
			panic(errGone)
		}
	}
	err = epochsUntilGone(ctx, r)
	if !r.deviceFailed(ctx, err) {
		t.Fatalf("not taken for a failed device: %v", err)
	}
	if err := r.openDevice(ctx); err != nil { // so that there is something to close
		t.Fatal(err)
	}
	if err := r.leaveDevice(ctx, err); err != nil {
		t.Fatal(err)
	}
	if r.Step != 3 || r.net.recipe.Device != runtime.CPU {
		t.Fatalf("goes on from step %d on %s, want 3 on the processor", r.Step, r.net.recipe.Device)
	}
	if err := r.epochs(ctx); err != nil {
		t.Fatal(err)
	}
	if len(store.metrics) != 9 || len(store.logs) == 0 || !strings.Contains(store.logs[len(store.logs)-1], device) {
		t.Fatalf("%d metrics, logs %q", len(store.metrics), store.logs)
	}
	if _, err := r.finish(ctx); err != nil {
		t.Fatal(err)
	}
}

// fewDigits are 48 of each part.
func fewDigits(t *testing.T) *dataset.Set {
	t.Helper()
	set, err := source.Open(t.Context(), source.Config{Path: "digits", Validation: 0.1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	set.Train, set.Validation, set.Test = some{set.Train}, some{set.Validation}, some{set.Test}
	return set
}

// TestStoppedRunIsResumedWithoutItsDevice: a recipe that stops when its device is
// lost ends with the device's error, and what is left is resumed on the processor,
// where every step that was lost is done again.
func TestStoppedRunIsResumedWithoutItsDevice(t *testing.T) {
	device, set := testenv.GPU(t), fewDigits(t)
	store := &record{nowhere: nowhere{dir: t.TempDir()}, metrics: map[int]Metric{}}
	recipe := Recipe{Device: device, Threads: 1, Train: Loop{Epochs: 3, Batch: 16, DeviceLoss: LossStop}}
	gone := false
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = p.(error)
			}
		}()
		_, err = Run(t.Context(), recipe, Deps{Set: set, Store: store}, func(e Event) {
			if m, ok := e.(Metric); ok && m.Step == 5 && !gone {
				gone = true
				panic(errGone)
			}
		})
		return err
	}()
	if !errors.Is(err, runtime.ErrDevice) || len(store.metrics) != 5 {
		t.Fatalf("%v after %d steps", err, len(store.metrics))
	}
	recipe.Device = runtime.CPU // what the choice of a device comes to now
	res, err := Run(t.Context(), recipe, Deps{Set: set, Store: store, Resume: true}, ignoreEvents)
	if err != nil {
		t.Fatal(err)
	}
	if len(store.metrics) != 9 || res.Epochs != 3 {
		t.Errorf("%d steps and %d epochs in all", len(store.metrics), res.Epochs)
	}
}

func ignoreEvents(Event) {}

var errGone = errors.Join(runtime.ErrDevice, errors.New("device lost"))

func epochsUntilGone(ctx context.Context, r *run) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = p.(error)
		}
	}()
	return r.epochs(ctx)
}

func TestStopOnDeviceLoss(t *testing.T) {
	r := &run{recipe: Recipe{Train: Loop{DeviceLoss: LossStop}}, net: &network{recipe: Recipe{Device: "webgpu"}}}
	if r.deviceFailed(t.Context(), errGone) {
		t.Error("a run that is to stop goes on")
	}
	r.recipe.Train.DeviceLoss = LossContinue
	if !r.deviceFailed(t.Context(), errGone) || r.deviceFailed(t.Context(), ErrDiverged) {
		t.Error("only a failed device is left")
	}
}
