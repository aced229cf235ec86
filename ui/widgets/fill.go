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
// A large one is drawn as a thick line with a narrow rectangle at each side and, where
// corners are round, a small square in each: Fyne's shader for rectangles looks for
// edges and corners at every pixel, and software OpenGL takes 12 ns for each with it,
// 21 ns where corners are round, but 5 ns for a line's. Every change on screen draws
// all of the window anew.
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
	r := &fillRenderer{f: f}
	r.become(asRectangle)
	r.paint()
	return r
}

// largeFill is the area in square units from which a Fill is drawn in parts: below
// it the parts, of which each takes 3 to 8 µs, cost more than they save. plainFill is
// the same for square corners, which need no parts but the line.
const (
	largeFill = 72 * 72
	plainFill = 32 * 32
)

// fillShape is how a Fill is drawn.
type fillShape int

const (
	asRectangle  fillShape = iota
	asLine                 // and a strip at the right where the width is odd
	asFramedLine           // between two sides, with four corners
)

// The pieces of a Fill beside its line.
const (
	upperLeft = iota // alone: all of it
	upperRight
	lowerLeft
	lowerRight
	leftSide
	rightSide
	pieces
)

type fillRenderer struct {
	f      *Fill
	shape  fillShape
	core   *canvas.Line
	pieces [pieces]*canvas.Rectangle // made when they are first needed
	shown  []fyne.CanvasObject
}

// suits is the cheapest shape for a size. Parts overlap, which a colour that lets
// through what is behind it would show.
func (r *fillRenderer) suits(size fyne.Size) fillShape {
	area := size.Width * size.Height
	switch {
	case r.f.stroke != "" || !opaque(r.f.fill()):
		return asRectangle
	case r.f.radius == 0 && area >= plainFill:
		return asLine
	case area >= largeFill && min(size.Width, size.Height) > 3*r.f.radius:
		return asFramedLine
	}
	return asRectangle
}

func opaque(c color.Color) bool {
	_, _, _, a := c.RGBA()
	return a == 0xffff
}

// piece is one of the rectangles.
func (r *fillRenderer) piece(i int) *canvas.Rectangle {
	if r.pieces[i] == nil {
		r.pieces[i] = canvas.NewRectangle(nil)
	}
	return r.pieces[i]
}

// paint takes colours and corners over.
func (r *fillRenderer) paint() {
	fill, radius := r.f.fill(), r.f.radius
	for _, o := range r.shown {
		switch o := o.(type) {
		case *canvas.Line:
			o.StrokeColor = fill
		case *canvas.Rectangle:
			o.FillColor = fill
		}
	}
	one := r.piece(upperLeft)
	one.CornerRadius, one.TopLeftCornerRadius, one.StrokeWidth = 0, 0, 0
	switch r.shape {
	case asRectangle:
		one.CornerRadius = radius
		if r.f.stroke != "" {
			one.StrokeColor, one.StrokeWidth = look.Colour(r.f.stroke), 1
		}
	case asFramedLine:
		one.TopLeftCornerRadius = radius
		r.piece(upperRight).TopRightCornerRadius = radius
		r.piece(lowerLeft).BottomLeftCornerRadius = radius
		r.piece(lowerRight).BottomRightCornerRadius = radius
	}
}

// Layout lets the line run from top to bottom: Fyne leaves out what lies outside of
// what is scrolled by its box, and that of a line is as if it had no width. A line of
// an odd width would be off by half a pixel.
func (r *fillRenderer) Layout(size fyne.Size) {
	r.become(r.suits(size))
	e, w, h := r.f.radius, size.Width, size.Height
	switch r.shape {
	case asRectangle:
		put(r.piece(upperLeft), 0, 0, w, h)
	case asLine:
		even := 2 * float32(int(w/2))
		r.stretch(0, even, h)
		if rest := w - even; rest > 0 {
			r.shown = append(r.shown[:1], r.piece(rightSide))
			put(r.piece(rightSide), even-1, 0, rest+1, h)
		}
	case asFramedLine:
		put(r.piece(upperLeft), 0, 0, e, e)
		put(r.piece(upperRight), w-e, 0, e, e)
		put(r.piece(lowerLeft), 0, h-e, e, e)
		put(r.piece(lowerRight), w-e, h-e, e, e)
		put(r.piece(leftSide), 0, e-1, e, h-2*e+2)
		put(r.piece(rightSide), w-e, e-1, e, h-2*e+2)
		r.stretch(e-1, 2*float32(int((w-2*e+2)/2)), h) // over a unit of the sides: nothing shows through
	}
	r.paint()
}

// stretch puts the line from x on.
func (r *fillRenderer) stretch(x, width, height float32) {
	r.core.StrokeWidth = width
	r.core.Position1, r.core.Position2 = fyne.NewPos(x+width/2, 0), fyne.NewPos(x+width/2, height)
}

func put(o *canvas.Rectangle, x, y, width, height float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(width, height))
}

// become takes a shape.
func (r *fillRenderer) become(shape fillShape) {
	r.shape, r.shown = shape, r.shown[:0]
	if shape == asRectangle {
		r.shown = append(r.shown, r.piece(upperLeft))
		return
	}
	if r.core == nil {
		r.core = canvas.NewLine(color.Transparent)
	}
	r.shown = append(r.shown, r.core)
	if shape == asFramedLine {
		for i := range pieces {
			r.shown = append(r.shown, r.piece(i))
		}
	}
}

func (r *fillRenderer) MinSize() fyne.Size           { return fyne.Size{} }
func (r *fillRenderer) Destroy()                     {}
func (r *fillRenderer) Objects() []fyne.CanvasObject { return r.shown }

func (r *fillRenderer) Refresh() {
	if r.suits(r.f.Size()) != r.shape { // a translucent colour, or no longer one
		r.Layout(r.f.Size())
	}
	r.paint()
	for _, o := range r.shown {
		o.Refresh()
	}
}
