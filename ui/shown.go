package ui

import (
	"context"
	"math"

	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/app/training"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
	uitrain "athanor/ui/train"
)

// shownRun is a run of the past as the train screen shows it.
type shownRun struct {
	info    store.Info
	history *history
}

// show puts a run of the past on the train screen: its curves, its newest confusion
// matrix, and Continue where it can go on. While another run goes it does nothing.
func (j *session) show(dir string, recipe train.Recipe) {
	async(j.s, func(context.Context) (shownRun, error) {
		info, err := store.ReadInfo(dir)
		return shownRun{info, readHistory(dir, math.MaxInt)}, err
	}, func(r shownRun, err error) {
		if err != nil || j.live() || len(j.pending()) > 0 {
			return // the settings are there in any case
		}
		j.run = &activeRun{name: r.info.Name, request: training.Request{Recipe: recipe, Dir: dir}, control: &train.Control{}, sleep: func() {}}
		j.snapshot, j.curves, j.seen = r.snapshot(), r.history.curves, seen{}
		if j.data != nil {
			j.snapshot.Classes = j.data.set.Classes
		}
		j.s.trainPart().points = -1 // of another run
		j.s.trainPart().apply(j.snapshot, j.curves)
	})
}

// snapshot is what is on screen of the run.
func (r shownRun) snapshot() uitrain.Snapshot {
	s, h := r.info.Status, r.history
	out := uitrain.Snapshot{Run: r.info.Dir, Epochs: h.epochs, Log: h.log, Resumable: resumable(r.info)}
	out.Phase = map[store.State]uitrain.Phase{store.Finished: uitrain.Finished, store.Failed: uitrain.Failed}[stateOf(r.info)]
	if out.Phase == uitrain.Idle {
		out.Phase = uitrain.Stopped
	}
	if !s.Ended.IsZero() {
		out.Elapsed = s.Ended.Sub(s.Started)
	}
	out.Progress = train.Progress{Epoch: s.Epoch, Epochs: s.Epochs, Step: s.Step, Steps: s.Step}
	if s.Epoch > 0 && s.Epochs > 0 && stateOf(r.info) != store.Finished {
		out.Progress.Steps = s.Step * s.Epochs / s.Epoch
	}
	if n := len(h.epochs); n > 0 {
		out.Progress.SamplesPerSecond = h.epochs[n-1].SamplesPerSecond
	}
	return out
}

// snapshotDir is the folder of the run on screen, "" without one.
func (j *session) snapshotDir() string {
	switch {
	case j.run == nil:
		return ""
	case j.run.job != nil:
		return j.run.job.Snapshot().Value.dir
	}
	return j.run.request.Dir
}

// continues reports whether a run that ended in a folder before its time can go on.
// What its status says does not count: on a full disk it could not be written.
func continues(dir string) bool { return dir != "" && checkpointed(dir) }

// readHistory reads what a run had told up to a step; what cannot be read is
// left out, as the run itself does not depend on it.
func readHistory(dir string, step int) *history {
	h := &history{}
	curves, err := store.OpenCurves(dir)
	if err != nil {
		return h
	}
	defer curves.Close() //nolint:errcheck // only read
	loss, accuracy := values(curves, "loss"), values(curves, "accuracy")
	for i, p := range loss {
		if int(p.X) <= step {
			m := train.Metric{Step: int(p.X), Loss: p.Y}
			if i < len(accuracy) {
				m.Accuracy = accuracy[i].Y
			}
			h.curves.Step(m)
		}
	}
	events, err := curves.Events()
	if err != nil {
		return h
	}
	for _, e := range events {
		switch e := e.(type) {
		case train.Epoch:
			if e.Step <= step {
				h.epochs = append(h.epochs, e)
				h.curves.Epoch(e)
			}
		case train.Log:
			h.log = append(h.log, e)
		}
	}
	return h
}

// values reads all points of a metric.
func values(c *store.Curves, metric string) []curve.Point {
	s, err := c.Series(metric, metrics.Step)
	if err != nil {
		return nil
	}
	y := make([]float64, s.Len())
	s.Y(0, y)
	points := make([]curve.Point, len(y))
	for i := range points {
		points[i] = curve.Point{X: s.X(i), Y: y[i]}
	}
	return points
}
