package reviews

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"athanor/pipeline/dataset/table"
)

// isPlainText reports a file of one text a line.
func isPlainText(path string) bool { return strings.EqualFold(filepath.Ext(path), ".txt") }

// lines reads a plain text file as a table of one column.
type lines struct {
	file     *os.File
	in       *bufio.Reader
	count    *counting
	problems table.Problems
	number   int
}

type counting struct {
	r io.Reader
	n int64
}

// Read counts the bytes read.
func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

func openLines(path string) (*lines, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	sample := make([]byte, 64<<10)
	n, err := io.ReadFull(f, sample)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		f.Close()
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		f.Close()
		return nil, err
	}
	l := &lines{file: f, count: &counting{r: f}}
	l.in = bufio.NewReader(table.DetectCharset(sample[:n]).Decode(l.count))
	return l, nil
}

// Columns is one column called text.
func (l *lines) Columns() []string { return []string{"text"} }

// Problems counts the lines that were too long and are cut.
func (l *lines) Problems() *table.Problems { return &l.problems }

// Offset is how many bytes were read.
func (l *lines) Offset() int64 { return l.count.n }

// Close closes the file.
func (l *lines) Close() error { return l.file.Close() }

// Read returns the next line, cut where it is longer than table.MaxRow.
func (l *lines) Read() (*table.Row, error) {
	var text []byte
	for {
		part, more, err := l.in.ReadLine()
		if err != nil {
			if len(text) == 0 {
				return nil, err
			}
			break
		}
		if room := table.MaxRow - len(text); room > 0 {
			text = append(text, part[:min(len(part), room)]...)
		} else if l.problems.Count[table.LongRow] == 0 {
			l.problems.Count = map[string]int{table.LongRow: 1}
			l.problems.Examples = []table.Problem{{Line: l.number + 1, What: fmt.Sprintf("over %d bytes; its beginning is read", table.MaxRow)}}
		}
		if !more {
			break
		}
	}
	l.number++
	return &table.Row{Number: l.number - 1, Line: l.number, Cells: []table.Cell{{Text: text}}}, nil
}
