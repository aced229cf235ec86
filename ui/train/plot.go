package train

import (
	"math"
	"strconv"

	"fyne.io/fyne/v2"

	"athanor/pipeline/chart"
	"athanor/ui/widgets"
)

// Plot is a chart of the run with a line that tells the values under the
// pointer and else what the strokes mean.
type Plot struct {
	View   *widgets.ChartView
	value  *widgets.Text
	legend string
	spec   chart.Spec
}

// NewPlot returns an empty plot; post brings finished pictures to the UI
// goroutine.
func NewPlot(post func(func())) *Plot {
	p := &Plot{View: widgets.NewChartView(post), value: widgets.Note("").Align(fyne.TextAlignTrailing)}
	p.View.OnHover = p.hover
	return p
}

// Draw draws spec, soon.
func (p *Plot) Draw(spec chart.Spec) {
	p.spec = spec
	p.View.Draw(spec)
}

// Values is the line beside the chart's title.
func (p *Plot) Values() fyne.CanvasObject { return p.value }

// SetLegend says what the strokes mean.
func (p *Plot) SetLegend(text string) {
	p.legend = text
	p.value.Set(text)
}

// hover tells the values at the pointer, the nearest curve first.
func (p *Plot) hover(_ float64, hits []chart.Hit, ok bool) {
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
