package curves

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/app/curves"
	"athanor/pipeline/chart"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Chart is one chart of the board.
type Chart struct {
	Names []string // its metrics
	Title string
	Shown curves.Shown
}

// panel is one chart with its title and what can be done with it.
type panel struct {
	chart Chart
	view  *widgets.ChartView
	title *widgets.Text
	box   fyne.CanvasObject
	tools *fyne.Container
}

// Board is how the charts are arranged.
func (v *View) Board() curves.Board { return v.arrangement.Clone() }

// SetBoard takes an arrangement; the next Apply shows it.
func (v *View) SetBoard(b curves.Board) {
	v.arrangement = b.Clone()
	v.tools.by.SetSelectedIndex(map[bool]int{false: 0, true: 1}[b.ByRun])
}

// rearrange changes the arrangement and keeps what it was for undo.
func (v *View) rearrange(change func(*curves.Board)) {
	before := v.arrangement.Clone()
	change(&v.arrangement)
	if v.OnBoard != nil {
		v.OnBoard(before, v.arrangement.Clone())
	}
}

// arrange makes one panel for each chart; panels that fit stay.
func (v *View) arrange(charts []Chart) {
	same := len(v.charts) == len(charts)
	for i := 0; same && i < len(charts); i++ {
		same = v.charts[i].chart.Title == charts[i].Title && slices.Equal(v.charts[i].chart.Names, charts[i].Names)
	}
	sizes := make([]curves.Size, len(charts))
	for i, c := range charts {
		sizes[i] = v.arrangement.Size(c.Names)
	}
	if same && slices.Equal(sizes, v.sizes) {
		for i, p := range v.charts {
			p.chart = charts[i]
		}
		return
	}
	v.sizes, v.charts = sizes, nil
	var boxes []fyne.CanvasObject
	for _, c := range charts {
		p := v.newPanel(c)
		v.charts = append(v.charts, p)
		boxes = append(boxes, p.box)
	}
	if len(boxes) == 1 {
		v.board.Objects = boxes
	} else {
		v.board.Objects = []fyne.CanvasObject{container.NewVScroll(container.New(&grid{sizes: sizes}, boxes...))}
	}
	v.board.Refresh()
}

func (v *View) newPanel(c Chart) *panel {
	p := &panel{chart: c, view: widgets.NewChartView(v.post), title: widgets.Strong(c.Title).Truncate()}
	p.view.OnHover = func(x float64, hits []chart.Hit, ok bool) { v.hover(p, x, hits, ok) }
	p.view.OnView = func(lo, hi float64) { v.look(p, lo, hi) }
	p.view.OnRange = func(lo, hi float64, ok bool) { v.mark(p, lo, hi, ok) }
	p.view.OnPick = func(h chart.Hit) { v.pick(p, h) }
	var size, export *widgets.Button
	size = quiet("table", func() { widgets.Menu(size, v.sizeItems(p)...) })
	export = quiet("save", func() { widgets.Menu(export, v.exportItems(p)...) })
	remove := quiet("close", func() { v.rearrange(func(b *curves.Board) { b.Remove(p.chart.Names) }) })
	p.tools = container.NewHBox(size, export, remove)
	head := widgets.Border(nil, nil, nil, p.tools, p.title)
	p.box = widgets.Panel(widgets.Border(head, nil, nil, nil, p.view))
	return p
}

// quiet is a small button with an icon alone.
func quiet(icon string, do func()) *widgets.Button {
	b := widgets.NewButtonWithIcon("", look.Icon(icon), do)
	b.Importance = widget.LowImportance
	return b
}

func (v *View) sizeItems(p *panel) []*fyne.MenuItem {
	now := v.arrangement.Size(p.chart.Names)
	item := func(key string, wide, high int) *fyne.MenuItem {
		m := fyne.NewMenuItem(v.book.T("curves.size."+key), func() {
			v.rearrange(func(b *curves.Board) { b.Resize(p.chart.Names, wide, high) })
		})
		want := curves.Size{Wide: now.Wide + wide, High: now.High + high}
		probe := v.arrangement.Clone()
		probe.Resize(p.chart.Names, wide, high)
		m.Disabled = probe.Size(p.chart.Names) != want
		return m
	}
	return []*fyne.MenuItem{item("wider", 1, 0), item("narrower", -1, 0), item("higher", 0, 1), item("lower", 0, -1)}
}

func (v *View) exportItems(p *panel) []*fyne.MenuItem {
	var items []*fyne.MenuItem
	for _, format := range []string{"png", "svg", "pdf", "csv", "jsonl"} {
		items = append(items, fyne.NewMenuItem(v.book.T("curves.save", strings.ToUpper(format)), func() {
			if v.OnExport != nil {
				spec := p.chart.Shown.Spec
				spec.X.Min, spec.X.Max, spec.Theme = v.options.MinX, v.options.MaxX, chart.Light()
				v.OnExport(spec, format)
			}
		}))
	}
	return items
}

// addItems are the charts that can be added: those that were taken away, any
// single metric, and all that are marked in a dialog.
func (v *View) addItems() []*fyne.MenuItem {
	names := curves.Metrics(v.runs)
	var items []*fyne.MenuItem
	add := func(group []string) {
		items = append(items, fyne.NewMenuItem(curves.ChartKey(group), func() {
			v.rearrange(func(b *curves.Board) { b.Add(group) })
		}))
	}
	on := v.arrangement.Arrange(names)
	shown := func(g []string) bool {
		return slices.ContainsFunc(on, func(o []string) bool { return slices.Equal(o, g) })
	}
	for _, g := range curves.Charts(names) {
		if !shown(g) {
			add(g)
		}
	}
	for _, n := range names[:min(len(names), maxOffered)] {
		if g := []string{n}; !shown(g) {
			add(g)
		}
	}
	if len(names) > 1 {
		items = append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(v.book.T("curves.add.several"), func() {
			if v.OnCombine != nil {
				v.OnCombine(names[:min(len(names), maxOffered)])
			}
		}))
	}
	return items
}

// maxOffered bounds a menu of metrics: a run that was brought in can have
// thousands.
const maxOffered = 40

// grid lays charts out in columns of equal width; a chart can take several
// places.
type grid struct {
	sizes  []curves.Size
	height float32
}

const (
	gridWidth  = 340
	gridHeight = 260
)

// MinSize implements fyne.Layout.
func (g *grid) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(gridWidth, max(g.height, gridHeight))
}

// Layout implements fyne.Layout.
func (g *grid) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	const gap = 2 * look.Gap
	columns := max(1, int((size.Width+gap)/(gridWidth+gap)))
	if !slices.ContainsFunc(g.sizes, func(s curves.Size) bool { return s != curves.Size{Wide: 1, High: 1} }) {
		rows := (len(objects) + columns - 1) / columns
		columns = max(1, (len(objects)+rows-1)/max(rows, 1)) // fills the rows evenly
	}
	places, rows := Place(g.sizes, columns)
	width := (size.Width - float32(columns-1)*gap) / float32(columns)
	for i, o := range objects {
		p := places[i]
		wide := min(g.sizes[i].Wide, columns)
		o.Move(fyne.NewPos(float32(p.X)*(width+gap), float32(p.Y)*(gridHeight+gap)))
		o.Resize(fyne.NewSize(float32(wide)*(width+gap)-gap, float32(g.sizes[i].High)*(gridHeight+gap)-gap))
	}
	g.height = float32(rows)*(gridHeight+gap) - gap
}

// Cell is a place of the grid.
type Cell struct{ X, Y int }

// Place puts charts one after another into the first free places of a grid with
// so many columns, and returns how many rows that took.
func Place(sizes []curves.Size, columns int) (places []Cell, rows int) {
	taken := map[Cell]bool{}
	for _, s := range sizes {
		wide := min(s.Wide, columns)
		at := Cell{}
		for !fits(taken, at, wide, s.High, columns) {
			if at.X++; at.X+wide > columns {
				at = Cell{0, at.Y + 1}
			}
		}
		for x := range wide {
			for y := range s.High {
				taken[Cell{at.X + x, at.Y + y}] = true
			}
		}
		places, rows = append(places, at), max(rows, at.Y+s.High)
	}
	return places, rows
}

func fits(taken map[Cell]bool, at Cell, wide, high, columns int) bool {
	for x := range wide {
		for y := range high {
			if at.X+x >= columns || taken[Cell{at.X + x, at.Y + y}] {
				return false
			}
		}
	}
	return true
}
