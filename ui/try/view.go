// Package try is the screen on which a person gives a model something to judge:
// a drawing, a picture, a text.
package try

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Answer is what the model says.
type Answer struct {
	Classes []Class // best first; empty for a regression
	Value   string  // of a regression
	Took    string  // "0.4 ms"
}

// Class is one class with its probability.
type Class struct {
	Name  string
	Share float64
}

// Choice is a model to try.
type Choice struct{ ID, Name, Task string }

// View is the screen.
type View struct {
	widget.BaseWidget
	OnModel   func(id string)
	OnPicture func(image.Image)
	OnText    func(string)
	OnOpen    func() // choose a picture
	OnTrain   func() // there is no model yet
	OnRow     func(map[string]string)
	OnWhy     func(on bool)
	OnMethod  func(method string) // of explaining pictures
	OnWrong   func(class string)  // the answer was wrong; this is the right class
	OnCamera  func()              // start or stop the camera

	book     *i18n.Book
	models   []Choice
	pick     *widget.Select
	sketch   *Sketch
	entry    *widgets.Entry
	shown    *canvas.Image
	verdict  *widgets.Text
	remark   *widgets.Text
	bars     *widgets.Bars
	why      *widget.Check
	method   *widget.Select
	heat     *canvas.Image
	words    *widgets.Bars
	reason   *widgets.Text
	right    *widget.Select
	wrong    *widget.Button
	row      *rowForm
	camera   *widgets.Camera
	live     *widget.Button
	side     *fyne.Container
	watching bool
	input    *fyne.Container
	body     *fyne.Container
}

// New returns the screen without models.
func New(book *i18n.Book) *View {
	v := &View{book: book, sketch: NewSketch(), entry: widgets.NewTextArea(), bars: widgets.NewBars(120, 64)}
	v.verdict, v.remark = widgets.Big("–").Shrink(), widgets.Note("")
	v.makeWhy()
	v.makeWrong()
	v.row = newRowForm(func(cells map[string]string) {
		if v.OnRow != nil {
			v.OnRow(cells)
		}
	})
	v.camera = widgets.NewCamera()
	v.live = widget.NewButtonWithIcon(book.T("try.camera"), look.Icon("camera"), func() { call(v.OnCamera) })
	v.shown = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScalePixels}
	v.shown.SetMinSize(fyne.NewSquareSize(96))
	v.pick = widget.NewSelect(nil, nil)
	v.pick.PlaceHolder = " "
	v.input, v.body = container.NewStack(), container.NewStack()
	v.sketch.OnChange = func() {
		if !v.sketch.Empty() && v.OnPicture != nil {
			v.OnPicture(v.sketch.Digit())
		}
	}
	v.entry.SetPlaceHolder(book.T("try.text.hint"))
	v.entry.OnChanged = func(text string) {
		if v.OnText != nil {
			v.OnText(text)
		}
	}
	v.ExtendBaseWidget(v)
	v.ApplyModels(nil, "")
	return v
}

// ApplyModels shows the models there are; chosen is the one in use.
func (v *View) ApplyModels(models []Choice, chosen string) {
	v.models = models
	names, at := make([]string, len(models)), -1
	for i, m := range models {
		names[i] = m.Name
		if m.ID == chosen {
			at = i
		}
	}
	v.pick.OnChanged = nil
	v.pick.SetOptions(names)
	if at >= 0 {
		v.pick.SetSelectedIndex(at)
		v.show(models[at].Task)
	}
	v.pick.OnChanged = func(string) {
		if i := v.pick.SelectedIndex(); i >= 0 && v.OnModel != nil {
			v.OnModel(v.models[i].ID)
			v.show(v.models[i].Task)
		}
	}
	if len(models) == 0 {
		train := widget.NewButtonWithIcon(v.book.T("try.train"), look.Icon("train"), func() { call(v.OnTrain) })
		v.body.Objects = []fyne.CanvasObject{widgets.Panel(widgets.Empty("try", v.book.T("try.empty"), v.book.T("try.empty.advice"), train))}
	} else {
		v.body.Objects = []fyne.CanvasObject{v.makeBody()}
	}
	v.body.Refresh()
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// show offers the kind of input a task takes.
func (v *View) show(task string) {
	switch task {
	case "text":
		v.input.Objects = []fyne.CanvasObject{widgets.Panel(v.entry)}
	case "table":
		v.input.Objects = []fyne.CanvasObject{widgets.TitledPanel(v.book.T("try.row"), nil, v.row.object())}
	default:
		v.input.Objects = []fyne.CanvasObject{v.makeDrawing()}
	}
	v.input.Refresh()
}

func (v *View) makeDrawing() fyne.CanvasObject {
	wipe := widget.NewButtonWithIcon(v.book.T("try.clear"), look.Icon("trash"), func() {
		v.sketch.Clear()
		v.Apply(Answer{})
	})
	open := widget.NewButtonWithIcon(v.book.T("try.open"), look.Icon("image"), func() { call(v.OnOpen) })
	buttons := widgets.Row(look.Gap, wipe, open, v.live)
	square := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(340), v.sketch))
	return widgets.TitledPanel(v.book.T("try.draw"), nil, container.NewBorder(nil, container.NewCenter(buttons), nil, nil, square))
}

func (v *View) makeBody() fyne.CanvasObject {
	seen := widgets.TitledPanel(v.book.T("try.seen"), nil, container.NewGridWithColumns(2, v.shown, v.heat))
	result := widgets.TitledPanel(v.book.T("try.verdict"), v.remark, widgets.Column(2*look.Gap, v.verdict, v.bars))
	why := widgets.Panel(widgets.Column(look.Gap, widgets.Row(look.Gap, v.why, v.method), v.reason, v.words))
	mend := widgets.Panel(container.NewBorder(nil, nil, nil, v.wrong, v.right))
	v.side = widgets.Column(look.Gap, result, seen, why, mend)
	side := widgets.SideColumn(container.NewVScroll(v.side))
	return container.NewBorder(nil, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, look.Gap, 0), side), v.input)
}

// ApplySeen shows the picture as the model gets it.
func (v *View) ApplySeen(picture image.Image) {
	v.shown.Image = picture
	v.shown.Refresh()
}

// Apply shows an answer; the zero Answer shows none.
func (v *View) Apply(a Answer) {
	v.remark.Set(a.Took)
	levels := make([]widgets.Level, len(a.Classes))
	for i, c := range a.Classes {
		levels[i] = widgets.Level{Name: c.Name, Share: c.Share, Note: v.book.Percent(c.Share), Lit: i == 0}
	}
	v.bars.Set(levels)
	switch {
	case len(a.Classes) > 0:
		v.verdict.Set(a.Classes[0].Name)
	case a.Value != "":
		v.verdict.Set(a.Value)
	default:
		v.verdict.Set("–")
	}
}

// Verdict is the answer as it is shown.
func (v *View) Verdict() string { return v.verdict.Text() }

// Sketch is the sheet to draw on.
func (v *View) Sketch() *Sketch { return v.sketch }

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	head := widgets.Header(v.book.T("try.title"), widgets.Note(v.book.T("try.about")).Truncate(), widgets.Width(v.pick, 220))
	return widget.NewSimpleRenderer(widgets.Page(head, v.body))
}
