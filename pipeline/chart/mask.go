package chart

import (
	"image"
	"image/color"
	"math"
)

// mask gathers the coverage of one line, 0…255 a pixel, before it is painted, so
// that joints and overlaps of the line with itself do not show.
type mask struct {
	w, h   int
	cover  []uint8
	lo, hi []int // touched rows of each column, lo > hi for none
}

// reset makes the mask empty and of a size; what was painted before was cleared
// by paint.
func (m *mask) reset(w, h int) {
	if m.w != w || m.h != h {
		*m = mask{w: w, h: h, cover: make([]uint8, w*h), lo: make([]int, w), hi: make([]int, w)}
	}
	for x := range m.lo {
		m.lo[x], m.hi[x] = h, -1
	}
}

// put raises the coverage of a pixel inside of the mask. Coverage is stored by
// columns, since lines are drawn by columns.
func (m *mask) put(x, y int, c float64) {
	v := uint8(c*255 + 0.5)
	if p := &m.cover[x*m.h+y]; *p < v {
		*p = v
		m.lo[x] = min(m.lo[x], y)
		m.hi[x] = max(m.hi[x], y)
	}
}

// span covers column x from y0 to y1 (fractions of pixels, y0 ≤ y1).
func (m *mask) span(x int, y0, y1 float64) {
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
	inner := m.cover[x*m.h+top+1 : x*m.h+bottom]
	for i := range inner {
		inner[i] = 255
	}
	m.lo[x], m.hi[x] = min(m.lo[x], top+1), max(m.hi[x], bottom-1)
}

// segment covers a straight line of the given half width with round ends.
func (m *mask) segment(x0, y0, x1, y1, half float64) {
	x0, y0, x1, y1, ok := m.clip(x0, y0, x1, y1, half+2)
	if !ok {
		return
	}
	dx, dy := x1-x0, y1-y0
	length := math.Hypot(dx, dy)
	inverse := 1 / max(length, 1e-9)
	reach := half + 1
	top, bottom := min(y0, y1)-reach, max(y0, y1)+reach
	for x := max(int(min(x0, x1)-reach), 0); x <= min(int(max(x0, x1)+reach), m.w-1); x++ {
		lo, hi := top, bottom
		if math.Abs(dx) > 1e-9 {
			y := y0 + (float64(x)+0.5-x0)*dy/dx
			r := reach * length / math.Abs(dx)
			lo, hi = max(lo, y-r), min(hi, y+r)
		}
		for y := max(int(lo), 0); y <= min(int(hi), m.h-1); y++ {
			d := distance(float64(x)+0.5-x0, float64(y)+0.5-y0, dx*inverse, dy*inverse, length)
			if c := half + 0.5 - d; c > 0 {
				m.put(x, y, min(c, 1))
			}
		}
	}
}

// distance is that of (px, py) from a segment that begins at (0, 0) and runs
// length along the unit vector (ux, uy).
func distance(px, py, ux, uy, length float64) float64 {
	along := px*ux + py*uy
	if across := math.Abs(px*uy - py*ux); along >= 0 && along <= length {
		return across
	}
	along -= max(0, min(length, along))
	across := px*uy - py*ux
	return math.Sqrt(along*along + across*across)
}

// clip cuts a segment to the mask with a margin (Liang and Barsky, 1984).
func (m *mask) clip(x0, y0, x1, y1, margin float64) (a, b, c, d float64, ok bool) {
	t0, t1 := 0.0, 1.0
	dx, dy := x1-x0, y1-y0
	sides := [4][2]float64{
		{-dx, x0 + margin},
		{dx, float64(m.w) + margin - x0},
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
	for px := max(int(x-r-1), 0); px <= min(int(x+r+1), m.w-1); px++ {
		for py := max(int(y-r-1), 0); py <= min(int(y+r+1), m.h-1); py++ {
			if c := r + 0.5 - math.Hypot(float64(px)+0.5-x, float64(py)+0.5-y); c > 0 {
				m.put(px, py, min(c, 1))
			}
		}
	}
}

// paint lays a colour over img where the mask covers, its corner at at, and
// empties the mask.
func (m *mask) paint(img *image.RGBA, at image.Point, c color.Color) {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	var alpha [256]uint32
	for v := range alpha {
		alpha[v] = (uint32(v)*uint32(n.A) + 127) / 255
	}
	for x := 0; x < m.w; x += paintGroup {
		m.paintColumns(img, at, x, min(x+paintGroup, m.w), n, &alpha)
	}
}

// paintGroup columns are painted together, row by row: their pixels of one row
// lie in one line of the processor's cache.
const paintGroup = 16

func (m *mask) paintColumns(img *image.RGBA, at image.Point, from, to int, n color.NRGBA, alpha *[256]uint32) {
	lo, hi := m.h, -1
	for x := from; x < to; x++ {
		lo, hi = min(lo, m.lo[x]), max(hi, m.hi[x])
		m.lo[x], m.hi[x] = m.h, -1
	}
	for y := lo; y <= hi; y++ {
		i := img.PixOffset(at.X+from, at.Y+y)
		row := img.Pix[i : i+4*(to-from)]
		for k, c := 0, from*m.h+y; k < len(row); k, c = k+4, c+m.h {
			if v := m.cover[c]; v != 0 {
				blend(row[k:k+4:k+4], n, alpha[v])
				m.cover[c] = 0
			}
		}
	}
}

// blend mixes a colour into an opaque pixel; a is 0…255.
func blend(p []uint8, n color.NRGBA, a uint32) {
	if a == 255 {
		p[0], p[1], p[2] = n.R, n.G, n.B
		return
	}
	p[0], p[1], p[2] = mix(p[0], n.R, a), mix(p[1], n.G, a), mix(p[2], n.B, a)
}

// mix is (p·(255−a) + n·a)/255, rounded, without a division (Blinn, 1994).
func mix(p, n uint8, a uint32) uint8 {
	t := uint32(p)*(255-a) + uint32(n)*a + 128
	return uint8((t + t>>8) >> 8)
}
