package face

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"athanor/inference/vision"
)

// loop is the state of the session's goroutine.
type loop struct {
	live     *Live
	tracker  *Tracker
	begin    time.Time
	original *vision.Frame // newest, as it came
	looking  *vision.Frame // under detection
	looked   *vision.Frame // that results belong to
	results  []Result
	started  chan []Result // of the detection under way; nil when idle
	seenAt   time.Duration // clock of the frame under detection
	detect   float64
	frames   int // since the last detection began
	every    int
	gap      time.Duration // between views, smoothed
	last     time.Time
	recent   []Event
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
	v := &View{Frame: f, Looked: lp.looked, Results: lp.results, Tracks: lp.tracker.At(clock), Events: events, Every: lp.every}
	stages.Detect, stages.Track = lp.detect, ms(time.Since(begin))
	v.Stages = stages
	if err := lp.hide(v, hide); err != nil {
		return err
	}
	lp.recent = recent(lp.recent, events)
	v.Recent = lp.recent
	v.Counts = lp.count(len(v.Tracks), clock)
	lp.publish(v)
	return nil
}

// start begins a detection on a frame.
func (lp *loop) start(ctx context.Context, cfg LiveConfig, f *vision.Frame) {
	lp.every, lp.frames, lp.seenAt, lp.looking = max(1, lp.frames), 0, f.Time.Sub(lp.begin), f
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
	lp.results, lp.detect, lp.looked = results, ms(took), lp.looking
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
	for _, box := range hidden(v) {
		if err := HideBox(v.Frame, box, style); err != nil {
			return err
		}
	}
	v.Looked, v.Stages.Hide = v.Frame, ms(time.Since(begin))
	return nil
}

// hidden lists what must not be seen in a view: the tracks, the finds of all
// detectors that have no number, and everything where a detector failed.
func hidden(v *View) []Box {
	var boxes []Box
	for _, t := range v.Tracks {
		boxes = append(boxes, t.Box)
	}
	for _, r := range v.Results {
		if r.Err != nil {
			return []Box{{W: float32(v.Frame.W), H: float32(v.Frame.H)}}
		}
		for _, f := range r.Faces {
			if f.Track == 0 {
				boxes = append(boxes, f.Box)
			}
		}
	}
	return boxes
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
	if !lp.last.IsZero() {
		lp.gap = smooth(lp.gap, now.Sub(lp.last))
	}
	lp.last = now
	v.FPS, v.Source, v.Stages.Total = perSecond(lp.gap), l.feed.State(), ms(now.Sub(v.Frame.Time))
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

// recent appends events and keeps the newest; views keep the old list.
func recent(list, events []Event) []Event {
	if len(events) == 0 {
		return list
	}
	next := append(slices.Clone(list), events...)
	return next[max(0, len(next)-recentEvents):]
}

// smooth lets a new gap count a tenth.
func smooth(old, gap time.Duration) time.Duration {
	if old == 0 {
		return gap
	}
	return old + (gap-old)/10
}

func perSecond(gap time.Duration) float64 {
	if gap <= 0 {
		return 0
	}
	return 1 / gap.Seconds()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
