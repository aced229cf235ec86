package metrics

import (
	"encoding/binary"
	"math"

	"athanor/pipeline/curve"
)

// bucketMeta is the positions of one bucket.
type bucketMeta struct {
	step, lastStep     int64
	time, lastTime     int64
	active, lastActive int64
	epoch, lastEpoch   int32
	flags              uint32
}

// Flags of a bucket: inside of it, or against the row before it, x falls.
const (
	stepFalls = 1 << iota
	timeFalls
	damagedBucket
)

// encodeBlock writes the first l.rows rows as a block. before is the last
// position before the block, nil at the very start.
func (l layout) encodeBlock(r *rows, index int, generation uint64, before *bucketMeta) []byte {
	b := make([]byte, 0, l.size)
	b = append(b, make([]byte, l.head)...)
	b = r.appendColumns(b, 0, l.rows)
	b = append(b, make([]byte, l.size-len(b))...)
	le := binary.LittleEndian
	le.PutUint32(b[0:], blockMagic)
	le.PutUint64(b[8:], uint64(index))
	le.PutUint64(b[16:], generation)
	le.PutUint32(b[24:], uint32(l.rows))
	for p := range fixedParts + len(l.names) {
		le.PutUint32(b[blockHead+4*p:], checksum(l.part(b, p)))
	}
	for i := range l.buckets {
		meta := r.meta(i*l.bucket, (i+1)*l.bucket, before)
		putMeta(b[l.bucketAt(i):], meta)
		before = &meta
		for c, values := range r.values {
			var s curve.Column
			s.AddAll(values[i*l.bucket : (i+1)*l.bucket])
			putSummary(b[l.summaryAt(c, i):], s)
		}
	}
	le.PutUint32(b[4:], checksum(b[8:l.head]))
	return b
}

// checkHead reports whether a block's head is whole and belongs at index. The
// generation is valid when it is the current one, or older for a block before
// the last cut.
func (l layout) checkHead(b []byte, index int, s slot) bool {
	le := binary.LittleEndian
	if le.Uint32(b) != blockMagic || le.Uint64(b[8:]) != uint64(index) || le.Uint32(b[24:]) != uint32(l.rows) {
		return false
	}
	if uint64(index) >= s.base && le.Uint64(b[16:]) != s.generation {
		return false
	}
	return le.Uint32(b[4:]) == checksum(b[8:l.head])
}

// checkPart reports whether a part of a block agrees with its checksum.
func (l layout) checkPart(b []byte, p int) bool {
	return binary.LittleEndian.Uint32(b[blockHead+4*p:]) == checksum(l.part(b, p))
}

// meta gathers the positions of the rows from..to.
func (r *rows) meta(from, to int, before *bucketMeta) bucketMeta {
	last := to - 1
	m := bucketMeta{
		step: r.step[from], lastStep: r.step[last], time: r.time[from], lastTime: r.time[last],
		active: r.active[from], lastActive: r.active[last],
		epoch: r.epoch[from], lastEpoch: r.epoch[last],
	}
	step, wall := m.step, m.time
	if before != nil {
		step, wall = before.lastStep, before.lastTime
	}
	for i := from; i < to; i++ {
		if r.step[i] < step {
			m.flags |= stepFalls
		}
		if r.time[i] < wall {
			m.flags |= timeFalls
		}
		step, wall = r.step[i], r.time[i]
	}
	return m
}

func putMeta(b []byte, m bucketMeta) {
	le := binary.LittleEndian
	for i, v := range []int64{m.step, m.lastStep, m.time, m.lastTime, m.active, m.lastActive} {
		le.PutUint64(b[8*i:], uint64(v))
	}
	le.PutUint32(b[48:], uint32(m.epoch))
	le.PutUint32(b[52:], uint32(m.lastEpoch))
	le.PutUint32(b[56:], m.flags)
}

func getMeta(b []byte) bucketMeta {
	le := binary.LittleEndian
	at := func(i int) int64 { return int64(le.Uint64(b[8*i:])) }
	return bucketMeta{
		step: at(0), lastStep: at(1), time: at(2), lastTime: at(3), active: at(4), lastActive: at(5),
		epoch: int32(le.Uint32(b[48:])), lastEpoch: int32(le.Uint32(b[52:])), flags: le.Uint32(b[56:]),
	}
}

func putSummary(b []byte, s curve.Column) {
	le := binary.LittleEndian
	for i, v := range []float64{s.Min, s.Max, s.Sum, s.First, s.Last} {
		le.PutUint64(b[8*i:], math.Float64bits(v))
	}
	for i, n := range []int{s.N, s.NaN, s.PosInf, s.NegInf} {
		le.PutUint16(b[40+2*i:], uint16(n))
	}
}

func getSummary(b []byte) curve.Column {
	le := binary.LittleEndian
	f := func(i int) float64 { return math.Float64frombits(le.Uint64(b[8*i:])) }
	n := func(i int) int { return int(le.Uint16(b[40+2*i:])) }
	return curve.Column{
		Min: f(0), Max: f(1), Sum: f(2), First: f(3), Last: f(4),
		N: n(0), NaN: n(1), PosInf: n(2), NegInf: n(3),
	}
}
