package near

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// Buckets gathers (key, row) pairs and gives back the rows of each key that was
// added more than once. Beyond Memory pairs they go to temporary files, so the
// memory does not grow with the data. It belongs to one goroutine.
type Buckets struct {
	dir     string
	memory  int
	pairs   []pair
	files   []*os.File
	writer  *bufio.Writer
	scratch []pair
}

type pair struct {
	key uint64
	row uint32
}

const (
	partitions = 128
	pairBytes  = 12
)

// NewBuckets makes empty buckets. Up to memory pairs (0 is a million) stay in
// memory; the rest goes below dir, or the system's folder for temporary files.
func NewBuckets(dir string, memory int) *Buckets {
	if memory <= 0 {
		memory = 1 << 20
	}
	return &Buckets{dir: dir, memory: memory}
}

// Add adds a pair.
func (b *Buckets) Add(key uint64, row int) error {
	b.pairs = append(b.pairs, pair{key, uint32(row)})
	if len(b.pairs) >= b.memory {
		return b.spill()
	}
	return nil
}

// spill appends the pairs in memory to the file of their key's partition.
func (b *Buckets) spill() error {
	if b.files == nil {
		for range partitions {
			f, err := os.CreateTemp(b.dir, "athanor-buckets-*")
			if err != nil {
				return fmt.Errorf("spill hashes to disk: %w; free some space or set another folder for temporary files", err)
			}
			// The name is not needed any more: the file goes with the process.
			os.Remove(f.Name())
			b.files = append(b.files, f)
		}
	}
	sorted, ends := scatter(b.pairs, b.scratch, 57, partitions)
	from := 0
	for p, to := range ends {
		if err := b.writePairs(b.files[p], sorted[from:to]); err != nil {
			return err
		}
		from = to
	}
	b.pairs, b.scratch = b.pairs[:0], sorted
	return nil
}

func (b *Buckets) writePairs(f *os.File, pairs []pair) error {
	if b.writer == nil {
		b.writer = bufio.NewWriterSize(f, 1<<16)
	}
	w := b.writer
	w.Reset(f)
	var buf [pairBytes]byte
	for _, p := range pairs {
		binary.LittleEndian.PutUint64(buf[:], p.key)
		binary.LittleEndian.PutUint32(buf[8:], p.row)
		if _, err := w.Write(buf[:]); err != nil {
			return fmt.Errorf("spill hashes to disk: %w; free some space", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("spill hashes to disk: %w; free some space", err)
	}
	return nil
}

// Each calls visit with the rows of every key that has two or more, in rising
// order. The slice is used again after visit returns.
func (b *Buckets) Each(ctx context.Context, visit func(rows []int) error) error {
	if b.files == nil {
		return eachRun(b.pairs, visit)
	}
	if err := b.spill(); err != nil {
		return err
	}
	for _, f := range b.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		pairs, err := readPairs(f)
		if err != nil {
			return err
		}
		if err := eachRun(pairs, visit); err != nil {
			return err
		}
	}
	return nil
}

func readPairs(f *os.File) ([]pair, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read spilled hashes: %w", err)
	}
	pairs := make([]pair, info.Size()/pairBytes)
	r := bufio.NewReaderSize(io.NewSectionReader(f, 0, info.Size()), 1<<16)
	var raw [pairBytes]byte
	for i := range pairs {
		if _, err := io.ReadFull(r, raw[:]); err != nil {
			return nil, fmt.Errorf("read spilled hashes: %w", err)
		}
		pairs[i] = pair{binary.LittleEndian.Uint64(raw[:]), binary.LittleEndian.Uint32(raw[8:])}
	}
	return pairs, nil
}

// scatter orders pairs by the bits of their keys above shift, buckets of them,
// keeping the order within each: a counting sort into scratch, which is grown as
// needed. ends holds where each bucket ends.
func scatter(pairs, scratch []pair, shift, buckets int) (sorted []pair, ends []int) {
	if cap(scratch) < len(pairs) {
		scratch = make([]pair, len(pairs))
	}
	scratch = scratch[:len(pairs)]
	mask := uint64(buckets - 1)
	at := make([]int, buckets)
	for _, p := range pairs {
		at[p.key>>shift&mask]++
	}
	sum := 0
	for i, n := range at {
		at[i] = sum
		sum += n
	}
	for _, p := range pairs {
		i := p.key >> shift & mask
		scratch[at[i]] = p
		at[i]++
	}
	return scratch, at
}

// eachRun finds equal keys without sorting: pairs are scattered into buckets
// that fit a processor's cache, and met in a small open table there.
func eachRun(pairs []pair, visit func(rows []int) error) error {
	buckets := 1
	for len(pairs)/buckets > 4096 && buckets < 1<<12 {
		buckets *= 2
	}
	sorted, ends := scatter(pairs, nil, 40, buckets)
	var m meeting
	from := 0
	for _, to := range ends {
		if err := m.each(sorted[from:to], visit); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// meeting finds equal keys among few pairs.
type meeting struct {
	table []int32 // by hash: 1 + index of the first pair with the key
	next  []int32 // by pair: the next with the same key, 0 for none
	last  []int32 // by first pair: the last with its key
	rows  []int
}

func (m *meeting) each(pairs []pair, visit func(rows []int) error) error {
	size := 4
	for size < 2*len(pairs) {
		size *= 2
	}
	if cap(m.table) < size {
		m.table = make([]int32, size)
	}
	m.table = m.table[:size]
	clear(m.table)
	if cap(m.next) < len(pairs) {
		m.next, m.last = make([]int32, len(pairs)), make([]int32, len(pairs))
	}
	m.next, m.last = m.next[:len(pairs)], m.last[:len(pairs)]
	clear(m.next)
	clear(m.last)
	m.link(pairs)
	for i := range pairs {
		if m.last[i] == 0 {
			continue
		}
		m.rows = append(m.rows[:0], int(pairs[i].row))
		for k := m.next[i]; k != 0; k = m.next[k] {
			m.rows = append(m.rows, int(pairs[k].row))
		}
		if err := visit(m.rows); err != nil {
			return err
		}
	}
	return nil
}

// link chains the pairs of each key in their order.
func (m *meeting) link(pairs []pair) {
	mask := uint64(len(m.table) - 1)
	for i, p := range pairs {
		at := p.key & mask
		for m.table[at] != 0 && pairs[m.table[at]-1].key != p.key {
			at = (at + 1) & mask
		}
		first := m.table[at] - 1
		if first < 0 {
			m.table[at] = int32(i) + 1
			continue
		}
		if l := m.last[first]; l != 0 {
			m.next[l] = int32(i)
		} else {
			m.next[first] = int32(i)
		}
		m.last[first] = int32(i)
	}
}

// Close frees the temporary files.
func (b *Buckets) Close() {
	for _, f := range b.files {
		f.Close()
	}
	b.files, b.pairs, b.scratch = nil, nil, nil
}
