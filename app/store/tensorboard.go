package store

import (
	"path/filepath"
	"time"

	"athanor/pipeline/eventfile"
	"athanor/pipeline/train"
)

// EventFileDir is where a run keeps its TensorBoard event files: point
// tensorboard --logdir at the run, or at the folder of runs.
const EventFileDir = "tensorboard"

// mirror writes metrics as TensorBoard event files too, while they come.
type mirror struct {
	w       *eventfile.Writer
	flushed time.Time
}

// WriteEventFiles makes the run write TensorBoard event files beside its own
// metrics from now on.
func (r *Run) WriteEventFiles(now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mirror != nil {
		return nil // it does so already
	}
	w, err := eventfile.Create(filepath.Join(r.dir, EventFileDir), now)
	if err != nil {
		return err
	}
	r.mirror = &mirror{w: w, flushed: now}
	return nil
}

func seconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }

func (m *mirror) metric(e train.Metric) error {
	for i, v := range []float64{e.Loss, e.Accuracy, e.LearningRate, e.GradientNorm} {
		if i == 1 && v != v {
			continue // regression has no accuracy
		}
		if err := m.w.Add(eventfile.Scalar{Tag: StepColumns()[i], Step: int64(e.Step), Time: seconds(e.Time), Value: v}); err != nil {
			return err
		}
	}
	if e.Time.Sub(m.flushed) < time.Second {
		return nil
	}
	m.flushed = e.Time
	return m.w.Flush()
}

func (m *mirror) epoch(e train.Epoch, now time.Time) error {
	for i, v := range []float64{e.ValLoss, e.ValAccuracy, e.TrainLoss, e.TrainAccuracy} {
		if err := m.w.Add(eventfile.Scalar{Tag: EpochColumns()[i], Step: int64(e.Step), Time: seconds(now), Value: v}); err != nil {
			return err
		}
	}
	return m.w.Flush()
}
