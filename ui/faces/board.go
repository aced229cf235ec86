package faces

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/face"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// leastBox is the smallest side of a box that a drag draws, in units of the
// screen: less is a click.
const leastBox = 4

// board shows a picture to draw boxes on: a drag draws one, a click selects,
// Delete removes. Boxes are in pixels of the picture.
type board struct {
	widget.BaseWidget
	changed func([]face.Box)
	moved   func(by int) // Page Up, Page Down and the arrows

	picture  *image.RGBA
	boxes    []face.Box
	selected int // -1 is none
	from, to fyne.Position
	drawing  bool

	image  *canvas.Raster
	frames []*canvas.Rectangle
}

func newBoard() *board {
	b := &board{selected: -1}
	b.image = canvas.NewRaster(func(int, int) image.Image {
		if b.picture == nil {
			return image.NewRGBA(image.Rect(0, 0, 1, 1))
		}
		return b.picture
	})
	b.ExtendBaseWidget(b)
	return b
}

// apply shows a picture with its boxes.
func (b *board) apply(picture *image.RGBA, boxes []face.Box) {
	if picture != b.picture {
		b.selected = -1
	}
	b.picture, b.boxes = picture, append([]face.Box(nil), boxes...)
	if b.selected >= len(b.boxes) {
		b.selected = -1
	}
	b.Refresh()
}

// scale is how many units of the screen a pixel has, and where the picture lies.
func (b *board) scale() (fyne.Position, float32) {
	if b.picture == nil {
		return fyne.Position{}, 0
	}
	at, size := widgets.Fit(b.picture.Rect.Dx(), b.picture.Rect.Dy(), b.Size())
	return at, size.Width / float32(b.picture.Rect.Dx())
}

// pixel is the place of the picture under a place of the widget, inside it.
func (b *board) pixel(p fyne.Position) face.Point {
	at, by := b.scale()
	if by <= 0 {
		return face.Point{}
	}
	w, h := float32(b.picture.Rect.Dx()), float32(b.picture.Rect.Dy())
	return face.Point{X: min(max((p.X-at.X)/by, 0), w), Y: min(max((p.Y-at.Y)/by, 0), h)}
}

// between is the box that two corners span.
func between(a, b face.Point) face.Box {
	return face.Box{X: min(a.X, b.X), Y: min(a.Y, b.Y), W: max(a.X, b.X) - min(a.X, b.X), H: max(a.Y, b.Y) - min(a.Y, b.Y)}
}

// Dragged implements fyne.Draggable.
func (b *board) Dragged(e *fyne.DragEvent) {
	if b.picture == nil {
		return
	}
	if !b.drawing {
		b.drawing = true
		b.from = e.Position.SubtractXY(e.Dragged.DX, e.Dragged.DY)
	}
	b.to = e.Position
	b.Refresh()
}

// DragEnd implements fyne.Draggable.
func (b *board) DragEnd() {
	if !b.drawing {
		return
	}
	b.drawing = false
	box := between(b.pixel(b.from), b.pixel(b.to))
	_, by := b.scale()
	if min(box.W, box.H)*by >= leastBox {
		b.boxes = append(b.boxes, box)
		b.selected = len(b.boxes) - 1
		b.tell()
	}
	b.Refresh()
}

func (b *board) tell() {
	if b.changed != nil {
		b.changed(append([]face.Box(nil), b.boxes...))
	}
}

// Tapped implements fyne.Tappable: it selects the smallest box under the pointer.
func (b *board) Tapped(e *fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(b); c != nil {
		c.Focus(b)
	}
	p := b.pixel(e.Position)
	b.selected = -1
	for i, box := range b.boxes {
		in := p.X >= box.X && p.Y >= box.Y && p.X <= box.X+box.W && p.Y <= box.Y+box.H
		if in && (b.selected < 0 || box.Area() < b.boxes[b.selected].Area()) {
			b.selected = i
		}
	}
	b.Refresh()
}

// remove takes the selected box away.
func (b *board) remove() {
	if b.selected < 0 || b.selected >= len(b.boxes) {
		return
	}
	b.boxes = append(b.boxes[:b.selected], b.boxes[b.selected+1:]...)
	b.selected = -1
	b.tell()
	b.Refresh()
}

// TypedKey implements fyne.Focusable.
func (b *board) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyDelete, fyne.KeyBackspace:
		b.remove()
	case fyne.KeyRight, fyne.KeyPageDown:
		b.moved(1)
	case fyne.KeyLeft, fyne.KeyPageUp:
		b.moved(-1)
	case fyne.KeyTab:
		b.selected = (b.selected + 1) % max(1, len(b.boxes))
		b.Refresh()
	}
}

// TypedRune implements fyne.Focusable.
func (b *board) TypedRune(rune) {}

// FocusGained implements fyne.Focusable.
func (b *board) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (b *board) FocusLost() {}

// Cursor implements desktop.Cursorable.
func (b *board) Cursor() desktop.Cursor { return desktop.CrosshairCursor }

// CreateRenderer implements fyne.Widget.
func (b *board) CreateRenderer() fyne.WidgetRenderer { return &boardRenderer{b} }

type boardRenderer struct{ b *board }

func (r *boardRenderer) MinSize() fyne.Size { return fyne.NewSize(200, 150) }

func (r *boardRenderer) Layout(size fyne.Size) {
	b := r.b
	if b.picture == nil {
		b.image.Resize(fyne.Size{})
		return
	}
	at, fit := widgets.Fit(b.picture.Rect.Dx(), b.picture.Rect.Dy(), size)
	b.image.Move(at)
	b.image.Resize(fit)
	r.place()
}

// place makes one rectangle for each box, and one for that which is being drawn.
func (r *boardRenderer) place() {
	b := r.b
	at, by := b.scale()
	boxes := append([]face.Box(nil), b.boxes...)
	if b.drawing {
		boxes = append(boxes, between(b.pixel(b.from), b.pixel(b.to)))
	}
	b.frames = b.frames[:min(len(b.frames), len(boxes))]
	for i, box := range boxes {
		if i == len(b.frames) {
			b.frames = append(b.frames, canvas.NewRectangle(color.Transparent))
		}
		f := b.frames[i]
		f.StrokeWidth, f.StrokeColor = 2, look.Colour(look.Ember)
		if i == b.selected {
			f.StrokeWidth, f.StrokeColor = 3, look.Colour(theme.ColorNameForeground)
		}
		f.Move(fyne.NewPos(at.X+box.X*by, at.Y+box.Y*by))
		f.Resize(fyne.NewSize(box.W*by, box.H*by))
	}
}

func (r *boardRenderer) Refresh() {
	r.Layout(r.b.Size())
	r.b.image.Refresh()
	for _, f := range r.b.frames {
		f.Refresh()
	}
	canvas.Refresh(r.b)
}

func (r *boardRenderer) Objects() []fyne.CanvasObject {
	list := []fyne.CanvasObject{r.b.image}
	for _, f := range r.b.frames {
		list = append(list, f)
	}
	return list
}

func (r *boardRenderer) Destroy() {}
