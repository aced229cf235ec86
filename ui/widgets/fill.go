package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Fill is a rectangle in a colour of the theme that follows its changes.
//
// A large one is drawn as a thick line inside a frame of narrow rectangles: Fyne's
// shader for rectangles looks for edges and corners at every pixel, and software
// OpenGL takes 13 ns for each with it, 21 ns where corners are round, but 5 ns for
// a line's. Every change on screen draws all of the window anew.
type Fill struct {
	widget.BaseWidget
	colour, stroke fyne.ThemeColorName
	radius         float32
}

// NewFill returns a rectangle in colour with rounded corners; "" is no colour, and
// nothing is drawn.
func NewFill(colour fyne.ThemeColorName, radius float32) *Fill {
	f := &Fill{colour: colour, radius: radius}
	f.ExtendBaseWidget(f)
	return f
}

// Stroke gives the rectangle a thin border and returns it.
func (f *Fill) Stroke(colour fyne.ThemeColorName) *Fill {
	f.stroke = colour
	return f
}

// Set changes the colour; it draws only if something changed.
func (f *Fill) Set(colour fyne.ThemeColorName) {
	if f.colour == colour {
		return
	}
	f.colour = colour
	f.Refresh()
}

func (f *Fill) fill() color.Color {
	if f.colour == "" {
		return color.Transparent
	}
	return look.Colour(f.colour)
}

// CreateRenderer implements fyne.Widget.
func (f *Fill) CreateRenderer() fyne.WidgetRenderer {
	r := &fillRenderer{f: f, rect: canvas.NewRectangle(nil)}
	r.paint()
	return r
}

// largeFill is the area in square units from which a Fill is drawn in parts: below
// it the parts cost more than they save. plainFill is the same for square corners:
// a line alone is as good, but for half a pixel where the width is odd.
const (
	largeFill = 96 * 96
	plainFill = 32 * 32
)

// fillShape is how a Fill is drawn.
type fillShape int

const (
	asRectangle fillShape = iota
	asLine
	asFramedLine
)

type fillRenderer struct {
	f     *Fill
	shape fillShape
	rect  *canvas.Rectangle // all of it, or the frame's upper edge
	core  *canvas.Line
	rest  [3]*canvas.Rectangle // the frame's lower, left and right edge
}

// suits is the cheapest shape for a size. Parts overlap, which a colour that lets
// through what is behind it would show.
func (r *fillRenderer) suits(size fyne.Size) fillShape {
	area := size.Width * size.Height
	switch {
	case r.f.stroke != "" || !opaque(r.f.fill()):
		return asRectangle
	case area >= largeFill && min(size.Width, size.Height) > 4*r.edge():
		return asFramedLine
	case area >= plainFill && r.f.radius == 0:
		return asLine
	}
	return asRectangle
}

func opaque(c color.Color) bool {
	_, _, _, a := c.RGBA()
	return a == 0xffff
}

// edge is how wide the frame around the line is.
func (r *fillRenderer) edge() float32 { return max(r.f.radius, 4) }

// paint takes colours and corners over.
func (r *fillRenderer) paint() {
	fill, radius := r.f.fill(), r.f.radius
	r.rect.FillColor, r.rect.CornerRadius = fill, radius
	r.rect.TopLeftCornerRadius, r.rect.TopRightCornerRadius = 0, 0
	if r.f.stroke != "" {
		r.rect.StrokeColor, r.rect.StrokeWidth = look.Colour(r.f.stroke), 1
	}
	if r.shape == asRectangle {
		return
	}
	r.core.StrokeColor = fill
	if r.shape == asLine {
		return
	}
	r.rect.CornerRadius, r.rect.TopLeftCornerRadius, r.rect.TopRightCornerRadius = 0, radius, radius
	for _, edge := range r.rest {
		edge.FillColor = fill
	}
	r.rest[0].BottomLeftCornerRadius, r.rest[0].BottomRightCornerRadius = radius, radius
}

// Layout lets lines run from top to bottom: Fyne leaves out what lies outside of what
// is scrolled by its box, and that of a line is as if it had no width.
func (r *fillRenderer) Layout(size fyne.Size) {
	if shape := r.suits(size); shape != r.shape {
		r.become(shape)
	}
	e, w, h := r.edge(), size.Width, size.Height
	switch r.shape {
	case asRectangle:
		r.rect.Resize(size)
	case asLine:
		r.core.StrokeWidth = w
		r.core.Position1, r.core.Position2 = fyne.NewPos(w/2, 0), fyne.NewPos(w/2, h)
	case asFramedLine:
		put(r.rect, 0, 0, w, e)
		put(r.rest[0], 0, h-e, w, e)
		put(r.rest[1], 0, e-1, e, h-2*e+2)
		put(r.rest[2], w-e, e-1, e, h-2*e+2)
		r.core.StrokeWidth = w - 2*e + 2 // over half of a unit of the frame on each side: none shows through
		r.core.Position1, r.core.Position2 = fyne.NewPos(w/2, e-1), fyne.NewPos(w/2, h-e+1)
	}
}

func put(o *canvas.Rectangle, x, y, width, height float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(width, height))
}

// become takes another shape; the parts are made when they are first needed.
func (r *fillRenderer) become(shape fillShape) {
	r.shape = shape
	if shape != asRectangle && r.core == nil {
		r.core = canvas.NewLine(color.Transparent)
	}
	if shape == asFramedLine && r.rest[0] == nil {
		for i := range r.rest {
			r.rest[i] = canvas.NewRectangle(nil)
		}
	}
	r.rect.Move(fyne.Position{})
	r.paint()
}

func (r *fillRenderer) MinSize() fyne.Size { return fyne.Size{} }
func (r *fillRenderer) Destroy()           {}

func (r *fillRenderer) Objects() []fyne.CanvasObject {
	switch r.shape {
	case asLine:
		return []fyne.CanvasObject{r.core}
	case asFramedLine:
		return []fyne.CanvasObject{r.core, r.rect, r.rest[0], r.rest[1], r.rest[2]}
	}
	return []fyne.CanvasObject{r.rect}
}

func (r *fillRenderer) Refresh() {
	if r.suits(r.f.Size()) != r.shape { // a translucent colour, or no longer one
		r.Layout(r.f.Size())
	}
	r.paint()
	for _, o := range r.Objects() {
		o.Refresh()
	}
}
