// Package curves is the screen on which every point of every run can be looked
// at: the list of runs, charts that share their x, smoothing, ranges, and what
// differs between runs.
package curves

import (
	"image"
	"math"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/app/curves"
	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
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
	// OnExport wants a chart saved as svg, png, pdf or csv.
	OnExport func(s chart.Spec, format string)
	// OnImport wants runs from elsewhere.
	OnImport func()
	// OnPick wants the samples of a step of a run.
	OnPick func(r *curves.Run, step int)
	// OnTrain wants the train screen.
	OnTrain func()

	book    *i18n.Book
	post    func(func())
	options curves.Options
	list    *runList
	tools   *tools
	charts  []*panel
	board   *fyne.Container
	stage   *fyne.Container
	body    *fyne.Container
	empty   fyne.CanvasObject
	said    *widgets.Text
	count   *widgets.Text
	values  *widgets.Text
	table   *table
	shown   []curves.Shown
	runs    []*curves.Run
	lo, hi  float64
	ranged  bool
}

// panel is one chart with its title.
type panel struct {
	names []string
	view  *widgets.ChartView
	title *widgets.Text
	box   fyne.CanvasObject
}

// New returns the screen without runs.
func New(book *i18n.Book, post func(func())) *View {
	v := &View{book: book, post: post, options: curves.DefaultOptions(), said: widgets.Note("").Truncate(), count: widgets.Note(""), values: widgets.Body("").Truncate()}
	v.list = newRunList(v)
	v.tools = newTools(v)
	v.table = newTable(book)
	v.board = container.NewStack()
	v.empty = v.makeEmpty()
	v.stage = container.NewStack(v.empty)
	v.ExtendBaseWidget(v)
	return v
}

func (v *View) makeEmpty() fyne.CanvasObject {
	train := widget.NewButtonWithIcon(v.book.T("curves.train"), look.Icon("train"), func() {
		if v.OnTrain != nil {
			v.OnTrain()
		}
	})
	return widgets.Empty("curves", v.book.T("curves.empty"), v.book.T("curves.empty.advice"), train)
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	foot := widgets.Column(look.Gap/2, v.values, v.said)
	v.body = container.NewBorder(v.tools.box, container.NewVBox(foot, v.table.box), nil, nil, v.stage)
	page := widgets.Page(widgets.Header(v.book.T("curves.title"), v.count, v.tools.actions...),
		container.NewBorder(nil, nil, widgets.Width(v.list.box, 264), nil, widgets.Pad(v.body, look.Gap)))
	return widget.NewSimpleRenderer(page)
}

// ApplyRuns shows the runs of the list; the selected ones that are still there
// stay selected.
func (v *View) ApplyRuns(infos []store.Info, total int, err error) {
	v.list.apply(infos, total, err)
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
func (v *View) Apply(runs []*curves.Run, shown []curves.Shown, groups [][]string) {
	v.runs, v.shown = runs, shown
	v.tools.offer(runs)
	v.stage.Objects = []fyne.CanvasObject{v.empty}
	if len(runs) > 0 && len(shown) > 0 {
		v.arrange(groups)
		v.stage.Objects = []fyne.CanvasObject{v.board}
	}
	v.stage.Refresh()
	points := 0
	for i, s := range shown {
		spec := s.Spec
		spec.X.Min, spec.X.Max = v.options.MinX, v.options.MaxX
		v.charts[i].view.Draw(spec)
		points += pointsOf(spec)
	}
	v.count.Set("")
	if points > 0 {
		v.count.Set(v.book.T("curves.points", v.book.Count(points), v.book.Count(points)))
	}
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

// arrange makes one panel for each group of metrics; panels that fit stay.
func (v *View) arrange(groups [][]string) {
	same := len(v.charts) == len(groups)
	for i := 0; same && i < len(groups); i++ {
		same = slices.Equal(v.charts[i].names, groups[i])
	}
	if same {
		return
	}
	v.charts = nil
	var boxes []fyne.CanvasObject
	for _, names := range groups {
		p := v.newPanel(names)
		v.charts = append(v.charts, p)
		boxes = append(boxes, p.box)
	}
	if len(boxes) == 1 {
		v.board.Objects = boxes
	} else {
		v.board.Objects = []fyne.CanvasObject{container.NewVScroll(widgets.Tiles(340, 260, boxes...))}
	}
	v.board.Refresh()
}

func (v *View) newPanel(names []string) *panel {
	p := &panel{names: names, view: widgets.NewChartView(v.post), title: widgets.Strong(names[0])}
	p.view.OnHover = func(x float64, hits []chart.Hit, ok bool) { v.hover(p, x, hits, ok) }
	p.view.OnView = func(lo, hi float64) { v.look(p, lo, hi) }
	p.view.OnRange = func(lo, hi float64, ok bool) { v.mark(p, lo, hi, ok) }
	p.view.OnPick = func(h chart.Hit) { v.pick(p, h) }
	export := widget.NewButtonWithIcon("", look.Icon("save"), nil)
	export.Importance = widget.LowImportance
	export.OnTapped = func() { v.exportMenu(p, export) }
	p.box = widgets.Panel(container.NewBorder(container.NewBorder(nil, nil, p.title, export), nil, nil, nil, p.view))
	return p
}

func (v *View) exportMenu(p *panel, at fyne.CanvasObject) {
	i := slices.Index(v.charts, p)
	if i < 0 || i >= len(v.shown) {
		return
	}
	var items []*fyne.MenuItem
	for _, format := range []string{"png", "svg", "pdf", "csv"} {
		items = append(items, fyne.NewMenuItem(v.book.T("curves.save", format), func() {
			if v.OnExport != nil {
				spec := v.shown[i].Spec
				spec.X.Min, spec.X.Max, spec.Theme = v.options.MinX, v.options.MaxX, chart.Light()
				v.OnExport(spec, format)
			}
		}))
	}
	c := fyne.CurrentApp().Driver().CanvasForObject(at)
	if c == nil {
		return
	}
	where := fyne.CurrentApp().Driver().AbsolutePositionForObject(at)
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, where.AddXY(0, at.Size().Height))
}

// pick asks for the samples of the step that a point belongs to.
func (v *View) pick(from *panel, h chart.Hit) {
	i := slices.Index(v.charts, from)
	if i < 0 || i >= len(v.shown) || h.Line >= len(v.shown[i].Of) || v.options.GroupBy != "" || v.OnPick == nil {
		return
	}
	of := v.shown[i].Of[h.Line]
	s, err := of.Run.Curves.Series(of.Metric, metrics.Step)
	if err != nil || h.Point.Row >= s.Len() {
		return
	}
	step, _ := s.Step(h.Point.Row)
	v.OnPick(of.Run, int(step))
}

// ApplyBatch shows the samples of a step below the charts.
func (v *View) ApplyBatch(title string, samples []fyne.CanvasObject) {
	v.table.samples(title, samples)
	v.body.Refresh()
}

// Thumb is one sample with a picture (nil for none) and what it is.
func Thumb(picture image.Image, class, loss string) fyne.CanvasObject {
	text := container.NewVBox(widgets.Body(class).Align(fyne.TextAlignCenter), widgets.Note(loss).Align(fyne.TextAlignCenter))
	if picture == nil {
		return text
	}
	img := canvas.NewImageFromImage(picture)
	img.FillMode, img.ScaleMode = canvas.ImageFillContain, canvas.ImageScalePixels
	img.SetMinSize(fyne.NewSize(56, 56))
	return container.NewVBox(img, text)
}

// hover shows the values at one x in all charts.
func (v *View) hover(from *panel, x float64, hits []chart.Hit, ok bool) {
	for _, p := range v.charts {
		p.view.SetCross(x, ok)
	}
	i := slices.Index(v.charts, from)
	if !ok || i < 0 || i >= len(v.shown) {
		v.values.Set("")
		return
	}
	v.values.Set(HoverText(v.book, v.options.Axis, v.shown[i].Spec, x, hits))
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
		v.table.ranges(v.shown, v.lo, v.hi)
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
