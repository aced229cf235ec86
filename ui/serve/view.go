// Package serve is the screen that turns models into a service: switch, address,
// models, keys, what is asked and how fast it is answered, and ways to ask.
package serve

import (
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

// State is the running service as the screen shows it; the zero value is off.
type State struct {
	On          bool
	URL         string // http://127.0.0.1:8000
	Fingerprint string // of a certificate made for the run
	serve.Snapshot
	History []serve.Moment
}

// View is the screen.
type View struct {
	widget.BaseWidget
	OnStart  func(address string)
	OnStop   func()
	OnModel  func(id string, on bool)
	OnSwap   func(served, id string) // another model under the same name
	OnCopy   func(text string)
	OnOpen   func(url string) // in the browser
	OnKey    func()           // a new one
	OnRevoke func(name string)

	book    *i18n.Book
	state   State
	address *widgets.Entry
	toggle  *widgets.Button
	open    *widgets.Button
	about   *widgets.Prose
	remark  *widgets.Text
	models  *fyne.Container
	choices []Choice
	shown   []string // models and versions as drawn
	keys    *fyne.Container
	side    *fyne.Container // models and keys change its height
	live    *live
	last    *requests
	Try     *Try
	Load    *Load
	code    *code
	pages   *fyne.Container
	tabs    *widgets.Segments
}

// New returns the screen with the service off; post brings finished charts to
// the UI goroutine.
func New(book *i18n.Book, post func(func())) *View {
	v := &View{
		book: book, address: widgets.NewEntry(), remark: widgets.Strong("").Truncate(), models: widgets.Column(2), keys: widgets.Column(4), side: widgets.Column(look.Gap),
		about: widgets.SmallParagraph(book.T("serve.address.about")),
		live:  newLive(book, post), last: newRequests(book), Try: newTry(book), Load: newLoad(book, post),
	}
	v.code = newCode(book, func(text string) { call1(v.OnCopy, text) })
	v.address.SetText("127.0.0.1:8000")
	v.toggle = widgets.NewButton("", v.press)
	v.open = widgets.NewButtonWithIcon(book.T("serve.page"), look.Tinted("globe", theme.ColorNameForeground), func() { call1(v.OnOpen, v.state.URL) })
	v.pages = container.NewStack(v.last, v.Try, v.Load, v.code)
	v.tabs = widgets.NewSegments([]string{book.T("serve.last"), book.T("serve.try"), book.T("serve.load"), book.T("serve.code")}, 0, v.ShowPage)
	v.ExtendBaseWidget(v)
	v.ShowPage(0)
	v.Apply(State{})
	return v
}

// Pages of the screen, as ShowPage takes them.
const (
	PageLast = iota
	PageTry
	PageLoad
	PageCode
)

// ShowPage turns to one of the pages under the curves.
func (v *View) ShowPage(page int) {
	v.tabs.Choose(page)
	for i, o := range v.pages.Objects {
		widgets.SetVisible(o, i == page)
	}
}

func call1[T any](f func(T), v T) {
	if f != nil {
		f(v)
	}
}

func (v *View) press() {
	switch {
	case v.state.On && v.OnStop != nil:
		v.OnStop()
	case !v.state.On && v.OnStart != nil:
		v.OnStart(v.address.Text)
	}
}

// Address is what stands in the field.
func (v *View) Address() string { return v.address.Text }

// SetAddress offers another address.
func (v *View) SetAddress(address string) { v.address.SetText(address) }

// ApplyStarting shows that the service is on its way, or is no longer: reading models
// takes seconds, and a second press would start it twice.
func (v *View) ApplyStarting(on bool) {
	if v.state.On {
		on = false
	}
	if !on {
		v.toggle.Enable()
		v.turn(v.state)
		return
	}
	v.remark.Set(v.book.T("serve.starting"))
	v.remark.SetTint(look.Ember)
	v.toggle.SetText(v.book.T("serve.starting"))
	v.toggle.Disable()
	v.address.Disable()
}

// Apply shows the service.
func (v *View) Apply(s State) {
	turned := s.On != v.state.On || s.URL != v.state.URL
	first := v.toggle.Text == ""
	v.state = s
	if turned || first {
		v.turn(s)
	}
	v.live.apply(s)
	v.last.apply(s.Last)
	v.applyVersions(s.Models)
}

func (v *View) turn(s State) {
	if s.On {
		v.remark.Set(v.book.T("serve.on", s.URL))
		v.remark.SetTint(look.Ember)
		v.toggle.Importance = widget.MediumImportance
		v.toggle.SetText(v.book.T("serve.stop"))
		v.toggle.SetIcon(look.Icon("stop"))
		v.address.Disable()
		v.open.Show()
	} else {
		v.remark.Set(v.book.T("serve.off"))
		v.remark.SetTint(look.Muted)
		v.toggle.Importance = widget.HighImportance
		v.toggle.SetText(v.book.T("serve.start"))
		v.toggle.SetIcon(look.Tinted("play", theme.ColorNameForegroundOnPrimary))
		v.address.Enable()
		v.open.Hide()
	}
	v.toggle.Refresh()
	about := v.book.T("serve.address.about")
	if s.Fingerprint != "" {
		about = v.book.T("serve.fingerprint", s.Fingerprint)
	}
	v.about.Set(about)
	v.side.Refresh()
	v.code.at(s.URL, v.address.Text)
	v.Try.setOn(s.On)
	v.Load.setOn(s.On)
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	head := widgets.Header(v.book.T("serve.title"), v.remark, v.open, v.toggle)
	key := widgets.NewButtonWithIcon("", look.Tinted("plus", look.Muted), func() {
		if v.OnKey != nil {
			v.OnKey()
		}
	})
	key.Importance = widget.LowImportance
	v.side.Objects = []fyne.CanvasObject{
		widgets.TitledPanel(v.book.T("serve.address"), nil, widgets.Column(look.Gap, v.address, v.about)),
		widgets.TitledPanel(v.book.T("serve.models"), nil, v.models),
		widgets.TitledPanel(v.book.T("serve.keys"), key, v.keys),
	}
	side := widgets.SideColumn(v.side)
	top := widgets.Below(v.live, look.Gap)
	below := widgets.Panel(widgets.Border(widgets.Below(container.NewHBox(v.tabs), look.Gap), nil, nil, nil, v.pages))
	main := widgets.Border(top, nil, nil, nil, below)
	column := container.New(layout.NewCustomPaddedLayout(0, 0, 0, look.Gap), side)
	return widget.NewSimpleRenderer(widgets.Page(head, widgets.Border(nil, nil, column, nil, main)))
}
