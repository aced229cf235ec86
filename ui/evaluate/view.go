// Package evaluate is the screen that says how good a model is on samples it
// never saw, and what it costs to run.
package evaluate

import (
	"fmt"
	"image"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/app/evaluation"
	"athanor/pipeline/chart"
	"athanor/pipeline/evaluate"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Choice is a model to evaluate.
type Choice struct{ ID, Name string }

// View is the screen.
type View struct {
	widget.BaseWidget
	OnModel   func(id string)
	OnRun     func()
	OnTrain   func()
	OnReport  func()
	OnOrder   func(Order)                    // of the gallery of mistakes
	OnPicture func(i int)                    // the gallery wants the picture of sample i
	OnChange  func(sample int, class string) // another label, or "" to exclude
	OnChoose  func(sample int)               // of the gallery
	OnUndo    func()
	OnTemper  func() // make a copy whose probabilities mean what they say
	OnRetrain func()
	OnCompare func(ids []string)

	book      *i18n.Book
	models    []Choice
	pick      *widgets.Select
	run       *widgets.Button
	busy      *widgets.Bar
	busyText  *widgets.Text
	body      *fyne.Container
	accuracy  *widgets.Figure
	majority  *widgets.Figure
	f1        *widgets.Figure
	calib     *widgets.Figure
	latency   *widgets.Figure
	size      *widgets.Figure
	sentence  *widgets.Prose
	matrix    *widgets.Confusion
	cell      *widgets.Text
	classes   []evaluate.ClassReport
	means     []evaluate.ClassReport // over the classes, below them
	table     *widgets.List
	resultBox fyne.CanvasObject
	report    *widgets.Button
	temper    *widgets.Button
	tabs      *widgets.Segments
	pages     []fyne.CanvasObject
	stack     *fyne.Container
	charts    [3]*widgets.ChartView
	titles    [3]*widgets.Text
	plots     [3]*fyne.Container
	below     [2]*fyne.Container    // under the figures: of classes, of numbers
	errors    [2]*widgets.ChartView // of numbers
	post      func(func())
	notes     *widgets.Prose
	slices    *lines
	mistakes  *mistakes
	comparing *comparing
	outcome   *evaluation.Outcome
}

// New returns the screen without models; post brings finished charts to the UI
// goroutine.
func New(book *i18n.Book, post func(func())) *View {
	v := &View{book: book, post: post, busy: widgets.NewBar(look.Ember, 4), busyText: widgets.Note("").Truncate(), matrix: widgets.NewConfusion(), cell: widgets.Note("")}
	figure := func(key string) *widgets.Figure { return widgets.NewFigure(book.T(key)) }
	v.accuracy, v.majority, v.f1 = figure("train.accuracy"), figure("evaluate.majority"), figure("evaluate.f1")
	v.calib, v.latency, v.size = figure("evaluate.calibration"), figure("evaluate.latency"), figure("evaluate.size")
	v.sentence, v.notes = widgets.Paragraph("", theme.ColorNameForeground), widgets.SmallParagraph("")
	v.pick = widgets.NewSelect(nil, nil)
	v.pick.PlaceHolder = " "
	v.run = widgets.NewButtonWithIcon(book.T("evaluate.run"), runIcon(), func() { call(v.OnRun) })
	v.run.Importance = widget.HighImportance
	v.matrix.OnHover = func(truth, predicted, n int) {
		v.cell.Set(book.T("train.cell", v.className(truth), v.className(predicted), n))
	}
	v.table = widgets.NewList(func() int { return len(v.classes) + 1 + len(v.means) }, makeRow, v.fillRow)
	v.table.HideSeparators = true
	v.busy.Hide()
	v.report = widgets.NewButtonWithIcon(book.T("evaluate.report"), look.Icon("save"), func() { call(v.OnReport) })
	v.report.Hide()
	v.temper = widgets.NewButtonWithIcon(book.T("evaluate.temper"), look.Icon("wand"), func() { call(v.OnTemper) })
	v.temper.Hide()
	v.makeTabs(post)
	v.body = container.NewStack()
	v.ExtendBaseWidget(v)
	v.Apply(nil)
	return v
}

func runIcon() fyne.Resource { return look.Tinted("play", theme.ColorNameForegroundOnPrimary) }

func call(f func()) {
	if f != nil {
		f()
	}
}

func (v *View) className(i int) string {
	if i < len(v.classes) {
		return v.classes[i].Name
	}
	return fmt.Sprint(i)
}

// columns of the table of classes: name, precision, recall, F1, samples.
const columns = 5

func makeRow() fyne.CanvasObject {
	row := container.NewGridWithColumns(columns)
	for range columns {
		row.Add(widgets.Note("").Truncate())
	}
	return row
}

func (v *View) fillRow(i int, o fyne.CanvasObject) {
	b := v.book
	texts := []string{b.T("evaluate.class"), b.T("evaluate.precision"), b.T("evaluate.recall"), b.T("evaluate.f1"), b.T("evaluate.support")}
	tint := look.Muted
	if i > 0 {
		c := slices.Concat(v.classes, v.means)[i-1]
		texts = []string{c.Name, b.Percent(c.Precision), b.Percent(c.Recall), b.Percent(c.F1), b.Count(c.Support)}
		if i <= len(v.classes) {
			tint = theme.ColorNameForeground
		}
	}
	k := 0
	widgets.Visit(o, func(o fyne.CanvasObject) {
		if t, ok := o.(*widgets.Text); ok && k < columns {
			t.Set(texts[k])
			t.SetTint(tint)
			k++
		}
	})
}

// ApplyModels shows the models there are and the one in use.
func (v *View) ApplyModels(models []Choice, chosen string) {
	v.models = models
	v.comparing.setModels(models)
	names := make([]string, len(models))
	for i, m := range models {
		names[i] = m.Name
	}
	v.pick.OnChanged = nil
	v.pick.SetOptions(names)
	if at := slices.IndexFunc(models, func(c Choice) bool { return c.ID == chosen }); at >= 0 {
		v.pick.SetSelectedIndex(at)
	}
	v.pick.OnChanged = func(string) {
		if i := v.pick.SelectedIndex(); i >= 0 && v.OnModel != nil {
			v.OnModel(v.models[i].ID)
		}
	}
	widgets.Allow(v.run, runIcon(), len(models) > 0)
}

// ApplyBusy shows how far the measuring is; "" ends it.
func (v *View) ApplyBusy(text string, done, total int) {
	v.busyText.Set(text)
	widgets.SetVisible(v.busy, text != "")
	v.busy.Set(float64(done) / float64(max(total, 1)))
}

// Apply shows what was measured; nil says what to do first.
func (v *View) Apply(o *evaluation.Outcome) {
	if o == nil {
		v.outcome = nil
		v.report.Hide()
		v.temper.Hide()
		v.body.Objects = []fyne.CanvasObject{widgets.Panel(widgets.Empty("evaluate", v.book.T("evaluate.empty"), v.book.T("evaluate.empty.advice"), nil))}
		v.body.Refresh()
		return
	}
	v.outcome = o
	v.report.Show()
	widgets.SetVisible(v.temper, o.Classification != nil)
	v.draw()
	v.slices.set(sliceLines(v.book, o))
	b := v.book
	e := o.Efficiency
	v.latency.Set(fmt.Sprintf("%.2f ms", e.LatencyP50), b.T("evaluate.p99", e.LatencyP99))
	v.size.Set(b.Bytes(e.Size), b.T("evaluate.throughput", b.Count(int(e.Throughput))))
	switch {
	case o.Classification != nil:
		v.classification(o)
	case o.Regression != nil:
		v.regression(o)
	}
	v.notes.Set(strings.Join(v.remarks(o), "\n"))
	v.body.Objects = []fyne.CanvasObject{v.resultBox}
	v.body.Refresh()
}

func (v *View) makeTabs(post func(func())) {
	b := v.book
	v.slices, v.mistakes, v.comparing = newLines(3, 1, 1.4, 1.6), newMistakes(b), newComparing(b, post)
	v.mistakes.OnOrder = func(o Order) {
		if v.OnOrder != nil {
			v.OnOrder(o)
		}
	}
	v.mistakes.OnChange = func(i int, class string) {
		if v.OnChange != nil {
			v.OnChange(i, class)
		}
	}
	v.mistakes.OnChoose = func(i int) {
		if v.OnChoose != nil {
			v.OnChoose(i)
		}
	}
	v.mistakes.OnUndo, v.mistakes.OnAgain = func() { call(v.OnUndo) }, func() { call(v.OnRetrain) }
	v.mistakes.grid.Load = func(i int) {
		if v.OnPicture != nil {
			v.OnPicture(i)
		}
	}
	v.comparing.OnRun = func(ids []string) {
		if v.OnCompare != nil {
			v.OnCompare(ids)
		}
	}
	plots := widgets.Cards(2)
	for i := range v.charts {
		v.charts[i], v.titles[i] = widgets.NewChartView(post), widgets.Note("").Bold()
		v.plots[i] = widgets.Panel(container.NewBorder(widgets.Below(v.titles[i], look.Gap), nil, nil, nil, v.charts[i]))
		plots.Add(v.plots[i])
	}
	v.pages = []fyne.CanvasObject{v.makeResult(), plots, widgets.Panel(v.slices.list), v.mistakes.object(), v.comparing.object()}
	names := []string{b.T("evaluate.tab.overview"), b.T("evaluate.tab.curves"), b.T("evaluate.tab.slices"), b.T("evaluate.tab.mistakes"), b.T("evaluate.tab.compare")}
	v.tabs = widgets.NewSegments(names, 0, v.turn)
	v.stack = container.NewStack(v.pages[0])
	v.resultBox = widgets.Border(widgets.Below(container.NewHBox(v.tabs), look.Gap), nil, nil, nil, v.stack)
}

// turn shows another page.
func (v *View) turn(i int) {
	v.stack.Objects = []fyne.CanvasObject{v.pages[i]}
	v.stack.Refresh()
	v.draw()
}

// Turn shows the page with that number: overview, curves, slices, mistakes,
// comparison.
func (v *View) Turn(i int) {
	v.tabs.Choose(i)
	v.turn(i)
}

// draw brings the outcome's charts to the screen.
func (v *View) draw() {
	if v.outcome == nil {
		return
	}
	p := v.outcome.Charts(widgets.ChartTheme(), func(word string) string { return v.book.T("evaluate.axis." + axisKey(word)) })
	specs, keys := []*chart.Spec{p.Reliability, p.ROC, p.PR}, []string{"reliability", "roc", "pr"}
	numbers := v.outcome.Regression != nil
	widgets.SetVisible(v.below[0], !numbers)
	widgets.SetVisible(v.below[1], numbers)
	if numbers {
		specs, keys = []*chart.Spec{p.Residuals, p.Errors, nil}, []string{"residuals", "errors", "pr"}
		for i, spec := range specs[:2] {
			v.errors[i].Draw(*spec)
		}
	}
	for i, spec := range specs {
		widgets.SetVisible(v.plots[i], spec != nil)
		if spec != nil {
			v.titles[i].Set(v.book.T("evaluate.chart." + keys[i]))
			v.charts[i].Draw(*spec)
		}
	}
}

func axisKey(word string) string { return strings.ReplaceAll(word, " ", "_") }

// ApplyMistakes shows samples of the gallery; classes are what a label can be.
func (v *View) ApplyMistakes(samples []Sample, classes []string, pictures bool, changes int) {
	v.mistakes.set(samples, classes, pictures, changes)
}

// ApplyPicture shows the picture of sample i of the gallery.
func (v *View) ApplyPicture(i int, picture image.Image) {
	if i < len(v.mistakes.samples) {
		s := v.mistakes.samples[i]
		v.mistakes.grid.Put(i, widgets.Thumb{Picture: picture, Caption: s.Label + " › " + s.Answer, Bad: s.Changed == ""})
		v.mistakes.pictures[i] = picture
	}
}

// ApplyAlike shows the training samples that are most alike to the chosen one.
func (v *View) ApplyAlike(list []widgets.Alike, note string) { v.mistakes.alike.Set(list, note) }

// Alike is what is shown of them.
func (v *View) Alike() []widgets.Alike { return v.mistakes.alike.List() }

// ApplyChange shows what was done about sample i; changes is how many wait.
func (v *View) ApplyChange(i int, changed string, changes int) { v.mistakes.mark(i, changed, changes) }

// ApplyComparison shows models side by side.
func (v *View) ApplyComparison(c *evaluation.Comparison) { v.comparing.apply(c) }

func (v *View) makeResult() fyne.CanvasObject {
	figures := container.NewGridWithColumns(6, v.accuracy, v.majority, v.f1, v.calib, v.latency, v.size)
	top := widgets.Panel(widgets.Column(2*look.Gap, figures, widgets.Column(0, v.sentence, v.notes)))
	matrix := widgets.TitledPanel(v.book.T("train.confusion"), v.cell, v.matrix)
	table := widgets.TitledPanel(v.book.T("evaluate.classes"), nil, v.table)
	v.below[0], v.below[1] = widgets.Cards(2, matrix, table), v.makeErrors()
	return widgets.Border(widgets.Below(top, look.Gap), nil, nil, nil, container.NewStack(v.below[0], v.below[1]))
}

// makeErrors is what a regression shows in place of classes: how its errors lie.
func (v *View) makeErrors() *fyne.Container {
	cards := widgets.Cards(2)
	for i, key := range []string{"evaluate.chart.residuals", "evaluate.chart.errors"} {
		v.errors[i] = widgets.NewChartView(v.post)
		cards.Add(widgets.TitledPanel(v.book.T(key), nil, v.errors[i]))
	}
	return cards
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	head := widgets.Header(v.book.T("evaluate.title"), v.busyText, v.temper, v.report, widgets.Width(v.pick, 220), v.run)
	body := widgets.Border(container.New(layout.NewCustomPaddedLayout(0, 4, 0, 0), v.busy), nil, nil, nil, v.body)
	return widget.NewSimpleRenderer(widgets.Page(head, body))
}
