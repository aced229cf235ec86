package widgets

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
)

// view shows another part of x and tells so; lo ≥ hi, or more than there is,
// shows all.
func (c *ChartView) view(lo, hi float64) {
	if c.hasFull && lo <= c.full[0] && hi >= c.full[1] {
		lo, hi = 0, 0
	}
	c.SetView(lo, hi)
	if c.OnView != nil {
		c.OnView(lo, hi)
	}
}

// smallestView is the part of all that can be zoomed to.
const smallestView = 1e-9

// zoom changes how much of x is shown by a factor around a pixel of the image.
func (c *ChartView) zoom(factor, at float64) {
	if c.drawn == nil {
		return
	}
	p := c.drawn.Plot
	at = min(max(at, float64(p.Min.X)), float64(p.Max.X))
	lo := c.drawn.X.Value(at - (at-float64(p.Min.X))*factor)
	hi := c.drawn.X.Value(at + (float64(p.Max.X)-at)*factor)
	if c.hasFull {
		lo, hi = max(lo, c.full[0]), min(hi, c.full[1])
		if hi-lo < (c.full[1]-c.full[0])*smallestView {
			return
		}
	}
	if lo < hi {
		c.view(lo, hi)
	}
}

// pan moves by a share of what is shown, and stops at the ends.
func (c *ChartView) pan(share float64) {
	if c.drawn == nil || !c.hasFull {
		return
	}
	p := c.drawn.Plot
	by := share * float64(p.Dx())
	first, last := c.drawn.X.Pixel(c.full[0]), c.drawn.X.Pixel(c.full[1])
	by = min(max(by, first-float64(p.Min.X)), last-float64(p.Max.X))
	if lo, hi := c.drawn.X.Value(float64(p.Min.X)+by), c.drawn.X.Value(float64(p.Max.X)+by); lo < hi {
		c.view(lo, hi)
	}
}

// FocusGained implements fyne.Focusable.
func (c *ChartView) FocusGained() { c.ring.Around(c, true) }

// FocusLost implements fyne.Focusable.
func (c *ChartView) FocusLost() { c.ring.Around(c, false) }

// TypedKey implements fyne.Focusable: left and right move, up and down zoom,
// Home shows all, Enter zooms into the marked range or, without one, picks the
// point at the upright line, Escape clears the range.
func (c *ChartView) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyLeft:
		c.pan(-0.1)
	case fyne.KeyRight:
		c.pan(0.1)
	case fyne.KeyUp:
		c.zoom(0.8, c.middle())
	case fyne.KeyDown:
		c.zoom(1.25, c.middle())
	case fyne.KeyHome:
		c.view(0, 0)
	case fyne.KeyReturn, fyne.KeyEnter:
		if c.marked && c.lo < c.hi {
			c.view(c.lo, c.hi)
			return
		}
		c.pickAtLine()
	case fyne.KeyEscape:
		c.choose(0, 0, false)
	}
}

// pickAtLine picks the line's point nearest to the upright line.
func (c *ChartView) pickAtLine() {
	if c.drawn == nil || !c.crossed || c.OnPick == nil {
		return
	}
	at := image.Pt(int(c.middle()), (c.drawn.Plot.Min.Y+c.drawn.Plot.Max.Y)/2)
	if hits := c.drawn.Near(at); len(hits) > 0 {
		c.OnPick(hits[0])
	}
}

// TypedRune implements fyne.Focusable: + and − zoom, comma and point move the
// upright line from point to point, [ and ] set the ends of the range.
func (c *ChartView) TypedRune(r rune) {
	switch r {
	case '+', '=':
		c.zoom(0.8, c.middle())
	case '-', '−':
		c.zoom(1.25, c.middle())
	case ',':
		c.step(-1)
	case '.':
		c.step(1)
	case '[', ']':
		c.setEnd(r == '[')
	}
}

// middle is the pixel that keyboard zooms keep in place: the upright line, or
// the middle.
func (c *ChartView) middle() float64 {
	if c.drawn == nil {
		return 0
	}
	if x := c.drawn.X.Pixel(c.crossAt); c.crossed && x >= float64(c.drawn.Plot.Min.X) && x <= float64(c.drawn.Plot.Max.X) {
		return x
	}
	return float64(c.drawn.Plot.Min.X+c.drawn.Plot.Max.X) / 2
}

// step moves the upright line to a neighbouring point, or by a pixel where the
// points lie closer than that.
func (c *ChartView) step(by int) {
	if c.drawn == nil || c.OnHover == nil {
		return
	}
	from := c.middle()
	for d := 1; d <= c.drawn.Plot.Dx(); d++ {
		at := image.Pt(int(from)+by*d, (c.drawn.Plot.Min.Y+c.drawn.Plot.Max.Y)/2)
		hits := c.drawn.Near(at)
		if len(hits) == 0 {
			return
		}
		if x := hits[0].Point.X; !c.crossed || (x-c.crossAt)*float64(by) > 0 {
			c.OnHover(x, hits, true)
			return
		}
	}
}

// setEnd puts one end of the range at the upright line.
func (c *ChartView) setEnd(first bool) {
	if c.drawn == nil || !c.crossed {
		return
	}
	lo, hi := c.lo, c.hi
	if !c.marked {
		lo, hi = c.drawn.X.Min, c.drawn.X.Max
	}
	if first {
		lo = c.crossAt
	} else {
		hi = c.crossAt
	}
	c.choose(math.Min(lo, hi), math.Max(lo, hi), true)
}

var _ fyne.Focusable = (*ChartView)(nil)
