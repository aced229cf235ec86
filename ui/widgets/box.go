package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Panel puts content on a card with the grid's padding.
func Panel(content fyne.CanvasObject) *fyne.Container {
	return container.NewStack(NewFill(look.Surface, look.Radius), Pad(content, 2*look.Gap))
}

// TitledPanel is a Panel with a small heading above its content; trailing may
// be nil.
func TitledPanel(title string, trailing, content fyne.CanvasObject) *fyne.Container {
	head := container.NewHBox(Note(title).Bold(), layout.NewSpacer())
	if trailing != nil {
		head.Add(trailing)
	}
	return headedPanel(head, content)
}

// ToldPanel is a panel with its title and, beside it, a line that says what is
// pointed at; it has what room title and tool, which may be nil, leave.
func ToldPanel(title string, line *Text, tool, content fyne.CanvasObject) *fyne.Container {
	line.Align(fyne.TextAlignTrailing).Truncate()
	return headedPanel(container.NewBorder(nil, nil, Note(title).Bold(), tool, container.New(middling{}, line)), content)
}

func headedPanel(head, content fyne.CanvasObject) *fyne.Container {
	return Panel(Border(Below(head, look.Gap), nil, nil, nil, content))
}

// Pad leaves n units free on all sides.
func Pad(content fyne.CanvasObject, n float32) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(n, n, n, n), content)
}

// Border puts objects at the edges, each of which may be nil, around content. Tab goes
// through them as they are read: the top, the left, the content, the right, the bottom.
// Fyne's own box takes the content first.
func Border(top, bottom, left, right, content fyne.CanvasObject) *fyne.Container {
	var all []fyne.CanvasObject
	for _, o := range []fyne.CanvasObject{top, left, content, right, bottom} {
		if o != nil {
			all = append(all, o)
		}
	}
	return container.New(layout.NewBorderLayout(top, bottom, left, right), all...)
}

// Below leaves n units free under content.
func Below(content fyne.CanvasObject, n float32) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(0, n, 0, 0), content)
}

// SideColumn is a narrow column beside a screen's main part, that scrolls.
func SideColumn(content fyne.CanvasObject) fyne.CanvasObject { return WatchedColumn(content, nil) }

// WatchedColumn is a SideColumn that calls scrolled, which may be nil, whenever it
// scrolls.
func WatchedColumn(content fyne.CanvasObject, scrolled func()) fyne.CanvasObject {
	inner := container.New(layout.NewCustomPaddedLayout(0, 0, 0, 12), content)
	return Width(Scrolling(inner, scrolled), 296)
}

// Scrolling is content that scrolls up and down as a whole: the wheel moves it also
// over a field, which in Fyne keeps the wheel to itself. Content that holds lists or
// fields of several lines, which scroll on their own, needs Fyne's own scroller.
// scrolled, which may be nil, is called whenever it scrolls.
func Scrolling(content fyne.CanvasObject, scrolled func()) fyne.CanvasObject {
	scroll := container.NewVScroll(content)
	if scrolled != nil {
		scroll.OnScrolled = func(fyne.Position) { scrolled() }
	}
	w := &wheel{to: scroll}
	w.ExtendBaseWidget(w)
	return container.NewStack(scroll, w)
}

// wheel lies over a scroller and hears nothing but the wheel.
type wheel struct {
	widget.BaseWidget
	to *container.Scroll
}

// Scrolled implements fyne.Scrollable.
func (w *wheel) Scrolled(e *fyne.ScrollEvent) { w.to.Scrolled(e) }

// CreateRenderer implements fyne.Widget.
func (w *wheel) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// SetVisible shows or hides o; it does nothing where o is so already.
func SetVisible(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}

// Space is an empty square of n units, for boxes.
func Space(n float32) fyne.CanvasObject {
	r := canvas.NewRectangle(nil)
	r.SetMinSize(fyne.NewSquareSize(n))
	return r
}

// Column stacks objects with gap units between them.
func Column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(gap), objects...)
}

// Row puts objects side by side with gap units between them.
func Row(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedHBoxLayout(gap), objects...)
}

// Cards are objects in equal columns and rows, as far apart as cards below each other.
func Cards(columns int, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(cards(columns), objects...)
}

// cards is the number of columns.
type cards int

// apart is how far cards stand from each other: what Below and a border layout leave.
const apart = look.Gap + 4

func (n cards) shown(objects []fyne.CanvasObject) (list []fyne.CanvasObject, rows int) {
	for _, o := range objects {
		if o.Visible() {
			list = append(list, o)
		}
	}
	return list, (len(list) + int(n) - 1) / int(n)
}

func (n cards) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var most fyne.Size
	list, rows := n.shown(objects)
	for _, o := range list {
		most = most.Max(o.MinSize())
	}
	return fyne.NewSize(float32(n)*(most.Width+apart)-apart, max(float32(rows)*(most.Height+apart)-apart, 0))
}

func (n cards) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	list, rows := n.shown(objects)
	width, height := (size.Width+apart)/float32(n), (size.Height+apart)/float32(max(rows, 1))
	for i, o := range list {
		o.Move(fyne.NewPos(float32(i%int(n))*width, float32(i/int(n))*height))
		o.Resize(fyne.NewSize(width-apart, height-apart))
	}
}

// Centred puts content of its own smallest size in the middle.
func Centred(content fyne.CanvasObject) *fyne.Container { return container.NewCenter(content) }

// Width gives content a fixed width.
func Width(content fyne.CanvasObject, width float32) *fyne.Container {
	return container.New(fixed{width: width}, content)
}

// Height gives content at least a height.
func Height(content fyne.CanvasObject, height float32) *fyne.Container {
	return container.New(fixed{height: height}, content)
}

type fixed struct{ width, height float32 }

func (f fixed) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if f.width > 0 && objects[0].Size().Width != f.width {
		// Wrapped text learns its height only once it knows its width.
		objects[0].Resize(fyne.NewSize(f.width, objects[0].Size().Height))
	}
	size := objects[0].MinSize()
	if f.width > 0 {
		size.Width = f.width
	}
	return fyne.NewSize(size.Width, max(size.Height, f.height))
}

func (f fixed) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	if f.width > 0 {
		objects[0].Resize(fyne.NewSize(f.width, size.Height))
		return
	}
	objects[0].Resize(size)
}

// Tiles lays objects out in rows of equal tiles of at least width units and
// height units high: as many to a row as fit, fewer where that fills the rows
// evenly.
func Tiles(width, height float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&tiles{width: width, height: height}, objects...)
}

type tiles struct {
	width, height float32
	columns       int
}

func (t *tiles) MinSize(objects []fyne.CanvasObject) fyne.Size {
	columns := max(t.columns, 1)
	rows := (len(objects) + columns - 1) / columns
	return fyne.NewSize(t.width, float32(rows)*(t.height+2*look.Gap)-2*look.Gap)
}

func (t *tiles) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	gap := 2 * look.Gap
	t.columns = balanced(len(objects), max(1, int((size.Width+gap)/(t.width+gap))))
	width := (size.Width - float32(t.columns-1)*gap) / float32(t.columns)
	for i, o := range objects {
		x, y := float32(i%t.columns), float32(i/t.columns)
		o.Move(fyne.NewPos(x*(width+gap), y*(t.height+gap)))
		o.Resize(fyne.NewSize(width, t.height))
	}
}

// balanced is the number of columns, at most most, that fills the rows for n
// tiles evenly without adding a row.
func balanced(n, most int) int {
	rows := (n + most - 1) / most
	return max(1, (n+max(rows, 1)-1)/max(rows, 1))
}

// Header is a screen's first line: title, remark and actions.
func Header(title string, remark fyne.CanvasObject, actions ...fyne.CanvasObject) fyne.CanvasObject {
	name := container.New(layout.NewCustomPaddedLayout(0, 0, 0, 2*look.Gap), container.NewCenter(Head(title)))
	right := Row(look.Gap, actions...)
	middle := container.New(middling{}, remark)
	return Height(container.NewBorder(nil, nil, name, container.NewCenter(right), middle), 40)
}

// Page puts a screen's header over its body with the window's margins.
func Page(head, body fyne.CanvasObject) fyne.CanvasObject {
	inner := Border(Below(head, 2*look.Gap), nil, nil, nil, body)
	return container.New(layout.NewCustomPaddedLayout(2*look.Gap, 2*look.Gap, look.Margin, look.Margin), inner)
}

// middling gives its object the whole width at half the height left.
type middling struct{}

func (middling) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (middling) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	height := objects[0].MinSize().Height
	objects[0].Move(fyne.NewPos(0, (size.Height-height)/2))
	objects[0].Resize(fyne.NewSize(size.Width, height))
}

// Shares lays objects side by side, each with its part of the width: the rows of a
// table of words.
type Shares []float32

// MinSize implements fyne.Layout.
func (Shares) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{}
	for _, o := range objects {
		m := o.MinSize()
		size = fyne.NewSize(size.Width+m.Width, max(size.Height, m.Height))
	}
	return size
}

// Layout implements fyne.Layout.
func (s Shares) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	whole, at := float32(0), float32(0)
	for _, part := range s {
		whole += part
	}
	for i, o := range objects {
		width := size.Width * s[i] / whole
		o.Move(fyne.NewPos(at, 0))
		o.Resize(fyne.NewSize(max(width-look.Gap, 0), size.Height))
		at += width
	}
}
