package metrics

import (
	"encoding/binary"
	"math"
	"time"

	"athanor/pipeline/curve"
)

// Row is one step's values.
type Row struct {
	Step  int64
	Epoch int32
	Time  time.Time
	// Active is how long the run had been at work, without its pauses; it
	// never falls.
	Active time.Duration
	// Values has one value a column; curve.Absent where there is none.
	Values []float64
}

// rows are rows in memory, column by column.
type rows struct {
	step, time, active []int64
	epoch              []int32
	values             [][]float64
}

func newRows(columns, capacity int) *rows {
	r := &rows{
		step: make([]int64, 0, capacity), time: make([]int64, 0, capacity),
		active: make([]int64, 0, capacity), epoch: make([]int32, 0, capacity),
		values: make([][]float64, columns),
	}
	all := make([]float64, columns*capacity)
	for i := range r.values {
		r.values[i] = all[i*capacity : i*capacity : (i+1)*capacity]
	}
	return r
}

func (r *rows) len() int { return len(r.step) }

func (r *rows) add(row Row) {
	r.step = append(r.step, row.Step)
	r.time = append(r.time, row.Time.UnixNano())
	r.active = append(r.active, int64(row.Active))
	r.epoch = append(r.epoch, row.Epoch)
	for i := range r.values {
		y := curve.Absent()
		if i < len(row.Values) {
			y = row.Values[i]
		}
		r.values[i] = append(r.values[i], y)
	}
}

// appendFrom copies the rows from..to of o.
func (r *rows) appendFrom(o *rows, from, to int) {
	r.step = append(r.step, o.step[from:to]...)
	r.time = append(r.time, o.time[from:to]...)
	r.active = append(r.active, o.active[from:to]...)
	r.epoch = append(r.epoch, o.epoch[from:to]...)
	for i := range r.values {
		r.values[i] = append(r.values[i], o.values[i][from:to]...)
	}
}

func (r *rows) truncate(n int) {
	r.step, r.time, r.active, r.epoch = r.step[:n], r.time[:n], r.active[:n], r.epoch[:n]
	for i := range r.values {
		r.values[i] = r.values[i][:n]
	}
}

// dropFront removes the first n rows.
func (r *rows) dropFront(n int) {
	left := r.len() - n
	copy(r.step, r.step[n:])
	copy(r.time, r.time[n:])
	copy(r.active, r.active[n:])
	copy(r.epoch, r.epoch[n:])
	for _, v := range r.values {
		copy(v, v[n:])
	}
	r.truncate(left)
}

// appendColumns appends the rows from..to as bytes, column by column.
func (r *rows) appendColumns(b []byte, from, to int) []byte {
	for _, ints := range [][]int64{r.step, r.time, r.active} {
		for _, v := range ints[from:to] {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	}
	for _, v := range r.epoch[from:to] {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	for _, column := range r.values {
		for _, v := range column[from:to] {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return b
}

// readColumns appends n rows from bytes that appendColumns made; b is long enough.
func (r *rows) readColumns(b []byte, n int) {
	for _, ints := range []*[]int64{&r.step, &r.time, &r.active} {
		for range n {
			*ints = append(*ints, int64(binary.LittleEndian.Uint64(b)))
			b = b[8:]
		}
	}
	for range n {
		r.epoch = append(r.epoch, int32(binary.LittleEndian.Uint32(b)))
		b = b[4:]
	}
	for i := range r.values {
		for range n {
			r.values[i] = append(r.values[i], math.Float64frombits(binary.LittleEndian.Uint64(b)))
			b = b[8:]
		}
	}
}
