// Package curves is the screen on which every point of every run can be looked
// at: the list of runs, charts that share their x, smoothing, ranges, and what
// differs between runs.
package curves

import (
	"math"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/app/curves"
	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// View is the screen. It wishes and shows; runs are opened and charts built
// elsewhere.
type View struct {
	widget.BaseWidget
	// OnSelect wants the curves of these run folders, in this order.
	OnSelect func(dirs []string)
	// OnOptions wants the charts drawn in another way.
	OnOptions func(curves.Options)
	// OnFilter wants other runs in the list.
	OnFilter func(filter, sort string)
	// OnNotes wants a run's notes changed.
	OnNotes func(dir string, n store.Notes)
	// OnDelete wants a run deleted.
	OnDelete func(dir string)
	// OnExport wants a chart saved as png, svg, pdf, csv or jsonl.
	OnExport func(s chart.Spec, format string)
	// OnImport wants runs from elsewhere.
	OnImport func()
	// OnPick wants the samples of a step of a run.
	OnPick func(r *curves.Run, step int)
	// OnTrain wants the train screen.
	OnTrain func()
	// OnCurrent says that another run is the one to rewind.
	OnCurrent func(*curves.Run)
	// OnTry and OnEvaluate want the model of a snapshot, OnFork to go on from it.
	OnTry, OnEvaluate, OnFork func(*curves.Run, train.Snapshot)
	// OnBoard says that the charts were arranged anew.
	OnBoard func(before, after curves.Board)
	// OnCombine wants a chart of several of these metrics.
	OnCombine func(names []string)
	// OnWrite wants a run's note edited.
	OnWrite func(store.Info)
	// OnSide wants the runs of the list side by side drawn, saved in a format.
	OnSide func(p chart.Parallel, format string)
	// OnSample… want something done with samples of the batch, by their place.
	OnSampleOpen, OnSampleExclude func(places []int)
	OnSampleRelabel               func(places []int, class string)
	OnSampleUndo                  func()
	// OnContinue wants the run forked before the batch, with the changes made.
	OnContinue func()

	book        *i18n.Book
	post        func(func())
	options     curves.Options
	list        *runList
	tools       *tools
	charts      []*panel
	sizes       []curves.Size
	foot        *fyne.Container
	strip       *strip
	side        *sideBySide
	batch       *batchPanel
	arrangement curves.Board
	modes       *widgets.Segments
	current     string // folder of the run to rewind
	board       *fyne.Container
	stage       *fyne.Container
	body        *fyne.Container
	empty       fyne.CanvasObject
	few         fyne.CanvasObject // too few runs to stand side by side
	bare        fyne.CanvasObject // runs, but all charts were taken away
	said        *widgets.Text
	count       *widgets.Text
	values      *widgets.Text
	table       *table
	runs        []*curves.Run
	lo, hi      float64
	ranged      bool
}

// New returns the screen without runs.
func New(book *i18n.Book, post func(func())) *View {
	v := &View{book: book, post: post, options: curves.DefaultOptions(), said: widgets.Note("").Truncate(), count: widgets.Note(""), values: widgets.Body("").Truncate()}
	v.list = newRunList(v)
	v.tools = newTools(v)
	v.foot = widgets.Column(look.Gap/2, v.values, v.said)
	v.strip = newStrip(v)
	v.side = newSideBySide(book, post)
	v.side.OnToggle = func(i int) { v.list.toggle(i) }
	v.modes = widgets.NewSegments([]string{book.T("curves.mode.charts"), book.T("curves.mode.parallel")}, 0, func(int) { v.stageUp() })
	v.table = newTable(book)
	v.few = widgets.Empty("curves", book.T("curves.parallel.few"), book.T("curves.parallel.advice"), v.trainButton())
	v.board = container.NewStack()
	v.empty = v.makeEmpty()
	v.bare = widgets.Empty("curves", book.T("curves.bare"), book.T("curves.bare.advice"), v.restore())
	v.stage = container.NewStack(v.empty)
	v.ExtendBaseWidget(v)
	return v
}

func (v *View) makeEmpty() fyne.CanvasObject {
	return widgets.Empty("curves", v.book.T("curves.empty"), v.book.T("curves.empty.advice"), v.trainButton())
}

func (v *View) trainButton() fyne.CanvasObject {
	return widgets.NewButtonWithIcon(v.book.T("curves.train"), look.Icon("train"), func() {
		if v.OnTrain != nil {
			v.OnTrain()
		}
	})
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	v.body = widgets.Border(v.tools.box, container.NewVBox(v.foot, v.strip.box, v.table.box), nil, nil, v.stage)
	actions := append([]fyne.CanvasObject{v.modes}, v.tools.actions...)
	page := widgets.Page(widgets.Header(v.book.T("curves.title"), v.count, actions...),
		widgets.Border(nil, nil, widgets.Width(v.list.box, 264), nil, widgets.Pad(v.body, look.Gap)))
	return widget.NewSimpleRenderer(page)
}

// ApplyRuns shows the runs of the list; the selected ones that are still there
// stay selected.
func (v *View) ApplyRuns(infos []store.Info, total int, err error) {
	v.list.apply(infos, total, err)
	if v.modes.Chosen() == 1 {
		v.stageUp()
	}
}

// Select looks at these runs.
func (v *View) Select(dirs ...string) { v.list.choose(dirs) }

// Selected are the folders of the runs that are looked at.
func (v *View) Selected() []string { return slices.Clone(v.list.selected) }

// Options are how the charts are drawn now.
func (v *View) Options() curves.Options {
	o := v.options
	o.Theme, o.Compact = widgets.ChartTheme(), true
	o.Labels = v.labels()
	return o
}

func (v *View) labels() map[string]string {
	out := map[string]string{}
	for _, key := range []string{"step", "epoch", "wall", "elapsed", "active", "pause", "resume", "learning-rate", "exclude", "stop", "early-stop", "fork", "cut"} {
		out[key] = v.book.T("curves.word." + key)
	}
	return out
}

// Apply shows charts of runs. It keeps the part of x and the range that are
// looked at.
func (v *View) Apply(runs []*curves.Run, charts []Chart) {
	v.runs = runs
	v.tools.offer(runs)
	if len(runs) == 0 {
		charts = nil
	}
	v.arrange(charts)
	v.stageUp()
	points := 0
	for i, c := range charts {
		spec := c.Shown.Spec
		spec.X.Min, spec.X.Max = v.options.MinX, v.options.MaxX
		v.charts[i].view.Draw(spec)
		points += pointsOf(spec)
	}
	v.count.Set("")
	if points > 0 {
		v.count.Set(v.book.T("curves.points", v.book.Count(points), v.book.Count(points)))
	}
	v.tellCurrent()
	v.said.Set(Sentence(v.book, runs))
	v.refreshTable()
}

func pointsOf(s chart.Spec) int {
	n := 0
	for _, l := range s.Lines {
		if !l.Faint && l.Samples != nil && l.Upper == nil {
			n += l.Samples.Len()
		}
	}
	return n
}

// pick asks for the samples of the step that a point belongs to.
func (v *View) pick(from *panel, h chart.Hit) {
	shown := from.chart.Shown
	if h.Line >= len(shown.Of) || v.options.GroupBy != "" || v.OnPick == nil {
		return
	}
	of := shown.Of[h.Line]
	s, err := of.Run.Curves.Series(of.Metric, metrics.Step)
	if err != nil || h.Point.Row >= s.Len() {
		return
	}
	step, _ := s.Step(h.Point.Row)
	v.strip.near(of.Run, int(step))
	v.OnPick(of.Run, int(step))
}

// hover shows the values at one x in all charts.
func (v *View) hover(from *panel, x float64, hits []chart.Hit, ok bool) {
	for _, p := range v.charts {
		p.view.SetCross(x, ok)
	}
	if !ok {
		v.values.Set("")
		return
	}
	text := HoverText(v.book, v.options.Axis, from.chart.Shown.Spec, x, hits)
	if label := markNear(from.view.Picture(), from.chart.Shown.Spec.Marks, x); label != "" {
		text += "   ┊ " + label
	}
	v.values.Set(text)
}

// markReach is how many pixels from a mark its name is told.
const markReach = 5

// markNear is the name of the mark at a place, "" where there is none.
func markNear(p *chart.Picture, marks []chart.Mark, x float64) string {
	if p == nil {
		return ""
	}
	label, best := "", float64(markReach)
	for _, m := range marks {
		if d := math.Abs(p.X.Pixel(m.X) - p.X.Pixel(x)); d <= best {
			label, best = m.Label, d
		}
	}
	return label
}

// look shows the same part of x in all charts.
func (v *View) look(from *panel, lo, hi float64) {
	v.options.MinX, v.options.MaxX = lo, hi
	for _, p := range v.charts {
		if p != from {
			p.view.SetView(lo, hi)
		}
	}
	v.refreshTable()
}

// mark marks the same range in all charts and tells about it.
func (v *View) mark(from *panel, lo, hi float64, ok bool) {
	v.lo, v.hi, v.ranged = lo, hi, ok
	for _, p := range v.charts {
		if p != from {
			p.view.SetRange(lo, hi, ok)
		}
	}
	v.refreshTable()
}

// refreshTable shows the range's numbers, or what differs between the runs.
func (v *View) refreshTable() {
	switch {
	case v.ranged:
		var shown []curves.Shown
		for _, p := range v.charts {
			shown = append(shown, p.chart.Shown)
		}
		v.table.ranges(shown, v.lo, v.hi)
	case v.batch != nil:
		return // it stays until it is closed
	case len(v.runs) > 1:
		v.table.differences(v.runs)
	default:
		v.table.clear()
	}
	if v.body != nil {
		v.body.Refresh() // the table takes more room, or less
	}
}

// change takes a new option and asks for the charts.
func (v *View) change(set func(*curves.Options)) {
	axis := v.options.Axis
	set(&v.options)
	if v.options.Axis != axis {
		v.options.MinX, v.options.MaxX = 0, 0
		v.ranged = false
		for _, p := range v.charts {
			p.view.SetRange(0, 0, false)
		}
	}
	if v.OnOptions != nil {
		v.OnOptions(v.Options())
	}
}

// HoverText is the line that tells the values at a place, the nearest first.
func HoverText(book *i18n.Book, axis metrics.Axis, s chart.Spec, x float64, hits []chart.Hit) string {
	text := book.T("curves.word."+string(axis)) + " " + axisText(book, axis, x)
	for i, h := range hits {
		if i == 8 {
			return text + " …"
		}
		text += "   " + s.Lines[h.Line].Name + " " + book.Number(h.Point.Y)
		if math.IsInf(h.Point.Y, 0) {
			text += "∞"
		}
	}
	return text
}

func axisText(book *i18n.Book, axis metrics.Axis, x float64) string {
	switch axis {
	case metrics.Step, "":
		return book.Count(int(x))
	case metrics.Wall:
		return clockText(x)
	case metrics.Elapsed, metrics.Active:
		return book.Duration(secondsOf(x))
	}
	return book.Number(x)
}

// Sentence says what the first run's validation does.
func Sentence(book *i18n.Book, runs []*curves.Run) string {
	if len(runs) == 0 {
		return ""
	}
	r := runs[0]
	for _, name := range []string{"val_loss", "loss"} {
		s, err := r.Curves.Series(name, metrics.Epoch)
		if err != nil || s.Len() == 0 || s.Len() > 100_000 {
			continue
		}
		var points []curve.Point
		for _, p := range s.Pieces() {
			points = curve.Line{Samples: s}.AppendPoints(points, p, math.Inf(-1), math.Inf(1))
		}
		f := curve.Describe(points, false)
		if f.Kind == curve.TooFew {
			return r.Info.Name + ": " + book.T("curves.finding.few")
		}
		return r.Info.Name + ": " + book.T("curves.finding."+string(f.Kind), book.Number(f.Best.Y), strconv.FormatFloat(f.Best.X, 'g', 4, 64))
	}
	return ""
}
