package ui

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"athanor/inference/face"
	"athanor/inference/fetch"
	"athanor/inference/vision"
	"athanor/ui/shell"
)

// chooseAnonymise asks for a file or folder and makes it anonymous.
func (p *facesPart) chooseAnonymise(folder bool) {
	if p.working != nil {
		return
	}
	if folder {
		p.s.pickFolder(p.anonymise)
		return
	}
	p.s.chooseFile(append(pictureNames(), videoNames()...), p.anonymise)
}

// anonymise writes a copy of a picture, folder or video in which no detector of
// this machine finds a face.
func (p *facesPart) anonymise(source string) {
	if len(p.detectors) == 0 {
		p.s.fail(face.ErrDetector)
		return
	}
	style := p.hide
	if style == "" {
		style = vision.Blur
	}
	base := filepath.Base(source)
	out := freeName(filepath.Join(p.s.opts.Paths.Data, "faces", strings.TrimSuffix(base, filepath.Ext(base))+"-anonymous"+filepath.Ext(base)))
	config := face.AnonymizeConfig{Source: source, Out: out, Hider: face.Hider{Style: style, Detectors: p.detectors}, Progress: p.telling(base)}
	p.busy++
	p.view.ApplyProgress(p.s.book.T("faces.working", base), 0, 0)
	ctx, cancel := context.WithCancel(p.s.ctx)
	p.working = cancel
	go func() {
		r, err := anonymised(ctx, config)
		p.s.post(func() {
			cancel()
			p.busy--
			p.working = nil
			p.view.ApplyProgress("", 0, 0)
			if err == nil {
				p.s.toasts.Show(shell.Good, p.s.book.T("faces.hidden", p.s.book.Count(r.Faces), p.s.book.Count(r.Frames)), "", nil)
			}
			p.saved(out, err)
		})
	}()
}

func anonymised(ctx context.Context, config face.AnonymizeConfig) (face.Anonymized, error) {
	if err := makeFolder(filepath.Dir(config.Out)); err != nil {
		return face.Anonymized{}, err
	}
	r, err := face.Anonymize(ctx, config)
	if err != nil {
		return r, fmt.Errorf("anonymise %s: %w", filepath.Base(config.Source), err)
	}
	return r, nil
}

// telling returns a callback that shows how far a file is and how long it will
// take; it may be called from any goroutine.
func (p *facesPart) telling(base string) func(done, total int) {
	began := time.Now()
	return func(done, total int) {
		b := p.s.book
		text := b.T("faces.working", base)
		if done > 0 && total > done {
			left := time.Duration(float64(time.Since(began)) / float64(done) * float64(total-done))
			text += " · " + b.T("faces.left.time", b.Duration(left))
		}
		p.s.post(func() {
			if p.working != nil {
				p.view.ApplyProgress(text, done, total)
			}
		})
	}
}

// cancel ends the making of an anonymous copy; nothing of it stays.
func (p *facesPart) cancel() {
	if p.working != nil {
		p.working()
	}
}

// fetch gets a detector's model after licence and size were shown.
func (p *facesPart) fetch(name string) {
	p.s.askFetch(name, func(item fetch.Item) {
		s, folder := p.s, p.s.opts.Paths.Models()
		s.status.SetNetwork(s.book.T("models.fetching", s.knownTitle(item)))
		async(s, func(ctx context.Context) (string, error) {
			return fetch.Get(ctx, item, fetch.Config{Dir: folder})
		}, func(_ string, err error) {
			s.status.SetNetwork("")
			if err != nil {
				s.fail(err)
				return
			}
			s.toasts.Show(shell.Good, s.book.T("models.brought", item.File), "", nil)
			p.reopen(item.Name)
		})
	})
}
