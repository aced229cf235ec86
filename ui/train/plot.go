package train

import (
	"image"
	"math"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/chart"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Plot is a chart of the run with a line that tells the values under the
// pointer and else what the strokes mean.
type Plot struct {
	View *widgets.ChartView
	// OnSave and OnCopy are wishes to write the chart as a format, and to copy its
	// values.
	OnSave func(spec chart.Spec, format string)
	OnCopy func(spec chart.Spec)

	value  *widgets.Text
	title  string
	legend string
	spec   chart.Spec
	twin   *Plot // whose crosshair goes along
}

// NewPlot returns an empty plot; post brings finished pictures to the UI
// goroutine.
func NewPlot(post func(func())) *Plot {
	p := &Plot{View: widgets.NewChartView(post), value: widgets.Note("").Align(fyne.TextAlignTrailing)}
	p.View.OnHover = p.hover
	return p
}

// Link lets the crosshair of each plot go along with the other's.
func Link(a, b *Plot) { a.twin, b.twin = b, a }

// Draw draws spec, soon.
func (p *Plot) Draw(spec chart.Spec) {
	p.spec = spec
	p.View.Draw(spec)
}

// Values is the line that tells the values.
func (p *Plot) Values() fyne.CanvasObject { return p.value }

// tool is the button beside the chart's title to save and copy.
func (p *Plot) tool(book *i18n.Book) fyne.CanvasObject {
	var save *widgets.Button
	save = widgets.NewButtonWithIcon("", look.Tinted("save", look.Muted), func() { widgets.Menu(save, p.items(book)...) })
	save.Importance = widget.LowImportance
	return container.NewGridWrap(fyne.NewSize(28, 20), save)
}

func (p *Plot) items(book *i18n.Book) []*fyne.MenuItem {
	var items []*fyne.MenuItem
	for _, format := range []string{"png", "svg", "pdf", "csv"} {
		items = append(items, fyne.NewMenuItem(book.T("curves.save", strings.ToUpper(format)), func() {
			if p.OnSave != nil && len(p.spec.Lines) > 0 {
				p.OnSave(p.forPaper(book), format)
			}
		}))
	}
	return append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(book.T("train.copy_values"), func() {
		if p.OnCopy != nil && len(p.spec.Lines) > 0 {
			p.OnCopy(p.forPaper(book))
		}
	}))
}

// forPaper is the chart as it is saved: light, with all that says what it shows.
func (p *Plot) forPaper(book *i18n.Book) chart.Spec {
	spec := p.spec
	spec.Theme, spec.NoLegend, spec.Title, spec.X.Label = chart.Light(), false, p.title, book.T("curves.word.step")
	return spec
}

// SetLegend says what the strokes mean.
func (p *Plot) SetLegend(text string) {
	p.legend = text
	p.value.Set(text)
}

// hover tells the values at the pointer, the nearest curve first, here and in the
// twin.
func (p *Plot) hover(x float64, hits []chart.Hit, ok bool) {
	p.tell(hits, ok)
	if p.twin != nil {
		p.twin.follow(x, ok)
	}
}

// follow puts the crosshair where the twin's pointer is.
func (p *Plot) follow(x float64, ok bool) {
	p.View.SetCross(x, ok)
	var hits []chart.Hit
	if drawn := p.View.Picture(); ok && drawn != nil {
		hits = drawn.Near(image.Pt(int(drawn.X.Pixel(x)), 0))
	}
	p.tell(hits, ok)
}

func (p *Plot) tell(hits []chart.Hit, ok bool) {
	text := ""
	for i, hit := range hits {
		if hit.Line >= len(p.spec.Lines) {
			continue
		}
		if i == 0 {
			text = strconv.FormatFloat(hit.Point.X, 'f', 0, 64)
		}
		text += "  " + p.spec.Lines[hit.Line].Name + " " + valueText(hit.Point.Y, p.spec.Y.Kind)
	}
	if !ok || text == "" {
		text = p.legend
	}
	p.value.Set(text)
}

func valueText(v float64, kind chart.Kind) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case kind == chart.Percent:
		return strconv.FormatFloat(v*100, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
