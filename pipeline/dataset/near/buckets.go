package near

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
)

// Buckets gathers (key, row) pairs and gives back the rows of each key that was
// added more than once. Beyond Memory pairs they go to temporary files, so the
// memory does not grow with the data. It belongs to one goroutine.
type Buckets struct {
	dir    string
	memory int
	pairs  []pair
	files  []*os.File
	writer *bufio.Writer
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
	slices.SortFunc(b.pairs, compare)
	for from := 0; from < len(b.pairs); {
		p := b.pairs[from].key >> 57
		to := from
		for to < len(b.pairs) && b.pairs[to].key>>57 == p {
			to++
		}
		if err := b.writePairs(b.files[p], b.pairs[from:to]); err != nil {
			return err
		}
		from = to
	}
	b.pairs = b.pairs[:0]
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

// compare orders pairs by key and row. It is written out: most of the time of
// finding duplicates goes through here.
func compare(x, y pair) int {
	switch {
	case x.key < y.key:
		return -1
	case x.key > y.key:
		return 1
	}
	return int(int64(x.row) - int64(y.row))
}

func eachRun(pairs []pair, visit func(rows []int) error) error {
	slices.SortFunc(pairs, compare)
	var rows []int
	for from := 0; from < len(pairs); {
		to := from + 1
		for to < len(pairs) && pairs[to].key == pairs[from].key {
			to++
		}
		if to-from > 1 {
			rows = rows[:0]
			for _, p := range pairs[from:to] {
				rows = append(rows, int(p.row))
			}
			if err := visit(rows); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// Close frees the temporary files.
func (b *Buckets) Close() {
	for _, f := range b.files {
		f.Close()
	}
	b.files, b.pairs = nil, nil
}
