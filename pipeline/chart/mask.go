package chart

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"
)

// mask gathers the coverage of one line, 0…255 a pixel, before it is painted, so
// that joints and overlaps of the line with itself do not show.
type mask struct {
	from, to int // the columns it holds, of a plot that is width wide
	width, h int
	cover    []uint8
	lo, hi   []int // touched rows of each column, lo > hi for none
}

// reset makes the mask empty, for the columns from..to.
func (m *mask) reset(from, to, width, h int) {
	*m = mask{from: from, to: to, width: width, h: h, cover: make([]uint8, (to-from)*h), lo: make([]int, to-from), hi: make([]int, to-from)}
	for x := range m.lo {
		m.lo[x], m.hi[x] = h, -1
	}
}

// column is the coverage of a column; coverage is stored by columns, since lines
// are drawn by columns.
func (m *mask) column(x int) []uint8 {
	at := (x - m.from) * m.h
	return m.cover[at : at+m.h]
}

// touch notes that rows of a column are to be painted.
func (m *mask) touch(x, top, bottom int) {
	x -= m.from
	m.lo[x], m.hi[x] = min(m.lo[x], top), max(m.hi[x], bottom)
}

// put raises the coverage of a pixel inside of the mask.
func (m *mask) put(x, y int, c float64) {
	v := uint8(c*255 + 0.5)
	if p := &m.column(x)[y]; *p < v {
		*p = v
		m.touch(x, y, y)
	}
}

// span covers column x from y0 to y1 (fractions of pixels, y0 ≤ y1).
func (m *mask) span(x int, y0, y1 float64) {
	if x < m.from || x >= m.to {
		return
	}
	y0, y1 = max(y0, 0), min(y1, float64(m.h))
	if y0 >= y1 {
		return
	}
	top, bottom := int(y0), int(math.Ceil(y1))-1
	if top == bottom {
		m.put(x, top, y1-y0)
		return
	}
	m.put(x, top, float64(top+1)-y0)
	m.put(x, bottom, y1-float64(bottom))
	if top+1 >= bottom {
		return
	}
	inner := m.column(x)[top+1 : bottom]
	for i := range inner {
		inner[i] = 255
	}
	m.touch(x, top+1, bottom-1)
}

// segment covers a straight line of the given half width with round ends.
func (m *mask) segment(x0, y0, x1, y1, half float64) {
	x0, y0, x1, y1, ok := m.clip(x0, y0, x1, y1, half+2, float64(m.from), float64(m.to))
	if !ok {
		return
	}
	length := math.Hypot(x1-x0, y1-y0)
	if length < 1e-6 {
		m.disc(x0, y0, half)
		return
	}
	s := stroke{x: x0, y: y0, ux: (x1 - x0) / length, uy: (y1 - y0) / length, length: length, reach: half + 0.5}
	s.top, s.bottom = min(y0, y1)-s.reach, max(y0, y1)+s.reach
	last := min(int(max(x0, x1)+s.reach), m.to-1)
	for x := max(int(min(x0, x1)-s.reach), m.from); x <= last; x++ {
		m.strokeColumn(s, x)
	}
}

// stroke is a segment that begins at (x, y) and runs length along the unit
// vector (ux, uy); it covers what is nearer than reach.
type stroke struct {
	x, y, ux, uy, length, reach float64
	top, bottom                 float64
}

// rows are those of a column that the stroke can touch, and among them those
// beside the segment proper rather than beside its round ends.
func (s *stroke) rows(px float64, h int) (lo, hi, from, to int) {
	a, b := s.top-s.y, s.bottom-s.y
	if math.Abs(s.ux) > 1e-9 {
		mid, r := px*s.uy/s.ux, s.reach/math.Abs(s.ux)
		a, b = max(a, mid-r), min(b, mid+r)
	}
	row := func(py float64) float64 { return py + s.y - 0.5 }
	limit := func(v float64) int { return int(max(-1, min(float64(h), v))) }
	lo, hi = max(limit(math.Floor(row(a))), 0), min(limit(math.Ceil(row(b))), h-1)
	if math.Abs(s.uy) < 1e-9 {
		if along := px * s.ux; along < 0 || along > s.length {
			return lo, hi, hi + 1, hi
		}
		return lo, hi, lo, hi
	}
	p, q := -px*s.ux/s.uy, (s.length-px*s.ux)/s.uy
	p, q = min(p, q), max(p, q)
	return lo, hi, min(max(limit(math.Ceil(row(p))), lo), hi+1), max(min(limit(math.Floor(row(q))), hi), lo-1)
}

// strokeColumn covers the stroke's part of one column.
func (m *mask) strokeColumn(s stroke, x int) {
	px := float64(x) + 0.5 - s.x
	lo, hi, from, to := s.rows(px, m.h)
	if lo > hi {
		return
	}
	column := m.column(x)
	m.touch(x, lo, hi)
	if from > to {
		from, to = hi+1, hi
	}
	s.ends(column, px, lo, from-1)
	s.ends(column, px, to+1, hi)
	across := px*s.uy - (float64(from)+0.5-s.y)*s.ux
	for y := from; y <= to; y++ {
		c := s.reach - math.Abs(across)
		across -= s.ux
		if c <= 0 {
			continue
		}
		v := uint8(255)
		if c < 1 {
			v = uint8(c*255 + 0.5)
		}
		if column[y] < v {
			column[y] = v
		}
	}
}

// ends covers rows beside the round ends.
func (s *stroke) ends(column []uint8, px float64, from, to int) {
	for y := from; y <= to; y++ {
		py := float64(y) + 0.5 - s.y
		along, across := px*s.ux+py*s.uy, px*s.uy-py*s.ux
		along -= max(0, min(s.length, along))
		if c := s.reach - math.Sqrt(along*along+across*across); c > 0 {
			column[y] = max(column[y], uint8(min(c, 1)*255+0.5))
		}
	}
}

// clip cuts a segment to the columns left…right with a margin (Liang and Barsky,
// 1984).
func (m *mask) clip(x0, y0, x1, y1, margin, left, right float64) (a, b, c, d float64, ok bool) {
	t0, t1 := 0.0, 1.0
	dx, dy := x1-x0, y1-y0
	sides := [4][2]float64{
		{-dx, x0 + margin - left},
		{dx, right + margin - x0},
		{-dy, y0 + margin},
		{dy, float64(m.h) + margin - y0},
	}
	for _, s := range sides {
		p, q := s[0], s[1]
		switch {
		case p == 0 && q < 0 || p != p || q != q:
			return 0, 0, 0, 0, false
		case p < 0:
			t0 = max(t0, q/p)
		case p > 0:
			t1 = min(t1, q/p)
		}
	}
	return x0 + t0*dx, y0 + t0*dy, x0 + t1*dx, y0 + t1*dy, t0 <= t1
}

// disc covers a filled circle.
func (m *mask) disc(x, y, r float64) {
	for px := max(int(max(x-r-1, -1)), m.from); px <= min(int(min(x+r+1, 1e6)), m.to-1); px++ {
		for py := max(int(y-r-1), 0); py <= min(int(y+r+1), m.h-1); py++ {
			if c := r + 0.5 - math.Hypot(float64(px)+0.5-x, float64(py)+0.5-y); c > 0 {
				m.put(px, py, min(c, 1))
			}
		}
	}
}

// paint lays a colour over img where the mask covers, the plot's corner at at,
// and empties the mask.
func (m *mask) paint(img *image.RGBA, at image.Point, c color.Color) {
	p := newPainter(c)
	for x := m.from; x < m.to; x += paintGroup {
		m.paintColumns(img, at, x, min(x+paintGroup, m.to), &p)
	}
}

// paintGroup columns are painted together, row by row: their pixels of one row
// lie in one line of the processor's cache.
const paintGroup = 16

func (m *mask) paintColumns(img *image.RGBA, at image.Point, from, to int, p *painter) {
	lo, hi := m.h, -1
	for x := from - m.from; x < to-m.from; x++ {
		lo, hi = min(lo, m.lo[x]), max(hi, m.hi[x])
		m.lo[x], m.hi[x] = m.h, -1
	}
	first := (from - m.from) * m.h
	for y := lo; y <= hi; y++ {
		i := img.PixOffset(at.X+from, at.Y+y)
		row := img.Pix[i : i+4*(to-from)]
		for c := first + y; len(row) >= 4; row, c = row[4:], c+m.h {
			if v := m.cover[c]; v != 0 {
				m.cover[c] = 0
				p.over(row, v)
			}
		}
	}
}

// painter mixes one colour into pixels. Most pixels of a line lie on the same
// ground with the same coverage, so the last mixture is kept.
type painter struct {
	colour       color.NRGBA
	alpha        [256]uint32
	ground, made uint32
	cover        uint8
}

func newPainter(c color.Color) painter {
	p := painter{colour: color.NRGBAModel.Convert(c).(color.NRGBA)}
	for v := range p.alpha {
		p.alpha[v] = (uint32(v)*uint32(p.colour.A) + 127) / 255
	}
	return p
}

// over lays the colour over an opaque pixel.
func (p *painter) over(pixel []uint8, cover uint8) {
	ground := binary.LittleEndian.Uint32(pixel)
	if ground != p.ground || cover != p.cover {
		a := p.alpha[cover]
		p.ground, p.cover = ground, cover
		p.made = mix(ground&0xFF, p.colour.R, a) | mix(ground>>8&0xFF, p.colour.G, a)<<8 | mix(ground>>16&0xFF, p.colour.B, a)<<16 | 0xFF<<24
	}
	binary.LittleEndian.PutUint32(pixel, p.made)
}

// mix is (p·(255−a) + n·a)/255, rounded, without a division (Blinn, 1994).
func mix(p uint32, n uint8, a uint32) uint32 {
	t := p*(255-a) + uint32(n)*a + 128
	return (t + t>>8) >> 8 & 0xFF
}
