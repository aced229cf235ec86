package near

import (
	"context"
	"fmt"
	"os"
	"unsafe"
)

// Texts finds exact and near duplicates among texts that arrive one after
// another. Sketches and keys go to disk beyond a bound. It belongs to one
// goroutine.
type Texts struct {
	exact    *Buckets
	printer  Printer
	sketches [][]Sketch // of the rows from base on, in chunks that never move
	spilled  *os.File
	base     int
	rows     int
	dir      string
	memory   int
}

// sketchesInMemory is 64 MB of them; a chunk is half a megabyte.
const (
	sketchesInMemory = 1 << 20
	sketchChunk      = 1 << 13
)

// NewTexts makes an empty finder that spills below dir.
func NewTexts(dir string) *Texts {
	return &Texts{exact: NewBuckets(dir, 0), dir: dir, memory: sketchesInMemory}
}

// Add adds the next text; empty ones are numbered and never match.
func (t *Texts) Add(text []byte) error {
	p := t.printer.Print(text)
	return t.AddPrint(&p)
}

// AddPrint adds the next text by its print, which may come from another
// goroutine's Printer.
func (t *Texts) AddPrint(p *Print) error {
	row := t.rows
	t.rows++
	if p.Exact != 0 {
		if err := t.exact.Add(p.Exact, row); err != nil {
			return err
		}
	}
	last := len(t.sketches) - 1
	if last < 0 || len(t.sketches[last]) == sketchChunk {
		t.sketches = append(t.sketches, make([]Sketch, 0, sketchChunk))
		last++
	}
	t.sketches[last] = append(t.sketches[last], p.Sketch)
	if t.rows-t.base >= t.memory {
		return t.spill()
	}
	return nil
}

const sketchBytes = int(unsafe.Sizeof(Sketch{}))

func (t *Texts) spill() error {
	if t.spilled == nil {
		f, err := os.CreateTemp(t.dir, "athanor-sketches-*")
		if err != nil {
			return fmt.Errorf("spill sketches to disk: %w; free some space", err)
		}
		os.Remove(f.Name())
		t.spilled = f
	}
	for _, chunk := range t.sketches {
		if _, err := t.spilled.WriteAt(sketchesAsBytes(chunk), int64(t.base)*int64(sketchBytes)); err != nil {
			return fmt.Errorf("spill sketches to disk: %w; free some space", err)
		}
		t.base += len(chunk)
	}
	t.sketches = t.sketches[:0]
	return nil
}

func (t *Texts) sketch(row int) (s Sketch, err error) {
	if row >= t.base {
		at := row - t.base
		return t.sketches[at/sketchChunk][at%sketchChunk], nil
	}
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&s)), sketchBytes)
	if _, err := t.spilled.ReadAt(raw, int64(row)*int64(sketchBytes)); err != nil {
		return s, fmt.Errorf("read spilled sketches: %w", err)
	}
	return s, nil
}

// Find returns the sets of equal texts, and of equal or nearly equal ones.
func (t *Texts) Find(ctx context.Context) (exact, similar *Union, err error) {
	exact, similar = &Union{}, &Union{}
	err = t.exact.Each(ctx, func(rows []int) error {
		for _, r := range rows[1:] {
			exact.Join(rows[0], r)
			similar.Join(rows[0], r)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = t.eachCandidates(ctx, func(rows []int) error { return t.joinSimilar(similar, rows) })
	if err != nil {
		return nil, nil, err
	}
	return exact, similar, nil
}

// eachCandidates calls visit with the rows that have all values of a band in
// common. The halves of the bands are looked for at the same time, visit is called
// on the caller's goroutine.
func (t *Texts) eachCandidates(ctx context.Context, visit func(rows []int) error) error {
	type found struct {
		keys *Buckets
		err  error
	}
	other := make(chan found, 1)
	go func() {
		keys, err := t.candidates(ctx, bands/2, bands)
		other <- found{keys, err}
	}()
	keys, err := t.candidates(ctx, 0, bands/2)
	second := <-other
	for _, f := range []found{{keys, err}, second} {
		defer f.keys.Close()
		if err == nil {
			err = f.err
		}
		if err == nil {
			err = f.keys.Each(ctx, visit)
		}
	}
	return err
}

// candidates gathers the keys of some bands that more than one text has. Nearly
// all belong to one text alone and are sieved out first.
func (t *Texts) candidates(ctx context.Context, from, to int) (*Buckets, error) {
	out := NewBuckets(t.dir, 0)
	seen := make([]*sieve, to-from)
	for b := range seen {
		seen[b] = newSieve(t.rows)
	}
	err := t.each(ctx, func(_ int, chunk []Sketch) error {
		for b, sieve := range seen {
			for i := range chunk {
				sieve.add(chunk[i].key(from + b))
			}
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	return out, t.each(ctx, func(row int, chunk []Sketch) error {
		for b, sieve := range seen {
			for i := range chunk {
				key := chunk[i].key(from + b)
				if !sieve.twice(key) || chunk[i] == (Sketch{}) {
					continue
				}
				if err := out.Add(Mix(0, key), row+i); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// each calls visit with chunks of all sketches, in order, and with their first row.
func (t *Texts) each(ctx context.Context, visit func(row int, chunk []Sketch) error) error {
	var chunk []Sketch
	for row := 0; row < t.rows; row += len(chunk) {
		err := ctx.Err()
		if err == nil {
			chunk, err = t.chunk(row, chunk)
		}
		if err == nil {
			err = visit(row, chunk)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// chunk is the sketches from a row on, in memory where they lie there.
func (t *Texts) chunk(from int, buffer []Sketch) ([]Sketch, error) {
	if from >= t.base {
		return t.sketches[(from-t.base)/sketchChunk], nil
	}
	n := min(sketchChunk, t.base-from)
	if cap(buffer) < n {
		buffer = make([]Sketch, n)
	}
	buffer = buffer[:n]
	if _, err := t.spilled.ReadAt(sketchesAsBytes(buffer), int64(from)*int64(sketchBytes)); err != nil {
		return nil, fmt.Errorf("read spilled sketches: %w", err)
	}
	return buffer, nil
}

// sketchesAsBytes is the memory of sketches; it is read back by this process only.
func sketchesAsBytes(s []Sketch) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*sketchBytes)
}

// bucketReach bounds the work in one bucket: each row is compared with the
// first and the few before it.
const bucketReach = 4

func (t *Texts) joinSimilar(u *Union, rows []int) error {
	first, err := t.sketch(rows[0])
	if err != nil {
		return err
	}
	type seen struct {
		row    int
		sketch Sketch
	}
	recent := []seen{{rows[0], first}}
	for i, r := range rows[1:] {
		if u.Find(r) == u.Find(rows[i]) {
			continue
		}
		s, err := t.sketch(r)
		if err != nil {
			return err
		}
		for k := range recent {
			if s.Similarity(&recent[k].sketch) >= Same {
				u.Join(recent[k].row, r)
				break
			}
		}
		if len(recent) < bucketReach {
			recent = append(recent, seen{r, s})
		}
	}
	return nil
}

// Close frees temporary files.
func (t *Texts) Close() {
	t.exact.Close()
	if t.spilled != nil {
		t.spilled.Close()
	}
}
