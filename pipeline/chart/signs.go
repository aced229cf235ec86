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
	along   float64   // how far the pattern has run
}

func scaled(dash []float64, by float64) []float64 {
	out := make([]float64, 0, len(dash))
	for _, d := range dash {
		if d*by < 0.5 {
			return nil
		}
		out = append(out, d*by)
	}
	return out
}

// on reports whether a place of the pattern is a stroke and how long it lasts.
func (d *dasher) on(at float64) (stroke bool, left float64) {
	if len(d.pattern) == 0 {
		return true, math.Inf(1)
	}
	total := 0.0
	for _, p := range d.pattern {
		total += p
	}
	at = math.Mod(at, total)
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
	a, b, c, e, ok := d.m.clip(x0, y0, x1, y1, d.half+2)
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

// bar draws the part of a line within one pixel column; dashes run along x.
func (d *dasher) bar(x int, y0, y1 float64) {
	if stroke, _ := d.on(float64(x)); stroke {
		d.m.span(x, y0-d.half, y1+d.half)
	}
}

// special shows that a value is no number the axis has: a cross at the lower
// edge for NaN, a triangle at the edge it left by for infinities.
func (r *raster) special(x, y float64) {
	px, _ := r.at(x, r.pic.Y.Min)
	switch {
	case px < -3 || px > float64(r.m.w)+3 || curve.IsAbsent(y):
	case math.IsNaN(y):
		r.cross(px)
	case math.IsInf(y, 0):
		r.triangle(px, y > 0)
	default:
		r.hidden++
	}
}

func (r *raster) specialColumn(x int, c curve.Column) {
	px := float64(x) + 0.5
	if c.NaN > 0 {
		r.cross(px)
	}
	if c.PosInf > 0 {
		r.triangle(px, true)
	}
	if c.NegInf > 0 {
		r.triangle(px, false)
	}
}

func (r *raster) cross(x float64) {
	s := 3 * r.scale
	y := float64(r.m.h) - 2*s
	r.m.segment(x-s, y-s, x+s, y+s, 0.7*r.scale)
	r.m.segment(x-s, y+s, x+s, y-s, 0.7*r.scale)
}

func (r *raster) triangle(x float64, up bool) {
	s := 4 * r.scale
	tip, base := 1.5, s+1.5
	if !up {
		h := float64(r.m.h)
		tip, base = h-tip, h-base
	}
	half := 0.7 * r.scale
	r.m.segment(x, tip, x-s, base, half)
	r.m.segment(x, tip, x+s, base, half)
	r.m.segment(x-s, base, x+s, base, half)
}

// dots draws single points of a line, ringed so that they stand out.
func (r *raster) dots(l Line) {
	for _, p := range l.Dots {
		x, y := r.at(p.X, p.Y)
		r.m.disc(x, y, 5.5*r.scale)
		r.paint(r.spec.Theme.Background)
		r.m.disc(x, y, 4*r.scale)
		r.paint(l.Colour)
	}
}

// mark draws an upright dashed line.
func (r *raster) mark(m Mark) {
	x, _ := r.at(m.X, r.pic.Y.Min)
	if x < 0 || x > float64(r.m.w) {
		return
	}
	d := dasher{m: &r.m, half: 0.5 * r.scale, pattern: scaled([]float64{3, 3}, r.scale)}
	d.to(math.Floor(x)+0.5, 0, math.Floor(x)+0.5, float64(r.m.h))
	colour := m.Colour
	if colour == nil {
		colour = r.spec.Theme.Mark
	}
	r.paint(colour)
}

// epochTicks draws small ticks on the x axis where epochs end.
func (r *raster) epochTicks() {
	h := float64(r.m.h)
	last := math.Inf(-1)
	for _, e := range r.spec.EpochTicks {
		x, _ := r.at(e, r.pic.Y.Min)
		if x < 0 || x > float64(r.m.w) || x-last < 4*r.scale {
			continue
		}
		r.m.segment(x, h-5*r.scale, x, h, 0.5*r.scale)
		last = x
	}
	r.paint(r.spec.Theme.Axis)
}
