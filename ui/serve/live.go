package serve

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/serve"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// live is the service's pulse: five numbers and two curves over two minutes.
type live struct {
	widget.BaseWidget
	book    *i18n.Book
	figures [5]*widgets.Figure
	rate    *widgets.ChartView
	latency *widgets.ChartView
	drawn   time.Time // the newest second on screen
}

func newLive(book *i18n.Book, post func(func())) *live {
	l := &live{book: book, rate: widgets.NewChartView(post), latency: widgets.NewChartView(post)}
	for i, key := range []string{"serve.requests", "serve.rate", "serve.median", "serve.p95", "serve.p99"} {
		l.figures[i] = widgets.NewFigure(book.T(key))
	}
	l.ExtendBaseWidget(l)
	l.draw(nil)
	return l
}

func (l *live) apply(s State) {
	l.numbers(s.Snapshot)
	if n := len(s.History); n > 0 && !s.History[n-1].Time.Equal(l.drawn) {
		l.drawn = s.History[n-1].Time
		l.draw(s.History)
	}
}

func (l *live) numbers(s serve.Snapshot) {
	requests, failures, rate := int64(0), int64(0), 0.0
	var p50, p95, p99 time.Duration
	for _, m := range s.Models {
		requests, failures, rate = requests+m.Requests, failures+m.Failures, rate+m.PerSecond
		p50, p95, p99 = max(p50, m.P50), max(p95, m.P95), max(p99, m.P99)
	}
	l.figures[0].Set(l.book.Count(int(requests)), l.book.T("serve.failed", l.book.Count(int(failures))))
	batch := ""
	if len(s.Models) > 0 && s.Models[0].MeanBatch > 0 {
		batch = l.book.T("serve.batch", strconv.FormatFloat(s.Models[0].MeanBatch, 'f', 1, 64))
	}
	l.figures[1].Set(strconv.FormatFloat(rate, 'f', 1, 64), batch)
	for i, d := range []time.Duration{p50, p95, p99} {
		l.figures[2+i].Set(millis(d), "")
	}
}

func millis(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	digits := 1
	if d < 10*time.Millisecond {
		digits = 2
	}
	return strconv.FormatFloat(d.Seconds()*1000, 'f', digits, 64) + " ms"
}

// draw draws requests a second, and the latencies of those seconds in which
// something was asked.
func (l *live) draw(history []serve.Moment) {
	var x, rate, asked, p50, p99 []float64
	most := 0.0
	for i, m := range history {
		at := float64(i - len(history)) // seconds before now
		x, rate = append(x, at), append(rate, float64(m.Requests))
		most = max(most, float64(m.Requests))
		if m.Requests > 0 {
			asked = append(asked, at)
			p50, p99 = append(p50, m.P50.Seconds()*1000), append(p99, m.P99.Seconds()*1000)
		}
	}
	window := chart.Axis{Min: -120, Max: 0}
	l.rate.Draw(chart.Spec{
		X: window, Y: chart.Axis{Min: 0, Max: max(1, 1.1*most)}, NoLegend: true, Theme: widgets.ChartTheme(),
		Lines: []chart.Line{{Name: l.book.T("serve.rate"), Samples: curve.NewPoints(x, rate), Colour: look.Colour(look.Ember)}},
	})
	l.latency.Draw(chart.Spec{
		X: window, NoLegend: true, Theme: widgets.ChartTheme(),
		Lines: []chart.Line{
			{Name: l.book.T("serve.median"), Samples: curve.NewPoints(asked, p50)},
			{Name: l.book.T("serve.p99"), Samples: curve.NewPoints(asked, p99), Dash: chart.DashPattern(1)},
		},
	})
}

// CreateRenderer implements fyne.Widget.
func (l *live) CreateRenderer() fyne.WidgetRenderer {
	figures := container.NewGridWithColumns(len(l.figures))
	for _, f := range l.figures {
		figures.Add(f)
	}
	title := func(key string, view fyne.CanvasObject) fyne.CanvasObject {
		return container.NewBorder(widgets.Note(l.book.T(key)).Truncate(), nil, nil, nil, view)
	}
	charts := container.NewGridWithColumns(2, title("serve.chart.rate", l.rate), title("serve.chart.latency", l.latency))
	return widget.NewSimpleRenderer(widgets.Panel(widgets.Column(look.Gap, figures, widgets.Height(charts, 150))))
}

// requests lists what was asked last.
type requests struct {
	widget.BaseWidget
	book  *i18n.Book
	seen  []serve.Seen
	list  *widgets.List
	empty fyne.CanvasObject
}

func newRequests(book *i18n.Book) *requests {
	r := &requests{book: book, empty: widgets.SmallParagraph(book.T("serve.last.none"))}
	r.list = widgets.NewList(func() int { return len(r.seen) }, func() fyne.CanvasObject { return widgets.Note("").Mono().Truncate() }, r.fill)
	r.list.HideSeparators = true
	r.ExtendBaseWidget(r)
	return r
}

func (r *requests) apply(seen []serve.Seen) {
	if len(seen) == len(r.seen) && (len(seen) == 0 || seen[0] == r.seen[0]) {
		return
	}
	r.seen = seen
	widgets.SetVisible(r.empty, len(seen) == 0)
	r.list.Refresh()
}

func (r *requests) fill(i int, o fyne.CanvasObject) {
	t, ok := o.(*widgets.Text)
	if !ok {
		return
	}
	s := r.seen[i]
	t.Set(fmt.Sprintf("%s  %d  %9.2f ms  %-4s %s  %s", s.Time.Local().Format(time.TimeOnly), s.Status, s.Took.Seconds()*1000, s.Method, s.Path, r.book.Bytes(int64(s.Bytes))))
	tint := theme.ColorNameForeground
	if s.Status >= http.StatusBadRequest {
		tint = look.Negative
	}
	t.SetTint(tint)
}

// CreateRenderer implements fyne.Widget.
func (r *requests) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(r.list, container.NewVBox(r.empty)))
}
