package remote

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"sync"
	"time"
)

// LoadTest says how hard to ask.
type LoadTest struct {
	Workers  int           // requests under way at once; 0: 8
	Duration time.Duration // how long; 0: 5 s
	// PerSecond spreads requests evenly instead of as fast as answers come;
	// latencies then count from when a request was due, so that a stalled
	// service cannot hide its queue.
	PerSecond float64
}

// Measured is the outcome of a load test.
type Measured struct {
	Requests int
	Failures int
	// Unsent is how many requests were due and had to be left out, since all
	// workers waited for answers: the service is slower than PerSecond.
	Unsent    int
	FirstErr  error // of the failures
	Seconds   float64
	PerSecond float64 // answers without failure
	P50       time.Duration
	P90       time.Duration
	P99       time.Duration
	Max       time.Duration
	Latencies []time.Duration // of all requests, in the order of their ends
	Ends      []time.Duration // since the beginning, of the same requests
}

// Run asks over and over until the time is up or ctx ends; ask must be safe for
// concurrent use. What ctx cut short is not counted.
func (l LoadTest) Run(ctx context.Context, ask func(context.Context) error) Measured {
	if l.Workers <= 0 {
		l.Workers = 8
	}
	if l.Duration <= 0 {
		l.Duration = 5 * time.Second
	}
	var m Measured
	var mu sync.Mutex
	var wait sync.WaitGroup
	limited, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	began := time.Now()
	next := l.pace(limited, began)
	for range l.Workers {
		wait.Go(func() {
			for due := range next {
				err := ask(ctx)
				took := time.Since(due)
				if ctx.Err() != nil {
					return
				}
				mu.Lock()
				m.add(time.Since(began), took, err)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	m.finish(time.Since(began))
	if l.PerSecond > 0 && ctx.Err() == nil {
		m.Unsent = max(int(l.PerSecond*l.Duration.Seconds())-m.Requests, 0)
	}
	return m
}

// patience is how long requests are sent: a little beyond Duration where they are
// due at fixed times, so that those due last are sent too.
func (l LoadTest) patience() time.Duration {
	if l.PerSecond <= 0 {
		return l.Duration
	}
	return l.Duration + l.Duration/10
}

// pace gives the times at which requests are due, to whoever asks next. One
// goroutine waits for all of them, since a timer for every request would cost the
// machine as much as the request. It wakes every half millisecond at most and
// hands out all that is due then: latencies count from when a request was due, so
// that what it wakes late counts as well.
func (l LoadTest) pace(ctx context.Context, began time.Time) iter.Seq[time.Time] {
	if l.PerSecond <= 0 {
		return func(yield func(time.Time) bool) {
			for ctx.Err() == nil && yield(time.Now()) {
			}
		}
	}
	dues := make(chan time.Time, 1024)
	go func() {
		defer close(dues)
		for n := range int(l.PerSecond * l.Duration.Seconds()) {
			due := began.Add(time.Duration(float64(n) / l.PerSecond * float64(time.Second)))
			if left := time.Until(due); left > 0 && !rest(ctx, max(left, paceStep)) {
				return
			}
			select {
			case dues <- due:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func(yield func(time.Time) bool) {
		for due := range dues {
			if ctx.Err() != nil || !yield(due) {
				return
			}
		}
	}
}

// paceStep is the shortest time worth sleeping.
const paceStep = 500 * time.Microsecond

// rest sleeps, and is false when ctx ended first.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (m *Measured) add(end, took time.Duration, err error) {
	m.Requests++
	m.Latencies = append(m.Latencies, took)
	m.Ends = append(m.Ends, end)
	if err != nil && !errors.Is(err, context.Canceled) {
		m.Failures++
		if m.FirstErr == nil {
			m.FirstErr = err
		}
	}
}

func (m *Measured) finish(took time.Duration) {
	m.Seconds = took.Seconds()
	m.PerSecond = float64(m.Requests-m.Failures) / max(m.Seconds, 1e-9)
	sorted := slices.Sorted(slices.Values(m.Latencies))
	at := func(p float64) time.Duration {
		if len(sorted) == 0 {
			return 0
		}
		return sorted[max(int(math.Ceil(p*float64(len(sorted))))-1, 0)]
	}
	m.P50, m.P90, m.P99, m.Max = at(.5), at(.9), at(.99), at(1)
}
