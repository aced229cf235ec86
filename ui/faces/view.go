// Package faces is the screen that finds faces, follows them and makes them
// unrecognisable.
package faces

import (
	"fmt"
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/vision"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Seen is one moment of what is watched.
type Seen struct {
	Picture  image.Image // never changed afterwards
	Faces    int
	Total    int // different faces since the start
	FPS      float64
	DetectMS float64
	Detector string
	Source   string
	Trouble  string // why nothing comes, while the source is looked for again
}

// View is the screen.
type View struct {
	widget.BaseWidget
	OnOpen       func()
	OnFolder     func()
	OnCamera     func()
	OnStream     func(address string)
	OnStop       func()
	OnDetector   func(name string)
	OnConfidence func(float64)
	OnHide       func(vision.Style)
	OnSave       func()
	OnAnonymise  func()

	book       *i18n.Book
	picture    *canvas.Image
	stage      *fyne.Container
	idle       fyne.CanvasObject
	source     *widgets.Text
	trouble    *widgets.Prose
	count      *widgets.Figure
	total      *widgets.Figure
	fps        *widgets.Figure
	detect     *widgets.Figure
	detector   *widget.Select
	confidence *widget.Slider
	level      *widgets.Text
	hide       *widgets.Segments
	stop       *widget.Button
	save       *widget.Button
	bar        *widgets.Bar
	progress   *widgets.Text
}

// New returns the screen; detectors are those this machine can use.
func New(book *i18n.Book) *View {
	v := &View{book: book, source: widgets.Note("").Truncate(), trouble: widgets.SmallParagraph(""), level: widgets.Note("")}
	v.picture = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest}
	v.count, v.total = widgets.NewFigure(book.T("faces.now")), widgets.NewFigure(book.T("faces.total"))
	v.fps, v.detect = widgets.NewFigure(book.T("faces.fps")), widgets.NewFigure(book.T("faces.detect"))
	v.bar, v.progress = widgets.NewBar(look.Ember, 4), widgets.Note("").Truncate()
	v.bar.Hide()
	v.makeControls()
	v.idle = widgets.Empty("faces", book.T("faces.empty"), book.T("faces.empty.advice"), nil)
	v.stage = container.NewStack(v.idle)
	v.ExtendBaseWidget(v)
	return v
}

func (v *View) makeControls() {
	v.detector = widget.NewSelect(nil, func(name string) {
		if v.OnDetector != nil {
			v.OnDetector(name)
		}
	})
	v.detector.PlaceHolder = " "
	v.confidence = widget.NewSlider(0.05, 0.99)
	v.confidence.Step = 0.01
	v.confidence.OnChanged = func(c float64) { v.level.Set(v.book.Percent(c)) }
	v.confidence.OnChangeEnded = func(c float64) {
		if v.OnConfidence != nil {
			v.OnConfidence(c)
		}
	}
	styles := []vision.Style{"", vision.Blur, vision.Pixelate}
	v.hide = widgets.NewSegments([]string{v.book.T("faces.show"), v.book.T("faces.blur"), v.book.T("faces.pixelate")}, 0, func(i int) {
		if v.OnHide != nil {
			v.OnHide(styles[i])
		}
	})
	v.stop = widget.NewButtonWithIcon(v.book.T("faces.stop"), look.Icon("stop"), func() { call(v.OnStop) })
	v.save = widget.NewButtonWithIcon(v.book.T("faces.save"), look.Icon("save"), func() { call(v.OnSave) })
	v.stop.Hide()
	v.save.Hide()
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// ApplyDetectors shows the detectors there are and the one in use.
func (v *View) ApplyDetectors(names []string, chosen string, confidence float64) {
	keep := v.detector.OnChanged
	v.detector.OnChanged = nil
	v.detector.SetOptions(names)
	v.detector.SetSelected(chosen)
	v.detector.OnChanged = keep
	v.confidence.Value = confidence
	v.confidence.Refresh()
	v.level.Set(v.book.Percent(confidence))
}

// ApplyHide shows how faces are hidden.
func (v *View) ApplyHide(s vision.Style) {
	v.hide.Choose(map[vision.Style]int{"": 0, vision.Blur: 1, vision.Pixelate: 2}[s])
}

// Apply shows a moment; nil shows what to do first.
func (v *View) Apply(s *Seen) {
	widgets.SetVisible(v.stop, s != nil)
	widgets.SetVisible(v.save, s != nil)
	if s == nil {
		v.stage.Objects = []fyne.CanvasObject{v.idle}
		v.stage.Refresh()
		v.source.Set("")
		for _, f := range []*widgets.Figure{v.count, v.total, v.fps, v.detect} {
			f.Set("–", "")
		}
		return
	}
	if v.stage.Objects[0] != fyne.CanvasObject(v.picture) {
		v.stage.Objects = []fyne.CanvasObject{v.picture}
		v.stage.Refresh()
	}
	if s.Picture != nil {
		v.picture.Image = s.Picture
		v.picture.Refresh()
	}
	v.source.Set(s.Source)
	v.trouble.Set(s.Trouble)
	v.count.Set(v.book.Count(s.Faces), "")
	v.total.Set(v.book.Count(s.Total), "")
	v.fps.Set(fmt.Sprintf("%.0f", s.FPS), "")
	v.detect.Set(fmt.Sprintf("%.0f ms", s.DetectMS), s.Detector)
}

// ApplyProgress shows how far a file is made anonymous; total 0 is not known.
func (v *View) ApplyProgress(text string, done, total int) {
	widgets.SetVisible(v.bar, text != "")
	v.progress.Set(text)
	v.bar.Set(float64(done) / float64(max(total, 1)))
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	head := widgets.Header(v.book.T("faces.title"), v.source, v.save, v.stop)
	stage := widgets.Panel(v.stage)
	side := widgets.SideColumn(widgets.Column(look.Gap, v.makeSources(), v.makeFigures(), v.makeSettings(), v.makeAnonymise()))
	return widget.NewSimpleRenderer(widgets.Page(head, container.NewBorder(nil, nil, nil, container.NewPadded(side), stage)))
}

func (v *View) makeSources() fyne.CanvasObject {
	camera := widget.NewButtonWithIcon(v.book.T("faces.camera"), look.Icon("camera"), func() { call(v.OnCamera) })
	open := widget.NewButtonWithIcon(v.book.T("faces.open"), look.Icon("image"), func() { call(v.OnOpen) })
	folder := widget.NewButtonWithIcon(v.book.T("faces.folder"), look.Icon("folder"), func() { call(v.OnFolder) })
	stream := widgets.NewEntry()
	stream.SetPlaceHolder(v.book.T("faces.stream"))
	stream.OnSubmitted = func(address string) {
		if v.OnStream != nil && address != "" {
			v.OnStream(address)
		}
	}
	buttons := container.NewGridWithColumns(2, camera, folder)
	return widgets.TitledPanel(v.book.T("faces.source"), nil, widgets.Column(look.Gap, open, buttons, stream))
}

func (v *View) makeFigures() fyne.CanvasObject {
	return widgets.Panel(widgets.Column(look.Gap, container.NewGridWithColumns(2, v.count, v.total, v.fps, v.detect), v.trouble))
}

func (v *View) makeSettings() fyne.CanvasObject {
	threshold := container.NewBorder(nil, nil, nil, v.level, widgets.Note(v.book.T("faces.confidence")))
	return widgets.TitledPanel(v.book.T("faces.detector"), nil, widgets.Column(look.Gap, v.detector, threshold, v.confidence, v.hide))
}

func (v *View) makeAnonymise() fyne.CanvasObject {
	choose := widget.NewButtonWithIcon(v.book.T("faces.anonymise"), look.Icon("eye"), func() { call(v.OnAnonymise) })
	return widgets.TitledPanel(v.book.T("faces.file"), nil, widgets.Column(look.Gap, widgets.SmallParagraph(v.book.T("faces.file.about")), choose, v.progress, v.bar))
}
