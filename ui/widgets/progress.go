package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Bar is a thin bar that fills from the left.
type Bar struct {
	widget.BaseWidget
	share  float64
	colour fyne.ThemeColorName
	height float32
}

// NewBar returns an empty bar of height units in a colour of the theme.
func NewBar(colour fyne.ThemeColorName, height float32) *Bar {
	b := &Bar{colour: colour, height: height}
	b.ExtendBaseWidget(b)
	return b
}

// Set fills a share in [0, 1] of the bar; it draws only if that is visible.
func (b *Bar) Set(share float64) {
	share = min(max(share, 0), 1)
	width := float64(max(b.Size().Width, 1))
	if int(share*width) == int(b.share*width) {
		b.share = share
		return
	}
	b.share = share
	b.Refresh()
}

// Share is how full the bar is.
func (b *Bar) Share() float64 { return b.share }

// CreateRenderer implements fyne.Widget.
func (b *Bar) CreateRenderer() fyne.WidgetRenderer {
	r := &barRenderer{b: b, track: canvas.NewRectangle(nil), fill: canvas.NewRectangle(nil)}
	r.paint()
	return r
}

type barRenderer struct {
	b           *Bar
	track, fill *canvas.Rectangle
}

func (r *barRenderer) paint() {
	r.track.FillColor, r.fill.FillColor = look.Colour(look.Line), look.Colour(r.b.colour)
	r.track.CornerRadius, r.fill.CornerRadius = r.b.height/2, r.b.height/2
}

func (r *barRenderer) Layout(size fyne.Size) {
	y := (size.Height - r.b.height) / 2
	r.track.Move(fyne.NewPos(0, y))
	r.track.Resize(fyne.NewSize(size.Width, r.b.height))
	r.fill.Move(fyne.NewPos(0, y))
	r.fill.Resize(fyne.NewSize(size.Width*float32(r.b.share), r.b.height))
}

func (r *barRenderer) MinSize() fyne.Size { return fyne.NewSize(24, r.b.height) }
func (r *barRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.track, r.fill}
}
func (r *barRenderer) Destroy() {}
func (r *barRenderer) Refresh() {
	r.paint()
	r.Layout(r.b.Size())
	r.track.Refresh()
	r.fill.Refresh()
}
