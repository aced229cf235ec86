package chart

import "math"

// mask gathers the coverage of one line, 0…255 a pixel, before it is painted, so
// that joints and overlaps of the line with itself do not show. It is empty again
// after paint.
type mask struct {
	from, to int // the columns it holds, of a plot that is width wide
	width, h int
	// stride is the bytes of a column, h and more, so that columns can be read by
	// eights; so can rows, of which there are always a multiple of eight columns.
	stride int
	cover  []uint8
	lo, hi []int   // touched rows of each column, lo > hi for none
	ink    []uint8 // a column of full coverage, to copy from
	dots   []stamps
}

// eight is how many columns and rows are painted together.
const eight = 8

func upToEight(n int) int { return (n + eight - 1) &^ (eight - 1) }

// reset prepares an empty mask for the columns from..to; its memory is kept.
func (m *mask) reset(from, to, width, h int) {
	m.from, m.to, m.width = from, to, width
	columns := upToEight(to - from)
	if m.h == h && len(m.lo) == columns {
		return
	}
	m.h, m.stride = h, upToEight(h)
	m.cover = make([]uint8, columns*m.stride)
	m.lo, m.hi = make([]int, columns), make([]int, columns)
	for x := range m.lo {
		m.lo[x], m.hi[x] = h, -1
	}
	m.ink = make([]uint8, h)
	for i := range m.ink {
		m.ink[i] = 255
	}
}

// column is the coverage of a column; coverage is stored by columns, since lines
// are drawn by columns.
func (m *mask) column(x int) []uint8 {
	at := (x - m.from) * m.stride
	return m.cover[at : at+m.h]
}

// touch notes that rows of a column are to be painted.
func (m *mask) touch(x, top, bottom int) {
	x -= m.from
	m.lo[x], m.hi[x] = min(m.lo[x], top), max(m.hi[x], bottom)
}

// pale is how much of its coverage a column keeps that is faded, of 256.
const pale = 72

// fade makes a column pale.
func (m *mask) fade(x int) {
	lo, hi := m.lo[x-m.from], m.hi[x-m.from]
	if lo > hi {
		return
	}
	column := m.column(x)[lo : hi+1]
	for i, v := range column {
		column[i] = uint8(uint32(v) * pale >> 8)
	}
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
	copy(m.column(x)[top+1:bottom], m.ink)
	m.touch(x, top+1, bottom-1)
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
