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
	OnPicture func(image.Image) // nil: the sheet was wiped
	OnText    func(string)
	OnOpen    func() // choose a picture
	OnTrain   func() // there is no model yet
	OnRow     func(map[string]string)
	OnWhy     func(on bool)
	OnMethod  func(method string)        // of explaining pictures
	OnColumn  func(name string)          // whose effect on the answer to show
	OnWrong   func(class string)         // the answer was wrong; this is the right class
	OnCamera  func(at fyne.CanvasObject) // start or stop the camera; at is the button
	OnSource  func(spec string)          // watch an address, a video or a folder
	OnPainted func(*image.RGBA)          // a frame is on its way to the screen

	OnAnswered func() // a frame with the answer that was marked is on its way to the screen

	book     *i18n.Book
	models   []Choice
	pick     *widgets.Select
	task     string // of the model: what is offered on the left
	draws    bool   // the model takes small grey pictures, as drawings are
	sketch   *Sketch
	entry    *widgets.Entry
	shown    *canvas.Image
	large    *canvas.Image   // the picture, where nothing can be drawn
	hint     *fyne.Container // in its place
	seen     *fyne.Container
	verdict  *widgets.Text
	mark     *widgets.Mark
	remark   *widgets.Text
	trouble  *widgets.Prose // why the model cannot answer
	bars     *widgets.Bars
	why      *widgets.Check
	method   *widgets.Select
	heat     *canvas.Image
	words    *widgets.Bars
	reason   *widgets.Prose
	change   *widgets.Prose  // what would change the answer
	column   *widgets.Select // whose effect on the answer is shown
	effectOf *widgets.Prose
	effect   *widgets.Bars

	effectNow *Effect
	alike     *widgets.Alikes
	right     *widgets.Select
	number    *widgets.Entry // the right answer of a regression
	wrong     *widgets.Button
	row       *rowForm
	camera    *widgets.Camera
	live      *widgets.Button
	source    *widgets.Entry
	watching  bool
	input     *fyne.Container
	body      *fyne.Container
}

// seenSide is how large what the model sees is shown: two fill the column.
const seenSide = 124

// New returns the screen without models.
func New(book *i18n.Book) *View {
	v := &View{book: book, sketch: NewSketch(), entry: widgets.NewTextArea(), bars: widgets.NewBars(96, 56), task: "image", draws: true}
	v.verdict, v.remark = widgets.Big("–").Shrink(), widgets.Note("")
	v.mark = widgets.NewMark(func() { call(v.OnAnswered) })
	v.trouble = widgets.Paragraph("", look.Negative)
	v.trouble.Hide()
	v.makeWhy()
	v.makeWrong()
	v.row = newRowForm(func(cells map[string]string) {
		if v.OnRow != nil {
			v.OnRow(cells)
		}
	})
	v.camera = widgets.NewCamera()
	v.camera.Painted = func(picture *image.RGBA) {
		if v.OnPainted != nil {
			v.OnPainted(picture)
		}
	}
	v.live = widgets.NewButtonWithIcon(book.T("try.camera"), look.Icon("camera"), func() {
		if v.OnCamera != nil {
			v.OnCamera(v.live)
		}
	})
	v.source = widgets.NewEntry()
	v.source.SetPlaceHolder(book.T("faces.stream"))
	v.source.OnSubmitted = func(spec string) {
		if spec != "" && v.OnSource != nil {
			v.OnSource(spec)
		}
	}
	v.large = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleSmooth}
	v.large.SetMinSize(fyne.NewSquareSize(pad))
	v.hint = widgets.Empty("image", book.T("try.drop.title"), book.T("try.drop.advice"), nil)
	v.shown = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScalePixels}
	v.shown.SetMinSize(fyne.NewSquareSize(seenSide))
	v.pick = widgets.NewSelect(nil, nil)
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
	}
	v.pick.OnChanged = func(string) {
		if i := v.pick.SelectedIndex(); i >= 0 && v.OnModel != nil {
			v.OnModel(v.models[i].ID)
		}
	}
	if len(models) == 0 {
		train := widgets.NewButtonWithIcon(v.book.T("try.train"), look.Icon("train"), func() { call(v.OnTrain) })
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

// ApplyTask offers the kind of input the model takes; draws tells whether it takes
// pictures like those drawn here.
func (v *View) ApplyTask(task string, draws bool) {
	if task == v.task && draws == v.draws {
		return
	}
	v.task, v.draws = task, draws
	v.show()
}

func (v *View) show() {
	switch v.task {
	case "text":
		v.input.Objects = []fyne.CanvasObject{widgets.TitledPanel(v.book.T("try.text"), nil, v.entry)}
	case "table":
		v.input.Objects = []fyne.CanvasObject{widgets.TitledPanel(v.book.T("try.row"), nil, v.row.object())}
	default:
		v.input.Objects = []fyne.CanvasObject{v.makePictures()}
	}
	v.input.Refresh()
	if v.seen != nil {
		widgets.SetVisible(v.seen, v.task == "image")
	}
	widgets.SetVisible(v.method, v.task == "image" && v.why.Checked)
}

// makePictures is a sheet to draw on, or where the model takes other pictures the
// one it was given, with the ways to bring one.
func (v *View) makePictures() fyne.CanvasObject {
	wipe := widgets.NewButtonWithIcon(v.book.T("try.clear"), look.Icon("trash"), func() {
		v.sketch.Clear()
		if v.OnPicture != nil {
			v.OnPicture(nil)
		}
	})
	open := widgets.NewButtonWithIcon(v.book.T("try.open"), look.Icon("image"), func() { call(v.OnOpen) })
	title, what, buttons := "try.draw", container.New(square{most: 480}, v.sketch), widgets.Row(look.Gap, wipe, open, v.live)
	if !v.draws {
		title, what, buttons = "try.drop", container.NewStack(v.hint, v.large), widgets.Row(look.Gap, open, v.live)
	}
	below := widgets.Column(look.Gap, container.NewCenter(buttons), v.source)
	return widgets.TitledPanel(v.book.T(title), nil, container.NewBorder(nil, container.New(layout.NewCustomPaddedLayout(look.Gap, 0, 0, 0), below), nil, nil, what))
}

// square centres its only object as a square of at most most units.
type square struct{ most float32 }

func (square) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (s square) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	side := min(size.Width, size.Height, s.most)
	objects[0].Resize(fyne.NewSquareSize(side))
	objects[0].Move(fyne.NewPos((size.Width-side)/2, (size.Height-side)/2))
}

func (v *View) makeBody() fyne.CanvasObject {
	v.seen = widgets.TitledPanel(v.book.T("try.seen"), nil, container.NewGridWithColumns(2, v.shown, v.heat))
	result := widgets.TitledPanel(v.book.T("try.verdict"), v.remark, widgets.Column(2*look.Gap, container.NewBorder(nil, nil, nil, v.mark, v.verdict), v.trouble, v.bars))
	why := widgets.Panel(widgets.Column(look.Gap, v.why, v.method, v.words, v.reason, v.change, v.column, v.effectOf, v.effect, v.alike))
	mend := widgets.Panel(widgets.Column(look.Gap, v.right, v.number, v.wrong))
	side := widgets.SideColumn(widgets.Column(look.Gap, result, v.seen, why, mend))
	v.show()
	return container.NewBorder(nil, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, look.Gap, 0), side), v.input)
}

// ApplySeen shows the picture as the model gets it.
func (v *View) ApplySeen(picture image.Image) {
	v.shown.Image, v.large.Image = picture, picture
	widgets.SetVisible(v.hint, picture == nil)
	v.shown.Refresh()
	v.large.Refresh()
}

// Apply shows an answer; the zero Answer shows none.
func (v *View) Apply(a Answer) {
	widgets.SetVisible(v.trouble, false)
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

// Mark asks to be told when what the screen shows now was drawn.
func (v *View) Mark() { v.mark.Set() }

// ApplyTrouble says why the model cannot answer, until it does.
func (v *View) ApplyTrouble(text string) {
	v.Apply(Answer{})
	v.trouble.Set(text)
	widgets.SetVisible(v.trouble, true)
}

// Ask asks again about the text or picture that is on the screen.
func (v *View) Ask() {
	switch {
	case v.task == "text" && v.entry.Text != "" && v.OnText != nil:
		v.OnText(v.entry.Text)
	case v.task == "image" && v.shown.Image != nil && v.OnPicture != nil:
		v.OnPicture(v.shown.Image)
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
