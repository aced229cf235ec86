package table

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"
)

// parquetReader reads a Parquet file column by column in batches: while the rows
// of one are handed out, all processors read the next. Nested lists are left out
// and said.
type parquetReader struct {
	file     *os.File
	groups   []parquet.RowGroup
	group    int
	leaves   []int // leaf column indices that are read
	columns  []string
	readers  []parquet.ColumnChunkValueReader
	left     int64 // rows of the group not yet read
	total    int64
	batch    *parquetBatch      // the rows that are handed out
	at       int                // place in the batch
	coming   chan *parquetBatch // the next one; nil where none is under way
	done     int64
	row      Row
	problems Problems
}

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
	p.batch = p.newBatch()
	return nil
}

// Read implements Reader.
func (p *parquetReader) Read() (row *Row, err error) {
	for p.at == p.batch.size {
		if p.batch.err != nil {
			return nil, p.batch.err
		}
		p.next()
	}
	width := len(p.columns)
	p.row.Cells = p.batch.cells[p.at*width : (p.at+1)*width]
	p.row.Number, p.row.Typed = int(p.done), true
	p.done++
	p.at++
	return &p.row, nil
}

// next takes the batch that was read meanwhile and has the one that was handed
// out filled again.
func (p *parquetReader) next() {
	if p.coming == nil {
		p.coming = make(chan *parquetBatch, 1)
		p.ahead(p.newBatch())
	}
	used := p.batch
	p.batch, p.at = <-p.coming, 0
	if p.batch.err == nil {
		p.ahead(used)
	} else {
		p.coming = nil
	}
}

// ahead fills b beside the caller.
func (p *parquetReader) ahead(b *parquetBatch) {
	coming := p.coming
	go func() {
		b.size, b.err = p.fill(b)
		coming <- b
	}()
}

// fill reads the next batch of every column, on all processors.
func (p *parquetReader) fill(b *parquetBatch) (size int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: damaged Parquet file (%v)", ErrFormat, r)
		}
	}()
	for p.left == 0 {
		if err := p.nextGroup(); err != nil {
			return 0, err
		}
	}
	b.begun = p.group
	size = int(min(p.left, int64(b.rows)))
	if err := p.fillColumns(b, size); err != nil {
		return 0, err
	}
	p.left -= int64(size)
	return size, nil
}

func (p *parquetReader) fillColumns(b *parquetBatch, size int) error {
	var next atomic.Int32
	var wg sync.WaitGroup
	errs := make([]error, len(p.columns))
	work := func() {
		for i := int(next.Add(1)) - 1; i < len(errs); i = int(next.Add(1)) - 1 {
			if err := b.column(i, size, p.readers[i]); err != nil {
				errs[i] = fmt.Errorf("%w: column %q: %w", ErrFormat, p.columns[i], err)
			}
		}
	}
	for range min(len(errs), runtime.GOMAXPROCS(0)) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	return errors.Join(errs...)
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

// Columns implements Reader.
func (p *parquetReader) Columns() []string { return p.columns }

// Problems implements Reader.
func (p *parquetReader) Problems() *Problems { return &p.problems }

// Offset implements Reader: the share of groups begun.
func (p *parquetReader) Offset() int64 {
	return p.total * int64(p.batch.begun) / int64(max(1, len(p.groups)))
}

// Close implements Reader.
func (p *parquetReader) Close() error {
	if p.coming != nil {
		<-p.coming
		p.coming = nil
	}
	p.closeReaders()
	return p.file.Close()
}
