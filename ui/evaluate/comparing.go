package evaluate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"athanor/app/evaluation"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// comparing sets models side by side on the same samples.
type comparing struct {
	book   *i18n.Book
	models []Choice
	picks  *widgets.CheckGroup
	needs  *widgets.CheckGroup
	run    *widgets.Button
	table  *lines
	chart  *widgets.ChartView
	words  *widgets.Prose
	last   *evaluation.Comparison
	box    *fyne.Container // around the table, as high as its rows
	result *fyne.Container // hidden until there is one
	OnRun  func(ids []string)
}

func newComparing(book *i18n.Book, post func(func())) *comparing {
	c := &comparing{book: book, table: newLines(2.4, 1, 1, 1, 1, 1.6), chart: widgets.NewChartView(post), words: widgets.Paragraph(book.T("evaluate.compare.about"), theme.ColorNameForeground)}
	c.picks = widgets.NewCheckGroup(nil, func(on []string) { widgets.Allow(c.run, look.Icon("evaluate"), len(on) > 1) })
	c.needs = widgets.NewCheckGroup([]string{book.T("train.accuracy"), book.T("evaluate.need.speed"), book.T("evaluate.need.size"), book.T("evaluate.need.explain")}, func([]string) { c.advise() })
	c.needs.Horizontal = true
	c.needs.SetSelected(c.needs.Options[:1])
	c.run = widgets.NewButtonWithIcon(book.T("evaluate.compare"), look.Icon("evaluate"), c.start)
	widgets.Allow(c.run, look.Icon("evaluate"), false)
	return c
}

func (c *comparing) start() {
	var ids []string
	for i, m := range c.models {
		if slices.Contains(c.picks.Selected, c.picks.Options[i]) {
			ids = append(ids, m.ID)
		}
	}
	if c.OnRun != nil && len(ids) > 1 {
		c.OnRun(ids)
	}
}

func (c *comparing) setModels(models []Choice) {
	c.models = models
	c.picks.Options = shortNames(models)
	c.picks.Refresh()
}

// mostName is how many characters of a model's name the list has room for.
const mostName = 24

// shortNames fit into the list and are all different: they go without the time
// where the rest says which model it is, and where they are long without the middle,
// as they differ at their ends.
func shortNames(models []Choice) []string {
	count := map[string]int{}
	for _, m := range models {
		count[untimed(m.Name)]++
	}
	names := make([]string, len(models))
	for i, m := range models {
		names[i] = middle(m.Name)
		if bare := untimed(m.Name); count[bare] == 1 {
			names[i] = middle(bare)
		}
		for slices.Contains(names[:i], names[i]) {
			names[i] += "'"
		}
	}
	return names
}

// untimed is a name without what stands behind its last dot: the time of a run.
func untimed(name string) string {
	if i := strings.LastIndex(name, " · "); i > 0 {
		return name[:i]
	}
	return name
}

// middle leaves beginning and end of a long name, more of its end.
func middle(name string) string {
	r := []rune(name)
	if len(r) <= mostName {
		return name
	}
	const head = mostName / 3
	return string(r[:head]) + "…" + string(r[len(r)-(mostName-1-head):])
}

// name is how a compared model is called on this screen.
func (c *comparing) name(path string) string {
	for i, m := range c.models {
		if m.ID == path {
			return c.picks.Options[i]
		}
	}
	return evaluation.ShortName(path)
}

// mostRows is how many rows of the table are seen at once: the rest of the height is
// the plot's.
const mostRows = 6

// plotHeight is how high the plot is at least, below words about many models that
// scroll with it; besideBar is the room of the bar they scroll with.
const (
	plotHeight = 180
	besideBar  = 12
)

func (c *comparing) apply(r *evaluation.Comparison) {
	b := c.book
	c.last = r
	rows := []line{{head: true, cells: []string{b.T("evaluate.model"), b.T("train.accuracy"), b.T("evaluate.latency"), b.T("evaluate.size"), b.T("evaluate.alone"), b.T("evaluate.interval.head")}}}
	for i, o := range r.Models {
		row := line{cells: []string{c.name(o.Model), b.Percent(o.Quality()), fmt.Sprintf("%.2f ms", o.Efficiency.LatencyP50), b.Bytes(o.Efficiency.Size)}}
		if o.Classification != nil {
			row.cells = append(row.cells, b.Count(r.Only[i].Samples), fmt.Sprintf("%s – %s", b.Percent(o.Classification.Low), b.Percent(o.Classification.High)))
		} else {
			row.cells[1] = "R² " + b.Number(o.Quality())
		}
		rows = append(rows, row)
	}
	c.table.set(rows)
	c.box.Objects = []fyne.CanvasObject{widgets.Height(c.table.list, c.table.height(min(len(rows), mostRows)))}
	widgets.SetVisible(c.result, true)
	c.chart.Draw(c.spec())
	c.advise()
}

// spec is quality over latency: up and to the left is better.
func (c *comparing) spec() chart.Spec {
	s := chart.Spec{Theme: widgets.ChartTheme(), X: chart.Axis{Label: c.book.T("evaluate.latency") + " (ms)"}, Y: chart.Axis{Label: c.book.T("train.accuracy")}}
	low, high, slow := 1.0, 0.0, 0.0
	for _, o := range c.last.Models {
		low, high, slow = min(low, o.Quality()), max(high, o.Quality()), max(slow, o.Efficiency.LatencyP50)
	}
	pad := max((high-low)*0.2, 0.005)
	s.Y.Min, s.Y.Max, s.X.Min, s.X.Max = low-pad, high+pad, 0, slow*2.2 // the right half is the legend's
	if c.last.Models[0].Classification != nil {
		s.Y.Kind = chart.Percent
	}
	for i, o := range c.last.Models {
		x, y := o.Efficiency.LatencyP50, o.Quality()
		s.Lines = append(s.Lines, chart.Line{
			Name: fmt.Sprintf("%s · %s", c.name(o.Model), c.book.Bytes(o.Efficiency.Size)), Colour: s.Theme.Colour(i),
			Samples: curve.NewPoints([]float64{x, x}, []float64{y, y}), Dots: []curve.Point{{X: x, Y: y}},
		})
	}
	return s
}

// advise says which model follows from what matters.
func (c *comparing) advise() {
	if c.last == nil {
		return
	}
	on := func(i int) float64 {
		if slices.Contains(c.needs.Selected, c.needs.Options[i]) {
			return 1
		}
		return 0
	}
	best := c.last.Recommend(evaluation.Needs{Accuracy: on(0), Speed: on(1), Size: on(2), Explainability: on(3)}).Model
	b, chosen := c.book, &c.last.Models[best]
	text := []string{b.T("evaluate.take", c.name(chosen.Model))}
	for i := range c.last.Models {
		if i != best {
			text = append(text, c.against(&c.last.Models[i], chosen, c.last.Differ(i, best)))
		}
	}
	for _, p := range c.last.Pairs {
		text = append(text, b.T("evaluate.mcnemar", c.name(c.last.Models[p.First].Model), c.name(c.last.Models[p.Second].Model), p.OnlyFirst, p.OnlySecond, chance(p.P)))
	}
	c.words.Set(strings.Join(text, "\n"))
}

// against sets the chosen model beside another in words.
func (c *comparing) against(o, chosen *evaluation.Outcome, differ bool) string {
	b := c.book
	quality := func(o *evaluation.Outcome) string {
		if o.Classification == nil {
			return "R² " + b.Number(o.Quality())
		}
		return strconv.FormatFloat(100*o.Quality(), 'f', 2, 64) + " %"
	}
	key := "evaluate.take.same"
	if differ {
		key = "evaluate.take.differ"
	}
	speed := c.ratio("evaluate.equal.speed", "evaluate.faster", "evaluate.slower", o.Efficiency.LatencyP50/chosen.Efficiency.LatencyP50)
	size := c.ratio("evaluate.equal.size", "evaluate.smaller", "evaluate.larger", float64(o.Efficiency.Size)/float64(chosen.Efficiency.Size))
	return b.T(key, c.name(o.Model), quality(chosen), quality(o), speed, size)
}

// ratio says how many times better or worse a number is, within a twentieth that
// it is the same.
func (c *comparing) ratio(same, better, worse string, r float64) string {
	switch {
	case r > 0.95 && r < 1.05:
		return c.book.T(same)
	case r < 1:
		return c.book.T(worse, 1/r)
	}
	return c.book.T(better, r)
}

// chance writes a p value; very small ones say no more than that.
func chance(p float64) string {
	if p < 0.001 {
		return "p<0.001"
	}
	return fmt.Sprintf("p=%.3f", p)
}

func (c *comparing) object() fyne.CanvasObject {
	choose := widgets.TitledPanel(c.book.T("evaluate.models"), c.run, container.NewVScroll(c.picks))
	matter := widgets.Panel(widgets.Column(look.Gap, widgets.Note(c.book.T("evaluate.needs")), c.needs, c.words))
	c.box = container.NewStack()
	c.result = container.NewBorder(widgets.Below(widgets.Panel(c.box), look.Gap), nil, nil, nil, widgets.Panel(widgets.Height(c.chart, plotHeight)))
	c.result.Hide()
	right := widgets.Border(widgets.Below(matter, look.Gap), nil, nil, nil, c.result)
	scrolled := container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, besideBar), right))
	return widgets.Border(nil, nil, widgets.Width(choose, 250), nil, container.New(layout.NewCustomPaddedLayout(0, 0, look.Gap, 0), scrolled))
}
