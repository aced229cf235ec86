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
	y0, y1 = max(y0, -1), min(y1, float64(m.h)+1)
	for y := max(int(math.Floor(y0)), 0); y < min(int(math.Ceil(y1)), m.h); y++ {
		c := min(float64(y+1), y1) - max(float64(y), y0)
		if c > 0 {
			m.put(x, y, c)
		}
	}
}

// segment covers a straight line of the given half width with round ends.
func (m *mask) segment(x0, y0, x1, y1, half float64) {
	x0, y0, x1, y1, ok := m.clip(x0, y0, x1, y1, half+2)
	if !ok {
		return
	}
	dx, dy := x1-x0, y1-y0
	length := math.Hypot(dx, dy)
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
			d := distance(float64(x)+0.5-x0, float64(y)+0.5-y0, dx, dy)
			if c := half + 0.5 - d; c > 0 {
				m.put(x, y, min(c, 1))
			}
		}
	}
}

// distance is that of (px, py) from the segment (0, 0)–(dx, dy).
func distance(px, py, dx, dy float64) float64 {
	l := dx*dx + dy*dy
	t := 0.0
	if l > 0 {
		t = max(0, min(1, (px*dx+py*dy)/l))
	}
	return math.Hypot(px-t*dx, py-t*dy)
}

// clip cuts a segment to the mask with a margin (Liang and Barsky, 1984).
func (m *mask) clip(x0, y0, x1, y1, margin float64) (a, b, c, d float64, ok bool) {
	t0, t1 := 0.0, 1.0
	dx, dy := x1-x0, y1-y0
	sides := [4][2]float64{
		{-dx, x0 + margin}, {dx, float64(m.w) + margin - x0},
		{-dy, y0 + margin}, {dy, float64(m.h) + margin - y0},
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
	for x := range m.w {
		if m.lo[x] > m.hi[x] {
			continue
		}
		column := m.cover[x*m.h : (x+1)*m.h]
		i := img.PixOffset(at.X+x, at.Y+m.lo[x])
		for y := m.lo[x]; y <= m.hi[x]; y++ {
			if v := column[y]; v != 0 {
				blend(img.Pix[i:i+4:i+4], n, uint32(v)*uint32(n.A))
				column[y] = 0
			}
			i += img.Stride
		}
		m.lo[x], m.hi[x] = m.h, -1
	}
}

// blend mixes a colour into an opaque pixel; a is 0…255².
func blend(p []uint8, n color.NRGBA, a uint32) {
	const full = 255 * 255
	p[0] = uint8((uint32(p[0])*(full-a) + uint32(n.R)*a + full/2) / full)
	p[1] = uint8((uint32(p[1])*(full-a) + uint32(n.G)*a + full/2) / full)
	p[2] = uint8((uint32(p[2])*(full-a) + uint32(n.B)*a + full/2) / full)
}
