// Package job runs long work beside a screen: it owns cancel and pause, turns a
// panic into an error with its stack, gathers what the work emits and publishes
// a snapshot at most ten times a second and once at the end. However slow the
// receiver is, the work never waits for it.
package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Interval is the shortest time between two snapshots of a job.
const Interval = 100 * time.Millisecond

// State is where a job stands.
type State string

// States of a job.
const (
	Running   State = "running"
	Paused    State = "paused"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Ended reports whether the job is over.
func (s State) Ended() bool { return s == Done || s == Failed || s == Cancelled }

// Snapshot is a job at one moment. It is a value of its own and never changes.
type Snapshot[S any] struct {
	State   State
	Value   S // what was gathered so far
	Err     error
	Started time.Time
	Ended   time.Time // zero until the end
}

// Task is what a job does. E is what the work emits, S what is gathered of it.
type Task[E, S any] struct {
	// Work runs on a goroutine of its own. It checks ctx, may wait in
	// Control.Gate while paused, and tells what happens by emit, which never
	// blocks and may be called by several goroutines.
	Work func(ctx context.Context, c *Control, emit func(E)) error
	// Gather takes one event into the state. It is called for every event, one
	// at a time.
	Gather func(state *S, e E)
	// Copy makes a copy of the state that shares nothing that Gather changes;
	// nil when an assignment does.
	Copy func(S) S
	// Publish gets the snapshots, one at a time, on a goroutine of the job's;
	// nil when nobody looks.
	Publish func(Snapshot[S])
}

// PanicError is a panic of the work.
type PanicError struct {
	Value any
	Stack []byte
}

// Error tells what was panicked with; the stack is in the field.
func (e *PanicError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }

// Unwrap returns the error that was panicked with, if it was one.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Job is work that goes on. Its methods may be called by any goroutine.
type Job[S any] struct {
	control *Control
	cancel  context.CancelFunc
	done    chan struct{} // closed after the last snapshot was published
	dirty   chan struct{}
	over    chan struct{} // closed when the work ended
	copy    func(S) S

	mu    sync.Mutex
	state Snapshot[S]
}

// Start begins a task. Cancelling ctx cancels the job.
func Start[E, S any](ctx context.Context, t Task[E, S]) *Job[S] {
	ctx, cancel := context.WithCancel(ctx)
	j := &Job[S]{
		cancel: cancel, done: make(chan struct{}), dirty: make(chan struct{}, 1), over: make(chan struct{}),
		copy: t.Copy, state: Snapshot[S]{State: Running, Started: time.Now()},
	}
	j.control = newControl(j.touch)
	go func() {
		defer cancel()
		err := guard(func() error { return t.Work(ctx, j.control, func(e E) { j.gather(func(s *S) { t.Gather(s, e) }) }) })
		j.end(ctx, err)
		close(j.over)
	}()
	go j.publish(t.Publish)
	return j
}

// guard calls f and turns a panic into an error.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	return f()
}

func (j *Job[S]) end(ctx context.Context, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state.Ended = time.Now()
	switch {
	case err == nil:
		j.state.State = Done
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		j.state.State = Cancelled
	default:
		j.state.State, j.state.Err = Failed, err
	}
}

// publish hands out snapshots until the work is over.
func (j *Job[S]) publish(to func(Snapshot[S])) {
	defer close(j.done)
	if to == nil {
		<-j.over
		return
	}
	timer := time.NewTimer(Interval)
	defer timer.Stop()
	for {
		select {
		case <-j.dirty:
			to(j.Snapshot())
		case <-j.over:
			to(j.Snapshot())
			return
		}
		timer.Reset(Interval)
		select {
		case <-timer.C:
		case <-j.over:
		}
	}
}

// touch asks for a snapshot soon.
func (j *Job[S]) touch() {
	select {
	case j.dirty <- struct{}{}:
	default:
	}
}

// Snapshot is the job as it is now.
func (j *Job[S]) Snapshot() Snapshot[S] {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.state
	if j.copy != nil {
		s.Value = j.copy(s.Value)
	}
	if s.State == Running && j.control.Paused() {
		s.State = Paused
	}
	return s
}

// Cancel asks the work to end; Done tells when it has.
func (j *Job[S]) Cancel() { j.cancel() }

// Pause lets the work wait at its next gate.
func (j *Job[S]) Pause() { j.control.set(true) }

// Resume lets it go on.
func (j *Job[S]) Resume() { j.control.set(false) }

// Done is closed when the work is over and its last snapshot was received.
func (j *Job[S]) Done() <-chan struct{} { return j.done }

// Wait returns the work's error when it is over, or the context's before that.
func (j *Job[S]) Wait(ctx context.Context) error {
	select {
	case <-j.done:
		s := j.Snapshot()
		if s.State == Cancelled {
			return context.Canceled
		}
		return s.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Control is how work learns that it shall pause.
type Control struct {
	changed func()

	mu     sync.Mutex
	paused bool
	open   chan struct{} // closed when a pause ends
}

func newControl(changed func()) *Control { return &Control{changed: changed} }

func (c *Control) set(paused bool) {
	c.mu.Lock()
	switch {
	case paused && !c.paused:
		c.open = make(chan struct{})
	case !paused && c.paused:
		close(c.open)
	}
	c.paused = paused
	c.mu.Unlock()
	c.changed()
}

// Paused reports whether the work shall wait.
func (c *Control) Paused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paused
}

// Gate returns at once, or when a pause ends, or with the context's error.
func (c *Control) Gate(ctx context.Context) error {
	for {
		c.mu.Lock()
		paused, open := c.paused, c.open
		c.mu.Unlock()
		if !paused {
			return ctx.Err()
		}
		select {
		case <-open:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// gather takes an event into the state.
func (j *Job[S]) gather(take func(*S)) {
	j.mu.Lock()
	take(&j.state.Value)
	j.mu.Unlock()
	j.touch()
}
