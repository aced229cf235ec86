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
	bands    *Buckets
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
	return &Texts{exact: NewBuckets(dir, 0), bands: NewBuckets(dir, 0), dir: dir, memory: sketchesInMemory}
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
	if p.Long {
		for _, k := range p.Keys {
			if err := t.bands.Add(k, row); err != nil {
				return err
			}
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
		raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(chunk))), len(chunk)*sketchBytes)
		if _, err := t.spilled.WriteAt(raw, int64(t.base)*int64(sketchBytes)); err != nil {
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
	err = t.bands.Each(ctx, func(rows []int) error { return t.joinSimilar(similar, rows) })
	if err != nil {
		return nil, nil, err
	}
	return exact, similar, nil
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
	t.bands.Close()
	if t.spilled != nil {
		t.spilled.Close()
	}
}
