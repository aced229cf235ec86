package metrics

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"athanor/pipeline/curve"
)

// Table reads a table, also one that another process is writing. It is safe for
// several goroutines.
type Table struct {
	path string
	l    layout
	file *mapping

	mu      sync.Mutex
	closed  bool
	slot    slot
	metas   []bucketMeta // of the sealed blocks; only ever appended to
	columns map[int][]curve.Column
	checks  map[int][]*atomic.Uint32
	view    *View
	stamp   stamp
}

// stamp tells cheaply whether a table changed.
type stamp struct {
	blocks, tail int64
	tailTime     int64
	slot         slot
}

// Open opens a table to read.
func Open(dir, table string) (*Table, error) {
	f, err := os.Open(BlocksPath(dir, table))
	if err != nil {
		return nil, fmt.Errorf("open metrics %s: %w", table, err)
	}
	l, err := readHeader(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	t := &Table{path: TailPath(dir, table), l: l, file: newMapping(f)}
	t.reset(slot{})
	if _, err := t.Refresh(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

func (t *Table) reset(s slot) {
	t.slot, t.metas = s, nil
	t.columns = map[int][]curve.Column{}
	t.checks = map[int][]*atomic.Uint32{}
}

// Close closes the file. Views stay readable for what is mapped already.
func (t *Table) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	if err := t.file.f.Close(); err != nil {
		return fmt.Errorf("close metrics: %w", err)
	}
	return nil
}

// Columns returns the names of the metrics.
func (t *Table) Columns() []string { return slices.Clone(t.l.names) }

// View returns what the last Refresh saw. It never changes.
func (t *Table) View() *View {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.view
}

// Refresh looks for new rows and reports whether there are any (or fewer, after
// a cut).
func (t *Table) Refresh() (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false, ErrClosed
	}
	now, err := t.look()
	if err != nil {
		return false, err
	}
	if t.view != nil && now == t.stamp {
		return false, nil
	}
	for range 10 {
		st, err := readState(t.file.f, t.path, t.l)
		if err != nil {
			return false, err
		}
		if again, err := t.look(); err != nil || again == now {
			t.stamp = now
			return true, errors.Join(err, t.apply(st))
		} else {
			now = again // the writer was faster: look once more
		}
		if err := t.apply(st); err != nil {
			return false, err
		}
	}
	return true, nil
}

// look reads what changes whenever rows are written.
func (t *Table) look() (stamp, error) {
	info, err := t.file.f.Stat()
	if err != nil {
		return stamp{}, fmt.Errorf("look at metrics: %w", err)
	}
	s, err := readSlot(t.file.f)
	if err != nil {
		return stamp{}, err
	}
	out := stamp{blocks: info.Size(), slot: s}
	if tail, err := os.Stat(t.path); err == nil {
		out.tail, out.tailTime = tail.Size(), tail.ModTime().UnixNano()
	}
	return out, nil
}

// apply makes a view of a state.
func (t *Table) apply(st state) error {
	if st.slot != t.slot {
		t.reset(st.slot)
	}
	have := len(t.metas) / t.l.buckets
	if st.blocks < have {
		t.reset(st.slot)
		have = 0
	}
	for i := have; i < st.blocks; i++ {
		if err := t.addBlock(i); err != nil {
			return err
		}
	}
	t.view = newView(t, st)
	return nil
}

// addBlock takes in the positions of a sealed block; those of a damaged one are
// marked.
func (t *Table) addBlock(i int) error {
	head, err := t.file.bytes(t.l.blockOffset(i), t.l.head)
	if err != nil {
		return err
	}
	good := t.l.checkHead(head, i, t.slot)
	for b := range t.l.buckets {
		m := bucketMeta{flags: damagedBucket}
		if good {
			m = getMeta(head[t.l.bucketAt(b):])
		}
		t.metas = append(t.metas, m)
	}
	return nil
}

// summaries returns the bucket summaries of a column for the first n buckets.
func (t *Table) summaries(column, n int, metas []bucketMeta) ([]curve.Column, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	have := t.columns[column]
	for i := len(have); i < n; i++ {
		if metas[i].flags&damagedBucket != 0 {
			have = append(have, curve.Column{})
			continue
		}
		at := t.l.blockOffset(i/t.l.buckets) + int64(t.l.summaryAt(column, i%t.l.buckets))
		b, err := t.file.bytes(at, summarySize)
		if err != nil {
			return nil, err
		}
		have = append(have, getSummary(b))
	}
	t.columns[column] = have
	return have[:n], nil
}

// Results of checking a part of a block against its checksum.
const (
	unchecked = iota
	whole
	broken
)

// checksOf returns one mark a block for a part, grown to n blocks.
func (t *Table) checksOf(part, n int) []*atomic.Uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.grownChecks(part, n)
}

func (t *Table) grownChecks(part, n int) []*atomic.Uint32 {
	marks := t.checks[part]
	for len(marks) < n {
		marks = append(marks, new(atomic.Uint32))
	}
	t.checks[part] = marks
	return marks[:n]
}
