package face

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"athanor/inference/vision"
)

// LiveConfig says what a live session watches, and with what.
type LiveConfig struct {
	Feed vision.FeedConfig
	// Detectors run side by side on the same frames; the first one's finds are
	// tracked. They stay the caller's, who closes them after the session.
	Detectors []Detector
	Params    []Params // of each detector; missing ones are zero
	Track     TrackConfig
	// Hide hides every face in View.Frame; "" for none. While it does, each frame
	// waits for its own detection, so that no face is shown even once.
	Hide vision.Style
	// Budget is how long a frame waits for its detection before it is shown with
	// the faces where the tracker expects them; 20 ms when 0.
	Budget time.Duration
}

// Live finds and follows faces in a camera, stream, video or folder while
// somebody watches. Frames are shown at the source's rate: while detection is
// slower than that, it sees every n-th frame and the boxes in between come from
// the tracker. Its methods may be called from any goroutine, and are quick.
//
// A screen calls Wait (on its own goroutine) or View (from a ticker), posts the
// View to the window and draws it; a View is never written again.
type Live struct {
	feed   *vision.Feed
	cancel context.CancelFunc
	done   chan struct{}

	mu        sync.Mutex
	cfg       LiveConfig
	view      *View
	fresh     chan struct{} // closed and replaced with every view
	changed   chan struct{} // one slot: settings changed
	ended     error         // why no view will follow
	recording *recording
}

// How much of the past a view tells.
const (
	pastSeconds  = 600
	recentEvents = 8
)

// StartLive starts a session; it runs until ctx ends or Close. It is an error to
// give no detector.
func StartLive(ctx context.Context, cfg LiveConfig) (*Live, error) {
	if len(cfg.Detectors) == 0 {
		return nil, fmt.Errorf("start live faces: %w: none given", ErrDetector)
	}
	if cfg.Budget <= 0 {
		cfg.Budget = 20 * time.Millisecond
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &Live{cfg: cfg, cancel: cancel, done: make(chan struct{}), fresh: make(chan struct{}), changed: make(chan struct{}, 1)}
	l.feed = vision.Watch(ctx, cfg.Feed)
	go l.run(ctx)
	return l, nil
}

// View returns the newest view, nil before the first.
func (l *Live) View() *View {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.view
}

// Source returns how the source stands: before the first view, too, and while a
// lost camera is looked for.
func (l *Live) Source() vision.FeedState { return l.feed.State() }

// Wait returns the newest view once its number is above after (pass -1 the first
// time). It returns io.EOF after the last, or the source's error, or ctx's. A
// picture has no last view: it is looked at again whenever a setting changes.
func (l *Live) Wait(ctx context.Context, after int64) (*View, error) {
	for {
		l.mu.Lock()
		view, fresh, ended := l.view, l.fresh, l.ended
		l.mu.Unlock()
		switch {
		case view != nil && view.Number > after:
			return view, nil
		case ended != nil:
			return nil, ended
		}
		select {
		case <-fresh:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// SetParams changes the settings of detector i from the next frame on.
func (l *Live) SetParams(i int, p Params) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 || i >= len(l.cfg.Detectors) {
		return
	}
	params := slices.Clone(l.cfg.Params)
	for len(params) <= i {
		params = append(params, Params{})
	}
	params[i] = p
	l.cfg.Params = params
	l.poke()
}

// SetDetectors changes the detectors from the next frame on. The old ones may
// still be at work on the last frame: close them after Close, or not at all.
func (l *Live) SetDetectors(d []Detector, p []Params) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(d) > 0 {
		l.cfg.Detectors, l.cfg.Params = slices.Clone(d), slices.Clone(p)
		l.poke()
	}
}

// SetHide changes how faces are hidden, "" for not at all.
func (l *Live) SetHide(s vision.Style) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cfg.Hide = s
	l.poke()
}

// poke makes a picture be looked at again.
func (l *Live) poke() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// Close ends the session, finishes a recording and waits until the source and
// the detectors are no longer in use.
func (l *Live) Close() error {
	l.cancel()
	<-l.done
	return l.StopRecording()
}

// config returns a copy that the caller may keep; its slices are never written.
func (l *Live) config() LiveConfig {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cfg
}
