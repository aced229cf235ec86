package operation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"athanor/pipeline/dataset/table"
)

// Labels applies a list to samples that have a name and a label. It may be used
// from many goroutines.
type Labels struct {
	dropped map[string]bool
	steps   []step
}

type step struct {
	samples map[string]bool // nil: all
	from    string          // empty: any label
	to      string
}

func (s *step) meets(name, label string) bool {
	return (s.samples == nil || s.samples[name]) && (s.samples != nil && s.from == "" || s.from == label)
}

// Labels compiles the part of the list that concerns names and labels.
func (l List) Labels() *Labels {
	p := &Labels{dropped: map[string]bool{}}
	for _, o := range l {
		switch o.Kind {
		case Drop:
			for _, s := range o.Samples {
				p.dropped[s] = true
			}
		case Relabel:
			s := step{from: o.From, to: o.To, samples: map[string]bool{}}
			for _, name := range o.Samples {
				s.samples[name] = true
			}
			p.steps = append(p.steps, s)
		case Rename:
			p.steps = append(p.steps, step{from: o.From, to: o.To})
		case DropColumn, Fill, Convert, Cap:
		}
	}
	return p
}

// Apply returns a sample's label after all changes; keep is false where it is
// left out.
func (p *Labels) Apply(name, label string) (after string, keep bool) {
	if p.dropped[name] {
		return label, false
	}
	for i := range p.steps {
		if s := &p.steps[i]; s.meets(name, label) {
			label = s.to
		}
	}
	return label, true
}

// Cells applies a list to the cells of a table's rows. It belongs to one
// goroutine.
type Cells struct {
	dropped map[int]bool // columns
	edits   []edit
}

type edit struct {
	Operation
	at int
}

// Cells compiles the part of the list that concerns columns.
func (l List) Cells(columns []string) (*Cells, error) {
	p := &Cells{dropped: map[int]bool{}}
	for _, o := range l {
		if o.Column == "" {
			continue
		}
		at := slices.Index(columns, o.Column)
		if at < 0 {
			return nil, fmt.Errorf("%w: %s of column %q: the columns are %q", ErrInvalid, o.Kind, o.Column, columns)
		}
		if o.Kind == DropColumn {
			p.dropped[at] = true
			continue
		}
		p.edits = append(p.edits, edit{o, at})
	}
	return p, nil
}

// Dropped tells whether column i is left out.
func (p *Cells) Dropped(i int) bool { return p.dropped[i] }

// Apply changes the cells of one row in place; it never writes a cell's bytes.
func (p *Cells) Apply(cells []table.Cell) {
	for i := range p.edits {
		e := &p.edits[i]
		cells[e.at] = e.apply(cells[e.at])
	}
}

func (e *edit) apply(c table.Cell) table.Cell {
	text := strings.TrimSpace(c.String())
	switch e.Kind {
	case Fill:
		if table.IsMissing(text) {
			return table.Cell{Text: []byte(e.To)}
		}
	case Convert:
		if text == e.From {
			return table.Cell{Text: []byte(e.To), Null: e.To == ""}
		}
	case Cap:
		return e.bound(c, text)
	case Drop, DropColumn, Relabel, Rename:
	}
	return c
}

func (e *edit) bound(c table.Cell, text string) table.Cell {
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
	case e.Low != nil && v < *e.Low:
		return table.Cell{Number: *e.Low, Typed: true}
	case e.High != nil && v > *e.High:
		return table.Cell{Number: *e.High, Typed: true}
	}
	return c
}
