package widgets

import (
	"image"
	"image/color"
	"math"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/chart"
	"athanor/ui/look"
)

// ChartView is a chart to look into: the wheel zooms, dragging marks a range, a
// double click shows all, and the keyboard does the same (see TypedKey). The
// picture is drawn on a goroutine of its own; a request made meanwhile replaces
// the one that waits.
type ChartView struct {
	widget.BaseWidget
	// OnHover tells the points at the pointer, the nearest line first; ok is
	// false when the pointer left.
	OnHover func(x float64, hits []chart.Hit, ok bool)
	// OnView tells that another part of x is wanted; lo ≥ hi means all.
	OnView func(lo, hi float64)
	// OnRange tells that a range was marked, or cleared.
	OnRange func(lo, hi float64, ok bool)
	// OnPick tells that the nearest point was clicked.
	OnPick func(chart.Hit)
	// OnDrawn is called when a new picture is on screen.
	OnDrawn func()

	post     func(func())
	picture  *canvas.Image
	cross    *canvas.Line
	mark     *canvas.Rectangle
	ring     Ring
	drawer   chart.Drawer
	spec     *chart.Spec
	drawn    *chart.Picture
	pixels   image.Point
	crossAt  float64
	crossed  bool
	lo, hi   float64 // the marked range
	marked   bool
	dragFrom float64
	dragging bool
	full     [2]float64
	hasFull  bool

	mu      sync.Mutex
	waiting *chartOrder
	busy    bool
}

// chartOrder is one picture to draw.
type chartOrder struct {
	spec          chart.Spec
	width, height int
	scale         float64
}

// NewChartView returns an empty chart; post brings finished pictures to the UI
// goroutine.
func NewChartView(post func(func())) *ChartView {
	c := &ChartView{
		post: post, picture: &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest},
		cross: canvas.NewLine(color.Transparent), mark: canvas.NewRectangle(color.Transparent), ring: NewRing(2),
	}
	c.cross.StrokeWidth = 1
	c.mark.StrokeColor = color.Transparent
	c.cross.Hide()
	c.mark.Hide()
	c.ExtendBaseWidget(c)
	return c
}

// ChartTheme is the charts' theme in the window's colours.
func ChartTheme() chart.Theme {
	t := chart.Light()
	if r, _, _, _ := look.Colour("background").RGBA(); r < 0x8000 {
		t = chart.Dark()
	}
	t.Background = look.Colour(look.Surface)
	t.Text, t.Axis, t.Grid = look.Colour(look.Muted), look.Colour(look.Line), look.Colour(look.Line)
	return t
}

// Draw draws spec, soon.
func (c *ChartView) Draw(spec chart.Spec) {
	c.spec = &spec
	c.order()
}

// Picture is what is on screen, nil before the first.
func (c *ChartView) Picture() *chart.Picture { return c.drawn }

// SetView shows another part of x; lo ≥ hi shows all.
func (c *ChartView) SetView(lo, hi float64) {
	if c.spec == nil || c.spec.X.Min == lo && c.spec.X.Max == hi {
		return
	}
	c.spec.X.Min, c.spec.X.Max = lo, hi
	c.order()
}

// SetCross puts the upright line of a linked chart at x.
func (c *ChartView) SetCross(x float64, ok bool) {
	c.crossAt, c.crossed = x, ok
	c.place()
}

// SetRange marks a range of x.
func (c *ChartView) SetRange(lo, hi float64, ok bool) {
	c.lo, c.hi, c.marked = lo, hi, ok
	c.place()
}

func (c *ChartView) order() {
	size := c.Size()
	if c.spec == nil || size.Width < 80 || size.Height < 60 {
		return
	}
	scale := float32(1)
	if v := fyne.CurrentApp().Driver().CanvasForObject(c); v != nil {
		scale = v.Scale()
	}
	c.pixels = image.Pt(int(size.Width*scale), int(size.Height*scale))
	order := chartOrder{spec: *c.spec, width: c.pixels.X, height: c.pixels.Y, scale: float64(scale)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = &order
	if !c.busy {
		c.busy = true
		go c.draw()
	}
}

// draw works until no order waits.
func (c *ChartView) draw() {
	for {
		c.mu.Lock()
		order := c.waiting
		c.waiting = nil
		if order == nil {
			c.busy = false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		picture, err := c.drawer.Render(order.spec, order.width, order.height, order.scale)
		if err != nil {
			continue // too small to draw in; the next size will do
		}
		all := !(order.spec.X.Min < order.spec.X.Max)
		c.post(func() { c.show(picture, all) })
	}
}

func (c *ChartView) show(p *chart.Picture, all bool) {
	before := c.drawn
	c.drawn, c.picture.Image = p, p.Image
	if all {
		c.full, c.hasFull = [2]float64{p.X.Min, p.X.Max}, true
	}
	c.picture.Refresh()
	c.drawer.Recycle(before)
	c.place()
	if c.OnDrawn != nil {
		c.OnDrawn()
	}
}

// unit is how many pixels a unit of the window has.
func (c *ChartView) unit() float32 {
	if w := c.Size().Width; w > 0 && c.pixels.X > 0 {
		return float32(c.pixels.X) / w
	}
	return 1
}

// place moves line and range to where they belong in the picture.
func (c *ChartView) place() {
	if c.drawn == nil {
		return
	}
	k, plot := c.unit(), c.drawn.Plot
	top, bottom := float32(plot.Min.Y)/k, float32(plot.Max.Y)/k
	x := float32(c.drawn.X.Pixel(c.crossAt)) / k
	setVisible(c.cross, c.crossed && x >= float32(plot.Min.X)/k && x <= float32(plot.Max.X)/k)
	c.cross.StrokeColor = look.Colour(look.Muted)
	c.cross.Position1, c.cross.Position2 = fyne.NewPos(x, top), fyne.NewPos(x, bottom)
	c.cross.Refresh()
	setVisible(c.mark, c.marked)
	if c.marked {
		a := max(float32(c.drawn.X.Pixel(c.lo)), float32(plot.Min.X)) / k
		b := min(float32(c.drawn.X.Pixel(c.hi)), float32(plot.Max.X)) / k
		c.mark.FillColor = faint(look.Colour(look.Muted))
		c.mark.Move(fyne.NewPos(a, top))
		c.mark.Resize(fyne.NewSize(max(b-a, 1), bottom-top))
		c.mark.Refresh()
	}
}

func setVisible(o fyne.CanvasObject, on bool) {
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

func faint(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	return color.NRGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 48}
}

// value is the x under a place of the widget.
func (c *ChartView) value(at fyne.Position) float64 {
	return c.drawn.X.Value(float64(at.X * c.unit()))
}

// MouseIn implements desktop.Hoverable.
func (c *ChartView) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable: the values at the pointer.
func (c *ChartView) MouseMoved(e *desktop.MouseEvent) {
	if c.drawn == nil || c.OnHover == nil {
		return
	}
	k := c.unit()
	hits := c.drawn.Near(image.Pt(int(e.Position.X*k), int(e.Position.Y*k)))
	x := c.value(e.Position)
	if len(hits) > 0 {
		x = hits[0].Point.X
	}
	c.OnHover(x, hits, true)
}

// MouseOut implements desktop.Hoverable.
func (c *ChartView) MouseOut() {
	if c.OnHover != nil {
		c.OnHover(math.NaN(), nil, false)
	}
}

// Scrolled implements fyne.Scrollable: the wheel zooms around the pointer.
func (c *ChartView) Scrolled(e *fyne.ScrollEvent) {
	if e.Scrolled.DY != 0 {
		c.zoom(math.Pow(1.25, -float64(e.Scrolled.DY)/20), float64(e.Position.X*c.unit()))
		return
	}
	c.pan(-float64(e.Scrolled.DX) / 400)
}

// Dragged implements fyne.Draggable: it marks a range.
func (c *ChartView) Dragged(e *fyne.DragEvent) {
	if c.drawn == nil {
		return
	}
	x := c.value(e.Position)
	if !c.dragging {
		c.dragging, c.dragFrom = true, c.value(e.Position.SubtractXY(e.Dragged.DX, e.Dragged.DY))
	}
	c.choose(min(c.dragFrom, x), max(c.dragFrom, x), true)
}

// DragEnd implements fyne.Draggable.
func (c *ChartView) DragEnd() { c.dragging = false }

func (c *ChartView) choose(lo, hi float64, ok bool) {
	c.SetRange(lo, hi, ok)
	if c.OnRange != nil {
		c.OnRange(lo, hi, ok)
	}
}

// Tapped implements fyne.Tappable: it takes the keyboard and picks the nearest
// point.
func (c *ChartView) Tapped(e *fyne.PointEvent) {
	if v := fyne.CurrentApp().Driver().CanvasForObject(c); v != nil {
		v.Focus(c)
	}
	if c.drawn == nil {
		return
	}
	if c.marked {
		c.choose(0, 0, false)
		return
	}
	k := c.unit()
	if hits := c.drawn.Near(image.Pt(int(e.Position.X*k), int(e.Position.Y*k))); len(hits) > 0 && c.OnPick != nil {
		c.OnPick(hits[0])
	}
}

// DoubleTapped implements fyne.DoubleTappable: within the marked range it zooms
// into it, elsewhere it shows all.
func (c *ChartView) DoubleTapped(e *fyne.PointEvent) {
	if c.drawn != nil && c.marked && c.lo < c.hi {
		if x := c.value(e.Position); x >= c.lo && x <= c.hi {
			c.view(c.lo, c.hi)
			return
		}
	}
	c.view(0, 0)
}

// CreateRenderer implements fyne.Widget.
func (c *ChartView) CreateRenderer() fyne.WidgetRenderer { return &chartRenderer{c} }

type chartRenderer struct{ c *ChartView }

func (r *chartRenderer) Layout(size fyne.Size) {
	r.c.picture.Resize(size)
	r.c.ring.Resize(size)
	r.c.order()
}

func (r *chartRenderer) MinSize() fyne.Size { return fyne.NewSize(200, 100) }
func (r *chartRenderer) Refresh()           { r.c.picture.Refresh() }
func (r *chartRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.c.picture, r.c.mark, r.c.cross, r.c.ring.Rectangle}
}
func (r *chartRenderer) Destroy() {}
