package store

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"time"

	"athanor/pipeline/curve"
	"athanor/pipeline/train"
)

// State is where a run stands.
type State string

// The states of a run. A run that says running and is held by no process was
// interrupted, and can be resumed.
const (
	Running       State = "running"
	Finished      State = "finished"
	Stopped       State = "stopped"
	Failed        State = "failed"
	Interrupted   State = "interrupted"
	StateImported State = "imported"
)

// Status is what a run tells about itself, in status.toml. Values that are not
// known are absent (NaN).
type Status struct {
	State   State     `toml:"state"`
	Error   string    `toml:"error,omitempty"`
	Started time.Time `toml:"started"`
	Ended   time.Time `toml:"ended,omitempty"`
	Step    int       `toml:"step"`
	Epoch   int       `toml:"epoch"`
	Epochs  int       `toml:"epochs"`
	// BestEpoch is the epoch with the best validation.
	BestEpoch int `toml:"best_epoch"`
	// Last and Best hold the newest and the best value of each epoch metric.
	Last map[string]float64 `toml:"last,omitempty"`
	Best map[string]float64 `toml:"best,omitempty"`
	// Parent is the folder name of the run this one was forked from, at ForkStep.
	Parent   string `toml:"parent,omitempty"`
	ForkStep int    `toml:"fork_step,omitempty"`
	// Source says where an imported run came from.
	Source string `toml:"source,omitempty"`

	stop train.MarkKind
}

// HigherIsBetter reports whether more is better for a metric of that name.
func HigherIsBetter(metric string) bool {
	for _, word := range []string{"acc", "r2", "f1", "precision", "recall", "auc", "samples_per_second"} {
		if containsFold(metric, word) {
			return true
		}
	}
	return false
}

// epoch takes an epoch's end into the status.
func (s *Status) epoch(e train.Epoch, now time.Time) {
	s.Step, s.Epoch, s.Epochs = e.Step, e.Epoch, e.Epochs
	if s.Started.IsZero() {
		s.Started = now
	}
	if e.Best {
		s.BestEpoch = e.Epoch
	}
	if s.Last == nil {
		s.Last, s.Best = map[string]float64{}, map[string]float64{}
	}
	values := map[string]float64{
		"val_loss": e.ValLoss, "val_accuracy": accuracy(e, e.ValAccuracy), "val_r2": r2(e),
		"train_loss": e.TrainLoss, "train_accuracy": accuracy(e, e.TrainAccuracy),
	}
	for name, v := range values {
		if curve.IsAbsent(v) {
			continue
		}
		s.Last[name] = v
		old, ok := s.Best[name]
		if !ok {
			old = math.NaN()
		}
		s.Best[name] = best(old, v, HigherIsBetter(name))
	}
}

// cut takes back what lies after a step; the next epoch sets the rest right.
func (s *Status) cut(step int) {
	s.Step = min(s.Step, step)
}

// markStatus takes a mark into the status.
func (r *Run) markStatus(m train.Mark) error {
	switch m.Kind {
	case train.MarkStart, train.MarkResume, train.MarkFork:
		r.status.State, r.status.Error, r.status.Ended = Running, "", time.Time{}
		if r.status.Started.IsZero() {
			r.status.Started = m.Time
		}
	case train.MarkStop, train.MarkEarlyStop:
		r.status.Step = m.Step
		if m.Note != "interrupted" {
			r.status.stop = m.Kind
		}
	default:
		return nil
	}
	return WriteTOML(filepath.Join(r.dir, StatusFile), r.status)
}

// settle decides how a run ended that is closed without a word from End, and
// reports whether it did: one that was not done stays resumable. model says that
// the run left a model.
func (s *Status) settle(now time.Time, model bool) bool {
	if s.State != Running {
		return false
	}
	switch {
	case s.stop == train.MarkStop:
		s.State = Stopped
	case s.stop == train.MarkEarlyStop || s.Epochs > 0 && s.Epoch >= s.Epochs:
		s.State = Finished
	case model:
		s.State = Stopped
	default:
		return false
	}
	s.Ended = now
	return true
}

// Begin notes that the run is being trained, from now or again.
func (r *Run) Begin(epochs int, now time.Time) error {
	return r.setStatus(func(s *Status) {
		s.State, s.Error, s.Ended, s.Epochs = Running, "", time.Time{}, epochs
		if s.Started.IsZero() {
			s.Started = now
		}
	})
}

// Fork notes where a run branched off: the parent's folder name, the step, and
// how long the parent had worked until then, from where this run's clock goes on.
func (r *Run) Fork(parent string, step, epoch int, active time.Duration) error {
	return r.setStatus(func(s *Status) {
		s.Parent, s.ForkStep, s.Step, s.Epoch = parent, step, step, epoch
		r.clock.active = active
	})
}

// End notes how the run ended: finished, stopped by the person, or failed with err.
func (r *Run) End(state State, step int, err error, now time.Time) error {
	return r.setStatus(func(s *Status) {
		s.State, s.Ended, s.Step = state, now, max(s.Step, step)
		if err != nil {
			s.Error = err.Error()
		}
	})
}

func (r *Run) setStatus(change func(*Status)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.status)
	return WriteTOML(filepath.Join(r.dir, StatusFile), r.status)
}

// ReadStatus reads a run's status. A run that says it is running while no
// process holds it is returned as interrupted.
func ReadStatus(dir string) (Status, error) {
	var s Status
	if err := ReadTOML(filepath.Join(dir, StatusFile), &s); err != nil {
		return Status{}, err
	}
	if s.State == Running && !Locked(dir) {
		s.State = Interrupted
	}
	return s, nil
}

// Notes is what a person wrote about a run, in notes.toml.
type Notes struct {
	Title    string   `toml:"title,omitempty"`
	Tags     []string `toml:"tags,omitempty"`
	Note     string   `toml:"note,omitempty"`
	Star     bool     `toml:"star,omitempty"`
	Archived bool     `toml:"archived,omitempty"`
	Colour   string   `toml:"colour,omitempty"` // #rrggbb
}

// ReadNotes reads a run's notes; there may be none.
func ReadNotes(dir string) (Notes, error) {
	var n Notes
	err := ReadTOML(filepath.Join(dir, NotesFile), &n)
	if errors.Is(err, fs.ErrNotExist) {
		return Notes{}, nil
	}
	return n, err
}

// WriteNotes replaces a run's notes.
func WriteNotes(dir string, n Notes) error {
	return WriteTOML(filepath.Join(dir, NotesFile), n)
}
