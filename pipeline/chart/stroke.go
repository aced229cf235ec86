package chart

import "math"

// segment covers a straight line of the given half width with round ends.
func (m *mask) segment(x0, y0, x1, y1, half float64) {
	m.stamp(x0, y0, half)
	m.onward(x0, y0, x1, y1, half)
}

// onward is segment for a line whose beginning is covered already.
func (m *mask) onward(x0, y0, x1, y1, half float64) {
	m.stamp(x1, y1, half)
	x0, y0, x1, y1, ok := m.clip(x0, y0, x1, y1, half+2, float64(m.from), float64(m.to))
	if !ok {
		return
	}
	length := math.Sqrt((x1-x0)*(x1-x0) + (y1-y0)*(y1-y0))
	if length < 1e-6 {
		return
	}
	s := newStroke(x0, y0, (x1-x0)/length, (y1-y0)/length, length, half+0.5)
	last := min(int(max(x0, x1)+s.reach), m.to-1)
	for x := max(int(min(x0, x1)-s.reach), m.from); x <= last; x++ {
		m.strokeColumn(&s, x)
	}
}

// stroke is a segment that begins at (x, y) and runs length along the unit
// vector (ux, uy); beside it, it covers what is nearer than reach.
type stroke struct {
	x, y, ux, uy, length, reach float64
	// Rows beside the middle line lie between px·slope ± spread, those beside the
	// line and not before or after it between −px·fall and end − px·fall.
	level, upright            bool
	slope, spread, fall, rise float64
}

func newStroke(x, y, ux, uy, length, reach float64) stroke {
	s := stroke{x: x, y: y, ux: ux, uy: uy, length: length, reach: reach}
	s.upright, s.level = math.Abs(ux) <= 1e-9, math.Abs(uy) <= 1e-9
	if !s.upright {
		s.slope, s.spread = uy/ux, reach/math.Abs(ux)
	}
	if !s.level {
		s.fall, s.rise = ux/uy, length/uy
	}
	return s
}

// rows are those of a column that the stroke covers, px right of its beginning.
func (s *stroke) rows(px float64, h int) (from, to int) {
	a, b := math.Inf(-1), math.Inf(1)
	if s.level {
		if along := px * s.ux; along < 0 || along > s.length {
			return 0, -1
		}
	} else {
		p := -px * s.fall
		a, b = min(p, p+s.rise), max(p, p+s.rise)
	}
	if !s.upright {
		mid := px * s.slope
		a, b = max(a, mid-s.spread), min(b, mid+s.spread)
	}
	base := s.y - 0.5
	a, b = max(a+base, 0), min(b+base, float64(h-1))
	if a > b {
		return 0, -1
	}
	from, to = int(a), int(b)
	if float64(from) < a {
		from++
	}
	return from, to
}

// strokeColumn covers the stroke's part of one column.
func (m *mask) strokeColumn(s *stroke, x int) {
	px := float64(x) + 0.5 - s.x
	from, to := s.rows(px, m.h)
	if from > to {
		return
	}
	m.touch(x, from, to)
	across := px*s.uy - (float64(from)+0.5-s.y)*s.ux
	column := m.column(x)[from : to+1]
	for i := range column {
		c := s.reach - math.Abs(across)
		across -= s.ux
		if c <= 0 {
			continue
		}
		v := uint8(255)
		if c < 1 {
			v = uint8(c*255 + 0.5)
		}
		if column[i] < v {
			column[i] = v
		}
	}
}

// clip cuts a segment to the columns left…right with a margin (Liang and Barsky,
// 1984).
func (m *mask) clip(x0, y0, x1, y1, margin, left, right float64) (a, b, c, d float64, ok bool) {
	left, right = left-margin, right+margin
	top, bottom := -margin, float64(m.h)+margin
	if min(x0, x1) >= left && max(x0, x1) <= right && min(y0, y1) >= top && max(y0, y1) <= bottom {
		return x0, y0, x1, y1, true
	}
	t0, t1 := 0.0, 1.0
	dx, dy := x1-x0, y1-y0
	sides := [4][2]float64{{-dx, x0 - left}, {dx, right - x0}, {-dy, y0 - top}, {dy, bottom - y0}}
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

// stamps are small discs of one size, one for each of stampSteps² places within a
// pixel: the round ends of strokes.
type stamps struct {
	half float64
	size int // pixels of a side
	at   [stampSteps * stampSteps][]uint8
}

// stampSteps is into how many places a side of a pixel is divided.
const stampSteps = 8

func newStamps(half float64) stamps {
	reach := int(math.Ceil(half + 1))
	s := stamps{half: half, size: 2*reach + 1}
	for i := range s.at {
		x := float64(reach) + (float64(i/stampSteps)+0.5)/stampSteps
		y := float64(reach) + (float64(i%stampSteps)+0.5)/stampSteps
		disc := make([]uint8, s.size*s.size)
		for k := range disc {
			c := half + 0.5 - math.Hypot(float64(k/s.size)+0.5-x, float64(k%s.size)+0.5-y)
			disc[k] = uint8(max(0, min(c, 1))*255 + 0.5)
		}
		s.at[i] = disc
	}
	return s
}

// stamp covers a disc of the given half width, to an eighth of a pixel.
func (m *mask) stamp(x, y, half float64) {
	s := m.stampOf(half)
	n := s.size
	fx, fy := math.Floor(x), math.Floor(y)
	if !(fx > float64(m.from-n) && fx < float64(m.to+n) && fy > float64(-n) && fy < float64(m.h+n)) {
		return
	}
	disc := s.at[int((x-fx)*stampSteps)*stampSteps+int((y-fy)*stampSteps)]
	left, top := int(fx)-n/2, int(fy)-n/2
	from, to := max(top, 0), min(top+n, m.h)
	for px := max(left, m.from); px < min(left+n, m.to) && from < to; px++ {
		column := m.column(px)[from:to]
		ink := disc[(px-left)*n+from-top:]
		for i := range column {
			column[i] = max(column[i], ink[i])
		}
		m.touch(px, from, to-1)
	}
}

// maxStamps is for how many half widths stamps are kept.
const maxStamps = 8

func (m *mask) stampOf(half float64) *stamps {
	for i := range m.dots {
		if m.dots[i].half == half {
			return &m.dots[i]
		}
	}
	if len(m.dots) == maxStamps {
		m.dots = m.dots[:0]
	}
	m.dots = append(m.dots, newStamps(half))
	return &m.dots[len(m.dots)-1]
}
