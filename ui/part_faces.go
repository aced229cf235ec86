package ui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"athanor/app/project"
	"athanor/inference/face"
	"athanor/inference/fetch"
	"athanor/inference/vision"
	"athanor/ui/faces"
	"athanor/ui/shell"
)

// facesPart is the faces screen's link to the studio. What a person chose and
// turned is kept in the settings.
type facesPart struct {
	s         *Studio
	view      *faces.View
	detectors []face.Detector
	opened    string   // how the detectors were opened; empty before the first visit
	brought   []string // dropped model files that no name is known for
	hide      vision.Style
	watching  *watching
	closed    <-chan struct{} // of the last session
	opening   bool            // the detectors are on their way
	wanted    string          // what is watched once they are there
	working   context.CancelFunc
	labelling *labelling
	busy      int // jobs that use the detectors besides the session
}

func (p *facesPart) build() fyne.CanvasObject {
	v := faces.New(p.s.book)
	p.view = v
	v.OnOpen = func() { p.s.chooseFile(append(pictureNames(), videoNames()...), p.watch) }
	v.OnFolder = func() { p.s.pickFolder(p.watch) }
	v.OnCamera, v.OnStream, v.OnStop = p.camera, p.watch, p.stop
	v.OnDetector, v.OnTune, v.OnHide = p.detector, p.tune, p.style
	v.OnSlot = func(int) { p.showTuning() }
	v.OnSave, v.OnRecord = p.save, p.record
	v.OnAnonymise, v.OnCancel, v.OnFetch, v.OnLabel = p.chooseAnonymise, p.cancel, p.fetch, p.label
	v.OnPainted = p.painted
	p.bindLabels()
	v.ApplyHide(p.hide)
	p.showDetectors()
	return v
}

func videoNames() []string { return []string{".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v"} }

// config is where models are and how the person wants them to run. A face model
// takes a few milliseconds: a GPU is used only where it was asked for by name.
func (p *facesPart) config() face.OpenConfig {
	c := face.OpenConfig{Models: p.brought, Folder: p.s.opts.Paths.Models()}
	c.Options.Threads, c.Options.Device = p.s.prefs.Threads, p.s.prefs.Device
	if c.Options.Device == "auto" {
		c.Options.Device = "cpu"
	}
	return c
}

// shown opens the detectors at the first visit, and anew when the settings have
// changed since.
func (p *facesPart) shown() {
	if p.opened != fmt.Sprint(p.config()) {
		p.reopen("")
	}
}

// reopen opens the detectors of this machine in place of those that are open,
// and goes on with what was watched. use is the detector to choose, "" for the
// one in use.
func (p *facesPart) reopen(use string) {
	config, old, closed := p.config(), p.detectors, p.closed
	if p.watching != nil {
		p.wanted = p.watching.spec
		p.stop()
		closed = p.closed
	}
	if p.busy > 0 { // somebody works with them: they stay open until the window closes
		old = nil
	}
	p.opened, p.detectors, p.opening = fmt.Sprint(config), nil, true
	var trouble error
	async(p.s, func(context.Context) ([]face.Detector, error) {
		if closed != nil {
			<-closed
		}
		for _, d := range old {
			_ = d.Close()
		}
		list, err := face.OpenAll(config)
		trouble = err
		return list, nil
	}, func(list []face.Detector, _ error) {
		p.detectors, p.opening = list, false
		p.settle(use)
		p.s.fail(trouble)
		if spec := p.wanted; spec != "" {
			p.wanted = ""
			p.watch(spec)
		}
	})
}

// settle chooses detectors among those that are open: use, else the one in use,
// else the best.
func (p *facesPart) settle(use string) {
	for _, name := range []string{use, p.chosen().Detector, "yunet", "haar"} {
		if _, ok := p.find(name); ok {
			p.chosen().Detector = name
			break
		}
	}
	if c := p.chosen(); c.Compare == c.Detector {
		c.Compare = ""
	}
	p.showDetectors()
}

// hidden lets the session go on only while the screen is seen: a camera that
// nobody watches is closed.
func (p *facesPart) hidden() {
	p.wanted = ""
	p.stop()
}

// sleep closes the detectors, unless a job works with them; shown opens them anew.
func (p *facesPart) sleep() {
	if p.busy > 0 || p.watching != nil || len(p.detectors) == 0 {
		return
	}
	old, closed := p.detectors, p.closed
	p.detectors, p.opened = nil, ""
	go func() {
		if closed != nil {
			<-closed
		}
		for _, d := range old {
			_ = d.Close() // only read
		}
	}()
}

func (p *facesPart) showDetectors() {
	var names []string
	for _, d := range p.detectors {
		names = append(names, d.Name())
	}
	second := p.chosen().Compare
	if _, ok := p.find(second); !ok {
		second = ""
	}
	p.view.ApplyDetectors(names, p.chosen().Detector, second)
	p.showTuning()
	p.showMissing(names)
}

func (p *facesPart) showTuning() {
	name := p.slot(p.view.Slot())
	d, ok := p.find(name)
	if !ok {
		p.view.ApplyTuning(faces.Tuning{})
		return
	}
	p.view.ApplyTuning(faces.Tuning{Detector: name, Params: p.params(d), Defaults: d.Defaults()})
}

// showMissing offers detectors whose model is not here.
func (p *facesPart) showMissing(have []string) {
	var list []faces.Missing
	for _, item := range fetch.Known() {
		if slices.Contains(face.Names(), item.Name) && !slices.Contains(have, item.Name) && p.opened != "" {
			list = append(list, faces.Missing{Name: item.Name, Title: p.s.knownTitle(item), Detail: p.s.book.Bytes(item.Size) + " · " + item.License})
		}
	}
	p.view.ApplyMissing(list)
}

// find returns an open detector by name.
func (p *facesPart) find(name string) (face.Detector, bool) {
	i := slices.IndexFunc(p.detectors, func(d face.Detector) bool { return d.Name() == name })
	if i < 0 {
		return nil, false
	}
	return p.detectors[i], true
}

// chosen is what the person chose.
func (p *facesPart) chosen() *project.Faces { return &p.s.prefs.Faces }

// slot is the name of the detector that is followed (0) or compared (1).
func (p *facesPart) slot(i int) string { return []string{p.chosen().Detector, p.chosen().Compare}[i] }

// params are a detector's settings, all filled and within what can be turned.
func (p *facesPart) params(d face.Detector) face.Params {
	return faces.Tuning{Detector: d.Name(), Params: p.chosen().Tuned[d.Name()], Defaults: d.Defaults()}.Whole()
}

// using are the chosen detectors with their settings; the first is followed.
func (p *facesPart) using() ([]face.Detector, []face.Params) {
	var list []face.Detector
	var params []face.Params
	for i := range 2 {
		if d, ok := p.find(p.slot(i)); ok {
			list, params = append(list, d), append(params, p.params(d))
		}
	}
	return list, params
}

// detector puts a detector into a slot.
func (p *facesPart) detector(slot int, name string) {
	c := p.chosen()
	switch {
	case slot == 1:
		c.Compare = name
	case name == c.Compare:
		c.Detector, c.Compare = name, ""
	default:
		c.Detector = name
	}
	p.s.keep()
	p.showDetectors()
	if list, params := p.using(); p.watching != nil && len(list) > 0 {
		p.watching.live.SetDetectors(list, params)
	}
}

// tune takes what a person turned.
func (p *facesPart) tune(slot int, params face.Params) {
	c := p.chosen()
	if c.Tuned == nil {
		c.Tuned = map[string]face.Params{}
	}
	c.Tuned[p.slot(slot)] = params
	p.s.keep()
	if p.watching != nil {
		p.watching.live.SetParams(slot, params)
	}
}

func (p *facesPart) style(s vision.Style) {
	p.hide = s
	if p.watching != nil {
		p.watching.live.SetHide(s)
	}
}

// drop takes a dropped picture, video, folder or face model.
func (p *facesPart) drop(uris []fyne.URI) bool {
	path := uris[0].Path()
	switch strings.ToLower(filepath.Ext(path)) {
	case ".onnx":
		p.bring(path)
		return true
	case ".csv", ".tsv", ".jsonl", ".parquet", ".txt", ".zip", ".gz":
		return false // data
	}
	p.watch(path)
	return true
}

// camera watches the camera of this machine.
func (p *facesPart) camera(at fyne.CanvasObject) { p.s.pickCamera(at, p.watch) }

// pickCamera hands the camera of this machine to then; where there are several, a
// list opens below at.
func (s *Studio) pickCamera(at fyne.CanvasObject, then func(spec string)) {
	async(s, func(context.Context) ([]vision.Camera, error) { return vision.Cameras() }, func(list []vision.Camera, err error) {
		switch {
		case err != nil:
			s.fail(err)
		case len(list) == 0:
			s.fail(vision.ErrNoCamera)
		case len(list) == 1:
			then(faces.CameraSpec(list[0]))
		default:
			menu := fyne.NewMenu("")
			for _, c := range list {
				menu.Items = append(menu.Items, fyne.NewMenuItem(faces.CameraTitle(c), func() { then(faces.CameraSpec(c)) }))
			}
			widget.ShowPopUpMenuAtRelativePosition(menu, s.window.Canvas(), fyne.NewPos(0, at.Size().Height), at)
		}
	})
}

// bring takes a face model file that a person dropped. A known one is kept among
// the studio's models, another is used until the window closes.
func (p *facesPart) bring(path string) {
	folder := p.s.opts.Paths.Models()
	kept := true
	async(p.s, func(context.Context) (string, error) {
		d, err := face.OpenModel(path, face.OpenConfig{}.Options)
		if err != nil {
			return "", err
		}
		name := d.Name()
		_, err = fetch.Keep(path, folder)
		if kept = !errors.Is(err, fetch.ErrUnknown); !kept {
			err = nil
		}
		return name, errors.Join(err, d.Close())
	}, func(name string, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		if !kept {
			p.brought = append(p.brought, path)
		}
		p.s.toasts.Show(shell.Good, p.s.book.T("models.brought", filepath.Base(path)), "", nil)
		p.reopen(name)
	})
}
