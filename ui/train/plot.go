package train

import (
	"image"
	"math"
	"strconv"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/chart"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Plot shows a chart that changes often. The picture is drawn on a goroutine of
// its own, one at a time: a request made meanwhile replaces the one waiting.
type Plot struct {
	widget.BaseWidget
	post    func(func())
	picture *canvas.Image
	value   *widgets.Text
	legend  string
	spec    *chart.Spec
	drawn   *chart.Picture
	size    image.Point // pixels of the last request

	mu      sync.Mutex
	waiting *plotOrder
	busy    bool
}

// plotOrder is one picture to draw.
type plotOrder struct {
	spec          chart.Spec
	width, height int
	scale         float64
}

// NewPlot returns an empty plot; post brings finished pictures to the UI
// goroutine.
func NewPlot(post func(func())) *Plot {
	p := &Plot{post: post, picture: &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest}}
	p.value = widgets.Note("").Align(fyne.TextAlignTrailing)
	p.ExtendBaseWidget(p)
	return p
}

// Draw draws spec, soon.
func (p *Plot) Draw(spec chart.Spec) {
	p.spec = &spec
	p.order()
}

// Values is the line that tells the values under the pointer and else what the
// strokes mean.
func (p *Plot) Values() fyne.CanvasObject { return p.value }

// SetLegend says what the strokes mean.
func (p *Plot) SetLegend(text string) {
	p.legend = text
	p.value.Set(text)
}

func (p *Plot) order() {
	size := p.Size()
	if p.spec == nil || size.Width < 40 || size.Height < 40 {
		return
	}
	scale := float32(1)
	if c := fyne.CurrentApp().Driver().CanvasForObject(p); c != nil {
		scale = c.Scale()
	}
	p.size = image.Pt(int(size.Width*scale), int(size.Height*scale))
	order := plotOrder{spec: *p.spec, width: p.size.X, height: p.size.Y, scale: float64(scale)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = &order
	if !p.busy {
		p.busy = true
		go p.draw()
	}
}

// draw works until no order waits.
func (p *Plot) draw() {
	for {
		p.mu.Lock()
		order := p.waiting
		p.waiting = nil
		if order == nil {
			p.busy = false
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		picture, err := chart.Render(order.spec, order.width, order.height, order.scale)
		if err != nil {
			continue // a window too small to draw in; the next size will do
		}
		p.post(func() {
			p.drawn, p.picture.Image = picture, picture.Image
			p.picture.Refresh()
		})
	}
}

// MouseIn implements desktop.Hoverable.
func (p *Plot) MouseIn(e *desktop.MouseEvent) { p.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable: it tells the values at the pointer,
// the nearest curve first.
func (p *Plot) MouseMoved(e *desktop.MouseEvent) {
	if p.drawn == nil || p.Size().Width == 0 {
		return
	}
	k := float32(p.size.X) / p.Size().Width
	text := ""
	for i, hit := range p.drawn.Near(image.Pt(int(e.Position.X*k), int(e.Position.Y*k))) {
		if i == 0 {
			text = strconv.FormatFloat(hit.Point.X, 'f', 0, 64)
		}
		text += "  " + p.spec.Lines[hit.Line].Name + " " + valueText(hit.Point.Y, p.spec.Y.Kind)
	}
	p.value.Set(text)
}

// MouseOut implements desktop.Hoverable.
func (p *Plot) MouseOut() { p.value.Set(p.legend) }

func valueText(v float64, kind chart.Kind) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case kind == chart.Percent:
		return strconv.FormatFloat(v*100, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// PlotTheme is the charts' theme in the window's colours.
func PlotTheme() chart.Theme {
	theme := chart.Light()
	if r, _, _, _ := look.Colour("background").RGBA(); r < 0x8000 {
		theme = chart.Dark()
	}
	theme.Background = look.Colour(look.Surface)
	theme.Text, theme.Axis, theme.Grid = look.Colour(look.Muted), look.Colour(look.Line), look.Colour(look.Line)
	return theme
}

// CreateRenderer implements fyne.Widget.
func (p *Plot) CreateRenderer() fyne.WidgetRenderer { return &plotRenderer{p} }

type plotRenderer struct{ p *Plot }

func (r *plotRenderer) Layout(size fyne.Size) {
	r.p.picture.Resize(size)
	r.p.order()
}

func (r *plotRenderer) MinSize() fyne.Size { return fyne.NewSize(160, 96) }
func (r *plotRenderer) Refresh()           { r.p.picture.Refresh() }
func (r *plotRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.p.picture}
}
func (r *plotRenderer) Destroy() {}
