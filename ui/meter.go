package ui

import (
	"context"
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

// meter measures how long posted functions hold the UI goroutine, how long they
// wait for it, and how long a frame takes: drawing and events count into the wait, too.
// Beside the time on the wall it takes the processor time of the UI's thread,
// which a busy machine does not stretch. Its counters may be read from any
// goroutine.
type meter struct {
	next     func(func())
	calls    atomic.Int64
	longest  atomic.Int64 // nanoseconds
	thread   atomic.Int64 // the longest call's processor time
	wait     atomic.Int64
	frame    atomic.Int64 // the longest frame
	frameCPU atomic.Int64
	pulse    pulse
	culprit  atomic.Value // string: the function that took longest
	errors   atomic.Int64
	shown    atomic.Int64 // from the program's start to the window
	picture  atomic.Int64 // from opening samples to the first picture of one
	charts   atomic.Int64
	pending  atomic.Int64    // pieces of work off the UI goroutine
	trims    atomic.Int64    // how often memory was given back
	left     atomic.Int64    // when a screen was left last, in nanoseconds of the wall clock
	trim     atomic.Int64    // when memory was given back last
	held     atomic.Int64    // screens that were left and whose models wait to be closed
	standing func() Standing // what is on screen; it belongs to the UI goroutine
	preview  spans           // a live picture's way from its arrival to the screen
	answers  spans           // from a question on the Try or Sentiment screen, such as a stroke or a key, to the frame that shows its answer
}

func newMeter(next func(func())) *meter { return &meter{next: next} }

// post brings f to the UI goroutine and measures it.
func (m *meter) post(f func()) {
	asked := time.Now()
	m.next(func() {
		began, worked := time.Now(), threadTime()
		raise(&m.wait, began.Sub(asked))
		f()
		raise(&m.thread, threadTime()-worked)
		if raise(&m.longest, time.Since(began)) {
			m.culprit.Store(runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name())
		}
		m.calls.Add(1)
	})
}

// onScreen notes how long the window took to come up.
func (m *meter) onScreen(after time.Duration) { m.shown.Store(int64(after)) }

// pictured notes how long the first picture of opened samples took.
func (m *meter) pictured(after time.Duration) { m.picture.Store(int64(after)) }

func (m *meter) drawn() { m.charts.Add(1) }

func (m *meter) failed() { m.errors.Add(1) }

// begun notes a piece of work off the UI goroutine; over ends it.
func (m *meter) begun() { m.pending.Add(1) }

func (m *meter) over() { m.pending.Add(-1) }

// trimmed notes that memory was given back.
func (m *meter) trimmed() {
	m.trims.Add(1)
	m.trim.Store(time.Now().UnixNano())
}

// moved notes that a screen was left, or made anew.
func (m *meter) moved() { m.left.Store(time.Now().UnixNano()) }

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

// clear forgets the longest times. It belongs to the UI goroutine.
func (m *meter) clear() {
	for _, most := range []*atomic.Int64{&m.longest, &m.thread, &m.wait, &m.frame, &m.frameCPU, &m.charts} {
		most.Store(0)
	}
	m.pulse, m.preview, m.answers = pulse{}, spans{}, spans{}
}

// Counters are what the meter has seen; the end-to-end test reads them.
type Counters struct {
	Calls      int64   `json:"calls"`
	LongestMS  float64 `json:"longest_ms"`     // a call on the UI goroutine
	LongestCPU float64 `json:"longest_cpu_ms"` // its processor time
	Longest    string  `json:"longest"`
	WaitMS     float64 `json:"wait_ms"`
	FrameMS    float64 `json:"frame_ms"` // the longest frame, where frames are asked for
	FrameCPU   float64 `json:"frame_cpu_ms"`
	Errors     int64   `json:"errors"`
	ShownMS    float64 `json:"shown_ms"`
	PictureMS  float64 `json:"picture_ms"`
	Charts     int64   `json:"charts"`
	Pending    int64   `json:"pending"` // pieces of work off the UI goroutine, now
	Trims      int64   `json:"trims"`   // how often memory was given back
	Settled    bool    `json:"settled"` // memory was given back after Fyne forgot what was left
	Held       int64   `json:"held"`    // screens that were left and whose models wait to be closed
	Preview    Preview `json:"preview"`
	Answers    Preview `json:"answers"`
	Standing
}

// Standing is what is on screen.
type Standing struct {
	Place    string `json:"place"`
	Language string `json:"language"`
	Look     string `json:"look"`
	Palette  bool   `json:"palette"` // the command palette is open
	Dialog   bool   `json:"dialog"`  // a dialog is open, the palette counted in
	Field    string `json:"field"`   // what stands in the field that has the focus
	Focus    string `json:"focus"`   // what has the focus, "" for nothing
	InView   bool   `json:"in_view"` // what has the focus is seen
}

// Preview is how long live pictures took from their arrival to being painted, or
// questions to their answers being painted.
type Preview struct {
	Pictures int     `json:"pictures"`
	FPS      float64 `json:"fps"`
	MedianMS float64 `json:"median_ms"`
	P95MS    float64 `json:"p95_ms"`
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
		MedianMS: ms(sorted[n/2]), P95MS: ms(sorted[n*95/100]), P99MS: ms(sorted[n*99/100]),
	}
}

func (m *meter) counters() Counters {
	ms := func(v *atomic.Int64) float64 { return float64(v.Load()) / 1e6 }
	name, _ := m.culprit.Load().(string)
	var now Standing
	if m.standing != nil {
		now = m.standing()
	}
	return Counters{
		Calls: m.calls.Load(), LongestMS: ms(&m.longest), LongestCPU: ms(&m.thread), Longest: name, WaitMS: ms(&m.wait),
		FrameMS: ms(&m.frame), FrameCPU: ms(&m.frameCPU), Errors: m.errors.Load(), ShownMS: ms(&m.shown),
		PictureMS: ms(&m.picture), Charts: m.charts.Load(), Pending: m.pending.Load(),
		Trims: m.trims.Load(), Held: m.held.Load(), Settled: m.trim.Load()-m.left.Load() > int64(forgotten),
		Preview: m.preview.preview(), Answers: m.answers.preview(), Standing: now,
	}
}

// debugEnv asks for the counters in a file of the data folder; "frames" asks for
// frames to be measured too.
const debugEnv = "ATHANOR_DEBUG"

// countersFile is that file.
const countersFile = "window-counters.json"

// watch writes the counters down whenever a signal for it comes, until ctx ends:
// one of the two signals clears the longest times, too.
func (m *meter) watch(ctx context.Context, folder string) {
	mode := os.Getenv(debugEnv)
	if mode == "" {
		return
	}
	if mode == "frames" {
		m.next(m.beat)
	}
	asked := make(chan os.Signal, 1)
	notifyReport(asked)
	m.next(func() { m.report(folder) }) // whoever waits for the file knows then that signals are heard
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case sig := <-asked:
				m.next(func() { // where the spans live
					m.report(folder)
					if clears(sig) {
						m.clear()
					}
				})
			}
		}
	}()
}

// report writes the counters down where debugging was asked for.
func (m *meter) report(folder string) {
	if os.Getenv(debugEnv) == "" {
		return
	}
	raw, err := json.MarshalIndent(m.counters(), "", "  ")
	if err == nil {
		err = store.WriteFile(filepath.Join(folder, countersFile), raw)
	}
	if err != nil {
		slog.Warn("report the window's counters", "error", err)
	}
}
