package chart

import (
	"math"

	"athanor/pipeline/curve"
)

// dasher draws along a line with strokes and gaps.
type dasher struct {
	m       *mask
	half    float64
	pattern []float64 // pixels; nil for solid
	total   float64
	along   float64 // how far the pattern has run
}

// newDasher makes a pattern of points into one of pixels; strokes too short to be
// seen make a solid line.
func newDasher(m *mask, half float64, dash []float64, scale float64) dasher {
	d := dasher{m: m, half: half}
	for _, p := range dash {
		if p*scale < 0.5 {
			return dasher{m: m, half: half}
		}
		d.pattern = append(d.pattern, p*scale)
		d.total += p * scale
	}
	return d
}

// on reports whether a place of the pattern is a stroke and how long it lasts.
func (d *dasher) on(at float64) (stroke bool, left float64) {
	if len(d.pattern) == 0 {
		return true, math.Inf(1)
	}
	at -= math.Floor(at/d.total) * d.total
	for i, p := range d.pattern {
		if at < p {
			return i%2 == 0, p - at
		}
		at -= p
	}
	return true, d.pattern[0]
}

// to draws a straight line.
func (d *dasher) to(x0, y0, x1, y1 float64) {
	if len(d.pattern) == 0 {
		d.m.segment(x0, y0, x1, y1, d.half)
		return
	}
	a, b, c, e, ok := d.m.clip(x0, y0, x1, y1, d.half+2, 0, float64(d.m.width))
	if !ok {
		return
	}
	length := math.Hypot(c-a, e-b)
	for done := 0.0; done < length; {
		stroke, left := d.on(d.along)
		step := min(max(left, 0.01), length-done)
		if stroke {
			f, g := done/length, (done+step)/length
			d.m.segment(a+f*(c-a), b+f*(e-b), a+g*(c-a), b+g*(e-b), d.half)
		}
		done += step
		d.along += step
	}
}

// join draws from one vertex of a path to the next.
func (d *dasher) join(a, b vertex) {
	if len(d.pattern) == 0 {
		d.m.onward(a.x, a.y, b.x, b.y, d.half)
		return
	}
	d.along = a.along
	d.to(a.x, a.y, b.x, b.y)
}

// bar draws the part of a line within one pixel column.
func (d *dasher) bar(x int, y0, y1 float64) { d.m.span(x, y0-d.half, y1+d.half) }

// special shows that a value is no number the axis has: a cross at the lower
// edge for NaN, a triangle at the edge it left by for infinities.
func (b *brush) special(x, y float64) {
	px, _ := b.at(x, b.pic.Y.Min)
	switch {
	case px < -3 || px > float64(b.m.width)+3 || curve.IsAbsent(y):
	case math.IsNaN(y):
		b.cross(px)
	case math.IsInf(y, 0):
		b.triangle(px, y > 0)
	default:
		if b.own(px) {
			b.hidden++
		}
	}
}

func (b *brush) specialColumn(x int, c curve.Column) {
	px := float64(x) + 0.5
	if c.NaN > 0 {
		b.cross(px)
	}
	if c.PosInf > 0 {
		b.triangle(px, true)
	}
	if c.NegInf > 0 {
		b.triangle(px, false)
	}
}

func (b *brush) cross(x float64) {
	s := 3 * b.scale
	y := float64(b.m.h) - 2*s
	b.m.segment(x-s, y-s, x+s, y+s, 0.7*b.scale)
	b.m.segment(x-s, y+s, x+s, y-s, 0.7*b.scale)
}

func (b *brush) triangle(x float64, up bool) {
	s := 4 * b.scale
	tip, base := 1.5, s+1.5
	if !up {
		h := float64(b.m.h)
		tip, base = h-tip, h-base
	}
	half := 0.7 * b.scale
	b.m.segment(x, tip, x-s, base, half)
	b.m.segment(x, tip, x+s, base, half)
	b.m.segment(x-s, base, x+s, base, half)
}

// dots draws single points of a line, ringed so that they stand out.
func (b *brush) dots(l Line) {
	for _, p := range l.Dots {
		x, y := b.at(p.X, p.Y)
		b.m.disc(x, y, 5.5*b.scale)
		b.paint(b.spec.Theme.Background)
		b.m.disc(x, y, 4*b.scale)
		b.paint(l.Colour)
	}
}

// mark draws an upright dashed line.
func (b *brush) mark(m Mark) {
	x, _ := b.at(m.X, b.pic.Y.Min)
	if x < 0 || x > float64(b.m.width) {
		return
	}
	d := newDasher(&b.m, 0.5*b.scale, []float64{3, 3}, b.scale)
	d.to(math.Floor(x)+0.5, 0, math.Floor(x)+0.5, float64(b.m.h))
	colour := m.Colour
	if colour == nil {
		colour = b.spec.Theme.Mark
	}
	b.paint(colour)
}

// epochTicks draws small ticks on the x axis where epochs end.
func (b *brush) epochTicks() {
	h := float64(b.m.h)
	last := math.Inf(-1)
	for _, e := range b.spec.EpochTicks {
		x, _ := b.at(e, b.pic.Y.Min)
		if x < 0 || x > float64(b.m.width) || x-last < 4*b.scale {
			continue
		}
		b.m.segment(x, h-5*b.scale, x, h, 0.5*b.scale)
		last = x
	}
	b.paint(b.spec.Theme.Axis)
}
