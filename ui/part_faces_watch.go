package ui

import (
	"context"
	"errors"
	"image"
	"io"
	"path/filepath"
	"time"

	"athanor/inference/face"
	"athanor/inference/vision"
	"athanor/ui/faces"
	"athanor/ui/shell"
)

// watching is one live session and how it ends.
type watching struct {
	live   *face.Live
	spec   string
	source string // as it is shown
	cancel context.CancelFunc
	// recording is the video being written, "" for none.
	recording string
	shot      map[*image.RGBA]time.Time // when the pictures under way were taken
}

// watch starts a live session over a camera, stream, file or folder, as soon as
// the detectors are open.
func (p *facesPart) watch(spec string) {
	p.stop()
	if p.opening {
		p.wanted = spec
		return
	}
	list, params := p.using()
	if len(list) == 0 {
		p.s.fail(face.ErrDetector)
		return
	}
	ctx, cancel := context.WithCancel(p.s.ctx)
	live, err := face.StartLive(ctx, face.LiveConfig{
		Feed: vision.FeedConfig{Spec: spec, Loop: again(spec)}, Detectors: list, Params: params, Hide: p.hide,
	})
	if err != nil {
		cancel()
		p.s.fail(err)
		return
	}
	w := &watching{live: live, spec: spec, source: faces.SourceTitle(spec), cancel: cancel, shot: map[*image.RGBA]time.Time{}}
	p.watching = w
	p.view.Apply(&faces.Seen{Source: w.source})
	p.view.ApplyRecording(false)
	go p.follow(ctx, w)
	go p.waiting(ctx, w)
}

// again tells whether a source starts anew at its end: clips and folders do, a
// picture stands still.
func again(spec string) bool {
	kind, err := vision.KindOf(spec)
	return err == nil && kind != vision.KindPicture
}

// mostFrames is how many frames a second the screen shows at most: those of a
// usual camera, and some to spare so that none is missed by a hair.
const mostFrames = 40

// follow brings views to the screen, one at a time: the next is fetched when the
// last was shown.
func (p *facesPart) follow(ctx context.Context, w *watching) {
	after := int64(-1)
	for {
		began := time.Now()
		v, err := w.live.Wait(ctx, after)
		if err != nil {
			p.s.post(func() { p.ended(w, err) })
			return
		}
		after = v.Number
		seen := seenOf(w.source, v)
		shown := make(chan struct{})
		p.s.post(func() {
			defer close(shown)
			if p.watching == w {
				w.remember(seen.Panes[0].Picture, v.Frame.Time)
				p.view.Apply(seen)
			}
		})
		if !both(ctx, shown, time.After(time.Second/mostFrames-time.Since(began))) {
			return
		}
	}
}

// both waits until a view was shown and the pace allows the next; false says
// that ctx ended.
func both(ctx context.Context, shown <-chan struct{}, pace <-chan time.Time) bool {
	select {
	case <-shown:
	case <-ctx.Done():
		return false
	}
	select {
	case <-pace:
	case <-ctx.Done():
		return false
	}
	return true
}

// waiting tells why no picture comes: while a source is opened, or looked for
// again after it was lost.
func (p *facesPart) waiting(ctx context.Context, w *watching) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		state, v := w.live.Source(), w.live.View()
		if v != nil && time.Since(v.Frame.Time) < 2*time.Second || !state.Info.Kind.Live() {
			continue
		}
		p.s.post(func() {
			if p.watching == w {
				p.view.ApplyTrouble(p.s.troubleOf(state))
			}
		})
	}
}

// troubleOf says in words how a source stands that sends nothing.
func (s *Studio) troubleOf(state vision.FeedState) string {
	if state.Err != nil {
		return s.book.T("faces.retrying", describe(state.Err, s.book).What)
	}
	return s.book.T("faces.connecting")
}

// remember notes when a picture was taken until it is painted; what was never
// painted is forgotten.
func (w *watching) remember(picture *image.RGBA, taken time.Time) {
	if len(w.shot) > 8 {
		clear(w.shot)
	}
	w.shot[picture] = taken
}

// painted measures the way of a picture from its arrival to the screen. It is
// called while the window is drawn; what is posted now runs once the whole frame
// was handed to the display.
func (p *facesPart) painted(picture *image.RGBA) {
	if p.watching == nil {
		return
	}
	if taken, ok := p.watching.shot[picture]; ok {
		delete(p.watching.shot, picture)
		p.s.post(func() { p.s.meter.preview.add(time.Since(taken)) })
	}
}

// shownEvents is how many comings and goings are told at a time.
const shownEvents = 3

// seenOf draws a view for the screen: one picture with the faces that are
// followed, or one a detector on the frame that all of them saw.
func seenOf(source string, v *face.View) *faces.Seen {
	s := &faces.Seen{
		Source: source, Faces: v.Counts.Now, Total: v.Counts.Total, FPS: v.FPS, Stages: v.Stages,
		Every: v.Every, Past: v.Counts.Past, Events: v.Recent[max(0, len(v.Recent)-shownEvents):],
	}
	if v.Source.Err != nil {
		s.Trouble = v.Source.Err.Error()
	}
	if len(v.Results) < 2 {
		s.Panes = []faces.Pane{paneOf(v.Frame, v.Faces())}
		for _, r := range v.Results {
			if r.Err != nil {
				s.Trouble = r.Err.Error()
			}
		}
		return s
	}
	for _, r := range v.Results {
		pane := paneOf(v.Looked, r.Faces)
		pane.Detector, pane.MS = r.Detector, float64(r.Took.Microseconds())/1000
		if r.Err != nil {
			pane.Trouble = r.Err.Error()
		}
		s.Panes = append(s.Panes, pane)
	}
	return s
}

// paneOf draws faces on a copy of a frame.
func paneOf(f *vision.Frame, list []face.Face) faces.Pane {
	pane := faces.Pane{Faces: len(list)}
	drawn := f.Clone()
	if err := face.Draw(drawn, list); err != nil {
		pane.Trouble = err.Error()
	}
	pane.Picture = drawn.RGBA(nil)
	return pane
}

// ended says why a session is over.
func (p *facesPart) ended(w *watching, err error) {
	if p.watching != w || errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
		return
	}
	p.stop()
	p.s.fail(err)
}

// stop ends the session without keeping the window waiting.
func (p *facesPart) stop() {
	w := p.watching
	if w == nil {
		return
	}
	p.watching = nil
	w.cancel()
	closed := make(chan struct{})
	p.closed = closed
	go func() {
		defer close(closed)
		if err := w.live.Close(); err != nil {
			p.s.post(func() { p.s.fail(err) })
		}
	}()
	p.view.Apply(nil)
}

// output is a new file among what the faces screen wrote.
func (p *facesPart) output(ext string) string {
	return filepath.Join(p.s.opts.Paths.Data, "faces", time.Now().Format("20060102-150405")+ext)
}

// save writes the newest view as a picture.
func (p *facesPart) save() {
	w := p.watching
	if w == nil {
		return
	}
	path, hidden := p.output(".png"), p.hide != ""
	async(p.s, func(context.Context) (struct{}, error) {
		if err := makeFolder(filepath.Dir(path)); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, w.live.Snapshot(path, !hidden)
	}, func(_ struct{}, err error) { p.saved(path, err) })
}

// record starts a video of what is shown, or finishes it.
func (p *facesPart) record() {
	w := p.watching
	if w == nil {
		return
	}
	if w.recording != "" {
		path := w.recording
		w.recording = ""
		async(p.s, func(context.Context) (struct{}, error) { return struct{}{}, w.live.StopRecording() },
			func(_ struct{}, err error) { p.saved(path, err) })
		p.view.ApplyRecording(false)
		return
	}
	path := p.output(".mp4")
	async(p.s, func(context.Context) (struct{}, error) {
		if err := makeFolder(filepath.Dir(path)); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, w.live.Record(path)
	}, func(_ struct{}, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		w.recording = path
		p.view.ApplyRecording(p.watching == w)
	})
}

func (p *facesPart) saved(path string, err error) {
	if err != nil {
		p.s.fail(err)
		return
	}
	p.s.toasts.Show(shell.Good, p.s.book.T("faces.saved", filepath.Base(path)), p.s.book.T("sentiment.copypath"), func() { p.s.copyText(path) })
}
