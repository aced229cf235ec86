package ui

import (
	"context"
	"reflect"
	"slices"
	"time"

	"athanor/app/job"
	"athanor/app/training"
	"athanor/pipeline/train"
	"athanor/ui/shell"
	uitrain "athanor/ui/train"
)

// newQueue makes the queue of runs; what changes in it is shown.
func (j *session) newQueue() {
	// What is shown is how the queue is then, not how it was when it told.
	j.queue = job.NewQueue(j.s.ctx, func([]job.Item) { j.s.post(func() { j.applyQueue(j.queue.Items()) }) })
}

// enqueue asks for a run and returns it, nil where it is not asked for. It begins at once where nothing else runs or waits;
// the very run that goes or waits already is not asked for twice.
func (j *session) enqueue(q training.Request, name string) *activeRun {
	s := j.s
	if slices.ContainsFunc(j.pending(), func(r *activeRun) bool { return same(r.request, q) }) {
		s.toasts.Show(shell.Plain, s.book.T("queue.twice"), "", nil)
		return nil
	}
	q.Runs, q.Datasets, q.Version, q.Control = s.runsFolder(), s.opts.Paths.Datasets(), s.opts.Version, &train.Control{}
	q.TensorBoard = s.prefs.TensorBoard
	run := &activeRun{name: name, request: q, control: q.Control, sleep: func() {}}
	first := len(j.pending()) == 0
	if first { // the screen answers at once
		j.run = run
		j.apply(run, job.Snapshot[gathered]{State: job.Running, Started: time.Now()})
	} else {
		s.toasts.Show(shell.Plain, s.book.T("queue.added"), "", nil)
	}
	j.orders = append(j.orders, run)
	run.id = j.queue.Add(name, func(ctx context.Context) error { return j.carry(ctx, run) })
	j.applyQueue(j.queue.Items())
	return run
}

// withdraw ends a run, or takes it from the queue, and puts what it left into the
// trash.
func (j *session) withdraw(run *activeRun) {
	run.thrown = true
	run.control.Resume()
	if run.job != nil {
		if snap := run.job.Snapshot(); !snap.Ended.IsZero() {
			j.throwAway(snap.Value.dir)
			return
		}
	}
	j.queue.Remove(run.id)
}

// same reports whether two requests would do the same run.
func same(a, b training.Request) bool {
	return a.Resume == b.Resume && a.Dir == b.Dir && reflect.DeepEqual(a.Fork, b.Fork) && reflect.DeepEqual(a.Recipe, b.Recipe)
}

// pending are the runs that go or wait, in their order.
func (j *session) pending() []*activeRun {
	items := j.queue.Items()
	var out []*activeRun
	for _, it := range items {
		if it.State != job.ItemWaiting && it.State != job.ItemRunning {
			continue
		}
		if i := slices.IndexFunc(j.orders, func(r *activeRun) bool { return r.id == it.ID }); i >= 0 {
			out = append(out, j.orders[i])
		}
	}
	return out
}

// carry does one run of the queue; it waits on the queue's own goroutine.
func (j *session) carry(ctx context.Context, run *activeRun) error {
	started := make(chan *job.Job[gathered], 1)
	j.s.post(func() { started <- j.launch(ctx, run) })
	select {
	case it := <-started:
		<-it.Done()
		return it.Snapshot().Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// applyQueue shows what waits.
func (j *session) applyQueue(items []job.Item) {
	j.waiting = j.waiting[:0:0]
	over := false
	for _, it := range items {
		over = over || it.State != job.ItemWaiting && it.State != job.ItemRunning
		if it.State == job.ItemWaiting && (j.run == nil || it.ID != j.run.id) {
			j.waiting = append(j.waiting, uitrain.Waiting{ID: it.ID, Name: it.Name, Detail: j.describe(it.ID)})
		}
	}
	j.orders = slices.DeleteFunc(j.orders, func(r *activeRun) bool {
		return r.id != 0 && !slices.ContainsFunc(items, func(it job.Item) bool { return it.ID == r.id })
	})
	if over {
		j.queue.Clear()
	}
	j.s.trainPart().applyQueue(j.waiting)
	j.refreshStatus()
}

// describe says what a waiting run is about.
func (j *session) describe(id int) string {
	i := slices.IndexFunc(j.orders, func(r *activeRun) bool { return r.id == id })
	if i < 0 {
		return ""
	}
	r := j.orders[i].request.Recipe
	if j.orders[i].request.Resume {
		return j.s.book.T("queue.resumed")
	}
	return j.s.book.T("queue.about", j.s.book.T("model."+r.Model.Name), r.Train.Epochs, r.Optimizer.LearningRate)
}

// resumeRun continues a run that was interrupted, stopped or failed, from its
// newest checkpoint.
func (s *Studio) resumeRun(dir string) {
	s.openRun(dir, func(recipe train.Recipe) {
		s.jobs.enqueue(training.Request{Recipe: recipe, Dir: dir, Resume: true}, s.jobs.title())
	})
}
