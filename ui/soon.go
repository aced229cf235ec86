package ui

import (
	"context"
	"time"
)

// soon is how long the UI goroutine waits for quick work: less than a third of a
// frame. What comes within it is drawn by the same frame as what was asked about,
// where otherwise the frame would be drawn first and the answer with the next.
const soon = 5 * time.Millisecond

// asyncSoon runs work off the UI goroutine as async does, but waits a moment for
// it: what comes within that is done before asyncSoon returns.
func asyncSoon[T any](s *Studio, work func(context.Context) (T, error), done func(T, error)) {
	type result struct {
		v   T
		err error
	}
	came := make(chan result, 1)
	ctx, cancel := context.WithCancel(s.ctx)
	s.meter.begun()
	finish := func(r result) {
		defer s.meter.over()
		defer cancel()
		if ctx.Err() == nil {
			done(r.v, r.err)
		}
	}
	late := make(chan struct{})
	go func() {
		v, err := work(ctx)
		came <- result{v, err}
		select {
		case <-late:
			s.post(func() { finish(<-came) })
		case <-ctx.Done(): // taken in time
		}
	}()
	wait := time.NewTimer(soon)
	defer wait.Stop()
	select {
	case r := <-came:
		finish(r)
	case <-wait.C:
		close(late)
	}
}
