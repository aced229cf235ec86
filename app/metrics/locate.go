package metrics

import (
	"encoding/binary"
	"runtime/debug"
	"sort"

	"athanor/pipeline/curve"
)

// Locate implements curve.Locator.
func (s *Series) Locate(in []curve.Span, xs []float64, rows []int) {
	for len(in) > 0 {
		n := s.locateMapped(in, xs, rows)
		if n < len(in) { // in the tail or in a damaged block
			from := in[n].From
			rows[n] = from + sort.Search(in[n].To-from, func(i int) bool { return s.X(from+i) >= xs[n] })
			n++
		}
		in, xs, rows = in[n:], xs[n:], rows[n:]
	}
}

// locateMapped is Locate for rows in whole blocks; it returns how many it found
// before the first that lies elsewhere.
func (s *Series) locateMapped(in []curve.Span, xs []float64, rows []int) (n int) {
	ok := true
	defer catchFault(debug.SetPanicOnFault(true), &ok)
	part, block := s.part(), -1
	var b []byte
	for ; n < len(in); n++ {
		from, to := in[n].From, in[n].To
		if to > s.v.sealed() {
			return n
		}
		if at := from / s.v.l.rows; at != block {
			if b, ok = s.v.part(part, at, s.v.checks[part]); !ok {
				return n
			}
			block = at
		}
		begin := from - block*s.v.l.rows
		rows[n] = from + s.search(b[begin*8:(begin+to-from)*8], xs[n])
	}
	return n
}

// search returns the first of the rising numbers in b whose position is at least
// x. Steps and times mostly rise evenly, so it looks where x would be then.
func (s *Series) search(b []byte, x float64) int {
	at := func(i int) float64 { return s.place(int64(binary.LittleEndian.Uint64(b[8*i:]))) }
	n := len(b) / 8
	if n == 0 || at(0) >= x {
		return 0
	}
	first, last := at(0), at(n-1)
	if last < x {
		return n
	}
	lo, hi := 1, n-1 // at(lo-1) < x ≤ at(hi)
	guess := min(max(int((x-first)/(last-first)*float64(n-1)+0.999999), lo), hi)
	switch {
	case at(guess) < x:
		lo = guess + 1
	case at(guess-1) < x:
		return guess
	default:
		hi = guess - 1
	}
	return lo + sort.Search(hi-lo, func(i int) bool { return at(lo+i) >= x })
}

// Xs implements curve.Positioner.
func (s *Series) Xs(from int, dst []float64) {
	part := s.part()
	for len(dst) > 0 && from < s.v.sealed() {
		n := min(len(dst), s.v.l.rows-from%s.v.l.rows)
		if !s.mappedXs(part, from, dst[:n]) {
			for i := range n {
				dst[i] = s.X(from + i)
			}
		}
		dst, from = dst[n:], from+n
	}
	for i := range dst {
		dst[i] = s.place(s.v.tailInt(part, from+i-s.v.sealed()))
	}
}

// mappedXs is Xs for rows of one block.
func (s *Series) mappedXs(part, from int, dst []float64) (ok bool) {
	defer catchFault(debug.SetPanicOnFault(true), &ok)
	block := from / s.v.l.rows
	b, ok := s.v.part(part, block, s.v.checks[part])
	if !ok {
		return false
	}
	b = b[(from-block*s.v.l.rows)*8:]
	for i := range dst {
		dst[i] = s.place(int64(binary.LittleEndian.Uint64(b[8*i : 8*i+8])))
	}
	return true
}
