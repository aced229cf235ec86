package face

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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

const pastSeconds = 600

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

// loop is the state of the session's goroutine.
type loop struct {
	live     *Live
	tracker  *Tracker
	begin    time.Time
	original *vision.Frame // newest, as it came
	results  []Result
	started  chan []Result // of the detection under way; nil when idle
	seenAt   time.Duration // clock of the frame under detection
	detect   float64
	frames   int // since the last detection began
	every    int
	fps      float64
	last     time.Time
	past     []int
	second   int
}

func (l *Live) run(ctx context.Context) {
	defer close(l.done)
	defer l.feed.Close()
	lp := &loop{live: l, tracker: NewTracker(l.cfg.Track), begin: time.Now(), every: 1}
	for after := int64(-1); ; {
		frame, err := l.feed.Next(ctx, after)
		switch {
		case errors.Is(err, io.EOF):
			err = lp.finish(ctx)
		case err == nil:
			after = frame.Index
			err = lp.frame(ctx, frame)
		}
		if err != nil {
			lp.wind(err)
			return
		}
	}
}

// finish shows what the last detection found, and keeps a picture alive.
func (lp *loop) finish(ctx context.Context) error {
	l := lp.live
	view := l.View()
	if view == nil {
		return io.EOF
	}
	if view.Source.Info.Kind != vision.KindPicture {
		if lp.started == nil {
			return io.EOF
		}
		events := lp.collect(time.Minute)
		return cmp.Or(lp.show(lp.original, Stages{}, events, l.config().Hide), io.EOF)
	}
	select {
	case <-l.changed:
		again := *lp.original // the pixels are shared
		again.Time = time.Now()
		return lp.frame(ctx, &again)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wind ends the session: it waits for a detection under way and tells the rest.
func (lp *loop) wind(err error) {
	if lp.started != nil {
		<-lp.started
	}
	if errors.Is(err, context.Canceled) { // Close is the end of the pictures
		err = io.EOF
	}
	lp.live.mu.Lock()
	defer lp.live.mu.Unlock()
	lp.live.ended = err
	close(lp.live.fresh)
	lp.live.fresh = make(chan struct{})
}

// frame takes one frame from its arrival to a view.
func (lp *loop) frame(ctx context.Context, f *vision.Frame) error {
	stages := Stages{Wait: ms(time.Since(f.Time))}
	cfg := lp.live.config()
	if kind := lp.live.feed.State().Info.Kind; kind == vision.KindPicture || kind == vision.KindFolder {
		// pictures have no time in common, and can wait
		lp.tracker, cfg.Budget = NewTracker(TrackConfig{Confirm: 1}), time.Minute
	}
	lp.frames++
	lp.original = f
	before := time.Duration(0)
	if cfg.Hide != "" { // no frame is shown before its faces are known
		cfg.Budget, before = time.Minute, time.Minute
	}
	events := lp.collect(before)
	if lp.started == nil {
		lp.start(ctx, cfg, f)
		events = append(events, lp.collect(cfg.Budget)...)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return lp.show(f, stages, events, cfg.Hide)
}

// show makes a view of a frame.
func (lp *loop) show(f *vision.Frame, stages Stages, events []Event, hide vision.Style) error {
	begin, clock := time.Now(), f.Time.Sub(lp.begin)
	v := &View{Frame: f, Results: lp.results, Tracks: lp.tracker.At(clock), Events: events, Every: lp.every}
	stages.Detect, stages.Track = lp.detect, ms(time.Since(begin))
	v.Stages = stages
	if err := lp.hide(v, hide); err != nil {
		return err
	}
	v.Counts = lp.count(len(v.Tracks), clock)
	lp.publish(v)
	return nil
}

// start begins a detection on a frame.
func (lp *loop) start(ctx context.Context, cfg LiveConfig, f *vision.Frame) {
	lp.every, lp.frames, lp.seenAt = max(1, lp.frames), 0, f.Time.Sub(lp.begin)
	ch := make(chan []Result, 1)
	lp.started = ch
	go func() {
		results := make([]Result, len(cfg.Detectors))
		for i, d := range cfg.Detectors {
			var p Params
			if i < len(cfg.Params) {
				p = cfg.Params[i]
			}
			begin := time.Now()
			faces, err := d.Detect(ctx, f, p)
			results[i] = Result{Detector: d.Name(), Frame: f.Index, Faces: faces, Took: time.Since(begin), Err: err}
		}
		ch <- results
	}()
}

// collect waits up to limit for the detection under way and feeds the tracker.
func (lp *loop) collect(limit time.Duration) []Event {
	if lp.started == nil {
		return nil
	}
	var results []Result
	select {
	case results = <-lp.started:
	default:
		if limit <= 0 {
			return nil
		}
		timer := time.NewTimer(limit)
		defer timer.Stop()
		select {
		case results = <-lp.started:
		case <-timer.C:
			return nil
		}
	}
	lp.started = nil
	var took time.Duration
	for _, r := range results {
		took += r.Took
	}
	lp.results, lp.detect = results, ms(took)
	if results[0].Err != nil {
		return nil
	}
	return lp.tracker.Update(lp.seenAt, results[0].Faces)
}

// hide replaces the view's frame by one without faces.
func (lp *loop) hide(v *View, style vision.Style) error {
	if style == "" {
		return nil
	}
	begin := time.Now()
	v.Frame = v.Frame.Clone()
	for _, t := range v.Tracks {
		if err := HideBox(v.Frame, t.Box, style); err != nil {
			return err
		}
	}
	if len(v.Results) > 0 { // finds that have no number yet
		for _, f := range v.Results[0].Faces {
			if f.Track == 0 {
				if err := HideBox(v.Frame, f.Box, style); err != nil {
					return err
				}
			}
		}
	}
	v.Stages.Hide = ms(time.Since(begin))
	return nil
}

// count notes the number of faces once a second.
func (lp *loop) count(now int, clock time.Duration) Counts {
	for lp.second <= int(clock/time.Second) {
		lp.second++
		next := append(slices.Clone(lp.past), now) // views keep the old one
		lp.past = next[max(0, len(next)-pastSeconds):]
		lp.second = max(lp.second, int(clock/time.Second)-pastSeconds)
	}
	return Counts{Now: now, Total: lp.tracker.Total(), Past: lp.past}
}

// publish completes the view and makes it the newest.
func (lp *loop) publish(v *View) {
	l := lp.live
	now := time.Now()
	if gap := now.Sub(lp.last).Seconds(); !lp.last.IsZero() && gap > 0 {
		if lp.fps == 0 {
			lp.fps = 1 / gap
		}
		lp.fps += 0.1 * (1/gap - lp.fps)
	}
	lp.last = now
	v.FPS, v.Source, v.Stages.Total = lp.fps, l.feed.State(), ms(now.Sub(v.Frame.Time))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.view != nil {
		v.Number = l.view.Number + 1
	}
	l.view = v
	if l.recording != nil {
		l.recording.offer(v.Frame)
	}
	close(l.fresh)
	l.fresh = make(chan struct{})
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
