package metrics

import (
	"encoding/binary"
	"runtime/debug"
	"sort"
)

// find returns the first row of from..to whose value of a fixed part is large
// enough, or to: first by the buckets' positions, then within one bucket.
func (v *View) find(part, from, to int, enough func(int64) bool) int {
	if from >= to || enough(v.int(part, from)) {
		return from
	}
	sealed := min(to, v.sealed())
	if from < sealed {
		b := v.l.bucket
		first, last := from/b+1, (sealed-1)/b
		n := first + sort.Search(max(last-first+1, 0), func(i int) bool {
			start, _ := v.metas[first+i].ends(part)
			return enough(start)
		})
		lo, hi := max(from, (n-1)*b), min(n*b, sealed)
		if row := v.findIn(part, lo, hi, enough); row < hi || hi < sealed || to == sealed {
			return row
		}
	}
	lo := max(from, v.sealed())
	return lo + sort.Search(to-lo, func(i int) bool { return enough(v.tailInt(part, lo-v.sealed()+i)) })
}

// findIn searches the rows lo..hi of one bucket.
func (v *View) findIn(part, lo, hi int, enough func(int64) bool) int {
	if row, ok := v.findRaw(part, lo, hi, enough); ok {
		return row
	}
	return lo + sort.Search(hi-lo, func(i int) bool { return enough(v.int(part, lo+i)) })
}

func (v *View) findRaw(part, lo, hi int, enough func(int64) bool) (row int, ok bool) {
	defer catchFault(debug.SetPanicOnFault(true), &ok)
	block := lo / v.l.rows
	b, ok := v.part(part, block, v.checks[part])
	if !ok {
		return 0, false
	}
	b = b[(lo-block*v.l.rows)*8:]
	return lo + sort.Search(hi-lo, func(i int) bool { return enough(int64(binary.LittleEndian.Uint64(b[8*i:]))) }), true
}
