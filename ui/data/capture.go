package data

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

// Taken is one class of a capture: its pictures so far, and the newest of them.
type Taken struct {
	Name   string
	Count  int
	Newest []image.Image // oldest first, at most Strip
}

// Strip is how many thumbnails of a class are shown.
const Strip = 6

// Camera is a choice of where frames come from.
type Camera struct{ Spec, Name string }

// Capture teaches classes with a camera: make classes, hold a button, watch the
// pictures arrive.
type Capture struct {
	widget.BaseWidget
	// OnWatch starts a camera, file, folder or stream; OnStop ends it.
	OnWatch func(spec string)
	OnStop  func()
	// OnAdd makes a class; OnHold and OnRelease say when a class is recorded;
	// OnUndo takes the newest picture of a class away.
	OnAdd     func(name string)
	OnHold    func(class string)
	OnRelease func()
	OnUndo    func(class string)
	// OnTrain goes on with the pictures, OnBack without.
	OnTrain, OnBack func()

	book    *i18n.Book
	picture *canvas.Image
	stage   *fyne.Container
	idle    fyne.CanvasObject
	source  *widgets.Select
	cameras []Camera
	address *widgets.Entry
	trouble *widgets.Prose
	stop    *widgets.Button
	rows    *fyne.Container
	classes map[string]*takenRow
	order   []string
	name    *widgets.Entry
	train   *widgets.Button
	advice  *widgets.Prose
}

// takenRow shows one class.
type takenRow struct {
	count  *widgets.Text
	thumbs []*canvas.Image
	hold   *widgets.Hold
	undo   *widgets.Button
	all    fyne.CanvasObject
}

// NewCapture returns the part without camera and classes.
func NewCapture(book *i18n.Book) *Capture {
	c := &Capture{book: book, rows: widgets.Column(look.Gap), classes: map[string]*takenRow{}, trouble: widgets.SmallParagraph("")}
	c.picture = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest}
	c.idle = widgets.Empty("camera", book.T("capture.empty"), book.T("capture.empty.advice"), nil)
	c.stage = container.NewStack(c.idle)
	c.source = widgets.NewSelect(nil, nil)
	c.source.PlaceHolder = book.T("capture.camera")
	c.address = widgets.NewEntry()
	c.address.SetPlaceHolder(book.T("capture.address"))
	c.address.OnSubmitted = c.watch
	c.stop = widgets.NewButtonWithIcon(book.T("capture.stop"), look.Icon("stop"), func() { call(c.OnStop) })
	c.stop.Hide()
	c.name = widgets.NewEntry()
	c.name.SetPlaceHolder(book.T("capture.class"))
	c.name.OnSubmitted = func(string) { c.add() }
	c.train = widgets.NewButtonWithIcon(book.T("data.train"), look.Tinted("train", "foregroundOnPrimary"), func() { call(c.OnTrain) })
	c.train.Importance = widget.HighImportance
	c.advice = widgets.SmallParagraph(book.T("capture.advice"))
	c.ExtendBaseWidget(c)
	c.ApplyClasses(nil)
	return c
}

func (c *Capture) watch(spec string) {
	if spec != "" && c.OnWatch != nil {
		c.OnWatch(spec)
	}
}

func (c *Capture) add() {
	if c.name.Text != "" && c.OnAdd != nil {
		c.OnAdd(c.name.Text)
	}
}

// ApplyCameras shows the cameras there are.
func (c *Capture) ApplyCameras(list []Camera) {
	c.cameras = list
	names := make([]string, len(list))
	for i, camera := range list {
		names[i] = camera.Name
	}
	c.source.OnChanged = nil
	c.source.SetOptions(names)
	c.source.OnChanged = func(string) {
		if i := c.source.SelectedIndex(); i >= 0 {
			c.watch(c.cameras[i].Spec)
		}
	}
	if len(list) == 0 {
		c.source.PlaceHolder = c.book.T("capture.no_camera")
		c.source.Refresh()
	}
}

// ApplyFrame shows a frame, and what troubles the source; a nil frame shows that
// nothing is watched.
func (c *Capture) ApplyFrame(frame image.Image, trouble string) {
	widgets.SetVisible(c.stop, frame != nil)
	c.trouble.Set(trouble)
	if frame == nil {
		c.stage.Objects = []fyne.CanvasObject{c.idle}
		c.stage.Refresh()
		c.hold(false)
		return
	}
	c.picture.Image = frame
	if c.stage.Objects[0] != fyne.CanvasObject(c.picture) {
		c.stage.Objects = []fyne.CanvasObject{c.picture}
		c.stage.Refresh()
		c.hold(true)
	}
	c.picture.Refresh()
}

// hold lets classes be recorded only while there is something to see.
func (c *Capture) hold(on bool) {
	for _, r := range c.classes {
		r.hold.Allow(on)
	}
}

// ApplyClasses shows the classes in their order; rows that are there already
// stay, so that a held button is not lost.
func (c *Capture) ApplyClasses(list []Taken) {
	enough := 0
	order := make([]string, len(list))
	for i, t := range list {
		order[i] = t.Name
		if c.classes[t.Name] == nil {
			c.classes[t.Name] = c.row(t.Name)
		}
		c.classes[t.Name].show(c.book, t)
		if t.Count >= fewest {
			enough++
		}
	}
	if len(order) != len(c.order) {
		c.order = order
		c.rows.RemoveAll()
		for _, name := range order {
			c.rows.Add(c.classes[name].all)
		}
		c.rows.Refresh()
	}
	widgets.Allow(c.train, look.Tinted("train", "foregroundOnPrimary"), enough >= 2 && enough == len(list))
	c.hold(c.stage.Objects[0] == fyne.CanvasObject(c.picture))
}

// fewest is how many pictures a class needs before training makes sense.
const fewest = 5

// Added empties the field for the next class.
func (c *Capture) Added() { c.name.SetText("") }

func (c *Capture) row(name string) *takenRow {
	r := &takenRow{count: widgets.Note(""), hold: widgets.NewHold(c.book.T("capture.hold"), look.Icon("camera"))}
	r.hold.OnHold = func() {
		if c.OnHold != nil {
			c.OnHold(name)
		}
	}
	r.hold.OnRelease = func() { call(c.OnRelease) }
	r.undo = widgets.NewButtonWithIcon("", look.Tinted("undo", look.Muted), func() {
		if c.OnUndo != nil {
			c.OnUndo(name)
		}
	})
	r.undo.Importance = widget.LowImportance
	strip := container.NewGridWithColumns(Strip)
	for range Strip {
		thumb := &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest}
		thumb.SetMinSize(fyne.NewSquareSize(40))
		r.thumbs = append(r.thumbs, thumb)
		strip.Add(container.NewStack(widgets.NewFill(look.Raised, 4), thumb))
	}
	head := container.NewBorder(nil, nil, nil, container.NewHBox(container.NewCenter(r.count), r.undo), widgets.Strong(name).Truncate())
	// The row keeps its height when the undo button appears: the button that is held
	// must not move away under the pointer.
	r.all = widgets.Panel(widgets.Column(look.Gap, widgets.Height(head, r.undo.MinSize().Height), strip, r.hold))
	return r
}

func (r *takenRow) show(book *i18n.Book, t Taken) {
	r.count.Set(book.N("capture.pictures", t.Count))
	widgets.SetVisible(r.undo, t.Count > 0)
	for i, thumb := range r.thumbs {
		var now image.Image
		if i < len(t.Newest) {
			now = t.Newest[i]
		}
		if thumb.Image != now {
			thumb.Image = now
			thumb.Refresh()
		}
	}
}

// CreateRenderer implements fyne.Widget.
func (c *Capture) CreateRenderer() fyne.WidgetRenderer {
	back := widgets.NewButtonWithIcon(c.book.T("capture.back"), look.Icon("left"), func() { call(c.OnBack) })
	source := widgets.Border(nil, nil, widgets.Width(c.source, 180), c.stop, c.address)
	left := widgets.Panel(widgets.Border(widgets.Below(source, look.Gap), c.trouble, nil, nil, c.stage))
	add := widgets.NewButtonWithIcon("", look.Icon("plus"), c.add)
	field := container.NewBorder(nil, nil, nil, add, c.name)
	list := container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 12), c.rows))
	foot := widgets.Column(look.Gap, c.advice, widgets.Border(nil, nil, back, nil, c.train))
	right := widgets.Width(widgets.Border(widgets.Below(field, look.Gap), container.New(layout.NewCustomPaddedLayout(look.Gap, 0, 0, 0), foot), nil, nil, list), 340)
	return widget.NewSimpleRenderer(container.NewBorder(nil, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 2*look.Gap, 0), right), left))
}

// Thumbnail makes a small square copy of a picture's middle by taking the nearest
// pixels.
func Thumbnail(src image.Image, side int) *image.RGBA {
	b := src.Bounds()
	edge := min(b.Dx(), b.Dy())
	x0, y0 := b.Min.X+(b.Dx()-edge)/2, b.Min.Y+(b.Dy()-edge)/2
	out := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			out.Set(x, y, src.At(x0+x*edge/side, y0+y*edge/side))
		}
	}
	return out
}

// Place is where the button of a class stands in the window.
func (c *Capture) Place(class string) fyne.Position {
	return fyne.CurrentApp().Driver().AbsolutePositionForObject(c.classes[class].hold)
}
