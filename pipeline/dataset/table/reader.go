// Package table reads tables (CSV, TSV, JSON lines, Parquet) in one pass and in
// bounded memory, whatever their size, character set and separators, and learns
// from them what a network needs: the role of each column, and how its values
// become numbers. It never writes the source.
package table

import (
	"errors"
	"fmt"
	"strconv"
)

// Errors of readers.
var (
	// ErrFormat: the file is no table that can be read.
	ErrFormat = errors.New("not a readable table")
	// ErrEmpty: the table has no row.
	ErrEmpty = errors.New("the table has no rows")
	// ErrColumn: a column that was asked for does not exist.
	ErrColumn = errors.New("no such column")
)

// Limits of what is read.
const (
	MaxColumns = 10_000
	MaxRow     = 16 << 20 // bytes of one row
)

// Cell is one value of a row. A cell of a text file is Text; a cell of a typed
// file (JSON, Parquet) may be a Number.
type Cell struct {
	Text   []byte
	Number float64
	Typed  bool // Number holds the value, Text is empty
	Null   bool // the file says that there is no value
}

// Append appends the cell's text to dst.
func (c Cell) Append(dst []byte) []byte {
	switch {
	case c.Null:
		return dst
	case c.Typed:
		return strconv.AppendFloat(dst, c.Number, 'g', -1, 64)
	}
	return append(dst, c.Text...)
}

// String is the cell's text.
func (c Cell) String() string {
	if c.Typed || c.Null {
		return string(c.Append(nil))
	}
	return string(c.Text)
}

// Row is one row of a table.
type Row struct {
	Number int // from 0, counting the rows that were read
	Line   int // line of the file it starts on, from 1; 0 where the file has none
	Cells  []Cell
	// Typed says that cells may be numbers or null; else all are texts.
	Typed bool
	// Raw is the memory that the cells' texts are slices of, where they lie in one
	// piece: the text's place in it is cap(Raw)-cap(Text). Nil elsewhere.
	Raw []byte
}

// Problem is something the reader could not take. Nothing is left out without one.
type Problem struct {
	Line int
	What string
}

// Problems counts by kind and keeps the first of each.
type Problems struct {
	Count    map[string]int // by kind
	Examples []Problem      // the first 20 of each kind
}

func (p *Problems) add(kind string, line int, what string) {
	if p.Count == nil {
		p.Count = map[string]int{}
	}
	p.Count[kind]++
	if p.Count[kind] <= 20 {
		p.Examples = append(p.Examples, Problem{line, what})
	}
}

// Kinds of problems.
const (
	WrongWidth  = "wrong number of cells" // row left out
	LongRow     = "row too long"          // row left out
	OpenQuote   = "quote never closed"    // row read without quotes
	BadRecord   = "unreadable record"     // row left out
	UnknownKey  = "key not in the header" // value left out
	NestedValue = "nested value"          // kept as its JSON text
)

// Reader gives a table's rows one after another. It belongs to one goroutine.
type Reader interface {
	// Columns are the columns' names; unnamed ones are called column 1, …
	Columns() []string
	// Read returns the next row, which is valid until the next call, or io.EOF.
	Read() (*Row, error)
	// Problems is what was left out so far.
	Problems() *Problems
	// Offset is how many of the source's bytes were read so far, for progress.
	Offset() int64
	// Close frees the file.
	Close() error
}

// names makes column names usable: none empty, none twice.
func names(raw []string) []string {
	out := make([]string, len(raw))
	seen := map[string]bool{}
	for i, n := range raw {
		if n == "" {
			n = fmt.Sprintf("column %d", i+1)
		}
		base := n
		for k := 2; seen[n]; k++ {
			n = fmt.Sprintf("%s (%d)", base, k)
		}
		seen[n] = true
		out[i] = n
	}
	return out
}

// columnIndex finds a column by name.
func columnIndex(columns []string, name string) (int, error) {
	for i, c := range columns {
		if c == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: %q; the columns are %q", ErrColumn, name, columns)
}
