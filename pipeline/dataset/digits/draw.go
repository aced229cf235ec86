package digits

import (
	"math"
	"math/rand/v2"
)

// Sizes of a picture, after the convention of MNIST: the digit is scaled into a
// box of 20×20 and its centre of mass is put in the middle of 28×28.
const (
	// Side is the height and width of a picture in pixels.
	Side = 28
	box  = 20
)

// style is how one person writes one digit once.
type style struct {
	jitter     float64 // of control points
	slant      float64 // shear
	angle      float64 // rotation, radians
	stretch    float64 // width factor
	bend       float64 // exponent of the vertical warp
	taper      float64 // how much wider the top is than the bottom
	waves      [4]wave // elastic wobble
	width      float64 // pen width, pixels
	press      float64 // how much the width changes along a stroke
	soft       float64 // width of the anti-aliased edge, pixels
	size       float64 // of the 20-pixel box
	dx, dy     float64 // offset, pixels
	ink, grain float64 // brightness of ink, noise within it
}

// wave displaces a point by amp·sin(fx·x + fy·y + phase) in direction (ax, ay).
type wave struct{ ax, ay, fx, fy, phase float64 }

func newStyle(r *rand.Rand) style {
	s := style{
		jitter:  0.015 + 0.04*r.Float64(),
		slant:   0.16 + 0.24*r.NormFloat64(),
		angle:   0.09 * r.NormFloat64(),
		stretch: math.Exp(0.22 * r.NormFloat64()),
		bend:    math.Exp(0.18 * r.NormFloat64()),
		taper:   0.22 * r.NormFloat64(),
		width:   1.5 + 2.5*math.Pow(r.Float64(), 1.2),
		press:   0.25 * r.Float64(),
		soft:    0.8 + 0.7*r.Float64(),
		size:    0.93 + 0.1*r.Float64(),
		dx:      0.7 * r.NormFloat64(),
		dy:      0.7 * r.NormFloat64(),
		ink:     0.85 + 0.25*r.Float64(),
		grain:   0.08 * r.Float64(),
	}
	s.slant = max(-0.45, min(0.8, s.slant))
	for i := range s.waves {
		amp := 0.035 * r.NormFloat64() / float64(1+i/2)
		a, b := 2*math.Pi*r.Float64(), 2*math.Pi*r.Float64()
		f := 2.5 + 2.5*float64(i/2) + 2*r.Float64()
		s.waves[i] = wave{amp * math.Cos(a), amp * math.Sin(a), f * math.Cos(b), f * math.Sin(b), 2 * math.Pi * r.Float64()}
	}
	return s
}

// canvas holds the scratch memory of one worker.
type canvas struct {
	lines []segment
	ink   [Side * Side]float32
	curve []point
}

// segment is a straight piece of ink with its width.
type segment struct {
	a, b  point
	width float64
}

// draw writes one picture of glyph g into dst [28,28].
func (c *canvas) draw(dst []byte, g glyph, r *rand.Rand) {
	s := newStyle(r)
	c.lines = c.lines[:0]
	for _, stroke := range g.strokes {
		c.trace(stroke, g.aspect, &s, r)
	}
	c.fit(&s)
	clear(c.ink[:])
	for _, l := range c.lines {
		c.paint(l, s.soft)
	}
	for i, v := range c.ink {
		if v == 0 {
			dst[i] = 0
			continue
		}
		light := float64(v) * (s.ink + s.grain*r.NormFloat64())
		dst[i] = byte(max(0, min(255, math.Round(255*light))))
	}
}

// trace turns one stroke into segments in the glyph's box, warped by the style.
func (c *canvas) trace(stroke []point, aspect float64, s *style, r *rand.Rand) {
	c.curve = spline(c.curve[:0], jittered(stroke, s.jitter, r))
	first, last := trimmed(len(c.curve), r)
	phase := 2 * math.Pi * r.Float64()
	prev := s.warp(c.curve[first], aspect)
	for i := first + 1; i <= last; i++ {
		p := s.warp(c.curve[i], aspect)
		along := float64(i) / float64(len(c.curve))
		w := s.width * (1 + s.press*math.Sin(phase+5*along))
		c.lines = append(c.lines, segment{prev, p, w})
		prev = p
	}
}

// trimmed cuts up to 6 % off either end of a curve of n points.
func trimmed(n int, r *rand.Rand) (first, last int) {
	first = int(0.06 * r.Float64() * float64(n))
	last = n - 1 - int(0.06*r.Float64()*float64(n))
	return first, max(last, first+1)
}

func jittered(stroke []point, sd float64, r *rand.Rand) []point {
	out := make([]point, len(stroke))
	for i, p := range stroke {
		if i > 0 && p == stroke[i-1] {
			out[i] = out[i-1]
			continue
		}
		out[i] = point{p.x + sd*r.NormFloat64(), p.y + sd*r.NormFloat64()}
	}
	return out
}

// spline appends to out a uniform Catmull-Rom curve through ps (E.
// Catmull and R. Rom, 1974, tension ½), with corners where two points are equal.
func spline(out, ps []point) []point {
	const steps = 9
	at := func(i int) point { return ps[max(0, min(i, len(ps)-1))] }
	out = append(out, ps[0])
	for i := 0; i+1 < len(ps); i++ {
		p0, p1, p2, p3 := at(i-1), at(i), at(i+1), at(i+2)
		if p1 == p2 {
			continue
		}
		for k := 1; k <= steps; k++ {
			t := float64(k) / steps
			out = append(out, point{catmull(p0.x, p1.x, p2.x, p3.x, t), catmull(p0.y, p1.y, p2.y, p3.y, t)})
		}
	}
	return out
}

func catmull(a, b, c, d, t float64) float64 {
	return 0.5 * (2*b + (c-a)*t + (2*a-5*b+4*c-d)*t*t + (3*b-a-3*c+d)*t*t*t)
}

// warp applies the style to a point and returns it in a box of height 1,
// centred at the origin.
func (s *style) warp(p point, aspect float64) point {
	y := p.y
	if y > 0 && y < 1 {
		y = math.Pow(y, s.bend)
	}
	y -= 0.5
	x := (p.x - 0.5) * (1 - s.taper*y)
	for _, w := range s.waves {
		v := math.Sin(w.fx*x + w.fy*y + w.phase)
		x += w.ax * v
		y += w.ay * v
	}
	x = x*aspect*s.stretch - s.slant*y
	sin, cos := math.Sincos(s.angle)
	return point{cos*x - sin*y, sin*x + cos*y}
}

// fit scales the segments into the box and moves their centre of mass to the
// middle of the picture, up to the style's offset.
func (c *canvas) fit(s *style) {
	lo, hi := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	var mass, mx, my float64
	for _, l := range c.lines {
		for _, p := range [2]point{l.a, l.b} {
			lo = point{min(lo.x, p.x), min(lo.y, p.y)}
			hi = point{max(hi.x, p.x), max(hi.y, p.y)}
		}
		m := math.Hypot(l.b.x-l.a.x, l.b.y-l.a.y)
		mass += m
		mx += m * (l.a.x + l.b.x) / 2
		my += m * (l.a.y + l.b.y) / 2
	}
	scale := (box*s.size - s.width) / max(hi.x-lo.x, hi.y-lo.y, 0.2)
	cx, cy := mx/mass, my/mass
	half := float64(Side) / 2
	dx := keepInside(half+s.dx, (lo.x-cx)*scale, (hi.x-cx)*scale, s.width)
	dy := keepInside(half+s.dy, (lo.y-cy)*scale, (hi.y-cy)*scale, s.width)
	for i := range c.lines {
		l := &c.lines[i]
		l.a = point{(l.a.x-cx)*scale + dx, (l.a.y-cy)*scale + dy}
		l.b = point{(l.b.x-cx)*scale + dx, (l.b.y-cy)*scale + dy}
	}
}

// keepInside moves centre so that ink from lo to hi around it stays in the picture.
func keepInside(centre, lo, hi, width float64) float64 {
	centre = max(centre, width/2-lo)
	return min(centre, Side-width/2-hi)
}

// paint adds the ink of a thick line with round ends: full inside, falling to
// nothing over soft pixels at its edge.
func (c *canvas) paint(l segment, soft float64) {
	reach := l.width/2 + soft/2
	x0, x1 := span(l.a.x, l.b.x, reach)
	y0, y1 := span(l.a.y, l.b.y, reach)
	vx, vy := l.b.x-l.a.x, l.b.y-l.a.y
	inv := 1 / max(vx*vx+vy*vy, 1e-9)
	for y := y0; y <= y1; y++ {
		py := float64(y) + 0.5 - l.a.y
		for x := x0; x <= x1; x++ {
			px := float64(x) + 0.5 - l.a.x
			t := max(0, min(1, (px*vx+py*vy)*inv))
			ex, ey := px-t*vx, py-t*vy
			v := float32((reach - math.Sqrt(ex*ex+ey*ey)) / soft)
			if i := y*Side + x; v > c.ink[i] {
				c.ink[i] = min(1, v)
			}
		}
	}
}

func span(a, b, reach float64) (lo, hi int) {
	return max(0, int(min(a, b)-reach)), min(Side-1, int(max(a, b)+reach))
}
