package store_test

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func metric(step int) train.Metric {
	return train.Metric{
		Step: step, Epoch: (step-1)/100 + 1, Time: start.Add(time.Duration(step) * time.Second),
		Loss: 1 / float64(step), Accuracy: math.NaN(), LearningRate: 0.1, GradientNorm: 2,
	}
}

func epoch(n int) train.Epoch {
	return train.Epoch{
		Epoch: n, Epochs: 5, Step: n * 100, TrainLoss: 1 / float64(n), ValLoss: 2 / float64(n),
		ValAccuracy: float64(n) / 10, TrainAccuracy: 0.5, ValR2: math.NaN(),
		Confusion: [][]int{{n, 0}, {1, n}}, Seconds: 1.5, SamplesPerSecond: 1000, Best: n < 4,
	}
}

// trainRun appends the steps from..to with their epochs.
func trainRun(t testing.TB, r *store.Run, from, to int) {
	t.Helper()
	for step := from; step <= to; step++ {
		must(t, r.AppendMetric(metric(step)))
		if step%100 == 0 {
			must(t, r.AppendEvent(epoch(step/100)))
			must(t, r.AppendEvent(train.Checkpoint{Step: step, Epoch: step / 100, Path: "checkpoints/x"}))
		}
	}
}

func newRun(t testing.TB) *store.Run {
	t.Helper()
	r, err := store.CreateRun(filepath.Join(t.TempDir(), "runs"), "my digits / 数字", start)
	must(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func steps(t testing.TB, dir, name string) []curve.Point {
	t.Helper()
	c, err := store.OpenCurves(dir)
	must(t, err)
	defer c.Close()
	s, err := c.Series(name, metrics.Step)
	must(t, err)
	var out []curve.Point
	for _, p := range s.Pieces() {
		out = curve.Line{Samples: s}.AppendPoints(out, p, math.Inf(-1), math.Inf(1))
	}
	return out
}

func TestARunKeepsEverything(t *testing.T) {
	r := newRun(t)
	if want := "20261123-120000-my-digits---数字"; filepath.Base(r.Dir()) != want {
		t.Errorf("folder %s, want %s", filepath.Base(r.Dir()), want)
	}
	events := []train.Event{
		train.Mark{Kind: train.MarkStart, Time: start},
		epoch(1),
		train.Epoch{Epoch: 2, Epochs: 3, Step: 200, TrainLoss: 4.5, ValAccuracy: 0.5, Language: true},
		train.Checkpoint{Step: 100, Epoch: 1, Path: "checkpoints/1", Best: true},
		train.Mark{Kind: train.MarkLearningRate, Step: 120, Time: start.Add(time.Minute), Value: math.Inf(1), Note: "ä 学"},
		train.Log{Time: start, Level: "warn", Text: "line\nbreak"},
	}
	for _, e := range events {
		must(t, r.AppendEvent(e))
	}
	must(t, r.AppendEvent(train.Progress{Step: 3}))
	must(t, r.Close())
	got, err := store.ReadEvents(filepath.Join(r.Dir(), store.EventsFile))
	must(t, err)
	if len(got) != len(events) {
		t.Fatalf("%d events, want %d", len(got), len(events))
	}
	for i := range got {
		if e, ok := got[i].(train.Epoch); ok && math.IsNaN(e.ValR2) {
			e.ValR2 = 0
			want := events[i].(train.Epoch)
			want.ValR2 = 0
			if !reflect.DeepEqual(e, want) {
				t.Errorf("event %d is %+v, want %+v", i, e, want)
			}
			continue
		}
		if !reflect.DeepEqual(got[i], events[i]) {
			t.Errorf("event %d is %+v, want %+v", i, got[i], events[i])
		}
	}
}

func TestTwoProcessesOnOneRun(t *testing.T) {
	r := newRun(t)
	_, err := store.OpenRun(r.Dir())
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "process") {
		t.Errorf("error %v, want ErrLocked with the process", err)
	}
	if !store.Locked(r.Dir()) {
		t.Error("the run is not locked")
	}
	must(t, r.Close())
	again, err := store.OpenRun(r.Dir())
	must(t, err)
	must(t, again.Close())
}

func TestResumeCutsBackToTheCheckpoint(t *testing.T) {
	r := newRun(t)
	must(t, r.Begin(5, start))
	trainRun(t, r, 1, 350)
	must(t, r.Close())
	r, err := store.OpenRun(r.Dir())
	must(t, err)
	must(t, r.CutAfter(200))
	trainRun(t, r, 201, 500)
	must(t, r.End(store.Finished, 500, nil, start.Add(time.Hour)))
	must(t, r.Close())

	loss := steps(t, r.Dir(), "loss")
	for i, p := range loss {
		if p.X != float64(i+1) || p.Y != 1/float64(i+1) {
			t.Fatalf("point %d is %+v", i, p)
		}
	}
	if val := steps(t, r.Dir(), "val_loss"); len(loss) != 500 || len(val) != 5 {
		t.Errorf("%d steps and %d epochs, want 500 and 5", len(loss), len(val))
	}
	events, err := store.ReadEvents(filepath.Join(r.Dir(), store.EventsFile))
	must(t, err)
	var epochs, cuts int
	for _, e := range events {
		switch e := e.(type) {
		case train.Epoch:
			epochs++
		case train.Mark:
			if e.Kind == store.MarkCut && e.Step == 200 && e.Value == 350 {
				cuts++
			}
		}
	}
	if epochs != 5 || cuts != 1 {
		t.Errorf("%d epochs and %d cut marks, want 5 and 1", epochs, cuts)
	}
	s, err := store.ReadStatus(r.Dir())
	must(t, err)
	if s.State != store.Finished || s.Step != 500 || s.BestEpoch != 3 || s.Best["val_accuracy"] != 0.5 || s.Best["val_loss"] != 0.4 {
		t.Errorf("status %+v", s)
	}
}

func TestTimeWithoutPauses(t *testing.T) {
	r := newRun(t)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	must(t, r.AppendEvent(train.Mark{Kind: train.MarkStart, Time: at(0)}))
	must(t, r.AppendMetric(train.Metric{Step: 1, Time: at(10)}))
	must(t, r.AppendEvent(train.Mark{Kind: train.MarkPause, Time: at(11)}))
	must(t, r.AppendEvent(train.Mark{Kind: train.MarkResume, Time: at(1000)}))
	must(t, r.AppendMetric(train.Metric{Step: 2, Time: at(1002)}))
	must(t, r.AppendMetric(train.Metric{Step: 3, Time: at(500)})) // the clock was set back
	must(t, r.AppendMetric(train.Metric{Step: 4, Time: at(501)}))
	must(t, r.Close())
	c, err := store.OpenCurves(r.Dir())
	must(t, err)
	defer c.Close()
	s, err := c.Series("loss", metrics.Active)
	must(t, err)
	for row, want := range []float64{10, 13, 13, 14} {
		if s.X(row) != want {
			t.Errorf("row %d is at %v s, want %v", row, s.X(row), want)
		}
	}
}

func TestATornEventIsCutOff(t *testing.T) {
	r := newRun(t)
	trainRun(t, r, 1, 200)
	must(t, r.Close())
	path := filepath.Join(r.Dir(), store.EventsFile)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString(`{"type":"epoch","ep`)
	must(t, err)
	must(t, f.Close())
	r, err = store.OpenRun(r.Dir())
	must(t, err)
	must(t, r.AppendEvent(train.Log{Text: "on"}))
	must(t, r.Close())
	events, err := store.ReadEvents(path)
	must(t, err)
	if len(events) != 5 || events[4] != (train.Log{Text: "on"}) {
		t.Errorf("events %+v", events)
	}
}

func TestAnInterruptedRunSaysSo(t *testing.T) {
	r := newRun(t)
	must(t, r.Begin(3, start))
	s, err := store.ReadStatus(r.Dir())
	must(t, err)
	if s.State != store.Running {
		t.Errorf("state %s while the run is held", s.State)
	}
	must(t, r.Close())
	if s, err = store.ReadStatus(r.Dir()); err != nil || s.State != store.Interrupted {
		t.Errorf("state %s, %v after the process left", s.State, err)
	}
}

// TestKilledRunIsWholeAndFree kills a process that holds a run.
func TestKilledRunIsWholeAndFree(t *testing.T) {
	if dir := os.Getenv("ATHANOR_STORE_CHILD"); dir != "" {
		r, err := store.OpenRun(dir)
		must(t, err)
		must(t, r.Begin(5, start))
		for step := 1; ; step++ {
			must(t, r.AppendMetric(metric(step)))
			if step%100 == 0 {
				must(t, r.AppendEvent(train.Log{Text: strings.Repeat("x", step)}))
			}
			time.Sleep(50 * time.Microsecond)
		}
	}
	dir := t.TempDir()
	for range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledRunIsWholeAndFree$")
		cmd.Env = append(os.Environ(), "ATHANOR_STORE_CHILD="+dir)
		must(t, cmd.Start())
		for !store.Locked(dir) || !hasRows(dir) {
			time.Sleep(5 * time.Millisecond)
		}
		if _, err := store.OpenRun(dir); !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), strconv.Itoa(cmd.Process.Pid)) {
			t.Errorf("while process %d writes: %v, want ErrLocked that names it", cmd.Process.Pid, err)
		}
		must(t, cmd.Process.Kill())
		_ = cmd.Wait()
		r, err := store.OpenRun(dir)
		must(t, err)
		must(t, r.CutAfter(0))
		must(t, r.Close())
	}
}

func hasRows(dir string) bool {
	c, err := store.OpenCurves(dir)
	if err != nil {
		return false
	}
	defer c.Close()
	v, ok := c.Views()[store.StepsTable]
	return ok && v.Len() > 0
}

func TestSafeName(t *testing.T) {
	for name, want := range map[string]string{
		"digits": "digits", "../../etc": "etc", "": "run", "數字 v2": "數字-v2", "a/b\\c:d": "a-b-c-d",
		strings.Repeat("é", 100): strings.Repeat("é", 40),
	} {
		if got := store.SafeName(name); got != want {
			t.Errorf("SafeName(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(`{"type":"epoch","epoch":1,"val_loss":"NaN","confusion":[[1]]}` + "\n" + `{"type":"mark","value":"+Inf"}` + "\n"))
	f.Add([]byte("{\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), store.EventsFile)
		must(t, os.WriteFile(path, data, 0o644))
		if _, err := store.ReadEvents(path); err != nil {
			t.Fatal(err)
		}
	})
}
