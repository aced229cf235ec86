package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strings"
)

// separated reads CSV-like text. Lines without quotes, which are nearly all,
// are split where they lie; a quoted field may hold separators, doubled quotes
// and line ends. Lines end with \n, \r\n or, in files without \n, \r.
type separated struct {
	src      io.Reader
	closer   io.Closer
	counter  *counter
	dialect  Dialect
	buf      []byte
	from, to int  // unread bytes of buf
	end      bool // src is at its end
	line     int  // of the next byte
	width    int
	count    int // rows given
	columns  []string
	row      Row
	scratch  []byte // unescaped quoted fields of one row
	problems Problems
	pending  *Row // a row read ahead
}

const quote = '"'

// quoteReach is how far a closing quote is looked for before the opening one is
// taken for a plain character.
const quoteReach = 1 << 20

func newSeparated(src io.Reader, d Dialect) *separated {
	return &separated{src: src, dialect: d, buf: make([]byte, 256<<10)}
}

// start reads the header, or the first row to learn the width.
func (s *separated) start() error {
	row, err := s.next()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: there is not one line", ErrEmpty)
	}
	if err != nil {
		return err
	}
	if len(row.Cells) > MaxColumns {
		return fmt.Errorf("%w: %d columns, at most %d are read", ErrFormat, len(row.Cells), MaxColumns)
	}
	s.width = len(row.Cells)
	s.columns = make([]string, s.width)
	if !s.dialect.Header {
		s.columns = names(s.columns)
		s.pending = row
		return nil
	}
	for i, c := range row.Cells {
		s.columns[i] = strings.TrimSpace(string(c.Text))
	}
	s.columns = names(s.columns)
	return nil
}

// Columns implements Reader.
func (s *separated) Columns() []string { return s.columns }

// Problems implements Reader.
func (s *separated) Problems() *Problems { return &s.problems }

// Offset implements Reader.
func (s *separated) Offset() int64 { return s.counter.n }

// Close implements Reader.
func (s *separated) Close() error { return s.closer.Close() }

// Read implements Reader.
func (s *separated) Read() (*Row, error) {
	for {
		row := s.pending
		s.pending = nil
		if row == nil {
			var err error
			if row, err = s.next(); err != nil {
				return nil, err
			}
			if len(row.Cells) != s.width {
				s.problems.add(WrongWidth, row.Line, fmt.Sprintf("%d cells, the table has %d columns", len(row.Cells), s.width))
				continue
			}
		}
		row.Number = s.count
		s.count++
		return row, nil
	}
}

// next parses one record of any width; empty lines are passed over.
func (s *separated) next() (*Row, error) {
	for {
		line, err := s.peekLine()
		if err != nil {
			return nil, err
		}
		start := s.line + 1
		s.row.Line, s.row.Raw = start, nil
		s.row.Cells = s.row.Cells[:0]
		if s.dialect.Quote && bytes.IndexByte(line, quote) >= 0 {
			if s.quoted() {
				return &s.row, nil
			}
			line, err = s.peekLine()
			if err != nil {
				return nil, err
			}
			s.problems.add(OpenQuote, start, "a quote is opened and not closed; it is read as a character")
		}
		s.skip(line)
		if line = bytes.TrimSuffix(line, []byte{'\r'}); len(line) == 0 {
			continue
		}
		s.row.Raw = line
		s.split(line)
		return &s.row, nil
	}
}

// split cuts a line without quoting. Cells are short: eight bytes are compared at
// once, as a search for each separator would begin too often.
func (s *separated) split(line []byte) {
	from := 0
	if sep := s.dialect.Separator; sep != 0 {
		all := uint64(sep) * (1<<56 | 1<<48 | 1<<40 | 1<<32 | 1<<24 | 1<<16 | 1<<8 | 1)
		at := 0
		for ; at+8 <= len(line); at += 8 {
			for marks := zeroBytes(binary.LittleEndian.Uint64(line[at:]) ^ all); marks != 0; marks &= marks - 1 {
				to := at + bits.TrailingZeros64(marks)/8
				s.row.Cells = append(s.row.Cells, Cell{Text: line[from:to]})
				from = to + 1
			}
		}
		for ; at < len(line); at++ {
			if line[at] == sep {
				s.row.Cells = append(s.row.Cells, Cell{Text: line[from:at]})
				from = at + 1
			}
		}
	}
	s.row.Cells = append(s.row.Cells, Cell{Text: line[from:]})
}

// zeroBytes marks which of eight bytes are zero, by their highest bits.
func zeroBytes(x uint64) uint64 {
	const low = 1<<63 - 1 ^ (1<<55 | 1<<47 | 1<<39 | 1<<31 | 1<<23 | 1<<15 | 1<<7)
	return ^(x&low + low | x | low)
}

// skip moves behind a line that peekLine gave.
func (s *separated) skip(line []byte) {
	s.from += len(line)
	if s.from < s.to {
		s.from++ // the line's end
	}
	s.line++
}

// peekLine returns the bytes up to the next line end, without it, and leaves
// them unread. A line over MaxRow is passed over and counted.
func (s *separated) peekLine() ([]byte, error) {
	seen := 0
	for {
		if i := bytes.IndexByte(s.buf[s.from+seen:s.to], '\n'); i >= 0 {
			return s.buf[s.from : s.from+seen+i], nil
		}
		seen = s.to - s.from
		if s.end {
			if seen == 0 {
				return nil, io.EOF
			}
			return s.buf[s.from:s.to], nil
		}
		if seen > MaxRow {
			if err := s.dropLine(); err != nil {
				return nil, err
			}
			seen = 0
			continue
		}
		if err := s.more(); err != nil {
			return nil, err
		}
	}
}

// dropLine passes over a line of any length in bounded memory.
func (s *separated) dropLine() error {
	s.problems.add(LongRow, s.line+1, fmt.Sprintf("over %d bytes", MaxRow))
	for {
		if i := bytes.IndexByte(s.buf[s.from:s.to], '\n'); i >= 0 {
			s.from += i + 1
			s.line++
			return nil
		}
		s.from = s.to
		if s.end {
			return io.EOF
		}
		if err := s.more(); err != nil {
			return err
		}
	}
}

// more reads further bytes behind the unread ones.
func (s *separated) more() error {
	if s.from > 0 {
		copy(s.buf, s.buf[s.from:s.to])
		s.to -= s.from
		s.from = 0
	}
	if s.to == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	n, err := s.src.Read(s.buf[s.to:])
	s.to += n
	if errors.Is(err, io.EOF) {
		s.end = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("read near line %d: %w", s.line+1, err)
	}
	return nil
}
