package metrics

import (
	"fmt"
	"os"
)

// state is what the files of a table say.
type state struct {
	slot      slot
	blocks    int // full blocks that count
	tail      *rows
	finishCut bool // a cut was begun and its mark is not in the header yet
}

// readState finds how many blocks and tail rows count. A tail of a newer
// generation than the header's is a cut that a crash interrupted.
func readState(f *os.File, tailPath string, l layout) (state, error) {
	s, err := readSlot(f)
	if err != nil {
		return state{}, err
	}
	t, err := readTail(tailPath, l)
	if err != nil {
		return state{}, err
	}
	st := state{slot: s, tail: t.rows}
	if t.size > 0 && t.generation == s.generation+1 {
		st.slot = slot{t.generation, uint64(t.first / l.rows)}
		st.finishCut = true
	}
	if st.blocks, err = countBlocks(f, l, st.slot); err != nil {
		return state{}, err
	}
	if st.blocks, err = st.trustTail(f, l, t); err != nil {
		return state{}, err
	}
	if t.size == 0 || t.generation != st.slot.generation || t.first != st.blocks*l.rows {
		st.tail = newRows(len(l.names), 0)
	}
	return st, nil
}

// trustTail returns the number of blocks, at least as many as a tail of this
// generation follows: a last block with a damaged head is damage, not a crash.
func (st state) trustTail(f *os.File, l layout, t tail) (int, error) {
	full, err := l.fullBlocks(f)
	behind := t.first / l.rows
	if t.size == 0 || t.generation != st.slot.generation || behind > full {
		return st.blocks, err
	}
	return max(st.blocks, behind), err
}

// countBlocks counts the blocks up to the last whole one of this generation.
func countBlocks(f *os.File, l layout, s slot) (int, error) {
	n, err := l.fullBlocks(f)
	if err != nil {
		return 0, err
	}
	head := make([]byte, l.head)
	for ; n > 0; n-- {
		if _, err := f.ReadAt(head, l.blockOffset(n-1)); err != nil {
			return 0, fmt.Errorf("read %s: %w", f.Name(), err)
		}
		if l.checkHead(head, n-1, s) {
			break
		}
	}
	return n, nil
}

// CutAfter drops all rows that come after the last row with a step of at most
// step, and everything that waits in memory beyond it. The next Append goes on
// from there. It is safe against a crash at any moment: either all or nothing
// is cut.
func (w *Writer) CutAfter(step int64) error {
	w.disk.Lock()
	defer w.disk.Unlock()
	if err := w.flush(); err != nil {
		return err
	}
	if keep := lastAtMost(w.held.step, step); keep > 0 || w.sealed == 0 {
		w.held.truncate(keep)
		return w.rewriteTail()
	}
	return w.cutBlocks(step)
}

// lastAtMost is the number of rows up to the last one with a step of at most step.
func lastAtMost(steps []int64, step int64) int {
	n := len(steps)
	for n > 0 && steps[n-1] > step {
		n--
	}
	return n
}

// cutBlocks cuts within the sealed blocks: the rows kept of the last block
// become the tail, of a new generation, and then the header says so.
func (w *Writer) cutBlocks(step int64) error {
	block, held, err := w.lastKept(step)
	if err != nil {
		return err
	}
	w.sealed, w.held = block, held
	w.slot = slot{w.slot.generation + 1, uint64(w.sealed)}
	w.before = w.lastMeta()
	if err := w.rewriteTail(); err != nil {
		return err
	}
	return writeSlot(w.f, w.slot)
}

// lastKept finds the block of the last row with a step of at most step and
// returns its rows up to that one; block 0 and no rows when there is none.
func (w *Writer) lastKept(step int64) (int, *rows, error) {
	head := make([]byte, w.l.head)
	for i := w.sealed - 1; i >= 0; i-- {
		if _, err := w.f.ReadAt(head, w.l.blockOffset(i)); err != nil {
			return 0, nil, fmt.Errorf("read metrics: %w", err)
		}
		if !w.l.mayHold(head, step) {
			continue
		}
		held, err := w.readBlock(i)
		if err != nil {
			return 0, nil, err
		}
		if keep := lastAtMost(held.step, step); keep > 0 {
			held.truncate(keep)
			return i, held, nil
		}
	}
	return 0, newRows(len(w.l.names), w.l.rows), nil
}

// mayHold reports whether a block can hold a step of at most step.
func (l layout) mayHold(head []byte, step int64) bool {
	for b := range l.buckets {
		m := getMeta(head[l.bucketAt(b):])
		if min(m.step, m.lastStep) <= step || m.flags&stepFalls != 0 {
			return true
		}
	}
	return false
}

func (w *Writer) readBlock(i int) (*rows, error) {
	b := make([]byte, w.l.size)
	if _, err := w.f.ReadAt(b, w.l.blockOffset(i)); err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	for p := range fixedParts + len(w.l.names) {
		if !w.l.checkPart(b, p) {
			return nil, fmt.Errorf("%w: block %d of %s", ErrDamaged, i, w.f.Name())
		}
	}
	r := newRows(len(w.l.names), w.l.rows)
	r.readColumns(b[w.l.head:], w.l.rows)
	return r, nil
}
