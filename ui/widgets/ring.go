package widgets

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"athanor/ui/look"
)

// Ring shows where the keyboard is: a line around what has the focus, in the colour
// of text, as that stands out from every ground.
type Ring struct{ *canvas.Rectangle }

// NewRing returns a hidden ring with round corners of a radius.
func NewRing(radius float32) Ring {
	r := canvas.NewRectangle(color.Transparent)
	r.StrokeWidth, r.CornerRadius = 1.5, radius
	r.Hide()
	return Ring{r}
}

// Around shows the ring, or hides it, around o, which then is in view.
func (r Ring) Around(o fyne.CanvasObject, on bool) {
	if !on {
		r.Hide()
		return
	}
	r.StrokeColor = look.Colour(theme.ColorNameForeground)
	r.Show()
	Reveal(o)
}

// ringed draws a ring over what another renderer draws.
type ringed struct {
	fyne.WidgetRenderer
	ring Ring
}

// Layout implements fyne.WidgetRenderer.
func (r ringed) Layout(size fyne.Size) {
	r.WidgetRenderer.Layout(size)
	r.ring.Resize(size)
}

// Objects implements fyne.WidgetRenderer.
func (r ringed) Objects() []fyne.CanvasObject {
	inner := r.WidgetRenderer.Objects()
	if !r.ring.Visible() {
		return inner // most of the time, and asked for in every frame
	}
	return append(slices.Clip(inner), r.ring.Rectangle)
}
