package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"athanor/app/metrics"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
)

// StepColumns and EpochColumns are the metrics of a run that was trained here.
func StepColumns() []string {
	return []string{"loss", "accuracy", "learning_rate", "gradient_norm"}
}

// EpochColumns are the metrics of an epoch's end.
func EpochColumns() []string {
	return []string{"val_loss", "val_accuracy", "train_loss", "train_accuracy", "val_r2", "epoch_seconds"}
}

// Run is a run folder that is being written; it holds the folder's lock. Its
// methods may be called by several goroutines.
type Run struct {
	dir  string
	lock *lock

	mu     sync.Mutex
	steps  *metrics.Writer
	epochs *metrics.Writer
	events *os.File
	clock  activeClock
	status Status
	mirror *mirror
}

var _ train.Store = (*Run)(nil)

// CreateRun makes the folder <time>-<name> in runs and opens it to write. An
// equal name gets a number.
func CreateRun(runs, name string, now time.Time) (*Run, error) {
	dir, err := makeFolder(runs, name, now)
	if err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	return OpenRun(dir)
}

func makeFolder(runs, name string, now time.Time) (string, error) {
	base := now.Format("20060102-150405") + "-" + SafeName(name)
	if err := os.MkdirAll(runs, 0o755); err != nil {
		return "", err
	}
	for i := 1; ; i++ {
		dir := filepath.Join(runs, base)
		if i > 1 {
			dir += "-" + strconv.Itoa(i)
		}
		err := os.Mkdir(dir, 0o755)
		if err == nil || !errors.Is(err, fs.ErrExist) || i > 1000 {
			return dir, err
		}
	}
}

// SafeName makes a person's name for a run fit for a folder: letters and digits
// of any script stay, everything else becomes a hyphen.
func SafeName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_' {
			return r
		}
		return '-'
	}, name)
	clean = strings.Trim(clean, "-")
	for len(clean) > 80 {
		runes := []rune(clean)
		clean = string(runes[:len(runes)-1])
	}
	if clean == "" {
		return "run"
	}
	return clean
}

// OpenRun opens a run folder to write, to begin or to resume it. It fails with
// ErrLocked while another process does. With ATHANOR_TENSORBOARD set, event files
// are written beside the metrics.
func OpenRun(dir string) (*Run, error) {
	l, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	r := &Run{dir: dir, lock: l}
	err = r.open()
	if err == nil && os.Getenv("ATHANOR_TENSORBOARD") != "" {
		err = r.WriteEventFiles(time.Now())
	}
	if err != nil {
		return nil, fmt.Errorf("open run %s: %w", dir, errors.Join(err, r.closeFiles()))
	}
	return r, nil
}

func (r *Run) open() error {
	var err error
	if r.status, err = ReadStatus(r.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if r.steps, err = metrics.Create(r.metricsDir(), StepsTable, StepColumns()); err != nil {
		return err
	}
	if r.epochs, err = metrics.Create(r.metricsDir(), EpochsTable, EpochColumns()); err != nil {
		return err
	}
	r.clock.active = r.steps.Active()
	return r.openEvents()
}

func (r *Run) metricsDir() string { return filepath.Join(r.dir, MetricsDir) }

func (r *Run) eventsPath() string { return filepath.Join(r.dir, EventsFile) }

// openEvents opens the events to append, without a torn last line.
func (r *Run) openEvents() error {
	_, keep, err := readLines(r.eventsPath())
	if err != nil {
		return err
	}
	f, err := os.OpenFile(r.eventsPath(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open events: %w", err)
	}
	if err := f.Truncate(keep); err != nil {
		return fmt.Errorf("open events: %w", errors.Join(err, f.Close()))
	}
	r.events = f
	return nil
}

// Dir is the run's folder.
func (r *Run) Dir() string { return r.dir }

// AppendMetric adds a step. It copies into memory only; the point is on the disk
// within a quarter of a second. An error is that of an earlier write.
func (r *Run) AppendMetric(m train.Metric) error {
	r.mu.Lock()
	active := r.clock.at(m.Time)
	var mirrored error
	if r.mirror != nil {
		mirrored = r.mirror.metric(m)
	}
	r.mu.Unlock()
	err := r.steps.Append(metrics.Row{
		Step: int64(m.Step), Epoch: int32(m.Epoch), Time: m.Time, Active: active,
		Values: []float64{m.Loss, known(m.Accuracy), m.LearningRate, m.GradientNorm},
	})
	return errors.Join(err, mirrored)
}

// AppendEvent adds an epoch, checkpoint, mark or log line to the events; an
// epoch's validation also becomes a point of the curves. Progress is not kept,
// and a Metric is handed to AppendMetric.
func (r *Run) AppendEvent(e train.Event) error {
	if m, ok := e.(train.Metric); ok {
		return r.AppendMetric(m)
	}
	l, ok := encodeEvent(e)
	if !ok {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.writeLine(l); err != nil {
		return err
	}
	switch e := e.(type) {
	case train.Mark:
		r.clock.mark(e)
		return r.markStatus(e)
	case train.Epoch:
		return r.appendEpoch(e)
	}
	return nil
}

func (r *Run) writeLine(l line) error {
	b, err := json.Marshal(l)
	if err == nil {
		_, err = r.events.Write(append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return nil
}

func (r *Run) appendEpoch(e train.Epoch) error {
	now := time.Now()
	err := r.epochs.Append(metrics.Row{
		Step: int64(e.Step), Epoch: int32(e.Epoch), Time: now, Active: r.clock.active,
		Values: []float64{e.ValLoss, accuracy(e, e.ValAccuracy), e.TrainLoss, accuracy(e, e.TrainAccuracy), r2(e), e.Seconds},
	})
	if r.mirror != nil {
		err = errors.Join(err, r.mirror.epoch(e, now))
	}
	r.status.epoch(e, now)
	return errors.Join(err, WriteTOML(filepath.Join(r.dir, StatusFile), r.status))
}

// accuracy is absent for regression, whose epochs leave it at zero or NaN.
func accuracy(e train.Epoch, v float64) float64 {
	if regressed := e.ValR2 == e.ValR2 && e.ValR2 != 0; regressed && e.Confusion == nil {
		return curve.Absent()
	}
	return known(v)
}

// known turns the NaN by which an accuracy says that the task has none into an
// absent value.
func known(accuracy float64) float64 {
	if accuracy != accuracy {
		return curve.Absent()
	}
	return accuracy
}

// r2 is absent for classification, whose epochs leave it at zero.
func r2(e train.Epoch) float64 {
	if e.ValR2 == 0 && e.ValAccuracy == e.ValAccuracy {
		return curve.Absent()
	}
	if e.ValR2 != e.ValR2 {
		return curve.Absent()
	}
	return e.ValR2
}

// Flush hands everything to the operating system: it outlives the process.
func (r *Run) Flush() error {
	return errors.Join(r.steps.Flush(), r.epochs.Flush())
}

// Sync is Flush and waits for the disk; a checkpoint calls it so that the curve
// reaches at least as far as the checkpoint.
func (r *Run) Sync() error {
	err := errors.Join(r.steps.Sync(), r.epochs.Sync(), r.events.Sync())
	if err != nil {
		return fmt.Errorf("sync run: %w", err)
	}
	return nil
}

// CutAfter drops the metrics and events after a step, which a resumed run
// computes again, and leaves a mark where they were.
func (r *Run) CutAfter(step int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.steps.LastStep()
	if err := errors.Join(r.steps.CutAfter(int64(step)), r.epochs.CutAfter(int64(step))); err != nil {
		return fmt.Errorf("cut run: %w", err)
	}
	r.clock = activeClock{active: r.steps.Active()}
	if err := r.cutEvents(step); err != nil {
		return fmt.Errorf("cut run: %w", err)
	}
	r.status.cut(step)
	if last <= int64(step) {
		return nil
	}
	return r.writeLine(line{
		Type: "mark", Kind: string(MarkCut), Step: step, Time: time.Now(), Value: ref(float64(last)),
		Note: fmt.Sprintf("steps %d to %d were not in a checkpoint and are computed again", step+1, last),
	})
}

// cutEvents rewrites the events without those of later steps; log lines stay.
func (r *Run) cutEvents(step int) error {
	lines, _, err := readLines(r.eventsPath())
	if err != nil {
		return err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, l := range lines {
		if l.Step > step {
			continue
		}
		if err := enc.Encode(l); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
	}
	if err := WriteFile(r.eventsPath(), out.Bytes()); err != nil {
		return err
	}
	if err := r.events.Close(); err != nil {
		return fmt.Errorf("close events: %w", err)
	}
	return r.openEvents()
}

// Close writes everything, closes the files and gives the lock back. It may be
// called again.
func (r *Run) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	_, noModel := os.Stat(filepath.Join(r.dir, ModelFile))
	if r.lock != nil && r.status.settle(time.Now(), noModel == nil) {
		err = WriteTOML(filepath.Join(r.dir, StatusFile), r.status)
	}
	return errors.Join(err, r.closeFiles())
}

func (r *Run) closeFiles() error {
	var errs []error
	for _, w := range []*metrics.Writer{r.steps, r.epochs} {
		if w != nil {
			errs = append(errs, w.Close())
		}
	}
	if r.mirror != nil {
		errs = append(errs, r.mirror.w.Close())
		r.mirror = nil
	}
	if r.events != nil {
		errs = append(errs, r.events.Sync(), r.events.Close())
		r.events = nil
	}
	if r.lock != nil {
		errs = append(errs, r.lock.release())
		r.lock = nil
	}
	return errors.Join(errs...)
}

// activeClock measures a run's time without pauses and without the gaps between
// processes.
type activeClock struct {
	active time.Duration
	last   time.Time // zero while paused
}

func (c *activeClock) at(t time.Time) time.Duration {
	if !c.last.IsZero() {
		c.active += max(0, t.Sub(c.last)) // a clock that was set back adds nothing
	}
	c.last = t
	return c.active
}

func (c *activeClock) mark(m train.Mark) {
	switch m.Kind {
	case train.MarkPause, train.MarkStop, train.MarkEarlyStop:
		c.at(m.Time)
		c.last = time.Time{}
	case train.MarkStart, train.MarkResume, train.MarkFork:
		c.last = m.Time
	}
}

// best returns the better of two values; the higher one when higher is set. NaN
// never wins.
func best(a, b float64, higher bool) float64 {
	if a != a || curve.IsAbsent(a) {
		return b
	}
	if b != b {
		return a
	}
	if higher {
		return max(a, b)
	}
	return min(a, b)
}
