package metrics

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"athanor/pipeline/curve"
)

// Axis is what a series is drawn against.
type Axis string

// The axes of a series.
const (
	Step    Axis = "step"
	Epoch   Axis = "epoch"   // epochs done, with fractions within an epoch
	Wall    Axis = "wall"    // seconds since 1970
	Elapsed Axis = "elapsed" // seconds since the first row
	Active  Axis = "active"  // seconds at work, without pauses
)

// View is a table at one moment. It does not change and is safe for several
// goroutines.
type View struct {
	t      *Table
	l      layout
	metas  []bucketMeta // of the sealed blocks
	blocks int
	tail   *rows

	once   sync.Once
	epochs epochMap
	mu     sync.Mutex
	pieces map[uint32][]curve.Span
	checks [fixedParts][]*atomic.Uint32
}

// newView is called with the table locked.
func newView(t *Table, st state) *View {
	v := &View{
		t: t, l: t.l, metas: t.metas[: st.blocks*t.l.buckets : st.blocks*t.l.buckets],
		blocks: st.blocks, tail: st.tail, pieces: map[uint32][]curve.Span{},
	}
	for part := range v.checks {
		v.checks[part] = t.grownChecks(part, st.blocks)
	}
	return v
}

// Len is the number of rows.
func (v *View) Len() int { return v.sealed() + v.tail.len() }

func (v *View) sealed() int { return v.blocks * v.l.rows }

// Series returns one metric against an axis.
func (v *View) Series(column string, axis Axis) (*Series, error) {
	c := slices.Index(v.l.names, column)
	if c < 0 {
		return nil, fmt.Errorf("no metric %q: there are %.200v", column, v.l.names)
	}
	sums, err := v.t.summaries(c, len(v.metas), v.metas)
	if err != nil {
		return nil, err
	}
	s := &Series{v: v, column: c, axis: axis, sums: sums}
	if v.Len() > 0 {
		s.start = v.int(1, 0)
	}
	s.checks = v.t.checksOf(fixedParts+c, v.blocks)
	for i := 0; i < v.tail.len(); i += v.l.bucket {
		var sum curve.Column
		sum.AddAll(v.tail.values[c][i:min(i+v.l.bucket, v.tail.len())])
		s.tail = append(s.tail, sum)
	}
	s.pieces = v.piecesOf(axis)
	return s, nil
}

// LastStep is the step and epoch of the last row, zero without rows.
func (v *View) LastStep() (step int64, epoch int) {
	if n := v.tail.len(); n > 0 {
		return v.tail.step[n-1], int(v.tail.epoch[n-1])
	}
	if n := len(v.metas); n > 0 {
		return v.metas[n-1].lastStep, int(v.metas[n-1].lastEpoch)
	}
	return 0, 0
}

// Read appends rows from.. to dst until n rows are read or the table ends; rows
// of damaged blocks hold absent values. It is for exports, not for pictures.
func (v *View) Read(dst []Row, from, n int) []Row {
	checks := make([][]*atomic.Uint32, len(v.l.names))
	for c := range checks {
		checks[c] = v.t.checksOf(fixedParts+c, v.blocks)
	}
	for row := from; row < min(from+n, v.Len()); row++ {
		dst = append(dst, v.row(row, checks))
	}
	return dst
}

func (v *View) row(i int, checks [][]*atomic.Uint32) Row {
	r := Row{
		Step: v.int(0, i), Epoch: int32(v.int(3, i)), Time: time.Unix(0, v.int(1, i)),
		Active: time.Duration(v.int(2, i)), Values: make([]float64, len(v.l.names)),
	}
	for c := range r.Values {
		v.floats(c, checks[c], i, r.Values[c:c+1])
	}
	return r
}

// Damaged returns the numbers of the rows that lie in blocks found damaged so
// far.
func (v *View) Damaged() int {
	n := 0
	for _, m := range v.metas {
		if m.flags&damagedBucket != 0 {
			n += v.l.bucket
		}
	}
	return n
}

// int reads one value of a fixed part (step, time, active, epoch). In a damaged
// part it is guessed between the bucket's ends.
func (v *View) int(part, row int) int64 {
	if row >= v.sealed() {
		return v.tailInt(part, row-v.sealed())
	}
	m := v.metas[row/v.l.bucket]
	if row%v.l.bucket == 0 {
		first, _ := m.ends(part)
		return first
	}
	value, ok := v.rawInt(part, row)
	if !ok {
		first, last := m.ends(part)
		return first + (last-first)*int64(row%v.l.bucket)/int64(v.l.bucket)
	}
	return value
}

func (m bucketMeta) ends(part int) (first, last int64) {
	switch part {
	case 0:
		return m.step, m.lastStep
	case 1:
		return m.time, m.lastTime
	case 2:
		return m.active, m.lastActive
	}
	return int64(m.epoch), int64(m.lastEpoch)
}

func (v *View) tailInt(part, i int) int64 {
	switch part {
	case 0:
		return v.tail.step[i]
	case 1:
		return v.tail.time[i]
	case 2:
		return v.tail.active[i]
	}
	return int64(v.tail.epoch[i])
}

// rawInt reads a value from the file.
func (v *View) rawInt(part, row int) (value int64, ok bool) {
	defer catchFault(debug.SetPanicOnFault(true), &ok)
	b, ok := v.part(part, row/v.l.rows, v.checks[part])
	if !ok {
		return 0, false
	}
	i := row % v.l.rows
	if part == fixedParts-1 {
		return int64(int32(binary.LittleEndian.Uint32(b[4*i:]))), true
	}
	return int64(binary.LittleEndian.Uint64(b[8*i:])), true
}

// catchFault turns the fault of a file that was cut under the map into ok =
// false and restores what the goroutine did about faults before.
func catchFault(before bool, ok *bool) {
	debug.SetPanicOnFault(before)
	if r := recover(); r != nil {
		if _, fault := r.(interface{ Addr() uintptr }); !fault {
			panic(r)
		}
		*ok = false
	}
}

// part returns a part of a block after comparing it with its checksum once.
func (v *View) part(p, block int, marks []*atomic.Uint32) ([]byte, bool) {
	at := v.l.blockOffset(block)
	b, err := v.t.file.bytes(at+int64(v.l.offsets[p]), v.l.partSize(p, v.l.rows))
	if err != nil {
		return nil, false
	}
	if marks[block].Load() == unchecked {
		want, err := v.t.file.bytes(at+int64(blockHead+4*p), 4)
		mark := uint32(broken)
		if err == nil && binary.LittleEndian.Uint32(want) == checksum(b) {
			mark = whole
		}
		marks[block].Store(mark)
	}
	return b, marks[block].Load() == whole
}

// floats copies values of a column; those of damaged parts are absent.
func (v *View) floats(column int, marks []*atomic.Uint32, row int, dst []float64) {
	for len(dst) > 0 && row < v.sealed() {
		n := min(len(dst), v.l.rows-row%v.l.rows)
		if v.metas[row/v.l.bucket].flags&damagedBucket != 0 || !v.rawFloats(column, marks, row, dst[:n]) {
			for i := range n {
				dst[i] = curve.Absent()
			}
		}
		dst, row = dst[n:], row+n
	}
	if len(dst) > 0 {
		copy(dst, v.tail.values[column][row-v.sealed():])
	}
}

func (v *View) rawFloats(column int, marks []*atomic.Uint32, row int, dst []float64) (ok bool) {
	defer catchFault(debug.SetPanicOnFault(true), &ok)
	b, ok := v.part(fixedParts+column, row/v.l.rows, marks)
	if !ok {
		return false
	}
	b = b[row%v.l.rows*8:]
	for i := range dst {
		dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i : 8*i+8]))
	}
	return true
}

// Columns returns the names of the metrics.
func (v *View) Columns() []string { return v.l.names }
