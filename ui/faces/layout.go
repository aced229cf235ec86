package faces

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(v.body) }

// makeBody lays out what is watched.
func (v *View) makeBody() {
	head := widgets.Header(v.book.T("faces.title"), v.source, v.save, v.record, v.stop)
	side := widgets.SideColumn(widgets.Column(look.Gap, v.makeSources(), v.makeFigures(), v.makeSettings(), v.makeScore(), v.makeAnonymise()))
	watch := container.NewBorder(nil, nil, nil, container.NewPadded(side), widgets.Panel(v.stage))
	v.watching = widgets.Page(head, watch)
	v.body = container.NewStack(v.watching)
}

func (v *View) makeSources() fyne.CanvasObject {
	var camera *widgets.Button
	camera = widgets.NewButtonWithIcon(v.book.T("faces.camera"), look.Icon("camera"), func() {
		if v.OnCamera != nil {
			v.OnCamera(camera)
		}
	})
	open := widgets.NewButtonWithIcon(v.book.T("faces.open"), look.Icon("image"), func() { call(v.OnOpen) })
	folder := widgets.NewButtonWithIcon(v.book.T("faces.folder"), look.Icon("folder"), func() { call(v.OnFolder) })
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
	grid := container.NewGridWithColumns(2, v.count, v.total, v.fps, v.detect)
	v.figures = widgets.Panel(widgets.Column(look.Gap, grid, widgets.Height(v.past, 36), v.events, v.stages, v.trouble))
	v.figures.Hide()
	return v.figures
}

func (v *View) makeSettings() fyne.CanvasObject {
	compare := widgets.Column(2, widgets.Note(v.book.T("faces.compare")), v.detectors[1])
	hide := widgets.Column(2, widgets.Note(v.book.T("faces.hide")), v.hide)
	return widgets.TitledPanel(v.book.T("faces.detector"), nil,
		widgets.Column(look.Gap, v.detectors[0], compare, v.models, v.slotBox, v.tuner, hide))
}

func (v *View) makeScore() fyne.CanvasObject {
	label := widgets.NewButtonWithIcon(v.book.T("faces.label"), look.Icon("evaluate"), func() { call(v.OnLabel) })
	return widgets.TitledPanel(v.book.T("faces.score"), nil, widgets.Column(look.Gap, widgets.SmallParagraph(v.book.T("faces.score.about")), label))
}

func (v *View) makeAnonymise() fyne.CanvasObject {
	button := func(key, icon string, folder bool) *widgets.Button {
		return widgets.NewButtonWithIcon(v.book.T(key), look.Icon(icon), func() {
			if v.OnAnonymise != nil {
				v.OnAnonymise(folder)
			}
		})
	}
	buttons := container.NewGridWithColumns(2, button("faces.anonymise", "eye", false), button("faces.folder", "folder", true))
	return widgets.TitledPanel(v.book.T("faces.file"), nil, widgets.Column(look.Gap, widgets.SmallParagraph(v.book.T("faces.file.about")), buttons, v.working))
}

// pane is a picture with a line that says whose it is.
type pane struct {
	widget.BaseWidget
	camera  *widgets.Camera
	caption *widgets.Text
}

func newPane() *pane {
	p := &pane{camera: widgets.NewCamera(), caption: widgets.Strong("").Truncate()}
	p.ExtendBaseWidget(p)
	return p
}

func (p *pane) show(book *i18n.Book, s Pane, named, fresh bool) {
	if s.Picture != nil {
		p.camera.Set(s.Picture)
	}
	if !fresh && p.caption.Visible() == named {
		return
	}
	widgets.SetVisible(p.caption, named)
	text := fmt.Sprintf("%s · %s · %.0f ms", s.Detector, book.N("faces.found", s.Faces), s.MS)
	if s.Trouble != "" {
		text = s.Detector + " · " + s.Trouble
	}
	p.caption.Set(text)
}

// CreateRenderer implements fyne.Widget.
func (p *pane) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewBorder(p.caption, nil, nil, nil, p.camera))
}

// sideBySide gives its objects equal parts, beside or below each other, whichever
// leaves a picture of 4:3 more room.
type sideBySide struct{}

func (sideBySide) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, 150) }

func (sideBySide) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	n := float32(max(1, len(objects)))
	beside := fyne.NewSize((size.Width-(n-1)*look.Gap)/n, size.Height)
	below := fyne.NewSize(size.Width, (size.Height-(n-1)*look.Gap)/n)
	part, step := beside, fyne.NewPos(beside.Width+look.Gap, 0)
	if min(below.Width/4, below.Height/3) > min(beside.Width/4, beside.Height/3) {
		part, step = below, fyne.NewPos(0, below.Height+look.Gap)
	}
	at := fyne.Position{}
	for _, o := range objects {
		o.Move(at)
		o.Resize(part)
		at = at.Add(step)
	}
}

// pastSeconds is how much of the past the count line shows.
const pastSeconds = 120

// countLine shows how many faces there were in each of the last seconds.
type countLine struct {
	widget.BaseWidget
	past []int
	bars []*canvas.Rectangle
}

func newCountLine() *countLine {
	c := &countLine{}
	c.ExtendBaseWidget(c)
	return c
}

// set shows the newest numbers; it draws only if they are others.
func (c *countLine) set(past []int) {
	past = past[max(0, len(past)-pastSeconds):]
	if len(past) == len(c.past) && (len(past) == 0 || &past[0] == &c.past[0]) {
		return
	}
	c.past = past
	c.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *countLine) CreateRenderer() fyne.WidgetRenderer {
	c.bars = nil
	for range pastSeconds {
		c.bars = append(c.bars, canvas.NewRectangle(color.Transparent))
	}
	return &countRenderer{c}
}

type countRenderer struct{ c *countLine }

func (r *countRenderer) Layout(size fyne.Size) {
	most := 1
	for _, n := range r.c.past {
		most = max(most, n)
	}
	width := size.Width / pastSeconds
	for i, bar := range r.c.bars {
		n := i - (pastSeconds - len(r.c.past))
		height := float32(1)
		bar.FillColor = look.Colour(look.Line)
		if n >= 0 && r.c.past[n] > 0 {
			height = max(2, size.Height*float32(r.c.past[n])/float32(most))
			bar.FillColor = look.Colour(look.Muted)
		}
		bar.Move(fyne.NewPos(float32(i)*width, size.Height-height))
		bar.Resize(fyne.NewSize(max(1, width-0.5), height))
	}
}

func (r *countRenderer) MinSize() fyne.Size { return fyne.NewSize(pastSeconds, 24) }

func (r *countRenderer) Refresh() {
	r.Layout(r.c.Size())
	for _, bar := range r.c.bars {
		bar.Refresh()
	}
}

func (r *countRenderer) Objects() []fyne.CanvasObject {
	list := make([]fyne.CanvasObject, len(r.c.bars))
	for i, bar := range r.c.bars {
		list[i] = bar
	}
	return list
}

func (r *countRenderer) Destroy() {}
