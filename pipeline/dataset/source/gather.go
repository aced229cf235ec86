package source

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/feed"
	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/near"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/table"
)

// MaxClasses is how many classes a data set may have.
const MaxClasses = 10_000

// tableSource reads a table in several passes over its files, so that memory
// does not grow with what is in the columns: profile, gather answers, learn
// from the training part, fill the store.
type tableSource struct {
	c       Config
	parts   []part
	columns []string
	schema  table.Schema
	edits   *operation.Cells
	labels  *operation.Labels
	task    dataset.Task

	samples samples
	classes []string
	print   *print
	notes   []string
	store   *near.Union // duplicates
	copies  *near.Union // those of store that are equal; nil where all are
}

// samples is what is kept of each usable row.
type samples struct {
	numbers numbers       // row in the whole source: rows of later files follow on
	sides   []folder.Side // nil once the split is made
	names   feed.Codes    // class, first by order of appearance
	values  []float32     // of regression
	groups  []uint64
	times   []float64
}

// numbers are the rows of samples, which cost nothing while none is left out.
type numbers struct {
	n    int
	list []int32 // nil where sample i is row i
}

func (s *numbers) add(number int) {
	if s.list == nil && number != s.n {
		s.list = make([]int32, s.n, s.n+s.n/4+64)
		for i := range s.list {
			s.list[i] = int32(i)
		}
	}
	if s.list != nil {
		s.list = append(s.list, int32(number))
	}
	s.n++
}

func (s *numbers) at(i int) int {
	if s.list == nil {
		return i
	}
	return int(s.list[i])
}

// scan calls visit with each row after the person's changes; number counts rows
// over all files.
func (s *tableSource) scan(ctx context.Context, visit func(side folder.Side, number int, row *table.Row) error) error {
	base := 0
	for _, p := range s.parts {
		last := -1
		_, problems, err := table.Scan(ctx, p.path, s.c.Read, s.progress(), func(columns []string, row *table.Row) error {
			if last < 0 {
				if err := s.sameColumns(p.path, columns); err != nil {
					return err
				}
			}
			last = row.Number
			s.edits.Apply(row.Cells)
			return visit(p.side, base+row.Number, row)
		})
		if err != nil {
			return err
		}
		s.tell(p.path, problems)
		base += last + 1
	}
	return nil
}

func (s *tableSource) progress() func(done, total int64) {
	if s.c.Progress == nil {
		return nil
	}
	return func(done, total int64) { s.c.Progress(int(done), int(total)) }
}

// sameColumns checks a further file against the first: columns are told by their
// order, their names may differ.
func (s *tableSource) sameColumns(path string, columns []string) (err error) {
	switch {
	case s.columns == nil:
		s.columns = slices.Clone(columns)
		s.edits, err = s.c.Operations.Cells(s.columns)
		return err
	case len(s.columns) != len(columns):
		return fmt.Errorf("%s has the columns %q, the first file has %q; make them the same", path, columns, s.columns)
	case !slices.Equal(s.columns, columns):
		s.note(fmt.Sprintf("%s calls its columns %q; they are taken as %q, in this order", path, columns, s.columns))
	}
	return nil
}

// tell notes what a reader left out, once.
func (s *tableSource) tell(path string, p *table.Problems) {
	for kind, n := range p.Count {
		s.note(fmt.Sprintf("%s: %s %d times", path, kind, n))
	}
}

func (s *tableSource) note(text string) {
	if !slices.Contains(s.notes, text) {
		s.notes = append(s.notes, text)
	}
}

// gather keeps the answer of each usable row and finds rows that are the same.
func (s *tableSource) gather(ctx context.Context) error {
	finder := s.finder()
	defer finder.close()
	index := map[string]int32{}
	var noLabel, noText int
	err := s.scan(ctx, func(side folder.Side, number int, row *table.Row) error {
		s.hash(row)
		name, keep := s.labels.Apply(strconv.Itoa(number), strings.TrimSpace(row.Cells[s.schema.Label].String()))
		switch {
		case !keep:
			return nil
		case table.IsMissing(name):
			noLabel++
			return nil
		case s.task == dataset.Text && strings.TrimSpace(row.Cells[s.schema.Text].String()) == "":
			noText++
			return nil
		}
		if err := s.answer(index, name); err != nil {
			return fmt.Errorf("row %d: %w", number, err)
		}
		s.samples.numbers.add(number)
		s.samples.sides = append(s.samples.sides, side)
		s.extras(row)
		return finder.add(row)
	})
	if err != nil {
		return err
	}
	if noLabel > 0 {
		s.note(fmt.Sprintf("%d rows without a label are left out", noLabel))
	}
	if noText > 0 {
		s.note(fmt.Sprintf("%d rows with an empty text are left out", noText))
	}
	s.nameClasses(index)
	s.store, s.copies, err = finder.find(ctx)
	return err
}

// hash adds a row to the fingerprint.
func (s *tableSource) hash(row *table.Row) {
	var b []byte
	for _, c := range row.Cells {
		b = c.Append(b)
		b = append(b, 0)
	}
	s.print.bytes(b)
}

func (s *tableSource) answer(index map[string]int32, name string) error {
	if s.schema.Regression {
		v, err := strconv.ParseFloat(name, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: the label %q is no number; drop the row or fill it, or train classes with --label %s:class",
				ErrTask, name, s.columns[s.schema.Label])
		}
		s.samples.values = append(s.samples.values, float32(v))
		return nil
	}
	at, ok := index[name]
	if !ok {
		at = int32(len(index))
		if at >= MaxClasses {
			return fmt.Errorf("%w: over %d different labels in column %q; name another column, or add :number if it is a quantity",
				ErrClasses, MaxClasses, s.columns[s.schema.Label])
		}
		index[name] = at
	}
	s.samples.names.Add(at)
	return nil
}

func (s *tableSource) extras(row *table.Row) {
	if g := s.schema.Group; g >= 0 {
		s.samples.groups = append(s.samples.groups, near.Hash([]byte(row.Cells[g].String())))
	}
	if t := s.schema.Time; t >= 0 && s.c.Time != "" {
		v, ok := table.Moment(row.Cells[t])
		if !ok {
			v = math.Inf(-1)
		}
		s.samples.times = append(s.samples.times, v)
	}
}

// nameClasses sorts the classes and renumbers the samples.
func (s *tableSource) nameClasses(index map[string]int32) {
	if s.schema.Regression {
		return
	}
	s.classes = sortedClasses(index)
	to := make([]int32, len(index))
	for i, c := range s.classes {
		to[index[c]] = int32(i)
	}
	s.samples.names.Renumber(to)
}

// sortedClasses sorts by number where all names are numbers, else by name.
func sortedClasses[V any](index map[string]V) []string {
	out := make([]string, 0, len(index))
	numbers := true
	for c := range index {
		out = append(out, c)
		_, err := strconv.ParseFloat(c, 64)
		numbers = numbers && err == nil
	}
	slices.SortFunc(out, func(a, b string) int {
		if numbers {
			x, _ := strconv.ParseFloat(a, 64)
			y, _ := strconv.ParseFloat(b, 64)
			if x != y {
				if x < y {
					return -1
				}
				return 1
			}
		}
		return strings.Compare(a, b)
	})
	return out
}

// duplicates finds rows with the same inputs: texts that are nearly the same,
// or rows whose cells are, the label aside.
type duplicates struct {
	s     *tableSource
	texts *near.Texts
	rows  *near.Buckets
	n     int
	buf   []byte
}

func (s *tableSource) finder() *duplicates {
	if s.task == dataset.Text {
		return &duplicates{s: s, texts: near.NewTexts(s.c.Cache)}
	}
	return &duplicates{s: s, rows: near.NewBuckets(s.c.Cache, 0)}
}

func (d *duplicates) add(row *table.Row) error {
	if d.texts != nil {
		d.buf = row.Cells[d.s.schema.Text].Append(d.buf[:0])
		return d.texts.Add(d.buf)
	}
	d.buf = d.buf[:0]
	for i, c := range row.Cells {
		if role := d.s.schema.Columns[i].Role; role == table.Number || role == table.Category || role == table.Text {
			d.buf = c.Append(d.buf)
			d.buf = append(d.buf, 0)
		}
	}
	d.n++
	return d.rows.Add(near.Hash(d.buf), d.n-1)
}

// find returns the sets of equal or nearly equal rows, and those of equal ones,
// nil where all are.
func (d *duplicates) find(ctx context.Context) (u, copies *near.Union, err error) {
	if d.texts != nil {
		copies, u, err = d.texts.Find(ctx)
		return u, copies, err
	}
	u = &near.Union{}
	err = d.rows.Each(ctx, func(rows []int) error {
		for _, r := range rows[1:] {
			u.Join(rows[0], r)
		}
		return nil
	})
	return u, nil, err
}

func (d *duplicates) close() {
	if d.texts != nil {
		d.texts.Close()
		return
	}
	d.rows.Close()
}
