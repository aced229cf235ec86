package remote

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
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
	Requests  int
	Failures  int
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
	var asked atomic.Int64
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, l.Duration)
	defer cancel()
	for range l.Workers {
		wait.Go(func() {
			for {
				due, ok := l.next(limited, began, &asked)
				if !ok {
					return
				}
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
	return m
}

// next waits for the time of the next request.
func (l LoadTest) next(ctx context.Context, began time.Time, asked *atomic.Int64) (due time.Time, ok bool) {
	if ctx.Err() != nil {
		return due, false
	}
	if l.PerSecond <= 0 {
		return time.Now(), true
	}
	n := asked.Add(1) - 1
	due = began.Add(time.Duration(float64(n) / l.PerSecond * float64(time.Second)))
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return due, true
	case <-ctx.Done():
		return due, false
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
