package curves

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"athanor/app/curves"
	"athanor/app/store"
	"athanor/pipeline/curve"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// table is the numbers below the charts.
type table struct {
	book *i18n.Book
	box  *fyne.Container
	rows [][]string
}

func newTable(book *i18n.Book) *table {
	t := &table{book: book, box: container.NewStack()}
	t.box.Hide()
	return t
}

func (t *table) clear() { t.show(nil) }

// ranges tells about the marked range of every line.
func (t *table) ranges(shown []curves.Shown, lo, hi float64) {
	t.show(RangeRows(t.book, shown, lo, hi))
}

// RangeRows are the header and one row a line: smallest, largest, mean, start,
// end, change and slope.
func RangeRows(book *i18n.Book, shown []curves.Shown, lo, hi float64) [][]string {
	head := []string{book.T("curves.line")}
	for _, key := range []string{"min", "max", "mean", "start", "end", "change", "slope", "count"} {
		head = append(head, book.T("curves.range."+key))
	}
	rows := [][]string{head}
	for _, s := range shown {
		for _, l := range s.Spec.Lines {
			if l.Faint || l.Samples == nil || l.Upper != nil {
				continue
			}
			st := curve.Line{Samples: l.Samples}.Stats(lo, hi)
			row := []string{l.Name}
			for _, v := range []float64{st.Min, st.Max, st.Mean, st.Start, st.End, st.Change, st.Slope} {
				row = append(row, book.Number(v))
			}
			rows = append(rows, append(row, book.Count(st.N)))
		}
	}
	return rows
}

// differences tells in what the runs differ; equal rows are left out.
func (t *table) differences(runs []*curves.Run) { t.show(DifferenceRows(t.book, runs)) }

// maxCompared is how many runs stand side by side in the table.
const maxCompared = 5

// DifferenceRows are the header and one row for every recipe key or result in
// which the runs differ.
func DifferenceRows(book *i18n.Book, runs []*curves.Run) [][]string {
	runs = runs[:min(len(runs), maxCompared)]
	head := []string{book.T("curves.differs")}
	var keys []string
	seen := map[string]bool{}
	for i, r := range runs {
		head = append(head, r.Info.Name)
		for _, d := range store.Compare(runs[0].Info, r.Info) {
			if i > 0 && !seen[d.Key] {
				seen[d.Key] = true
				keys = append(keys, d.Key)
			}
		}
	}
	rows := [][]string{head}
	for _, key := range keys {
		row := []string{key}
		for _, r := range runs {
			row = append(row, orDash(r.Info.Fact(key)))
		}
		rows = append(rows, row)
	}
	if row, ok := timeRow(book, runs); ok {
		rows = append(rows, row)
	}
	return rows
}

// timeRow tells how long each run worked until it had the accuracy that the
// weakest of them ever reached.
func timeRow(book *i18n.Book, runs []*curves.Run) ([]string, bool) {
	target := math.Inf(1)
	for _, r := range runs {
		target = math.Min(target, r.Info.Metric("val_accuracy"))
	}
	if target-target != 0 {
		return nil, false
	}
	row := []string{book.T("curves.timeto", book.Percent(target))}
	for _, r := range runs {
		seconds, ok := curves.TimeTo(r, "val_accuracy", target)
		text := "–"
		if ok {
			text = book.Duration(secondsOf(seconds))
		}
		row = append(row, text)
	}
	return row, true
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// tableHeight is how much of the window the table may take.
const tableHeight = 150

func (t *table) show(rows [][]string) {
	t.rows = rows
	if len(rows) < 2 {
		t.box.Hide()
		return
	}
	var cells []fyne.CanvasObject
	for i, row := range rows {
		for k, text := range row {
			cell := widgets.Body(text).Truncate()
			if i == 0 {
				cell = widgets.Note(text).Truncate()
			}
			if k > 0 {
				cell.Align(fyne.TextAlignTrailing)
			}
			cells = append(cells, cell)
		}
	}
	grid := container.NewGridWithColumns(len(rows[0]), cells...)
	t.box.Objects = []fyne.CanvasObject{widgets.Height(widgets.Panel(container.NewVScroll(widgets.Pad(grid, look.Gap/2))), tableHeight)}
	t.box.Show()
	t.box.Refresh()
}

// put shows something else than numbers.
func (t *table) put(o fyne.CanvasObject) {
	t.rows = nil
	t.box.Objects = []fyne.CanvasObject{widgets.Height(o, tableHeight)}
	t.box.Show()
	t.box.Refresh()
}
