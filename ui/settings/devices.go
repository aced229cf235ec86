package settings

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"athanor/inference/runtime"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Auto leaves the device to a trial before each run.
const Auto = "auto"

// Test is what a device's test came to.
type Test struct {
	Done   bool
	GFLOPS float64 // of matrix products
	Start  time.Duration
	Failed string // why it cannot be used
}

// deviceList shows what can compute here and takes the choice between it.
type deviceList struct {
	book   *i18n.Book
	chosen string
	choose func(name string)
	box    *fyne.Container
	rows   map[string]*deviceRow
	tests  map[string]Test
}

type deviceRow struct {
	press *widgets.Press
	state *widgets.Text
	note  *widgets.Prose // why it cannot be used
	all   *fyne.Container
}

func newDeviceList(book *i18n.Book, chosen string, choose func(string)) *deviceList {
	l := &deviceList{book: book, chosen: chosen, choose: choose, box: widgets.Column(4), tests: map[string]Test{}}
	if chosen == "" {
		l.chosen = Auto
	}
	l.apply([]runtime.Device{{Name: runtime.CPU}})
	return l
}

// apply lists devices, those that are chosen and not there included.
func (l *deviceList) apply(list []runtime.Device) {
	l.box.RemoveAll()
	l.rows = map[string]*deviceRow{}
	l.add(Auto, l.book.T("settings.device.auto"))
	for _, d := range list {
		title := d.Title
		if d.Software {
			title += " · " + l.book.T("settings.device.software")
		}
		l.add(d.Name, title)
	}
	if l.rows[l.chosen] == nil {
		l.add(l.chosen, l.book.T("settings.device.absent"))
	}
	l.box.Refresh()
}

func (l *deviceList) add(name, title string) {
	r := &deviceRow{state: widgets.Note(""), note: widgets.SmallParagraph("").Tinted(theme.ColorNameWarning)}
	about := container.NewBorder(nil, nil, widgets.Width(widgets.Strong(name).Truncate(), 96), r.state, widgets.Note(title).Truncate())
	r.note.Hide()
	content := container.New(layout.NewCustomPaddedLayout(8, 8, 10, 10), widgets.Column(2, about, r.note))
	r.press = widgets.NewPress(content, look.Raised, 6, func() { l.take(name) })
	r.press.Select(name == l.chosen)
	r.all = container.NewStack(r.press)
	l.rows[name] = r
	l.box.Add(r.all)
	if t, ok := l.tests[name]; ok {
		l.tested(name, t)
	}
}

func (l *deviceList) take(name string) {
	l.chosen = name
	for other, r := range l.rows {
		r.press.Select(other == name)
	}
	l.choose(name)
}

// tested shows what a test came to.
func (l *deviceList) tested(name string, t Test) {
	l.tests[name] = t
	r := l.rows[name]
	if r == nil {
		return
	}
	state, colour, note := "", look.Muted, ""
	switch {
	case !t.Done:
		state = l.book.T("settings.device.testing")
	case t.Failed != "":
		state, colour = l.book.T("settings.device.failed"), theme.ColorNameWarning
		note = l.book.T("settings.device.instead", t.Failed)
	default:
		state = l.book.T("settings.device.speed", l.book.Count(int(t.GFLOPS+0.5)), l.book.Count(int(t.Start.Milliseconds())))
	}
	r.state.Set(state)
	r.state.SetTint(colour)
	r.note.Set(note)
	widgets.SetVisible(r.note, note != "")
	l.box.Refresh()
}
