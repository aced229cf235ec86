package ui

import (
	"context"
	"errors"
	"image"
	"io"
	"time"

	"fyne.io/fyne/v2"

	"athanor/inference/model"
	"athanor/inference/vision"
)

// camera starts the camera of this machine, or stops what is watched; where there
// are several, a list opens below at.
func (p *tryPart) camera(at fyne.CanvasObject) {
	if p.watching != nil {
		p.stopCamera()
		return
	}
	p.s.pickCamera(at, p.watch)
}

func (p *tryPart) stopCamera() {
	if p.watching != nil {
		p.watching()
		p.watching = nil
		p.view.ApplyFrame(nil)
	}
}

// watch judges a camera, video or stream frame by frame until it is stopped.
func (p *tryPart) watch(spec string) {
	p.stopCamera()
	open := p.open
	if open == nil {
		return
	}
	ctx, cancel := context.WithCancel(p.s.ctx)
	p.watching = cancel
	p.shot = map[*image.RGBA]time.Time{}
	feed := vision.Watch(ctx, vision.FeedConfig{Spec: spec, Loop: again(spec)})
	go p.follow(ctx, open, feed)
	go p.waiting(ctx, feed)
}

// follow judges the newest frame each time, on a goroutine of its own; the next
// is taken when the last was shown.
func (p *tryPart) follow(ctx context.Context, open *openModel, feed *vision.Feed) {
	defer feed.Close() //nolint:errcheck // the session is over
	m, err := open.get()
	if err == nil {
		err = m.Watch(ctx, feed, func(seen model.Seen) { p.show(ctx, seen) })
	}
	p.s.post(func() {
		if ctx.Err() != nil || errors.Is(err, io.EOF) {
			return // the last frame stays
		}
		p.stopCamera()
		p.s.fail(err)
	})
}

// show brings a judged frame to the screen and waits until it is there.
func (p *tryPart) show(ctx context.Context, seen model.Seen) {
	picture, done := seen.Frame.RGBA(nil), make(chan struct{})
	p.s.post(func() {
		defer close(done)
		if ctx.Err() != nil {
			return
		}
		if len(p.shot) > mostShots {
			clear(p.shot)
		}
		p.shot[picture] = seen.Frame.Time
		p.view.ApplyFrame(picture)
		p.view.Apply(answerOf(reply{prediction: seen.Prediction, took: seen.Took}))
	})
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// mostShots is how many frames may be on their way to the screen.
const mostShots = 8

// painted measures the way of a frame from its arrival to the screen. It is told
// while a picture is drawn; what is posted from there runs when it was handed to
// the display.
func (p *tryPart) painted(picture *image.RGBA) {
	if taken, ok := p.shot[picture]; ok {
		delete(p.shot, picture)
		p.s.post(func() { p.s.meter.preview.add(time.Since(taken)) })
	}
}

// waiting tells why no frame comes from a camera or a stream.
func (p *tryPart) waiting(ctx context.Context, feed *vision.Feed) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		state, newest := feed.State(), feed.Latest()
		if newest != nil && time.Since(newest.Time) < 2*time.Second || !state.Info.Kind.Live() {
			continue
		}
		p.s.post(func() {
			if ctx.Err() == nil {
				p.view.ApplyTrouble(p.s.troubleOf(state))
			}
		})
	}
}
