package health

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"

	"athanor/pipeline/dataset/near"
	"athanor/pipeline/dataset/table"
)

// block is some rows of a table, copied, so that all processors can look at them
// while the next are read.
type block struct {
	texts  []span       // cells of a text file: where in bytes, row after row
	cells  []table.Cell // of other files, with their texts in bytes
	bytes  []byte
	rows   []blockRow
	keys   []uint64     // hash of each row's inputs, where there is no text
	prints []near.Print // of each row, where there is
	next   atomic.Int32 // unit of work to be taken
	wait   sync.WaitGroup
}

// span is where a text lies in a block's bytes.
type span struct{ from, to uint32 }

// blockRow is what is known of a row before its cells are looked at.
type blockRow struct {
	number int
	label  []byte // after the person's changes; nil for none
	out    bool   // left out by the person
}

// Bounds of a block.
const (
	blockCells = 16 << 10
	blockBytes = 1 << 18
)

func newBlock() *block { return &block{bytes: make([]byte, 0, blockBytes)} }

// full tells whether a row of width cells and size bytes no longer fits.
func (b *block) full(width, size int) bool {
	return len(b.rows) > 0 && (len(b.texts)+len(b.cells)+width > blockCells || len(b.bytes)+size > cap(b.bytes))
}

// add copies a row into the block.
func (b *block) add(r *table.Row, size int, row blockRow) {
	if size > cap(b.bytes) {
		b.bytes = make([]byte, 0, size)
	}
	switch {
	case r.Typed:
		for _, c := range r.Cells {
			c.Text = b.copy(c.Text)
			b.cells = append(b.cells, c)
		}
	case r.Raw != nil:
		b.addWhole(r)
	default:
		for i := range r.Cells {
			from := uint32(len(b.bytes))
			b.bytes = append(b.bytes, r.Cells[i].Text...)
			b.texts = append(b.texts, span{from, uint32(len(b.bytes))})
		}
	}
	row.label = b.copy(row.label)
	b.rows = append(b.rows, row)
}

// addWhole copies a row whose cells lie in one piece.
func (b *block) addWhole(r *table.Row) {
	base := len(b.bytes) + cap(r.Raw)
	b.bytes = append(b.bytes, r.Raw...)
	for i := range r.Cells {
		from := base - cap(r.Cells[i].Text)
		b.texts = append(b.texts, span{uint32(from), uint32(from + len(r.Cells[i].Text))})
	}
}

func (b *block) copy(text []byte) []byte {
	if text == nil {
		return nil
	}
	at := len(b.bytes)
	b.bytes = append(b.bytes, text...)
	return b.bytes[at:len(b.bytes):len(b.bytes)]
}

func (b *block) reset() {
	b.texts, b.cells, b.bytes, b.rows = b.texts[:0], b.cells[:0], b.bytes[:0], b.rows[:0]
	b.next.Store(0)
}

// text is what stands at a place of texts.
func (b *block) text(at int) []byte { return b.bytes[b.texts[at].from:b.texts[at].to] }

// appendText appends the text of the cell at a place to dst.
func (b *block) appendText(dst []byte, at int) []byte {
	if len(b.texts) > 0 {
		return append(dst, b.text(at)...)
	}
	return b.cells[at].Append(dst)
}

// blank tells whether the cell at a place is an empty text.
func (b *block) blank(at int) bool {
	var text []byte
	if len(b.texts) > 0 {
		text = b.text(at)
	} else if text = b.cells[at].Text; b.cells[at].Typed {
		return false
	}
	return len(text) < 64 && len(bytes.TrimSpace(text)) == 0
}

// looker looks at blocks on all processors: one block while the next is read.
// It belongs to one goroutine.
type looker struct {
	t        *tableCheck
	printers sync.Pool // of near.Printer
	reading  *block
	looking  *block // nil where there is none
}

// shares is how many parts the rows of a block are cut into for hashing.
const shares = 8

func newLooker(t *tableCheck) *looker {
	return &looker{t: t, reading: newBlock(), printers: sync.Pool{New: func() any { return &lookerMemory{} }}}
}

// add takes a row. Its cells may be written again afterwards.
func (l *looker) add(r *table.Row, row blockRow) error {
	size := len(row.label) + len(r.Raw)
	if r.Raw == nil || r.Typed {
		size = len(row.label)
		for i := range r.Cells {
			size += len(r.Cells[i].Text)
		}
	}
	if l.reading.full(len(r.Cells), size) {
		if err := l.turn(); err != nil {
			return err
		}
	}
	l.reading.add(r, size, row)
	return nil
}

// turn hands the block that was read to the processors and books the one before.
func (l *looker) turn() error {
	free, err := l.finish()
	if err != nil {
		return err
	}
	b := l.reading
	b.keys, b.prints = resized(b.keys, len(b.rows)), resized(b.prints, len(b.rows))
	for range runtime.GOMAXPROCS(0) - 1 {
		b.wait.Go(func() { l.work(b) })
	}
	l.reading, l.looking = free, b
	return nil
}

// resized is n zero values, in the memory of list where it is large enough.
func resized[T any](list []T, n int) []T {
	if cap(list) < n {
		return make([]T, n)
	}
	list = list[:n]
	clear(list)
	return list
}

// finish helps with the block under way, books it and returns it empty.
func (l *looker) finish() (*block, error) {
	b := l.looking
	if b == nil {
		return newBlock(), nil
	}
	l.work(b)
	b.wait.Wait()
	l.looking = nil
	err := l.t.take(b)
	b.reset()
	return b, err
}

// close looks at what is left.
func (l *looker) close() error {
	if err := l.turn(); err != nil {
		return err
	}
	_, err := l.finish()
	return err
}

// abandon waits for the processors without booking.
func (l *looker) abandon() {
	if l.looking != nil {
		l.looking.wait.Wait()
	}
}

// lookerMemory is what a goroutine needs to hash rows.
type lookerMemory struct {
	printer near.Printer
	buffer  []byte
}

// text is the text of a block's cell, in the block's or this memory.
func (m *lookerMemory) text(b *block, at int) []byte {
	if len(b.texts) > 0 {
		return b.text(at)
	}
	m.buffer = b.cells[at].Append(m.buffer[:0])
	return m.buffer
}

// work takes units of a block until none is left: first shares of the rows to be
// hashed, then columns to be profiled.
func (l *looker) work(b *block) {
	m, _ := l.printers.Get().(*lookerMemory)
	defer l.printers.Put(m)
	for {
		unit := int(b.next.Add(1)) - 1
		switch {
		case unit < shares:
			n := len(b.rows)
			l.hash(b, m, n*unit/shares, n*(unit+1)/shares)
		case unit < shares+len(l.t.profiles):
			l.profile(b, unit-shares)
		default:
			return
		}
	}
}

func (l *looker) profile(b *block, column int) {
	p, width := l.t.profiles[column], len(l.t.profiles)
	for i := range b.rows {
		switch at := i*width + column; {
		case b.rows[i].out:
		case len(b.texts) > 0:
			p.AddText(b.text(at))
		default:
			p.Add(b.cells[at])
		}
	}
}

func (l *looker) hash(b *block, m *lookerMemory, from, to int) {
	width, text := len(l.t.profiles), l.t.schema.Text
	for i := from; i < to; i++ {
		switch {
		case b.rows[i].out:
		case text >= 0:
			b.prints[i] = m.printer.Print(m.text(b, i*width+text))
		default:
			m.buffer = m.buffer[:0]
			for _, c := range l.t.inputs {
				m.buffer = b.appendText(m.buffer, i*width+c)
				m.buffer = append(m.buffer, 0)
			}
			b.keys[i] = near.Hash(m.buffer)
		}
	}
}
