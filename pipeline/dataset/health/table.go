package health

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/folder"
	"athanor/pipeline/dataset/near"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/dataset/table"
)

// tableCheck looks over a table in one pass, after a look at its first rows to
// know which column is the label and which the text.
type tableCheck struct {
	c        source.Config
	parts    []source.Part
	columns  []string
	profiles []*table.Profile
	schema   table.Schema
	edits    *operation.Cells
	labels   *operation.Labels
	book     *book
	side     folder.Side
	rows     int
	noLabel  []string
	noText   []string
	lackText int
	lackName int
	inputs   []int // columns that make two rows the same
	label    []byte
	problems []*table.Problems
	looker   *looker
}

func checkTable(ctx context.Context, c source.Config, r *Report, parts []source.Part) error {
	t := &tableCheck{c: c, parts: parts, labels: c.Operations.Labels()}
	if err := t.head(ctx); err != nil {
		return err
	}
	t.book = newBook(c.Cache, nil)
	defer func() { t.book.close() }()
	if t.schema.Text >= 0 {
		t.book.texts = near.NewTexts(c.Cache)
	}
	for _, p := range parts {
		if err := t.read(ctx, r, p); err != nil {
			return err
		}
	}
	return t.report(ctx, r)
}

// headRows is how many rows decide the roles before the pass.
const headRows = 5000

var errEnough = errors.New("enough rows")

// head guesses the schema from the first rows of the first part.
func (t *tableCheck) head(ctx context.Context) error {
	var head []*table.Profile
	_, _, err := table.Scan(ctx, t.parts[0].Path, t.c.Read, nil, func(columns []string, row *table.Row) error {
		if head == nil {
			t.columns = slices.Clone(columns)
			for _, c := range columns {
				head = append(head, table.NewProfile(c))
			}
		}
		for i, c := range row.Cells {
			head[i].Add(c)
		}
		if row.Number >= headRows {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if head == nil {
		return fmt.Errorf("%w: %s has no row that can be read", source.ErrEmpty, t.parts[0].Path)
	}
	if t.edits, err = t.c.Operations.Cells(t.columns); err != nil {
		return err
	}
	t.schema, err = table.Guess(head, t.wish())
	for i, col := range t.schema.Columns {
		if col.Role == table.Number || col.Role == table.Category || col.Role == table.Text || col.Role == table.Date {
			t.inputs = append(t.inputs, i)
		}
	}
	for _, c := range t.columns {
		t.profiles = append(t.profiles, table.NewProfile(c))
	}
	return err
}

func (t *tableCheck) wish() table.Wish {
	w := table.Wish{Label: t.c.Label, Text: t.c.Text, Group: t.c.Group, Time: t.c.Time, NeedText: t.c.Task == dataset.Text, Roles: map[string]table.Role{}}
	for i, c := range t.columns {
		if t.edits != nil && t.edits.Dropped(i) {
			w.Roles[c] = table.Empty
		}
	}
	maps.Copy(w.Roles, t.c.Roles)
	return w
}

func (t *tableCheck) read(ctx context.Context, r *Report, p source.Part) error {
	base := t.rows
	t.side, t.looker = p.Side, newLooker(t)
	defer t.looker.abandon()
	var progress func(done, total int64)
	if t.c.Progress != nil {
		progress = func(done, total int64) { t.c.Progress(int(done), int(total)) }
	}
	src, problems, err := table.Scan(ctx, p.Path, t.c.Read, progress, func(columns []string, row *table.Row) error {
		if len(columns) != len(t.columns) {
			return fmt.Errorf("%s has %d columns, %s has %d; make them the same", p.Path, len(columns), t.parts[0].Path, len(t.columns))
		}
		t.rows = base + row.Number + 1
		return t.row(base+row.Number, row)
	})
	if err == nil {
		err = t.looker.close()
	}
	if err != nil {
		return err
	}
	t.describe(r, src, p.Path)
	t.problems = append(t.problems, problems)
	return nil
}

func (t *tableCheck) describe(r *Report, src table.Source, path string) {
	packed := ""
	if src.Gzip {
		packed = ", packed with gzip"
	}
	r.Format = append(r.Format, fmt.Sprintf("%s: %s, %d bytes%s", path, src.Format, src.Size, packed))
	r.Format = append(r.Format, src.Dialect.Reasons...)
}

// row takes one row as it was read.
func (t *tableCheck) row(number int, row *table.Row) error {
	r := blockRow{number: number}
	if t.schema.Label >= 0 {
		t.label = row.Cells[t.schema.Label].Append(t.label[:0])
		r.label = bytes.TrimSpace(t.label)
	}
	if len(t.c.Operations) > 0 {
		t.edits.Apply(row.Cells)
		row.Typed = true // cells may lie elsewhere now, or have no text
		if t.schema.Label >= 0 {
			r.label = bytes.TrimSpace(row.Cells[t.schema.Label].Append(nil))
		}
		name, keep := t.labels.Apply(strconv.Itoa(number), string(r.label))
		r.label, r.out = []byte(name), !keep
	}
	if table.MissingBytes(r.label) {
		r.label = nil
	}
	return t.looker.add(row, r)
}

// take books the rows of a block that was looked at, in their order.
func (t *tableCheck) take(b *block) error {
	for i := range b.rows {
		if err := t.takeRow(b, i); err != nil {
			return err
		}
	}
	return nil
}

func (t *tableCheck) takeRow(b *block, i int) error {
	r := &b.rows[i]
	if r.out {
		t.book.dropped++
		// Rows are numbered by their place in the file: a dropped one stays in the
		// book, without label and without likes.
		t.book.sample(nil, t.side)
		return t.print(&near.Print{})
	}
	if r.label == nil && t.schema.Label >= 0 {
		t.lackName++
		t.noLabel = limited(t.noLabel, r.number)
	}
	t.book.sample(t.class(r.label), t.side)
	if t.schema.Text < 0 {
		return t.book.keys.Add(b.keys[i], t.book.n-1)
	}
	if b.blank(i*len(t.profiles) + t.schema.Text) {
		t.lackText++
		t.noText = limited(t.noText, r.number)
		t.book.empties++
		return t.print(&near.Print{})
	}
	return t.print(&b.prints[i])
}

// class is the label where labels are classes.
func (t *tableCheck) class(label []byte) []byte {
	if t.schema.Regression {
		return nil
	}
	return label
}

func limited(list []string, number int) []string {
	if len(list) >= fixed {
		return list
	}
	return append(list, strconv.Itoa(number))
}

func (t *tableCheck) print(p *near.Print) error {
	if t.book.texts == nil {
		return nil
	}
	return t.book.texts.AddPrint(p)
}

func (t *tableCheck) report(ctx context.Context, r *Report) error {
	schema, err := table.Guess(t.profiles, t.wish())
	if err != nil {
		return err
	}
	kept := t.book.kept()
	r.Samples, r.Columns = kept, schema.Columns
	r.Task = string(dataset.Table)
	if t.schema.Text >= 0 {
		r.Task = string(dataset.Text)
	}
	for _, p := range t.problems {
		for kind, n := range p.Count {
			f := Finding{Kind: BadRows, Severity: Warning, Count: n, Detail: kind}
			for _, e := range p.Examples {
				f.Samples = append(f.Samples, fmt.Sprintf("line %d: %s", e.Line, e.What))
			}
			r.add(f)
		}
	}
	r.add(withDrop(Finding{Kind: MissingLabel, Severity: Bad, Count: t.lackName, Of: kept}, t.noLabel))
	r.add(withDrop(Finding{Kind: EmptyText, Severity: Bad, Count: t.lackText, Of: kept}, t.noText))
	for i, p := range t.profiles {
		column(r, p, schema.Columns[i].Role, i == schema.Label)
	}
	return t.book.report(ctx, r)
}

func withDrop(f Finding, samples []string) Finding {
	f.Samples = samples
	if len(samples) > 0 {
		f.Fix = operation.List{{Kind: operation.Drop, Samples: samples, Why: string(f.Kind)}}
	}
	return f
}

// column adds what one column's profile tells.
func column(r *Report, p *table.Profile, role table.Role, label bool) {
	if !label {
		missingCells(r, p, role)
	}
	if role != table.Text {
		r.add(Finding{Kind: Spaces, Severity: Note, Count: p.Spaced, Of: p.Rows, Column: p.Name})
	}
	r.add(Finding{Kind: Damaged, Severity: Warning, Count: p.Damaged, Of: p.Rows, Column: p.Name})
	switch role {
	case table.Constant, table.Empty:
		detail := "no value"
		if top := p.Top(1); len(top) > 0 {
			detail = top[0]
		}
		r.add(Finding{Kind: Constant, Severity: Note, Count: 1, Column: p.Name, Detail: detail, Fix: dropColumn(p.Name, Constant)})
	case table.Identifier:
		r.add(Finding{
			Kind: Identifying, Severity: Warning, Count: 1, Column: p.Name,
			Detail: fmt.Sprintf("%d different values in %d rows", p.Distinct(), p.Present()), Fix: dropColumn(p.Name, Identifying),
		})
	case table.Number:
		outliers(r, p)
		mixed(r, p, p.Present()-p.Numbers)
	case table.Category:
		if p.Numbers*2 > p.Present() {
			mixed(r, p, p.Present()-p.Numbers)
		} else {
			mixed(r, p, p.Numbers)
		}
	case table.Date:
		mixed(r, p, p.Present()-p.Dates)
	case table.Text, table.Label, table.Group:
	}
}

func dropColumn(name string, why Kind) operation.List {
	return operation.List{{Kind: operation.DropColumn, Column: name, Why: string(why)}}
}

func missingCells(r *Report, p *table.Profile, role table.Role) {
	if role == table.Text || role == table.Empty {
		return // empty texts are a finding of their own
	}
	var details []string
	for mark, n := range p.Marks {
		name := strconv.Quote(mark)
		if mark == "" {
			name = "empty"
		}
		details = append(details, fmt.Sprintf("%s %d times", name, n))
	}
	slices.Sort(details)
	f := Finding{Kind: Missing, Severity: Note, Count: p.Missing, Of: p.Rows, Column: p.Name, Detail: strings.Join(details, ", ")}
	if p.Missing*2 > p.Rows {
		f.Severity = Warning
	}
	switch {
	case p.Missing == 0:
	case role == table.Number && p.Numbers > 0:
		median := strconv.FormatFloat(p.Quantile(0.5), 'g', 6, 64)
		f.Fix = operation.List{{Kind: operation.Fill, Column: p.Name, To: median, Why: string(Missing)}}
	case role == table.Category && p.Distinct() > 0:
		f.Fix = operation.List{{Kind: operation.Fill, Column: p.Name, To: p.Top(1)[0], Why: string(Missing)}}
	}
	r.add(f)
}

// mixed reports a few values of another type than nearly all.
func mixed(r *Report, p *table.Profile, odd int) {
	if odd == 0 || odd*4 > p.Present() {
		return
	}
	r.add(Finding{
		Kind: MixedTypes, Severity: Warning, Count: odd, Of: p.Present(), Column: p.Name,
		Detail: fmt.Sprintf("%d numbers, %d dates, %d texts", p.Numbers, p.Dates, p.Texts),
	})
}

// outlierReach is how many interquartile ranges beyond the quartiles a value
// lies that counts as one (J. Tukey's far out values, 1977).
const outlierReach = 3

func outliers(r *Report, p *table.Profile) {
	q1, q3 := p.Quantile(0.25), p.Quantile(0.75)
	spread := q3 - q1
	if !(spread > 0) || p.Numbers < 20 {
		return
	}
	low, high := q1-outlierReach*spread, q3+outlierReach*spread
	below, above := p.Outside(low, high)
	count := int(math.Round((below + above) * float64(p.Numbers)))
	if count == 0 {
		return
	}
	r.add(Finding{
		Kind: Outliers, Severity: Note, Count: count, Of: p.Numbers, Column: p.Name,
		Detail: fmt.Sprintf("outside %.6g … %.6g, the values reach from %.6g to %.6g", low, high, p.Min, p.Max),
		Fix:    operation.List{{Kind: operation.Cap, Column: p.Name, Low: &low, High: &high, Why: string(Outliers)}},
	})
}
