// Package serve is the screen that turns models into a service.
package serve

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/serve"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Choice is a model that can be served.
type Choice struct {
	ID, Name string
	On       bool
}

// View is the screen.
type View struct {
	widget.BaseWidget
	OnStart func(address string)
	OnStop  func()
	OnModel func(id string, on bool)
	OnCopy  func(text string)
	OnOpen  func(address string) // in the browser

	book     *i18n.Book
	address  *widgets.Entry
	toggle   *widget.Button
	state    *widgets.Text
	models   *fyne.Container
	figures  [4]*widgets.Figure
	seen     []serve.Seen
	list     *widget.List
	code     *widgets.Prose
	language int
	live     string // address of the running service
	served   string // a model to show in the code
}

// New returns the screen with the service off.
func New(book *i18n.Book) *View {
	v := &View{book: book, address: widgets.NewEntry(), state: widgets.Strong(""), models: widgets.Column(4), code: widgets.Paragraph("", theme.ColorNameForeground)}
	v.address.SetText("127.0.0.1:8000")
	for i, key := range []string{"serve.requests", "serve.median", "serve.p99", "serve.rate"} {
		v.figures[i] = widgets.NewFigure(book.T(key))
	}
	v.toggle = widget.NewButton("", v.press)
	v.list = widget.NewList(func() int { return len(v.seen) }, func() fyne.CanvasObject { return widgets.Note("").Mono().Truncate() }, v.fillRow)
	v.list.HideSeparators = true
	v.ExtendBaseWidget(v)
	v.Apply(nil)
	return v
}

func (v *View) press() {
	switch {
	case v.live != "" && v.OnStop != nil:
		v.OnStop()
	case v.live == "" && v.OnStart != nil:
		v.OnStart(v.address.Text)
	}
}

func (v *View) fillRow(i int, o fyne.CanvasObject) {
	t, ok := o.(*widgets.Text)
	if !ok {
		return
	}
	s := v.seen[i]
	t.Set(fmt.Sprintf("%s  %d  %-4s %s  %.1f ms", s.Time.Format(time.TimeOnly), s.Status, s.Method, s.Path, float64(s.Took.Microseconds())/1000))
	tint := theme.ColorNameForeground
	if s.Status >= http.StatusBadRequest {
		tint = look.Negative
	}
	t.SetTint(tint)
}

// ApplyModels shows what can be served.
func (v *View) ApplyModels(models []Choice) {
	v.models.RemoveAll()
	v.served = ""
	for _, m := range models {
		box := widget.NewCheck(m.Name, nil)
		box.SetChecked(m.On)
		box.OnChanged = func(on bool) {
			if v.OnModel != nil {
				v.OnModel(m.ID, on)
			}
		}
		if m.On && v.served == "" {
			v.served = m.Name
		}
		v.models.Add(box)
	}
	if len(models) == 0 {
		v.models.Add(widgets.SmallParagraph(v.book.T("serve.none")))
	}
	v.models.Refresh()
	v.showCode()
}

// SetServed names a served model for the code samples.
func (v *View) SetServed(name string) {
	v.served = name
	v.showCode()
}

// Apply shows the running service; nil shows it off.
func (v *View) Apply(s *serve.Snapshot) {
	if s == nil {
		v.live = ""
		v.state.Set(v.book.T("serve.off"))
		v.state.SetTint(look.Muted)
		v.toggle.SetText(v.book.T("serve.start"))
		v.toggle.SetIcon(look.Tinted("play", theme.ColorNameForegroundOnPrimary))
		v.toggle.Importance = widget.HighImportance
		v.toggle.Refresh()
		v.address.Enable()
		return
	}
	if v.live != s.Addr {
		v.live = s.Addr
		v.state.Set(v.book.T("serve.on", s.Addr))
		v.state.SetTint(look.Ember)
		v.toggle.Importance = widget.MediumImportance
		v.toggle.SetText(v.book.T("serve.stop"))
		v.toggle.SetIcon(look.Icon("stop"))
		v.address.Disable()
		v.showCode()
	}
	v.numbers(*s)
}

func (v *View) numbers(s serve.Snapshot) {
	requests, rate := int64(0), 0.0
	var median, worst time.Duration
	for _, m := range s.Models {
		requests += m.Requests
		rate += m.PerSecond
		median, worst = max(median, m.P50), max(worst, m.P99)
	}
	v.figures[0].Set(v.book.Count(int(requests)), "")
	v.figures[1].Set(millis(median), "")
	v.figures[2].Set(millis(worst), "")
	v.figures[3].Set(strconv.FormatFloat(rate, 'f', 1, 64), "")
	if len(s.Last) != len(v.seen) || len(s.Last) > 0 && s.Last[0] != v.seen[0] {
		v.seen = s.Last
		v.list.Refresh()
	}
}

func millis(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func (v *View) showCode() {
	address, name := v.live, v.served
	if address == "" {
		address = v.address.Text
	}
	if name == "" {
		name = "MODEL"
	}
	v.code.Set(Samples(address, name)[v.language])
}

// Samples is code that asks the service: curl, Python, Go.
func Samples(address, name string) [3]string {
	url := "http://" + address + "/v2/models/" + name
	body := `{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,28,28,1],"data":[…]}]}`
	return [3]string{
		"curl " + url + "\ncurl " + url + "/infer -d '" + body + "'",
		"import json, urllib.request as r\nprint(json.load(r.urlopen(r.Request(\"" + url + "/infer\", data=b'" + body + "'))))",
		"resp, err := http.Post(\"" + url + "/infer\", \"application/json\",\n\tstrings.NewReader(`" + body + "`))",
	}
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	head := widgets.Header(v.book.T("serve.title"), v.state, v.toggle)
	open := widget.NewButtonWithIcon(v.book.T("serve.page"), look.Icon("globe"), func() {
		if v.OnOpen != nil && v.live != "" {
			v.OnOpen(v.live)
		}
	})
	side := widgets.SideColumn(widgets.Column(look.Gap,
		widgets.TitledPanel(v.book.T("serve.address"), nil, widgets.Column(look.Gap, v.address, widgets.SmallParagraph(v.book.T("serve.address.about")), open)),
		widgets.TitledPanel(v.book.T("serve.models"), nil, v.models)))
	figures := widgets.Panel(container.NewGridWithColumns(4, v.figures[0], v.figures[1], v.figures[2], v.figures[3]))
	requests := widgets.TitledPanel(v.book.T("serve.last"), nil, v.list)
	main := container.NewBorder(widgets.Below(figures, look.Gap), v.makeCode(), nil, nil, widgets.Below(requests, look.Gap))
	column := container.New(layout.NewCustomPaddedLayout(0, 0, 0, look.Gap), side)
	return widget.NewSimpleRenderer(widgets.Page(head, container.NewBorder(nil, nil, column, nil, main)))
}

func (v *View) makeCode() fyne.CanvasObject {
	tabs := widgets.NewSegments([]string{"curl", "Python", "Go"}, 0, func(i int) {
		v.language = i
		v.showCode()
	})
	copyCode := widget.NewButtonWithIcon("", look.Tinted("copy", look.Muted), func() {
		if v.OnCopy != nil {
			v.OnCopy(v.code.Text())
		}
	})
	copyCode.Importance = widget.LowImportance
	return widgets.TitledPanel(v.book.T("serve.code"), widgets.Row(look.Gap, tabs, copyCode), widgets.Height(v.code, 84))
}
