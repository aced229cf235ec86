package table

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// parquetReader reads a Parquet file column by column in batches. Nested lists
// are left out and said.
type parquetReader struct {
	file     *os.File
	groups   []parquet.RowGroup
	group    int
	leaves   []int // leaf column indices that are read
	columns  []string
	readers  []parquet.ColumnChunkValueReader
	batch    [][]parquet.Value // one list a column
	at, size int               // place in the batch
	left     int64             // rows of the group not yet read
	total    int64
	done     int64
	row      Row
	problems Problems
}

const parquetBatch = 1024

func openParquet(path string) (r Reader, err error) {
	// The library panics on some damaged files; that must not end the studio.
	defer func() {
		if p := recover(); p != nil {
			r, err = nil, fmt.Errorf("%w: damaged Parquet file (%v)", ErrFormat, p)
		}
	}()
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open Parquet file: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open Parquet file: %w", err)
	}
	file, err := parquet.OpenFile(f, info.Size(), parquet.SkipBloomFilters(true))
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %w; it is damaged or cut off, copy it again", ErrFormat, err)
	}
	p := &parquetReader{file: f, groups: file.RowGroups(), total: info.Size()}
	if err := p.describe(file); err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

func (p *parquetReader) describe(file *parquet.File) error {
	for _, path := range file.Schema().Columns() {
		leaf, ok := file.Schema().Lookup(path...)
		name := strings.Join(path, ".")
		if !ok || leaf.MaxRepetitionLevel > 0 {
			p.problems.add(NestedValue, 0, fmt.Sprintf("column %q holds lists and is left out", name))
			continue
		}
		p.leaves = append(p.leaves, leaf.ColumnIndex)
		p.columns = append(p.columns, name)
	}
	if len(p.leaves) == 0 {
		return fmt.Errorf("%w: no column without lists", ErrFormat)
	}
	if len(p.leaves) > MaxColumns {
		return fmt.Errorf("%w: %d columns, at most %d are read", ErrFormat, len(p.leaves), MaxColumns)
	}
	p.columns = names(p.columns)
	p.row.Cells = make([]Cell, len(p.columns))
	p.batch = make([][]parquet.Value, len(p.columns))
	for i := range p.batch {
		p.batch[i] = make([]parquet.Value, parquetBatch)
	}
	return nil
}

// Read implements Reader.
func (p *parquetReader) Read() (row *Row, err error) {
	if p.at == p.size {
		if err := p.fill(); err != nil {
			return nil, err
		}
	}
	for i := range p.row.Cells {
		p.row.Cells[i] = parquetCell(p.batch[i][p.at])
	}
	p.row.Number = int(p.done)
	p.done++
	p.at++
	return &p.row, nil
}

// fill reads the next batch of every column.
func (p *parquetReader) fill() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: damaged Parquet page (%v)", ErrFormat, r)
		}
	}()
	for p.left == 0 {
		if err := p.nextGroup(); err != nil {
			return err
		}
	}
	p.at, p.size = 0, int(min(p.left, parquetBatch))
	for i, r := range p.readers {
		if err := readFull(r, p.batch[i][:p.size]); err != nil {
			return fmt.Errorf("%w: column %q near row %d: %w", ErrFormat, p.columns[i], p.done, err)
		}
	}
	p.left -= int64(p.size)
	return nil
}

func readFull(r parquet.ValueReader, into []parquet.Value) error {
	for len(into) > 0 {
		n, err := r.ReadValues(into)
		into = into[n:]
		if err != nil && !(errors.Is(err, io.EOF) && len(into) == 0) {
			return fmt.Errorf("%d values are missing: %w", len(into), err)
		}
		if n == 0 && err == nil {
			return io.ErrNoProgress
		}
	}
	return nil
}

func (p *parquetReader) nextGroup() error {
	p.closeReaders()
	if p.group == len(p.groups) {
		return io.EOF
	}
	g := p.groups[p.group]
	p.group++
	chunks := g.ColumnChunks()
	for _, leaf := range p.leaves {
		p.readers = append(p.readers, parquet.NewColumnChunkValueReader(chunks[leaf]))
	}
	p.left = g.NumRows()
	return nil
}

func (p *parquetReader) closeReaders() {
	for _, r := range p.readers {
		r.Close()
	}
	p.readers = p.readers[:0]
}

func parquetCell(v parquet.Value) Cell {
	if v.IsNull() {
		return Cell{Null: true}
	}
	switch v.Kind() {
	case parquet.Boolean:
		if v.Boolean() {
			return Cell{Text: []byte("true")}
		}
		return Cell{Text: []byte("false")}
	case parquet.Int32:
		return Cell{Number: float64(v.Int32()), Typed: true}
	case parquet.Int64:
		return Cell{Number: float64(v.Int64()), Typed: true}
	case parquet.Float:
		return Cell{Number: float64(v.Float()), Typed: true}
	case parquet.Double:
		return Cell{Number: v.Double(), Typed: true}
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return Cell{Text: v.ByteArray()}
	}
	return Cell{Text: []byte(v.String())}
}

// Columns implements Reader.
func (p *parquetReader) Columns() []string { return p.columns }

// Problems implements Reader.
func (p *parquetReader) Problems() *Problems { return &p.problems }

// Offset implements Reader: the share of groups begun.
func (p *parquetReader) Offset() int64 {
	return p.total * int64(p.group) / int64(max(1, len(p.groups)))
}

// Close implements Reader.
func (p *parquetReader) Close() error {
	p.closeReaders()
	return p.file.Close()
}
