package ui

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"athanor/inference/face"
	"athanor/inference/vision"
	"athanor/ui/faces"
	"athanor/ui/shell"
)

// facesPart is the faces screen's link to the studio.
type facesPart struct {
	s         *Studio
	view      *faces.View
	detectors []face.Detector
	opened    bool
	chosen    string
	params    face.Params
	hide      vision.Style
	watching  *watching
	working   context.CancelFunc
}

// watching is one live session and how it ends.
type watching struct {
	live   *face.Live
	source string
	cancel context.CancelFunc
}

func (p *facesPart) build() fyne.CanvasObject {
	v := faces.New(p.s.book)
	p.view = v
	v.OnOpen = func() { p.s.chooseFile(append(pictureNames(), videoNames()...), p.watch) }
	v.OnFolder = func() { p.s.pickFolder(p.watch) }
	v.OnCamera, v.OnStream, v.OnStop = p.camera, p.watch, p.stop
	v.OnDetector, v.OnConfidence, v.OnHide = p.detector, p.confidence, p.style
	v.OnSave, v.OnAnonymise = p.save, func() { p.s.chooseFile(append(pictureNames(), videoNames()...), p.anonymise) }
	v.ApplyHide(p.hide)
	p.showDetectors()
	return v
}

func videoNames() []string { return []string{".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v"} }

// shown opens the detectors at the first visit.
func (p *facesPart) shown() {
	if p.opened {
		return
	}
	p.opened = true
	folder := p.s.opts.Paths.Models()
	async(p.s, func(context.Context) ([]face.Detector, error) {
		return face.OpenAll(face.OpenConfig{Folder: folder}), nil
	},
		func(list []face.Detector, _ error) {
			p.detectors = list
			if len(list) > 0 {
				best := list[len(list)-1]
				if i := slices.IndexFunc(list, func(d face.Detector) bool { return strings.HasPrefix(d.Name(), "yunet") }); i >= 0 {
					best = list[i]
				}
				p.chosen, p.params = best.Name(), best.Defaults()
			}
			p.showDetectors()
		})
}

// hidden lets the session go on only while the screen is seen: a camera that
// nobody watches is closed.
func (p *facesPart) hidden() { p.stop() }

func (p *facesPart) showDetectors() {
	var names []string
	for _, d := range p.detectors {
		names = append(names, d.Name())
	}
	p.view.ApplyDetectors(names, p.chosen, float64(p.params.Confidence))
}

// using is the chosen detector.
func (p *facesPart) using() (face.Detector, bool) {
	i := slices.IndexFunc(p.detectors, func(d face.Detector) bool { return d.Name() == p.chosen })
	if i < 0 {
		return nil, false
	}
	return p.detectors[i], true
}

// drop takes a dropped picture, video or folder.
func (p *facesPart) drop(uris []fyne.URI) bool {
	p.watch(uris[0].Path())
	return true
}

// camera watches the first camera.
func (p *facesPart) camera() {
	async(p.s, func(context.Context) ([]vision.Camera, error) { return vision.Cameras() }, func(list []vision.Camera, err error) {
		switch {
		case err != nil:
			p.s.fail(err)
		case len(list) == 0:
			p.s.fail(vision.ErrNoCamera)
		default:
			p.watch(strconv.Itoa(list[0].Index))
		}
	})
}

// watch starts a live session over a camera, stream, file or folder.
func (p *facesPart) watch(spec string) {
	p.stop()
	d, ok := p.using()
	if !ok {
		p.s.fail(face.ErrDetector)
		return
	}
	ctx, cancel := context.WithCancel(p.s.ctx)
	live, err := face.StartLive(ctx, face.LiveConfig{
		Feed: vision.FeedConfig{Spec: spec, Loop: true}, Detectors: []face.Detector{d}, Params: []face.Params{p.params}, Hide: p.hide,
	})
	if err != nil {
		cancel()
		p.s.fail(err)
		return
	}
	w := &watching{live: live, source: filepath.Base(spec), cancel: cancel}
	p.watching = w
	p.view.Apply(&faces.Seen{Source: w.source})
	go p.follow(ctx, w)
}

// follow brings views to the screen, one at a time: the next is fetched when the
// last was shown.
func (p *facesPart) follow(ctx context.Context, w *watching) {
	after := int64(-1)
	pace := time.NewTicker(time.Second / mostFrames)
	defer pace.Stop()
	for {
		v, err := w.live.Wait(ctx, after)
		if err != nil {
			p.s.post(func() { p.ended(w, err) })
			return
		}
		after = v.Number
		seen := seenOf(w.source, v)
		shown := make(chan struct{})
		p.s.post(func() {
			if p.watching == w {
				p.view.Apply(seen)
			}
			close(shown)
		})
		if !both(ctx, shown, pace.C) {
			return
		}
	}
}

// mostFrames is how many frames a second the screen shows at most.
const mostFrames = 25

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

// seenOf draws a view for the screen.
func seenOf(source string, v *face.View) *faces.Seen {
	s := &faces.Seen{Source: source, Faces: v.Counts.Now, Total: v.Counts.Total, FPS: v.FPS, DetectMS: v.Stages.Detect}
	if len(v.Results) > 0 {
		s.Detector = v.Results[0].Detector
		if err := v.Results[0].Err; err != nil {
			s.Trouble = err.Error()
		}
	}
	if v.Source.Err != nil {
		s.Trouble = v.Source.Err.Error()
	}
	frame := v.Frame.Clone()
	if err := face.Draw(frame, v.Faces()); err != nil {
		s.Trouble = err.Error()
	}
	s.Picture = frame.RGBA(image.NewRGBA(image.Rect(0, 0, frame.W, frame.H)))
	return s
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
	go func() {
		if err := w.live.Close(); err != nil {
			p.s.post(func() { p.s.fail(err) })
		}
	}()
	p.view.Apply(nil)
}

func (p *facesPart) detector(name string) {
	p.chosen = name
	d, ok := p.using()
	if !ok {
		return
	}
	p.params = d.Defaults()
	p.showDetectors()
	if p.watching != nil {
		p.watching.live.SetDetectors([]face.Detector{d}, []face.Params{p.params})
	}
}

func (p *facesPart) confidence(c float64) {
	p.params.Confidence = float32(c)
	if p.watching != nil {
		p.watching.live.SetParams(0, p.params)
	}
}

func (p *facesPart) style(s vision.Style) {
	p.hide = s
	if p.watching != nil {
		p.watching.live.SetHide(s)
	}
}

// save writes the newest view as a picture.
func (p *facesPart) save() {
	w := p.watching
	if w == nil {
		return
	}
	path := filepath.Join(p.s.opts.Paths.Data, "faces", time.Now().Format("20060102-150405")+".png")
	hidden := p.hide != ""
	async(p.s, func(context.Context) (struct{}, error) {
		if err := makeFolder(filepath.Dir(path)); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, w.live.Snapshot(path, !hidden)
	}, func(_ struct{}, err error) { p.saved(path, err) })
}

func (p *facesPart) saved(path string, err error) {
	if err != nil {
		p.s.fail(err)
		return
	}
	p.s.toasts.Show(shell.Good, p.s.book.T("faces.saved", filepath.Base(path)), p.s.book.T("sentiment.copypath"), func() { p.s.copyText(path) })
}

// anonymise writes a copy of a picture or video in which no face is found.
func (p *facesPart) anonymise(source string) {
	d, ok := p.using()
	if !ok {
		p.s.fail(face.ErrDetector)
		return
	}
	style := p.hide
	if style == "" {
		style = vision.Blur
	}
	base := filepath.Base(source)
	out := filepath.Join(p.s.opts.Paths.Data, "faces", strings.TrimSuffix(base, filepath.Ext(base))+"-anonymous"+filepath.Ext(base))
	tell := func(done, total int) {
		p.s.post(func() { p.view.ApplyProgress(p.s.book.T("faces.working", base), done, total) })
	}
	p.working = async(p.s, func(ctx context.Context) (face.Anonymized, error) {
		if err := makeFolder(filepath.Dir(out)); err != nil {
			return face.Anonymized{}, err
		}
		config := face.AnonymizeConfig{Source: source, Out: out, Hider: face.Hider{Style: style, Detectors: []face.Detector{d}}, Progress: tell}
		result, err := face.Anonymize(ctx, config)
		if err != nil {
			return result, fmt.Errorf("anonymise %s: %w", base, err)
		}
		return result, nil
	}, func(r face.Anonymized, err error) {
		p.view.ApplyProgress("", 0, 0)
		if err == nil {
			p.view.ApplyProgress("", 0, 0)
			p.s.toasts.Show(shell.Good, p.s.book.T("faces.hidden", p.s.book.Count(r.Faces), p.s.book.Count(r.Frames)), "", nil)
		}
		p.saved(out, err)
	})
}
