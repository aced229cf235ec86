package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/job"
	"athanor/app/project"
	"athanor/app/store"
	"athanor/app/training"
	onnx "athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
	"athanor/ui/shell"
	uitrain "athanor/ui/train"
)

// gathered is what a run has told so far. The slices only grow, so a copy that
// knows its length shares them safely.
type gathered struct {
	dir      string
	classes  []string
	progress train.Progress
	epochs   []train.Epoch
	log      []train.Log
	marks    []train.Mark
	curves   uitrain.Curves
	outcome  *training.Outcome

	set       *dataset.Set
	predicted []int32 // of the newest epoch, by row of the validation feed
}

// news is one thing the work tells: a training event, the opened folder or the
// outcome.
type news struct {
	event   train.Event
	set     *dataset.Set
	dir     string
	earlier *history
	outcome *training.Outcome
}

// history is what a run that is continued had told before.
type history struct {
	epochs []train.Epoch
	log    []train.Log
	curves uitrain.Curves
}

// activeRun is the run that goes, or went last.
type activeRun struct {
	name    string
	request training.Request
	id      int                // in the queue
	job     *job.Job[gathered] // nil before it began
	control *train.Control
	sleep   func() // lets the machine sleep again
	paused  bool
	stopped bool // asked to stop and keep
	thrown  bool // asked to discard
}

// start begins a run with the settings as they are on the train screen.
func (j *session) start() {
	if j.opening != nil {
		return // the data are on their way
	}
	if j.data == nil {
		j.s.Go(placeData)
		return
	}
	j.s.Go(placeTrain)
	j.s.trainPart().view.Start()
}

// begin asks for the run that j.recipe describes: now, or when those before it
// are over.
func (j *session) begin() {
	if j.data == nil {
		return
	}
	j.enqueue(training.Request{Recipe: j.recipe}, j.title())
}

// launch starts a run whose turn it is.
func (j *session) launch(ctx context.Context, run *activeRun) *job.Job[gathered] {
	j.s.trainPart().endTrial()
	j.run = run
	run.sleep = func() {}
	if j.s.prefs.StayUp {
		run.sleep = stayAwake(j.s.ctx)
	}
	j.apply(run, job.Snapshot[gathered]{State: job.Running, Started: time.Now()})
	debug.SetGCPercent(gcPercentRun)
	request := run.request
	run.job = job.Start(ctx, job.Task[news, gathered]{
		Work:   func(ctx context.Context, _ *job.Control, emit func(news)) error { return work(ctx, request, emit) },
		Gather: gather, Copy: share,
		Publish: func(snap job.Snapshot[gathered]) { j.s.post(func() { j.apply(run, snap) }) },
	})
	return run.job
}

// work is the run itself; it knows no goroutine and no screen.
func work(ctx context.Context, q training.Request, emit func(news)) error {
	q.Prepared = func(set *dataset.Set, dir string) { emit(news{set: set, dir: dir}) }
	continued := q.Resume
	outcome, err := training.Run(ctx, q, func(e train.Event) {
		emit(news{event: e})
		if m, ok := e.(train.Mark); ok && m.Kind == train.MarkResume && continued {
			continued = false // later marks of this kind end pauses
			emit(news{earlier: readHistory(q.Dir, m.Step)})
		}
		if m, ok := e.(train.Mark); ok && m.Kind == train.MarkFork && q.Fork != nil {
			emit(news{earlier: readHistory(q.Fork.Run, m.Step)})
		}
	})
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	emit(news{outcome: &outcome})
	return nil
}

// gather takes one piece of news into what is known of the run.
func gather(g *gathered, n news) {
	switch e := n.event.(type) {
	case nil:
		g.news(n)
	case train.Progress:
		g.progress = e
	case train.Metric:
		g.curves.Step(e)
	case train.Epoch:
		g.predicted, e.Predicted = e.Predicted, nil
		if n := len(g.epochs); n > 0 && g.epochs[n-1].Epoch == e.Epoch {
			g.epochs = g.epochs[: n-1 : n-1] // it was cut short by a stop and has been finished now
		}
		g.epochs = append(g.epochs, e)
		g.curves.Epoch(e)
	case train.Mark:
		g.marks = append(g.marks, e)
	case train.Log:
		g.log = append(g.log, e)
	case train.Checkpoint:
		g.log = append(g.log, train.Log{Time: time.Now(), Level: "info", Text: "checkpoint " + filepath.Base(e.Path)})
	}
}

func (g *gathered) news(n news) {
	if n.dir != "" {
		g.dir, g.set, g.classes = n.dir, n.set, n.set.Classes
	}
	if n.earlier != nil {
		g.epochs, g.curves = n.earlier.epochs, n.earlier.curves
		g.log = slices.Concat(n.earlier.log, g.log)
	}
	if n.outcome != nil {
		g.outcome = n.outcome
	}
}

// share makes a copy that later news do not change.
func share(g gathered) gathered {
	g.epochs = slices.Clip(g.epochs)
	g.log = slices.Clip(g.log)
	g.marks = slices.Clip(g.marks)
	g.curves = g.curves.Share()
	return g
}

// apply brings a snapshot to the screens, if it is still of the current run.
func (j *session) apply(run *activeRun, snap job.Snapshot[gathered]) {
	if j.run != run {
		return
	}
	before := j.snapshot.Phase
	if snap.State == job.Running && before == uitrain.Running && !run.paused && !j.s.trainPart().due() {
		return // the next one comes soon
	}
	j.snapshot = screenOf(run, snap)
	j.curves, j.seen = snap.Value.curves, seen{set: snap.Value.set, predicted: snap.Value.predicted}
	j.s.trainPart().apply(j.snapshot, j.curves)
	if before.Live() && !j.snapshot.Phase.Live() {
		j.ended(run, snap)
	}
}

// screenOf turns a job's snapshot into the train screen's.
func screenOf(run *activeRun, snap job.Snapshot[gathered]) uitrain.Snapshot {
	g := snap.Value
	end := snap.Ended
	if end.IsZero() {
		end = time.Now()
	}
	out := uitrain.Snapshot{
		Run: fmt.Sprintf("%p", run), Phase: phaseOf(run, snap), Classes: g.classes, Progress: g.progress,
		Epochs: g.epochs, Log: g.log, Elapsed: end.Sub(snap.Started),
	}
	out.Modelless = adapterAlone(g.outcome)
	if o := g.outcome; o != nil && o.Classification != nil && o.Tested {
		c := o.Classification
		out.Test = &uitrain.Test{Accuracy: c.Accuracy, Low: c.Low, High: c.High, Samples: c.Samples}
	}
	out.Resumable = !out.Phase.Live() && out.Phase != uitrain.Finished && !run.thrown && continues(g.dir)
	return out
}

func phaseOf(run *activeRun, snap job.Snapshot[gathered]) uitrain.Phase {
	switch {
	case snap.State == job.Failed:
		return uitrain.Failed
	case snap.State == job.Cancelled:
		return uitrain.Stopped
	case snap.State == job.Done && run.stopped:
		return uitrain.Stopped
	case snap.State == job.Done:
		return uitrain.Finished
	case run.paused:
		return uitrain.Paused
	case snap.Value.progress.Step == 0:
		return uitrain.Preparing
	}
	return uitrain.Running
}

// ended says how a run ended.
func (j *session) ended(run *activeRun, snap job.Snapshot[gathered]) {
	run.sleep()
	s, b := j.s, j.s.book
	switch {
	case run.thrown:
		j.throwAway(snap.Value.dir)
	case snap.Err != nil && !errors.Is(snap.Err, context.Canceled):
		s.fail(snap.Err)
		s.notify(b.T("phase.failed"), run.name)
	case j.snapshot.Test != nil:
		text := b.T("run.done", b.Percent(j.snapshot.Test.Accuracy))
		s.toasts.Show(shell.Good, text, "", nil)
		s.notify(b.T("phase.finished"), text)
	default:
		s.toasts.Show(shell.Good, b.T(j.keptKey(snap.Value.outcome)), "", nil)
		s.notify(b.T("phase.finished"), run.name)
	}
	j.besideTeacher(run, snap.Value.outcome)
	j.tidy(snap.Value.dir)
	debug.SetGCPercent(gcPercent)
	s.rest()
	s.trainPart().preflight()
	s.runsChanged()
}

// keptKey is the text for what a run without a test part left.
func (j *session) keptKey(o *training.Outcome) string {
	switch {
	case adapterAlone(o):
		return "run.adapter"
	case j.snapshot.Phase == uitrain.Finished:
		return "run.finished"
	}
	return "run.kept"
}

// adapterAlone tells whether a run left low-rank additions and no model.
func adapterAlone(o *training.Outcome) bool {
	return o != nil && filepath.Base(o.Model) == transfer.AdapterName
}

// tidy removes the checkpoints of an ended run that nobody needs any more, as
// the settings say.
func (j *session) tidy(dir string) {
	keep := j.s.prefs.Retention.Checkpoints
	if dir == "" || keep == 0 {
		return
	}
	async(j.s, func(context.Context) (int64, error) { return project.CleanCheckpoints(dir, keep) }, func(_ int64, err error) {
		if err != nil {
			slog.Warn("remove old checkpoints", "run", dir, "error", err)
		}
	})
}

// notify tells the desktop, for a person who looks elsewhere. Fyne waits for the
// desktop's answer, and the window does not.
func (s *Studio) notify(title, text string) {
	if !s.prefs.Notify {
		return
	}
	go s.app.SendNotification(fyne.NewNotification("Athanor · "+title, text))
}

// throwAway moves the folder of a discarded run into the trash, and offers to
// take that back.
func (j *session) throwAway(dir string) {
	if dir == "" {
		return
	}
	s := j.s
	async(s, func(context.Context) (string, error) { return store.DeleteRun(dir) }, func(trashed string, err error) {
		if err != nil {
			s.fail(err)
			return
		}
		s.toasts.Show(shell.Plain, s.book.T("run.discarded"), s.book.T("common.undo"), func() {
			_, err := store.RestoreRun(trashed)
			s.fail(err)
			s.runsChanged()
		})
		s.runsChanged()
	})
}

// pause holds the run, or lets it go on.
func (j *session) pause() {
	if !j.live() || j.run.job == nil {
		return
	}
	j.run.paused = !j.run.paused
	if j.run.paused {
		j.run.control.Pause()
	} else {
		j.run.control.Resume()
	}
	j.apply(j.run, j.run.job.Snapshot())
}

// stop ends the run and keeps the model.
func (j *session) stop() {
	if !j.live() {
		return
	}
	j.run.stopped = true
	j.run.control.Stop()
}

// discard ends the run and removes it, after asking.
func (j *session) discard() {
	if !j.live() {
		return
	}
	b, run := j.s.book, j.run
	shell.Ask(j.s.window, b, b.T("discard.title"), b.T("discard.text"), b.T("train.discard"), func() {
		run.thrown = true
		run.control.Resume()
		j.queue.Remove(run.id)
	})
}

// refreshStatus shows device and run in the status bar and on the rail.
func (j *session) refreshStatus() {
	s := j.s
	s.status.SetDevice(j.device())
	p := j.snapshot.Progress
	text := s.book.T("status.run", p.Epoch, p.Epochs)
	if p.Left > 0 {
		text += " · " + s.book.T("status.left", s.book.Duration(p.Left))
	}
	if n := len(j.waiting); n > 0 {
		text += " · " + s.book.N("status.waiting", n)
	}
	s.status.Apply(shell.Job{Running: j.live(), Text: text, Share: float64(p.Step) / float64(max(p.Steps, 1))})
	s.rail.Light(placeTrain, j.live())
}

// device is what the next run computes on.
func (j *session) device() string {
	if onnx.OnCPU(j.recipe.Device) {
		threads := j.recipe.Threads
		if threads == 0 {
			threads = cmp.Or(j.s.prefs.Threads, runtime.NumCPU())
		}
		return j.s.book.T("status.cpu", threads)
	}
	return j.recipe.Device
}
