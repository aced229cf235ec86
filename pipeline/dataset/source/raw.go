package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"athanor/pipeline/dataset/archive"
	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/table"
)

// Raw is what samples were made from, by their numbers in the source (see
// dataset.Feed.Row), after the person's changes: for asking a model as its users
// do, for slices by column, and for showing samples.
type Raw struct {
	// Columns are a table's, in its order; nil for other sources.
	Columns []string
	// Label and Text are the columns of a table that are used so.
	Label, Text string

	cells map[int][]string
	files map[int]string // path on disk
	names map[int]string // name in operations
	text  int            // column
}

// ReadRaw reads the samples whose numbers are wanted, in one more pass over the
// source. Pictures are not read; Path names their files where they have any.
// Config must be the one the set was opened with.
func ReadRaw(ctx context.Context, c Config, wanted func(number int) bool) (*Raw, error) {
	r, err := readRaw(ctx, c, wanted)
	if err != nil {
		return nil, fmt.Errorf("read the samples of %s: %w", c.Path, err)
	}
	return r, nil
}

func readRaw(ctx context.Context, c Config, wanted func(int) bool) (*Raw, error) {
	if c.Path == Digits {
		return &Raw{text: -1}, nil
	}
	info, err := os.Stat(c.Path)
	switch {
	case err != nil:
		return nil, err
	case isIDX(c.Path, info):
		return &Raw{text: -1}, nil
	case !info.IsDir() && archive.Detect(c.Path) != archive.None:
		dir, err := unpacked(ctx, c, c.Path)
		if err != nil {
			return nil, err
		}
		c.Path = folder.Unwrap(dir)
		return readRaw(ctx, c, wanted)
	}
	parts := tableParts(c.Path, info)
	if len(parts) > 0 && !(info.IsDir() && parts[0].side == folder.Whole) {
		return rawTable(ctx, c, parts, wanted)
	}
	r, err := rawFiles(ctx, c, wanted)
	if len(parts) > 0 && (errors.Is(err, ErrUnknown) || errors.Is(err, ErrEmpty)) {
		return rawTable(ctx, c, parts, wanted)
	}
	return r, err
}

func rawTable(ctx context.Context, c Config, parts []part, wanted func(int) bool) (*Raw, error) {
	s := &tableSource{c: c, parts: parts, labels: c.Operations.Labels(), print: newPrint("table")}
	if err := s.addTest(); err != nil {
		return nil, err
	}
	if err := s.describe(ctx); err != nil {
		return nil, err
	}
	r := &Raw{Columns: s.columns, Label: s.columns[s.schema.Label], text: -1, cells: map[int][]string{}}
	if s.task == "text" {
		r.text, r.Text = s.schema.Text, s.columns[s.schema.Text]
	}
	err := s.scan(ctx, func(_ folder.Side, number int, row *table.Row) error {
		if !wanted(number) {
			return nil
		}
		cells := make([]string, len(row.Cells))
		for i, cell := range row.Cells {
			cells[i] = cell.String()
		}
		r.cells[number] = cells
		return nil
	})
	return r, err
}

func rawFiles(ctx context.Context, c Config, wanted func(int) bool) (*Raw, error) {
	s, err := labelledFiles(ctx, c, c.Path)
	if err != nil {
		return nil, err
	}
	r := &Raw{text: -1, files: map[int]string{}, names: map[int]string{}}
	if s.kind == folder.Texts {
		r.cells, r.text = map[int][]string{}, 0
	}
	for i, f := range s.files {
		if !wanted(i) {
			continue
		}
		r.files[i], r.names[i] = f.path, f.Name
		if r.cells == nil {
			continue
		}
		text, err := readText(f.path)
		if err != nil {
			continue // such a file is no sample
		}
		r.cells[i] = []string{text}
	}
	return r, nil
}

// Cells are the cells of a table's row as text, in the order of Columns; nil
// where there is no such row.
func (r *Raw) Cells(number int) []string {
	if r.Columns == nil {
		return nil
	}
	return r.cells[number]
}

// Row is a row of a table by column, without its label.
func (r *Raw) Row(number int) map[string]string {
	cells := r.Cells(number)
	if cells == nil {
		return nil
	}
	row := make(map[string]string, len(cells))
	for i, c := range cells {
		if r.Columns[i] != r.Label {
			row[r.Columns[i]] = c
		}
	}
	return row
}

// TextOf is a sample's text; "" where samples are no texts.
func (r *Raw) TextOf(number int) string {
	if cells := r.cells[number]; r.text >= 0 && cells != nil {
		return strings.TrimSpace(cells[r.text])
	}
	return ""
}

// Path is the sample's file on disk; "" where it has none of its own.
func (r *Raw) Path(number int) string { return r.files[number] }

// Name is what operations call the sample: its file's path within the source, or
// the row's number.
func (r *Raw) Name(number int) string {
	if name, ok := r.names[number]; ok {
		return name
	}
	return strconv.Itoa(number)
}
