package data

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Rows shows a table of texts; only the visible cells exist.
type Rows struct {
	widget.BaseWidget
	columns []string
	rows    [][]string
	widths  []float32 // that the columns need
	table   *cells
}

// cells is Fyne's table, except that Escape leaves it.
type cells struct{ widget.Table }

// TypedKey implements fyne.Focusable.
func (c *cells) TypedKey(e *fyne.KeyEvent) {
	if !widgets.Escape(c, e) {
		c.Table.TypedKey(e)
	}
}

// NewRows returns an empty table.
func NewRows() *Rows {
	r := &Rows{}
	r.table = &cells{}
	r.table.Length = func() (int, int) { return len(r.rows), len(r.columns) }
	r.table.CreateCell = func() fyne.CanvasObject { return widgets.Body("").Truncate() }
	r.table.UpdateCell = r.fill
	r.table.ExtendBaseWidget(r.table)
	r.table.ShowHeaderRow = true
	r.table.CreateHeader = func() fyne.CanvasObject { return widgets.Note("").Bold().Truncate() }
	r.table.UpdateHeader = func(id widget.TableCellID, o fyne.CanvasObject) {
		if t, ok := o.(*widgets.Text); ok && id.Col >= 0 && id.Col < len(r.columns) {
			t.Set(r.columns[id.Col])
		}
	}
	r.ExtendBaseWidget(r)
	return r
}

func (r *Rows) fill(id widget.TableCellID, o fyne.CanvasObject) {
	t, ok := o.(*widgets.Text)
	if !ok || id.Row >= len(r.rows) || id.Col >= len(r.rows[id.Row]) {
		return
	}
	t.Set(r.rows[id.Row][id.Col])
}

// Set shows columns and rows, which must not change afterwards.
func (r *Rows) Set(columns []string, rows [][]string) {
	r.columns, r.rows, r.widths = columns, rows, Widths(columns, rows)
	for i, width := range r.widths {
		r.table.SetColumnWidth(i, width)
	}
	r.stretch(r.Size().Width)
	r.table.ScrollToTop()
	r.table.Refresh()
}

// stretch gives the last column what room is left.
func (r *Rows) stretch(width float32) {
	last := len(r.widths) - 1
	if last < 0 {
		return
	}
	for _, w := range r.widths[:last] {
		width -= w + theme.SeparatorThicknessSize()
	}
	r.table.SetColumnWidth(last, max(r.widths[last], width-theme.ScrollBarSize()))
}

// Resize implements fyne.CanvasObject.
func (r *Rows) Resize(size fyne.Size) {
	if size.Width != r.Size().Width {
		r.stretch(size.Width)
	}
	r.BaseWidget.Resize(size)
}

// Cell is what stands in a row and a column, "" outside.
func (r *Rows) Cell(row, column int) string {
	if row >= len(r.rows) || column >= len(r.rows[row]) {
		return ""
	}
	return r.rows[row][column]
}

// Len is how many rows there are.
func (r *Rows) Len() int { return len(r.rows) }

// Widths gives every column room for what it usually holds, within bounds.
func Widths(columns []string, rows [][]string) []float32 {
	const narrow, wide = 56, 520
	widths := make([]float32, len(columns))
	for i, name := range columns {
		widths[i] = max(narrow, textWidth(name))
		for _, row := range rows[:min(len(rows), 40)] {
			if i < len(row) {
				widths[i] = min(max(widths[i], textWidth(row[i])), wide)
			}
		}
	}
	return widths
}

func textWidth(s string) float32 {
	return fyne.MeasureText(s, look.TextBody, fyne.TextStyle{}).Width + 2*look.Gap
}

// CreateRenderer implements fyne.Widget.
func (r *Rows) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.table) }
