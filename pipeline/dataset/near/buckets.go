package near

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"
)

// Buckets gathers (key, row) pairs and gives back the rows of each key that was
// added more than once. Pairs are dealt to partitions by their key; a partition
// that is full goes to the end of a temporary file, so the memory does not grow
// with the data. It belongs to one goroutine.
type Buckets struct {
	dir   string
	per   int // pairs a partition keeps in memory
	parts [partitions]bucketPart
	file  *os.File
	end   int64 // of the file
}

// bucketPart is the pairs of one partition: those on disk, then those in memory.
type bucketPart struct {
	extents []extent
	spilled int
	pairs   []pair
}

type extent struct {
	at    int64
	pairs int
}

// pair is twelve bytes: the key in two halves, as the whole would be padded.
type pair struct{ low, high, row uint32 }

const (
	partitions = 128
	pairBytes  = int(unsafe.Sizeof(pair{}))
)

// NewBuckets makes empty buckets. Up to memory pairs (0 is four million, or 48
// MB) stay in memory; the rest goes below dir, or the system's folder for
// temporary files.
func NewBuckets(dir string, memory int) *Buckets {
	if memory <= 0 {
		memory = 1 << 22
	}
	return &Buckets{dir: dir, per: max(1, memory/partitions)}
}

// Add adds a pair.
func (b *Buckets) Add(key uint64, row int) error {
	p := &b.parts[key>>57]
	p.pairs = append(p.pairs, pair{uint32(key), uint32(key >> 32), uint32(row)})
	if len(p.pairs) >= b.per {
		return b.spill(p)
	}
	return nil
}

// spill appends a partition's pairs in memory to the file.
func (b *Buckets) spill(p *bucketPart) error {
	if b.file == nil {
		f, err := os.CreateTemp(b.dir, "athanor-buckets-*")
		if err != nil {
			return fmt.Errorf("spill hashes to disk: %w; free some space or set another folder for temporary files", err)
		}
		// The name is not needed any more: the file goes with the process.
		b.file = f
		if err := os.Remove(f.Name()); err != nil {
			return fmt.Errorf("spill hashes to disk: %w", err)
		}
	}
	raw := pairsAsBytes(p.pairs)
	if _, err := b.file.WriteAt(raw, b.end); err != nil {
		return fmt.Errorf("spill hashes to disk: %w; free some space", err)
	}
	p.extents = append(p.extents, extent{b.end, len(p.pairs)})
	p.spilled += len(p.pairs)
	b.end += int64(len(raw))
	p.pairs = p.pairs[:0]
	return nil
}

// pairsAsBytes is the memory of pairs; it is read back by this process only.
func pairsAsBytes(pairs []pair) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(pairs))), len(pairs)*pairBytes)
}

// all is a partition's pairs in the order they were added.
func (b *Buckets) all(p *bucketPart) ([]pair, error) {
	if p.spilled == 0 {
		return p.pairs, nil
	}
	out := make([]pair, p.spilled, p.spilled+len(p.pairs))
	at := 0
	for _, e := range p.extents {
		raw := pairsAsBytes(out[at : at+e.pairs])
		if n, err := b.file.ReadAt(raw, e.at); err != nil && !(errors.Is(err, io.EOF) && n == len(raw)) {
			return nil, fmt.Errorf("read spilled hashes: %w", err)
		}
		at += e.pairs
	}
	return append(out, p.pairs...), nil
}

// runs are the rows of the keys of one partition that were added twice or more.
type runs struct {
	rows []int
	ends []int // of each key's rows
	err  error
}

// Each calls visit with the rows of every key that has two or more, in rising
// order. The slice is used again after visit returns. Partitions are looked
// through on all processors, visit is called on the caller's goroutine.
func (b *Buckets) Each(ctx context.Context, visit func(rows []int) error) error {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan chan runs, max(1, runtime.GOMAXPROCS(0)-1))
	go b.lookThrough(within, queue)
	var failed error
	for result := range queue {
		r := <-result
		if failed == nil {
			failed = r.each(visit)
		}
		if failed != nil {
			cancel()
		}
	}
	if failed != nil {
		return failed
	}
	return ctx.Err()
}

func (b *Buckets) lookThrough(ctx context.Context, queue chan<- chan runs) {
	defer close(queue)
	for i := range b.parts {
		if ctx.Err() != nil {
			return
		}
		result := make(chan runs, 1)
		queue <- result
		go func() {
			pairs, err := b.all(&b.parts[i])
			if err != nil {
				result <- runs{err: err}
				return
			}
			result <- meet(pairs)
		}()
	}
}

func (r *runs) each(visit func(rows []int) error) error {
	if r.err != nil {
		return r.err
	}
	from := 0
	for _, to := range r.ends {
		if err := visit(r.rows[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// meet finds equal keys: pairs are chained in an open table by their key.
func meet(pairs []pair) runs {
	m := newMeeting(pairs)
	var out runs
	for i, p := range pairs {
		if m.last[i] == 0 {
			continue
		}
		out.rows = append(out.rows, int(p.row))
		for k := m.next[i]; k != 0; k = m.next[k] {
			out.rows = append(out.rows, int(pairs[k].row))
		}
		out.ends = append(out.ends, len(out.rows))
	}
	return out
}

// meeting finds equal keys among few pairs.
type meeting struct {
	table []int32 // by hash: 1 + index of the first pair with the key
	next  []int32 // by pair: the next with the same key, 0 for none
	last  []int32 // by first pair: the last with its key, 0 where it is alone
}

func newMeeting(pairs []pair) meeting {
	size := 4
	for size < 2*len(pairs) {
		size *= 2
	}
	m := meeting{make([]int32, size), make([]int32, len(pairs)), make([]int32, len(pairs))}
	mask := uint32(size - 1)
	for i, p := range pairs {
		at := p.low & mask
		for m.table[at] != 0 && !pairs[m.table[at]-1].same(p) {
			at = (at + 1) & mask
		}
		if first := m.table[at] - 1; first >= 0 {
			m.chain(first, int32(i))
		} else {
			m.table[at] = int32(i) + 1
		}
	}
	return m
}

func (p pair) same(o pair) bool { return p.low == o.low && p.high == o.high }

// chain puts pair i behind the others with the key of pair first.
func (m *meeting) chain(first, i int32) {
	before := m.last[first]
	if before == 0 {
		before = first
	}
	m.next[before] = i
	m.last[first] = i
}

// Close frees the temporary file.
func (b *Buckets) Close() {
	if b.file != nil {
		b.file.Close()
	}
	b.file, b.parts = nil, [partitions]bucketPart{}
}
