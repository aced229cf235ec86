package table

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// parquetBatch is some rows of a Parquet file, row after row, and the memory
// their texts lie in.
type parquetBatch struct {
	rows   int // it holds at most
	size   int // it holds
	begun  int // groups of rows begun when it was read
	err    error
	cells  []Cell
	values [][]parquet.Value // of each column: what the library gives
	texts  [][]byte          // of each column
}

// Bounds of a batch: cells and rows.
const (
	parquetCells = 1 << 15
	parquetRows  = 2048
)

// parquetValues is how many values of a column are taken at a time.
const parquetValues = 256

func (p *parquetReader) newBatch() *parquetBatch {
	width := len(p.columns)
	rows := max(16, min(parquetRows, parquetCells/width))
	b := &parquetBatch{rows: rows, cells: make([]Cell, rows*width), values: make([][]parquet.Value, width), texts: make([][]byte, width)}
	for i := range b.values {
		b.values[i] = make([]parquet.Value, min(rows, parquetValues))
	}
	return b
}

// column fills size rows of one column. Texts are copied at once: the library
// uses a page's memory again as soon as the next is read.
func (b *parquetBatch) column(i, size int, r parquet.ValueReader) (err error) {
	// The library panics on some damaged pages; that must not end the studio.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("damaged page (%v)", r)
		}
	}()
	b.texts[i] = b.texts[i][:0]
	for at := 0; at < size; {
		n, err := r.ReadValues(b.values[i][:min(len(b.values[i]), size-at)])
		b.take(i, at, b.values[i][:n])
		at += n
		if err != nil && (at < size || !errors.Is(err, io.EOF)) {
			return fmt.Errorf("%d values are missing: %w", size-at, err)
		}
		if n == 0 && err == nil {
			return io.ErrNoProgress
		}
	}
	return nil
}

// take turns values of column i into cells from row at on.
func (b *parquetBatch) take(i, at int, values []parquet.Value) {
	width := len(b.values)
	cells := b.cells[at*width+i:]
	texts := b.texts[i]
	for k := range values {
		v, cell := &values[k], &cells[k*width]
		switch v.Kind() {
		case parquet.Double:
			*cell = Cell{Number: v.Double(), Typed: true}
		case parquet.Int64:
			*cell = Cell{Number: float64(v.Int64()), Typed: true}
		case parquet.Int32:
			*cell = Cell{Number: float64(v.Int32()), Typed: true}
		case parquet.Float:
			*cell = Cell{Number: float64(v.Float()), Typed: true}
		default:
			from := len(texts)
			texts = appendValue(texts, v)
			*cell = Cell{Text: texts[from:len(texts):len(texts)], Null: v.IsNull()}
		}
	}
	b.texts[i] = texts
}

// appendValue appends what is no number; nothing for null.
func appendValue(dst []byte, v *parquet.Value) []byte {
	if v.IsNull() {
		return dst
	}
	switch v.Kind() {
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return append(dst, v.ByteArray()...)
	case parquet.Boolean:
		if v.Boolean() {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	}
	return append(dst, v.String()...)
}
