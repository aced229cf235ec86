package chart

import (
	"image/color"
	"math"
	"runtime"

	"athanor/pipeline/curve"
)

// brush paints the columns from..to of the plot, all lines in their order, and
// nothing outside of them.
type brush struct {
	*raster
	m      mask
	hidden int
}

const (
	// minStrip is how many columns are worth a task of their own.
	minStrip = 64
	// stripsPerProcessor is into how many strips a picture is cut for each
	// processor, so that one with less to paint takes over from the others.
	stripsPerProcessor = 4
)

// draw paints everything that was gathered.
func (r *raster) draw() {
	area := r.pic.Plot
	n := max(1, min(stripsPerProcessor*runtime.GOMAXPROCS(0), area.Dx()/minStrip))
	for len(r.brushes) < n {
		r.brushes = append(r.brushes, brush{})
	}
	tasks := make([]task, n)
	for i := range tasks {
		b := &r.brushes[i]
		b.raster, b.hidden = r, 0
		b.m.reset(i*area.Dx()/n, (i+1)*area.Dx()/n, area.Dx(), area.Dy())
		tasks[i] = b.all
	}
	work(tasks).Wait()
	for i := range n {
		r.pic.Hidden += r.brushes[i].hidden
		r.brushes[i].raster = nil
	}
}

func (b *brush) all() {
	b.epochTicks()
	for _, m := range b.spec.Marks {
		b.mark(m)
	}
	for _, g := range b.lines {
		b.line(g)
	}
}

// at turns values into pixels of the plot.
func (r *raster) at(x, y float64) (px, py float64) {
	px = r.pic.X.Pixel(x) - float64(r.pic.Plot.Min.X)
	return px, r.y(y)
}

func (r *raster) y(y float64) float64 {
	return max(-1e6, min(1e6, r.pic.Y.Pixel(y)-float64(r.pic.Plot.Min.Y)))
}

func (b *brush) paint(c color.Color) { b.m.paint(b.pic.Image, b.pic.Plot.Min, c) }

// line draws one series: its points while they are few, else its columns.
func (b *brush) line(g *gathered) {
	if g.lows != nil {
		b.band(g)
		return
	}
	for _, part := range g.pieces {
		if part.summed != nil {
			b.bars(g.Line, part)
		} else {
			b.follow(g.Line, part.path)
		}
	}
	b.paint(g.Colour)
	b.dots(g.Line)
}

// half is half of the line's width in pixels.
func (b *brush) half(l Line) float64 { return l.Width * b.scale / 2 }

// bars draws each column from its smallest to its largest value, joined to the
// columns beside it.
func (b *brush) bars(l Line, part stretch) {
	w := barWriter{b: b, l: l, d: newDasher(&b.m, b.half(l), nil, b.scale), lastX: b.before(part, b.m.from)}
	if w.lastX >= 0 {
		c := part.summed[w.lastX-part.first]
		b.visible(&c)
		w.lastY = b.y(c.Last)
	}
	for x := max(b.m.from, part.first); x < part.first+len(part.summed); x++ {
		c := part.summed[x-part.first]
		own := x < b.m.to
		if own && b.pic.Y.Log && c.N > 0 && c.Min <= 0 {
			b.hidden++
		}
		if c.N == 0 || !b.visible(&c) {
			continue
		}
		w.column(x, c, own)
		if !own { // only what joins to it was wanted
			break
		}
	}
	b.gaps(l)
	b.specials(part)
}

// barWriter draws one column after another.
type barWriter struct {
	b     *brush
	l     Line
	d     dasher
	lastX int // -1 before the first
	lastY float64
}

func (w *barWriter) column(x int, c curve.Column, own bool) {
	b := w.b
	top, bottom, first := b.y(c.Max), b.y(c.Min), b.y(c.First)
	switch {
	case w.lastX == x-1 && w.lastX >= 0:
		mid := (w.lastY + first) / 2
		w.d.bar(x-1, min(w.lastY, mid), max(w.lastY, mid))
		top, bottom = min(top, mid), max(bottom, mid)
	case w.lastX >= 0:
		w.d.to(float64(w.lastX)+0.5, w.lastY, float64(x)+0.5, first)
	default:
		w.branch(x, first)
	}
	if own {
		w.d.bar(x, top, bottom)
		w.lastX, w.lastY = x, b.y(c.Last)
	}
}

// branch joins the first column to the line that this one left.
func (w *barWriter) branch(x int, first float64) {
	if j := w.l.Joint; j != nil && j.Y-j.Y == 0 && w.l.Samples.X(j.Row) >= w.b.pic.X.Min {
		jx, jy := w.b.at(j.X, j.Y)
		w.d.to(jx, jy, float64(x)+0.5, first)
	}
}

// specials shows values that are not numbers; signs of neighbours' columns reach
// into this brush's.
func (b *brush) specials(part stretch) {
	reach := int(6 * b.scale)
	from, to := max(b.m.from-reach, part.first), min(b.m.to+reach, part.first+len(part.summed))
	for x := from; x < to; x++ {
		if c := part.summed[x-part.first]; c.Special() {
			b.specialColumn(x, c)
		}
	}
}

// before is the last column before x that has something to show, -1 for none.
func (b *brush) before(part stretch, x int) int {
	for x = min(x, part.first+len(part.summed)) - 1; x >= part.first; x-- {
		if c := part.summed[x-part.first]; c.N > 0 && (!b.pic.Y.Log || c.Max > 0) {
			return x
		}
	}
	return -1
}

// visible makes a column fit for a logarithmic axis and reports whether anything
// of it is left.
func (b *brush) visible(c *curve.Column) bool {
	if !b.pic.Y.Log || c.Min > 0 {
		return true
	}
	floor := b.pic.Y.Min
	c.Min, c.First, c.Last = max(c.Min, floor), max(c.First, floor), max(c.Last, floor)
	return c.Max > 0
}

// band fills the room between two series.
func (b *brush) band(g *gathered) {
	for x := b.m.from; x < b.m.to; x++ {
		if low, high := g.lows[x], g.highs[x]; low-low == 0 && high-high == 0 {
			y0, y1 := b.y(high), b.y(low)
			b.m.span(x, min(y0, y1), max(y0, y1))
		}
	}
	b.paint(fade(g.Colour, 0.22))
}

// own reports whether something at column x counts as this brush's.
func (b *brush) own(x float64) bool {
	return x >= float64(b.m.from) && x < float64(b.m.to) || math.IsNaN(x)
}
