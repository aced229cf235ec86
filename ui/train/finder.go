package train

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Finder shows a search for a learning rate: the loss over the rate, drawn while
// the search goes, and what it suggests.
type Finder struct {
	widget.BaseWidget
	book   *i18n.Book
	plot   *Plot
	bar    *widgets.Bar
	said   *widgets.Prose
	points []train.RatePoint
}

// NewFinder returns a finder that has seen nothing; post brings finished
// pictures to the UI goroutine.
func NewFinder(book *i18n.Book, post func(func())) *Finder {
	f := &Finder{book: book, plot: NewPlot(post), bar: widgets.NewBar(look.Ember, 4), said: widgets.Paragraph(book.T("rate.looking"), look.Muted)}
	f.plot.SetLegend(book.T("rate.legend"))
	f.ExtendBaseWidget(f)
	return f
}

// Apply shows the points so far, of a search of total steps.
func (f *Finder) Apply(points []train.RatePoint, total int) {
	f.points = points
	f.bar.Set(share(len(points), total))
	f.plot.Draw(RateSpec(points, nil, f.book, widgets.ChartTheme()))
}

// Done shows what was found, or why nothing was.
func (f *Finder) Done(found train.Rates, trouble string) {
	f.bar.Set(1)
	if trouble != "" {
		f.said.Set(trouble)
		return
	}
	f.said.Set(f.book.T("rate.found", trimmed(found.Suggested), trimmed(found.Lowest)))
	f.plot.Draw(RateSpec(found.Points, &found, f.book, widgets.ChartTheme()))
}

// Said is the text below the chart.
func (f *Finder) Said() string { return f.said.Text() }

// RateSpec describes the chart of a search: every step faintly, the mean solid,
// the suggested rate as an upright line. found is nil while the search goes.
func RateSpec(points []train.RatePoint, found *train.Rates, book *i18n.Book, theme chart.Theme) chart.Spec {
	x, raw, smooth := make([]float64, len(points)), make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		x[i], raw[i], smooth[i] = p.Rate, p.Loss, p.Smooth
	}
	colour := look.Series(0)
	spec := chart.Spec{
		X: chart.Axis{Label: book.T("field.learning_rate"), Log: true}, Y: chart.Axis{Label: book.T("train.loss")}, NoLegend: true, Theme: theme,
		Lines: []chart.Line{
			{Samples: curve.NewPoints(x, raw), Colour: colour, Faint: true},
			{Name: book.T("train.loss"), Samples: curve.NewPoints(x, smooth), Colour: colour},
		},
	}
	if len(smooth) > 0 { // single steps may run far away
		spec.Y.Min, spec.Y.Max = 0.8*slices.Min(smooth), 1.05*slices.Max(smooth)
	}
	if found != nil && found.Suggested > 0 {
		spec.Marks = []chart.Mark{{X: found.Suggested, Label: trimmed(found.Suggested), Colour: look.Colour(look.Ember)}}
	}
	return spec
}

// CreateRenderer implements fyne.Widget.
func (f *Finder) CreateRenderer() fyne.WidgetRenderer {
	chart := widgets.Height(f.plot.View, 300)
	return widget.NewSimpleRenderer(widgets.Column(look.Gap, f.plot.Values(), chart, f.bar, f.said))
}
