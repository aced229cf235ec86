package evaluate

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/app/evaluation"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// line is one row of a table of words; a heading has no cells behind it.
type line struct {
	cells []string
	head  bool
	bad   bool
}

// lines is a virtual table of words.
type lines struct {
	rows    []line
	columns int
	list    *widget.List
}

func newLines(columns int) *lines {
	l := &lines{columns: columns}
	l.list = widget.NewList(func() int { return len(l.rows) }, l.makeRow, l.fill)
	l.list.HideSeparators = true
	return l
}

func (l *lines) makeRow() fyne.CanvasObject {
	row := container.NewGridWithColumns(l.columns)
	for range l.columns {
		row.Add(widgets.Note("").Truncate())
	}
	return row
}

func (l *lines) fill(i int, o fyne.CanvasObject) {
	r, k := l.rows[i], 0
	widgets.Visit(o, func(o fyne.CanvasObject) {
		t, ok := o.(*widgets.Text)
		if !ok {
			return
		}
		text := ""
		if k < len(r.cells) {
			text = r.cells[k]
		}
		t.Set(text)
		switch {
		case r.head:
			t.SetTint(look.Muted)
		case r.bad:
			t.SetTint(look.Negative)
		default:
			t.SetTint(theme.ColorNameForeground)
		}
		k++
	})
}

func (l *lines) set(rows []line) {
	l.rows = rows
	l.list.Refresh()
}

// sliceLines are the slices, the gaps between groups and what disturbances do.
func sliceLines(b *i18n.Book, o *evaluation.Outcome) []line {
	var rows []line
	classes := o.Classification != nil
	for _, g := range o.Slices {
		rows = append(rows, line{head: true, cells: []string{trait(b, g.By), b.T("evaluate.support"), quality(b, classes), b.T("evaluate.interval.head")}})
		for _, s := range g.Slices {
			r := line{cells: []string{s.Value, b.Count(s.Samples)}}
			switch {
			case s.Samples == 0:
				r.cells = append(r.cells, b.T("evaluate.slice.none"))
			case classes:
				r.bad = s.High < o.Classification.Accuracy
				r.cells = append(r.cells, b.Percent(s.Accuracy), fmt.Sprintf("%s – %s", b.Percent(s.Low), b.Percent(s.High)))
			default:
				r.cells = append(r.cells, b.Number(s.MAE))
			}
			rows = append(rows, r)
		}
	}
	if len(o.Gaps) > 0 {
		rows = append(rows, line{head: true, cells: []string{b.T("evaluate.fairness"), b.T("evaluate.gap"), b.T("evaluate.highest"), b.T("evaluate.lowest")}})
	}
	for _, g := range o.Gaps {
		rows = append(rows, line{cells: []string{
			b.T("evaluate.gap.of", trait(b, g.By), b.T("evaluate."+gapKey(string(g.Kind))), o.Labels()[g.Class]),
			b.Percent(g.Gap), g.Highest + "  " + b.Percent(g.High), g.Lowest + "  " + b.Percent(g.Low),
		}})
	}
	return append(rows, disturbed(b, o)...)
}

func disturbed(b *i18n.Book, o *evaluation.Outcome) []line {
	if len(o.Robustness) == 0 {
		return nil
	}
	rows := []line{{head: true, cells: []string{b.T("evaluate.disturbed"), b.T("evaluate.strength"), b.T("evaluate.before"), b.T("evaluate.after")}}}
	show := b.Percent
	if o.Classification == nil {
		show = b.Number
	}
	for _, d := range o.Robustness {
		rows = append(rows, line{
			bad:   d.After < d.Before-0.1,
			cells: []string{b.T("evaluate.disturbance." + disturbanceKey(d.Name)), b.Number(d.Strength), show(d.Before), show(d.After)},
		})
	}
	return rows
}

func disturbanceKey(name string) string {
	if name == "missing cells" {
		return "missing"
	}
	return name
}

func gapKey(kind string) string {
	if kind == "demographic parity" {
		return "parity"
	}
	return "opportunity"
}

func quality(b *i18n.Book, classes bool) string {
	if classes {
		return b.T("train.accuracy")
	}
	return b.T("evaluate.mae")
}

// trait names a measured trait in the person's language; columns keep theirs.
func trait(b *i18n.Book, by string) string {
	switch by {
	case evaluation.Brightness, evaluation.Length, evaluation.Language:
		return b.T("evaluate.trait." + by)
	}
	return by
}
