package vision

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// Phase is what a feed is doing.
type Phase string

// The phases of a feed.
const (
	Connecting Phase = "connecting"
	Playing    Phase = "playing"
	Retrying   Phase = "retrying" // a camera or stream is lost and is looked for again
	Ended      Phase = "ended"    // the last frame was delivered, or the feed was closed
	Failed     Phase = "failed"   // it cannot be opened, and waiting would not help
)

// FeedConfig says what to watch and how.
type FeedConfig struct {
	Spec string // see Open
	Open OpenConfig
	Loop bool // start a video, picture or folder again at its end
	// Slide is how long each picture of a folder stays; 1.5 s when 0.
	Slide time.Duration
	// Backoff is the first wait before a lost camera or stream is opened again;
	// it doubles up to 16 times itself. 250 ms when 0.
	Backoff time.Duration
}

// FeedState is a copy of how a feed stands.
type FeedState struct {
	Phase   Phase
	Info    SourceInfo
	Err     error // why it retries or failed, or the last frame that could not be read
	Frames  int64 // delivered by the source so far
	Dropped int64 // replaced by a newer frame before anybody took them
	Opens   int   // how often the source was opened, 1 without a reconnect
	FPS     float64
}

// Feed runs a source on a goroutine of its own at the source's speed and keeps
// only the newest frame: whoever is slow misses frames and never sees an old
// one. Cameras and streams that break off are opened again, waiting longer
// each time. Its methods may be called from any goroutine.
type Feed struct {
	cfg    FeedConfig
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	state FeedState
	frame *Frame
	taken bool
	fresh chan struct{} // closed and replaced when frame or the phase changes
	last  time.Time
	gap   time.Duration // between frames, smoothed
}

// Watch starts a feed. It runs until ctx ends or Close.
func Watch(ctx context.Context, cfg FeedConfig) *Feed {
	if cfg.Slide <= 0 {
		cfg.Slide = 1500 * time.Millisecond
	}
	if cfg.Backoff <= 0 {
		cfg.Backoff = 250 * time.Millisecond
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &Feed{cfg: cfg, cancel: cancel, done: make(chan struct{}), fresh: make(chan struct{})}
	f.state = FeedState{Phase: Connecting, Info: SourceInfo{Name: cfg.Spec}}
	go f.run(ctx)
	return f
}

// State returns how the feed stands.
func (f *Feed) State() FeedState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

// Latest returns the newest frame, nil before the first.
func (f *Feed) Latest() *Frame {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.frame
}

// Next waits for a frame with an index above after (pass -1 the first time) and
// returns the newest. It returns io.EOF when no more will come, the error of a
// feed that failed, or ctx's error. While a feed retries, Next waits.
func (f *Feed) Next(ctx context.Context, after int64) (*Frame, error) {
	for {
		frame, fresh, err := f.peek(after)
		if frame != nil || err != nil {
			return frame, err
		}
		select {
		case <-fresh:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (f *Feed) peek(after int64) (*Frame, <-chan struct{}, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.frame != nil && f.frame.Index > after:
		f.taken = true
		return f.frame, nil, nil
	case f.state.Phase == Failed:
		return nil, nil, f.state.Err
	case f.state.Phase == Ended:
		return nil, nil, io.EOF
	}
	return nil, f.fresh, nil
}

// Close ends the feed and waits until it let go of its source. A device that
// hangs in a read is let go when the read returns.
func (f *Feed) Close() error {
	f.cancel()
	<-f.done
	return nil
}

func (f *Feed) run(ctx context.Context) {
	defer close(f.done)
	wait := f.cfg.Backoff
	for ctx.Err() == nil {
		kind, played, err := f.play(ctx)
		switch {
		case ctx.Err() != nil, errors.Is(err, io.EOF) && !f.cfg.Loop:
			f.set(Ended, nil)
			return
		case errors.Is(err, io.EOF) && played > 0:
			continue
		case !kind.Live():
			f.set(Failed, err)
			return
		}
		if played > 0 {
			wait = f.cfg.Backoff
		}
		f.set(Retrying, err)
		sleep(ctx, wait)
		wait = min(2*wait, 16*f.cfg.Backoff)
	}
	f.set(Ended, nil)
}

// play opens the source and delivers frames until an error. It returns how many.
func (f *Feed) play(ctx context.Context) (Kind, int, error) {
	kind, err := KindOf(f.cfg.Spec)
	if err != nil {
		return kind, 0, err
	}
	src, err := Open(ctx, f.cfg.Spec, f.cfg.Open)
	if err != nil {
		return kind, 0, err
	}
	defer src.Close()
	f.opened(src.Info())
	start, bad, n := time.Now(), 0, 0
	for {
		frame, err := src.Next(ctx)
		var one *FrameError
		switch {
		case errors.As(err, &one):
			f.note(err)
			if bad++; kind.Live() && bad >= 30 { // a second of rubbish: connect anew
				return kind, n, err
			}
			continue
		case err != nil:
			f.linger(ctx, kind)
			return kind, n, err
		}
		bad = 0
		n++
		f.pace(ctx, start, frame, kind)
		f.publish(frame)
	}
}

// pace holds frames of files back until their time has come.
func (f *Feed) pace(ctx context.Context, start time.Time, frame *Frame, kind Kind) {
	switch kind {
	case KindVideo:
		sleep(ctx, time.Until(start.Add(frame.Pos)))
		frame.Time = time.Now()
	case KindFolder:
		sleep(ctx, time.Until(start.Add(time.Duration(frame.Index)*f.cfg.Slide)))
		frame.Time = time.Now()
	default: // as they come
	}
}

// linger leaves the last picture of a looping folder its time.
func (f *Feed) linger(ctx context.Context, kind Kind) {
	if f.cfg.Loop && (kind == KindFolder || kind == KindPicture) {
		sleep(ctx, f.cfg.Slide)
	}
}

func (f *Feed) opened(info SourceInfo) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Info, f.state.Phase, f.state.Err = info, Playing, nil
	f.state.Opens++
	f.signal()
}

func (f *Feed) publish(frame *Frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.frame != nil && !f.taken {
		f.state.Dropped++
	}
	if gap := frame.Time.Sub(f.last); f.state.Frames > 0 && gap > 0 {
		if f.gap == 0 {
			f.gap = gap
		}
		f.gap += (gap - f.gap) / 10 // gaps are smoothed, not rates: two frames at once are no high rate
		f.state.FPS = 1 / f.gap.Seconds()
	}
	frame.Index = f.state.Frames
	f.frame, f.taken, f.last = frame, false, frame.Time
	f.state.Frames++
	f.state.Info.W, f.state.Info.H = frame.W, frame.H
	f.signal()
}

func (f *Feed) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Err = err
}

func (f *Feed) set(p Phase, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Phase, f.state.Err = p, err
	f.signal()
}

// signal wakes everybody who waits. The caller holds the lock.
func (f *Feed) signal() {
	close(f.fresh)
	f.fresh = make(chan struct{})
}

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
