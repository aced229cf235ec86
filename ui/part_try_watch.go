package ui

import (
	"context"
	"errors"
	"image"
	"io"
	"time"

	"fyne.io/fyne/v2"

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
	feed := vision.Watch(ctx, vision.FeedConfig{Spec: spec, Loop: true})
	go p.follow(ctx, open, feed)
}

// follow judges the newest frame each time, on a goroutine of its own; the
// window gets answers as fast as it takes them.
func (p *tryPart) follow(ctx context.Context, open *openModel, feed *vision.Feed) {
	defer feed.Close() //nolint:errcheck // the session is over
	err := judgeFrames(ctx, open, feed, func(picture *image.RGBA, a answered) {
		p.s.post(func() {
			if ctx.Err() == nil {
				p.view.ApplyFrame(picture)
				p.view.Apply(answerOf(a))
			}
		})
	})
	p.s.post(func() {
		if ctx.Err() == nil {
			p.stopCamera()
			if !errors.Is(err, io.EOF) {
				p.s.fail(err)
			}
		}
	})
}

func judgeFrames(ctx context.Context, open *openModel, feed *vision.Feed, tell func(*image.RGBA, answered)) error {
	m, err := open.get()
	if err != nil {
		return err
	}
	after := int64(-1)
	for {
		frame, err := feed.Next(ctx, after)
		if err != nil {
			return err
		}
		after = frame.Index
		picture := frame.RGBA(nil)
		began := time.Now()
		list, err := m.Images(ctx, picture)
		if err != nil {
			return err
		}
		tell(picture, answered{prediction: list[0], took: time.Since(began)})
	}
}
