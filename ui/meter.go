package ui

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"athanor/app/store"
)

// meter measures how long posted functions hold the UI goroutine, and how long
// they wait for it: drawing and events count into the wait. Its counters may be
// read from any goroutine.
type meter struct {
	next    func(func())
	calls   atomic.Int64
	longest atomic.Int64 // nanoseconds
	wait    atomic.Int64 // nanoseconds
	culprit atomic.Value // string: the function that took longest
	errors  atomic.Int64
	shown   atomic.Int64 // nanoseconds from the program's start to the first picture
	preview spans        // a live picture's way from its arrival to the screen
}

func newMeter(next func(func())) *meter { return &meter{next: next} }

// post brings f to the UI goroutine and measures it.
func (m *meter) post(f func()) {
	asked := time.Now()
	m.next(func() {
		began := time.Now()
		raise(&m.wait, began.Sub(asked))
		f()
		if raise(&m.longest, time.Since(began)) {
			m.culprit.Store(runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name())
		}
		m.calls.Add(1)
	})
}

// onScreen notes how long the window took to come up.
func (m *meter) onScreen(after time.Duration) { m.shown.Store(int64(after)) }

func (m *meter) failed() { m.errors.Add(1) }

// raise stores d where it is the most so far, and reports whether it is.
func raise(most *atomic.Int64, d time.Duration) bool {
	for {
		old := most.Load()
		if int64(d) <= old {
			return false
		}
		if most.CompareAndSwap(old, int64(d)) {
			return true
		}
	}
}

// Counters are what the meter has seen; the end-to-end test reads them.
type Counters struct {
	Calls     int64   `json:"calls"`
	LongestMS float64 `json:"longest_ms"`
	Longest   string  `json:"longest"`
	WaitMS    float64 `json:"wait_ms"`
	Errors    int64   `json:"errors"`
	ShownMS   float64 `json:"shown_ms"`
	Preview   Preview `json:"preview"`
}

// Preview is how long live pictures took from their arrival to being painted.
type Preview struct {
	Pictures int     `json:"pictures"`
	FPS      float64 `json:"fps"`
	MedianMS float64 `json:"median_ms"`
	P99MS    float64 `json:"p99_ms"`
}

// spans are lengths of time, the newest of them: those of about two minutes.
// They belong to the UI goroutine.
type spans struct {
	list  []time.Duration
	at    []time.Time
	count int
}

const mostSpans = 4096

func (s *spans) add(d time.Duration) {
	if len(s.list) < mostSpans {
		s.list, s.at = append(s.list, 0), append(s.at, time.Time{})
	}
	s.list[s.count%mostSpans], s.at[s.count%mostSpans] = d, time.Now()
	s.count++
}

// preview sums up what is kept.
func (s *spans) preview() Preview {
	n := len(s.list)
	if n < 2 {
		return Preview{Pictures: n}
	}
	sorted, at := slices.Sorted(slices.Values(s.list)), slices.Clone(s.at)
	slices.SortFunc(at, time.Time.Compare)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return Preview{
		Pictures: s.count, FPS: float64(n-1) / at[n-1].Sub(at[0]).Seconds(),
		MedianMS: ms(sorted[n/2]), P99MS: ms(sorted[n*99/100]),
	}
}

func (m *meter) counters() Counters {
	ms := func(v *atomic.Int64) float64 { return float64(v.Load()) / 1e6 }
	name, _ := m.culprit.Load().(string)
	return Counters{Calls: m.calls.Load(), LongestMS: ms(&m.longest), Longest: name, WaitMS: ms(&m.wait), Errors: m.errors.Load(), ShownMS: ms(&m.shown), Preview: m.preview.preview()}
}

// debugEnv asks for the counters in a file of the data folder.
const debugEnv = "ATHANOR_DEBUG"

// report writes the counters down where debugging was asked for.
func (m *meter) report(folder string) {
	if os.Getenv(debugEnv) == "" {
		return
	}
	raw, err := json.MarshalIndent(m.counters(), "", "  ")
	if err == nil {
		err = store.WriteFile(filepath.Join(folder, "window-counters.json"), raw)
	}
	if err != nil {
		slog.Warn("report the window's counters", "error", err)
	}
}
