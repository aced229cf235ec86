package serve

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/remote"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// LoadWish says which service to ask and how hard.
type LoadWish struct {
	Service string // address of another service; empty is this one
	Key     string
	Model   string
	remote.LoadTest
}

// Load is the page of the load test.
type Load struct {
	widget.BaseWidget
	OnRun    func(LoadWish)
	OnCancel func()

	book    *i18n.Book
	service *widgets.Entry
	key     *widgets.Entry
	model   *widgets.SelectEntry
	workers *widgets.Select
	seconds *widgets.Select
	rate    *widgets.Entry
	run     *widgets.Button
	bar     *widgets.Bar
	left    *widgets.Text
	figures [6]*widgets.Figure
	chart   *widgets.ChartView
	view    *widgets.Segments
	result  *remote.Measured
	on      bool
	busy    bool
	served  []string
}

func newLoad(book *i18n.Book, post func(func())) *Load {
	l := &Load{
		book: book, service: widgets.NewEntry(), key: widgets.NewEntry(), model: widgets.NewSelectEntry(nil), rate: widgets.NewEntry(),
		workers: widgets.NewSelect([]string{"1", "4", "8", "16", "32", "64"}, nil), seconds: widgets.NewSelect([]string{"5", "10", "30", "60"}, nil),
		bar: widgets.NewBar(look.Ember, 4), left: widgets.Note("").Truncate(), chart: widgets.NewChartView(post),
	}
	l.key.Password = true
	l.workers.PlaceHolder, l.seconds.PlaceHolder = " ", " " // one is always chosen; the usual words would set their width
	l.service.SetPlaceHolder(book.T("serve.load.here"))
	l.key.SetPlaceHolder(book.T("serve.key.hint"))
	l.rate.SetPlaceHolder(book.T("serve.load.most"))
	l.workers.SetSelected("8")
	l.seconds.SetSelected("5")
	l.service.OnChanged = func(string) { l.enable() }
	l.run = widgets.NewButton("", l.press)
	for i, key := range []string{"serve.rate", "serve.load.failed", "serve.median", "serve.load.p90", "serve.p99", "serve.load.max"} {
		l.figures[i] = widgets.NewSmallFigure(book.T(key))
	}
	l.view = widgets.NewSegments([]string{book.T("serve.load.time"), book.T("serve.load.share")}, 0, func(int) { l.draw() })
	l.bar.Hide()
	l.ExtendBaseWidget(l)
	l.enable()
	return l
}

func (l *Load) press() {
	if l.busy {
		if l.OnCancel != nil {
			l.OnCancel()
		}
		return
	}
	call1(l.OnRun, l.Wish())
}

// Wish is what the form says.
func (l *Load) Wish() LoadWish {
	workers, _ := strconv.Atoi(l.workers.Selected)
	seconds, _ := strconv.Atoi(l.seconds.Selected)
	rate, _ := strconv.ParseFloat(strings.TrimSpace(l.rate.Text), 64)
	return LoadWish{
		Service: strings.TrimSpace(l.service.Text), Key: l.key.Text, Model: strings.TrimSpace(l.model.Text),
		LoadTest: remote.LoadTest{Workers: workers, Duration: time.Duration(seconds) * time.Second, PerSecond: max(rate, 0)},
	}
}

// SetKey offers a key.
func (l *Load) SetKey(secret string) { l.key.SetText(secret) }

func (l *Load) setOn(on bool) {
	l.on = on
	l.enable()
}

func (l *Load) setModels(served []string) {
	l.served = served
	l.model.SetOptions(served)
	if l.service.Text == "" && !slices.Contains(served, l.model.Text) && len(served) > 0 {
		l.model.SetText(served[0])
	}
}

// enable lets the button be pressed where there is something to ask.
func (l *Load) enable() {
	text, icon := l.book.T("serve.load.run"), "play"
	if l.busy {
		text, icon = l.book.T("common.cancel"), "stop"
	}
	l.run.SetText(text)
	l.run.SetIcon(look.Icon(icon))
	if l.busy || l.on || l.service.Text != "" {
		l.run.Enable()
	} else {
		l.run.Disable()
	}
}

// ApplyBusy shows how far a test is; left < 0 ends it.
func (l *Load) ApplyBusy(share float64, left time.Duration) {
	busy := left >= 0
	if busy != l.busy {
		l.busy = busy
		widgets.SetVisible(l.bar, busy)
		l.enable()
	}
	l.bar.Set(share)
	text := ""
	if busy {
		text = l.book.T("serve.load.left", l.book.Duration(left))
	}
	l.left.Set(text)
}

// Apply shows what a test measured.
func (l *Load) Apply(m remote.Measured) {
	l.result = &m
	l.figures[0].Set(strconv.FormatFloat(m.PerSecond, 'f', 1, 64), "")
	l.figures[1].Set(l.book.Count(m.Failures)+" / "+l.book.Count(m.Requests), "")
	for i, d := range []time.Duration{m.P50, m.P90, m.P99, m.Max} {
		l.figures[2+i].Set(millis(d), "")
	}
	if m.Unsent > 0 {
		l.left.Set(l.book.T("serve.load.unsent", l.book.Count(m.Unsent)))
	}
	l.draw()
}

// Result is what the last test measured, nil before.
func (l *Load) Result() *remote.Measured { return l.result }

// draw draws the latency of every request over time, or the share of requests
// that were answered within a time.
func (l *Load) draw() {
	if l.result == nil || len(l.result.Latencies) == 0 {
		return
	}
	if l.view.Chosen() == 0 {
		l.chart.Draw(overTime(l.book, l.result))
	} else {
		l.chart.Draw(shares(l.book, l.result))
	}
}

func overTime(book *i18n.Book, m *remote.Measured) chart.Spec {
	x, y := make([]float64, len(m.Latencies)), make([]float64, len(m.Latencies))
	for i, d := range m.Latencies {
		x[i], y[i] = m.Ends[i].Seconds(), d.Seconds()*1000
	}
	level := func(d time.Duration) *curve.Points {
		v := d.Seconds() * 1000
		return curve.NewPoints([]float64{x[0], x[len(x)-1]}, []float64{v, v})
	}
	return chart.Spec{
		X: chart.Axis{Label: book.T("serve.load.x")}, Y: chart.Axis{Label: "ms"}, Theme: widgets.ChartTheme(),
		Lines: []chart.Line{
			{Name: book.T("serve.load.each"), Samples: curve.NewPoints(x, y), Colour: look.Colour(look.Ember), Width: 1},
			{Name: book.T("serve.median"), Samples: level(m.P50)},
			{Name: book.T("serve.p99"), Samples: level(m.P99), Dash: chart.DashPattern(1)},
		},
	}
}

func shares(book *i18n.Book, m *remote.Measured) chart.Spec {
	sorted := slices.Clone(m.Latencies)
	slices.Sort(sorted)
	x, y := make([]float64, len(sorted)), make([]float64, len(sorted))
	for i, d := range sorted {
		x[i], y[i] = d.Seconds()*1000, float64(i+1)/float64(len(sorted))
	}
	return chart.Spec{
		X: chart.Axis{Label: "ms", Log: true}, Y: chart.Axis{Label: book.T("serve.load.within"), Kind: chart.Percent, Min: 0, Max: 1},
		NoLegend: true, Theme: widgets.ChartTheme(),
		Lines: []chart.Line{{Name: book.T("serve.load.within"), Samples: curve.NewPoints(x, y), Colour: look.Colour(look.Ember)}},
	}
}

// CreateRenderer implements fyne.Widget.
func (l *Load) CreateRenderer() fyne.WidgetRenderer {
	pair := func(key string, o fyne.CanvasObject) fyne.CanvasObject {
		return widgets.Column(2, widgets.Note(l.book.T(key)).Truncate(), o)
	}
	fields := widgets.Column(look.Gap, l.service, l.key, l.model,
		container.NewGridWithColumns(2, pair("serve.load.workers", l.workers), pair("serve.load.seconds", l.seconds)),
		l.rate, l.run, l.bar, l.left, l.view)
	figures := container.NewGridWithColumns(2) // more beside each other cut their names off in a small window
	for _, f := range l.figures {
		figures.Add(f)
	}
	right := widgets.Border(figures, nil, nil, nil, l.chart)
	inner := container.New(layout.NewCustomPaddedLayout(0, 0, 0, 12), fields)
	return widget.NewSimpleRenderer(widgets.Border(nil, nil, widgets.Width(container.NewVScroll(inner), 240), nil, container.New(layout.NewCustomPaddedLayout(0, 0, look.Gap, 0), right)))
}
