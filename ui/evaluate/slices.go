package evaluate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"athanor/app/evaluation"
	"athanor/pipeline/evaluate"
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
	rows   []line
	shares widgets.Shares
	list   *widgets.List
}

// newLines returns an empty table; shares are its columns' parts of the width.
func newLines(parts ...float32) *lines {
	l := &lines{shares: parts}
	l.list = widgets.NewList(func() int { return len(l.rows) }, l.makeRow, l.fill)
	l.list.HideSeparators = true
	return l
}

func (l *lines) makeRow() fyne.CanvasObject {
	row := container.New(l.shares)
	for range l.shares {
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

// height is what n rows take.
func (l *lines) height(n int) float32 {
	return float32(n) * (l.makeRow().MinSize().Height + theme.Padding())
}

func (l *lines) set(rows []line) {
	l.rows = rows
	l.list.Refresh()
}

// sliceLines are the slices, the gaps between groups and what disturbances do.
func sliceLines(b *i18n.Book, o *evaluation.Outcome) []line {
	rows := weakest(b, o)
	for _, g := range o.Slices {
		if len(rows) > 0 {
			rows = append(rows, line{})
		}
		rows = append(rows, sliceHead(b, trait(b, g.By), o))
		for _, s := range g.Slices {
			rows = append(rows, sliceLine(b, s.Value, s, o))
		}
	}
	if len(o.Gaps) > 0 {
		rows = append(rows, line{}, line{head: true, cells: []string{b.T("evaluate.fairness"), b.T("evaluate.gap"), b.T("evaluate.highest"), b.T("evaluate.lowest")}})
	}
	for _, g := range o.Gaps {
		rows = append(rows, line{cells: []string{
			b.T("evaluate.gap.of", trait(b, g.By), b.T("evaluate."+gapKey(string(g.Kind))), o.Labels()[g.Class]),
			b.Percent(g.Gap), g.Highest + "  " + b.Percent(g.High), g.Lowest + "  " + b.Percent(g.Low),
		}})
	}
	return append(rows, disturbed(b, o)...)
}

// mostWeak is how many slices stand at the top, whatever they are sliced by.
const mostWeak = 5

// fewest is how many samples a slice needs to be called weak: of many columns some
// value that one sample has is wrong by chance.
const fewest = 10

// weakest are the slices that are surely worse than the whole, the worst first.
func weakest(b *i18n.Book, o *evaluation.Outcome) []line {
	if o.Classification == nil {
		return nil
	}
	type found struct {
		by string
		s  evaluate.Slice
	}
	var list []found
	for _, g := range o.Slices {
		for _, s := range g.Slices {
			if s.Samples >= fewest && s.High < o.Classification.Accuracy {
				list = append(list, found{trait(b, g.By), s})
			}
		}
	}
	slices.SortStableFunc(list, func(x, y found) int { return cmp.Compare(x.s.High, y.s.High) })
	rows := []line{sliceHead(b, b.T("evaluate.weakest"), o)}
	for _, f := range list[:min(len(list), mostWeak)] {
		rows = append(rows, sliceLine(b, f.by+" = "+f.s.Value, f.s, o))
	}
	if len(list) == 0 {
		rows = append(rows, line{cells: []string{b.T("evaluate.weakest.none")}})
	}
	return rows
}

func sliceHead(b *i18n.Book, title string, o *evaluation.Outcome) line {
	head := line{head: true, cells: []string{title, b.T("evaluate.support"), quality(b, o.Classification != nil)}}
	if o.Classification != nil {
		head.cells = append(head.cells, b.T("evaluate.interval.head"))
	}
	return head
}

func sliceLine(b *i18n.Book, name string, s evaluate.Slice, o *evaluation.Outcome) line {
	switch s.Value {
	case evaluation.Missing:
		name = strings.TrimSuffix(name, s.Value) + b.T("evaluate.missing")
	case evaluation.Rare:
		name = strings.TrimSuffix(name, s.Value) + b.T("evaluate.rare")
	}
	r := line{cells: []string{name, b.Count(s.Samples)}}
	switch {
	case s.Samples == 0:
		r.cells = append(r.cells, b.T("evaluate.slice.none"))
	case o.Classification != nil:
		r.bad = s.High < o.Classification.Accuracy
		r.cells = append(r.cells, b.Percent(s.Accuracy), fmt.Sprintf("%s – %s", b.Percent(s.Low), b.Percent(s.High)))
	default:
		r.cells = append(r.cells, b.Number(s.MAE))
	}
	return r
}

func disturbed(b *i18n.Book, o *evaluation.Outcome) []line {
	if len(o.Robustness) == 0 {
		return nil
	}
	rows := []line{{}, {head: true, cells: []string{b.T("evaluate.disturbed"), b.T("evaluate.strength"), b.T("evaluate.before"), b.T("evaluate.after")}}}
	show := b.Percent
	if o.Classification == nil {
		show = b.Number
	}
	for _, d := range o.Robustness {
		rows = append(rows, line{
			bad:   d.After < d.Before-0.1,
			cells: []string{b.T("evaluate.disturbance." + disturbanceKey(d.Name)), strconv.FormatFloat(d.Strength, 'g', 3, 64), show(d.Before), show(d.After)},
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
