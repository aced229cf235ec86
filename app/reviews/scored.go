package reviews

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"athanor/inference/sentiment"
	"athanor/inference/text"
)

// ErrScored says that a file is no table of scored reviews.
var ErrScored = errors.New("no scored reviews")

// Order is how scored rows are put.
type Order int

// The orders: as in the file, by score from either end, the least sure first.
const (
	AsFiled Order = iota
	BestFirst
	WorstFirst
	DoubtfulFirst
)

// Filter says which rows are wanted; what is empty asks for nothing.
type Filter struct {
	Label    sentiment.Label // sentiment.NoBasis for rows without a basis
	Category string
	Month    string // 2006-01
	Text     string // in the text, in capitals or not
	Order    Order
}

// ScoredRow is one row of a scored file.
type ScoredRow struct {
	Number   int // from 0, in the file
	Text     string
	Category string
	Verdict  sentiment.Verdict
}

// Scored is a file that Run wrote as CSV or TSV, open for reading. It keeps about 30
// bytes a row in memory, the rows themselves stay on disk. It is safe for
// concurrent use.
type Scored struct {
	path       string
	file       *os.File
	comma      rune
	columns    []string // all of them, the five results behind the originals
	text       int
	by, when   int // -1: none
	starts     []int64
	labels     names
	categories names
	months     names
	scores     []float32
	sure       []float32
}

// names holds one name a row, each name once.
type names struct {
	list []string
	of   []int32 // by row, into list
	seen map[string]int32
}

func (n *names) add(name string) {
	at, ok := n.seen[name]
	if !ok {
		if n.seen == nil {
			n.seen = map[string]int32{}
		}
		at = int32(len(n.list))
		name = strings.Clone(name)
		n.seen[name], n.list = at, append(n.list, name)
	}
	n.of = append(n.of, at)
}

// is finds the rows of a name: wanted is its index, -1 for every row. ok is false
// for a name that no row has.
func (n *names) is(name string) (wanted int32, ok bool) {
	if name == "" {
		return -1, true
	}
	wanted, ok = n.seen[name]
	return wanted, ok
}

// OpenScored opens what the job wrote; its Out must be CSV or TSV.
func OpenScored(ctx context.Context, job Job) (*Scored, error) {
	comma, err := separator(job.Out)
	if err != nil {
		return nil, err
	}
	if comma == 0 {
		return nil, fmt.Errorf("%w: %s is neither CSV nor TSV", ErrScored, job.Out)
	}
	f, err := os.Open(job.Out)
	if err != nil {
		return nil, fmt.Errorf("open scored reviews: %w", err)
	}
	s := &Scored{path: job.Out, file: f, comma: comma}
	if err := s.index(ctx, job); err != nil {
		return nil, errors.Join(fmt.Errorf("open scored reviews %s: %w", job.Out, err), f.Close())
	}
	return s, nil
}

// Close closes the file.
func (s *Scored) Close() error { return s.file.Close() }

// Rows is how many rows there are.
func (s *Scored) Rows() int { return len(s.scores) }

// Labels are the verdicts that occur, Categories the categories.
func (s *Scored) Labels() []string { return slices.Sorted(slices.Values(s.labels.list)) }

// Categories are the names in the column of categories; nil without one.
func (s *Scored) Categories() []string { return slices.Sorted(slices.Values(s.categories.list)) }

// results is how many columns Run adds.
const resultColumns = 5

func (s *Scored) index(ctx context.Context, job Job) error {
	in := csv.NewReader(bufio.NewReaderSize(io.NewSectionReader(s.file, 0, math.MaxInt64), 1<<18))
	in.Comma, in.ReuseRecord = s.comma, true
	header, err := in.Read()
	if err != nil || len(header) <= resultColumns {
		return fmt.Errorf("%w: its head is not one that was written here", ErrScored)
	}
	s.columns = slices.Clone(header)
	originals := s.columns[:len(header)-resultColumns]
	if s.text = slices.Index(originals, job.Column); s.text < 0 {
		return fmt.Errorf("%w called %q", ErrColumn, job.Column)
	}
	if s.by, err = namedColumn(originals, job.By, categoryNames); err != nil {
		return err
	}
	if s.when, err = namedColumn(originals, job.When, dateNames); err != nil {
		return err
	}
	s.starts = append(s.starts, in.InputOffset())
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrScored, err)
		}
		s.note(cells)
		s.starts = append(s.starts, in.InputOffset())
		if len(s.scores)%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// note keeps what filters and orders need of a row.
func (s *Scored) note(cells []string) {
	v := verdictOf(cells[len(cells)-resultColumns:])
	label := string(v.Label)
	if v.Method == sentiment.NoBasis {
		label = sentiment.NoBasis
	}
	s.labels.add(label)
	if s.by >= 0 {
		s.categories.add(cells[s.by])
	}
	if s.when >= 0 {
		month, _ := monthOf(cells[s.when])
		s.months.add(month)
	}
	s.scores, s.sure = append(s.scores, float32(v.Score)), append(s.sure, float32(v.Confidence))
}

// cells reads a row.
func (s *Scored) cells(row int) ([]string, error) {
	in := csv.NewReader(io.NewSectionReader(s.file, s.starts[row], s.starts[row+1]-s.starts[row]))
	in.Comma, in.FieldsPerRecord = s.comma, len(s.columns)
	cells, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read row %d of %s: %w", row+1, s.path, err)
	}
	return cells, nil
}

// Row reads one row, which must be one of Rows.
func (s *Scored) Row(row int) (ScoredRow, error) {
	cells, err := s.cells(row)
	if err != nil {
		return ScoredRow{}, err
	}
	out := ScoredRow{Number: row, Text: cells[s.text], Verdict: verdictOf(cells[len(cells)-resultColumns:])}
	if s.by >= 0 {
		out.Category = cells[s.by]
	}
	return out, nil
}

// Select returns the rows that a filter lets through, in its order.
func (s *Scored) Select(ctx context.Context, f Filter) ([]int32, error) {
	label, some := s.labels.is(string(f.Label))
	category, there := s.categories.is(f.Category)
	month, then := s.months.is(f.Month)
	if !some || !there || !then {
		return nil, nil
	}
	var rows []int32
	for i := range s.scores {
		if (label < 0 || s.labels.of[i] == label) && (category < 0 || s.categories.of[i] == category) && (month < 0 || s.months.of[i] == month) {
			rows = append(rows, int32(i))
		}
	}
	var err error
	if f.Text != "" {
		if rows, err = s.find(ctx, rows, f.Text); err != nil {
			return nil, err
		}
	}
	s.sort(rows, f.Order)
	return rows, nil
}

// find keeps the rows whose text holds what is looked for.
func (s *Scored) find(ctx context.Context, rows []int32, what string) ([]int32, error) {
	what = folded(what)
	var kept []int32
	for n, row := range rows {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		cells, err := s.cells(int(row))
		if err != nil {
			return nil, err
		}
		if strings.Contains(folded(cells[s.text]), what) {
			kept = append(kept, row)
		}
	}
	return kept, nil
}

// folded is a text as it is compared: full and half width, small and capital letters
// alike.
func folded(t string) string { return strings.ToLower(text.Normalize(t)) }

func (s *Scored) sort(rows []int32, o Order) {
	by := func(key func(row int32) float32) {
		slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(key(a), key(b)) })
	}
	switch o {
	case BestFirst:
		by(func(row int32) float32 { return -s.scores[row] })
	case WorstFirst:
		by(func(row int32) float32 { return s.scores[row] })
	case DoubtfulFirst:
		by(func(row int32) float32 { return s.sure[row] })
	}
}

// Export writes rows with all their columns to a CSV, TSV or JSON lines file, by
// its ending. The file appears when it is whole.
func (s *Scored) Export(ctx context.Context, rows []int32, to string) error {
	comma, err := separator(to)
	if err != nil {
		return err
	}
	if same(s.path, to) {
		return fmt.Errorf("%w: %s is the file that is read; choose another name", ErrOutput, to)
	}
	o := &file{path: to, cols: s.columns}
	if o.f, err = os.CreateTemp(filepath.Dir(to), ".rows-*"); err != nil {
		return fmt.Errorf("%w: %w", ErrOutput, err)
	}
	if err := errors.Join(s.export(ctx, o, comma, rows), o.flush(), o.f.Sync(), o.f.Close()); err != nil {
		return errors.Join(fmt.Errorf("export rows: %w", err), os.Remove(o.f.Name()))
	}
	if err := errors.Join(os.Chmod(o.f.Name(), 0o644), os.Rename(o.f.Name(), to)); err != nil {
		return fmt.Errorf("export rows: %w", err)
	}
	return nil
}

func (s *Scored) export(ctx context.Context, o *file, comma rune, rows []int32) error {
	if err := o.begin(comma, true); err != nil {
		return err
	}
	for n, row := range rows {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		cells, err := s.cells(int(row))
		if err != nil {
			return err
		}
		n := len(cells) - resultColumns
		if err := o.write(cells[:n], verdictOf(cells[n:])); err != nil {
			return err
		}
	}
	return nil
}
