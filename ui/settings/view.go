// Package settings is the screen of choices, storage, the machine's health and
// help.
package settings

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/app/project"
	"athanor/inference/runtime"
	"athanor/pipeline/train"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// View is the screen.
type View struct {
	widget.BaseWidget
	OnLanguage func(i18n.Language)
	OnLook     func(look.Mode)
	OnChange   func(project.Settings) // any other setting
	OnClean    func(keep int)
	OnCheck    func() // look at the machine again
	OnCopy     func(text string)
	OnProjects func() // choose another folder of projects
	OnTest     func() // test every device

	book     *i18n.Book
	settings project.Settings
	paths    project.Paths
	devices  *deviceList
	tabs     *widgets.Segments
	body     *fyne.Container
	usage    map[string]*widgets.Figure
	doctor   *fyne.Container
	pages    []fyne.CanvasObject
}

// New returns the screen; the processor is the only device until others are applied.
func New(book *i18n.Book, paths project.Paths, settings project.Settings) *View {
	v := &View{book: book, paths: paths, settings: settings, body: container.NewStack(), doctor: widgets.Column(6)}
	v.devices = newDeviceList(book, settings.Device, func(name string) {
		v.change(func(s *project.Settings) { s.Device = name })
	})
	names := []string{book.T("settings.general"), book.T("settings.storage"), book.T("settings.doctor"), book.T("settings.keys"), book.T("settings.glossary"), book.T("settings.help")}
	v.tabs = widgets.NewSegments(names, 0, v.show)
	v.usage = map[string]*widgets.Figure{}
	for _, key := range usageKeys() {
		v.usage[key] = widgets.NewFigure(book.T("settings.usage." + key))
	}
	v.pages = []fyne.CanvasObject{v.makeGeneral(), v.makeStorage(), v.makeDoctor(), v.makeKeys(), v.makeGlossary(), v.makeHelp()}
	v.show(0)
	v.ExtendBaseWidget(v)
	return v
}

func usageKeys() []string {
	return []string{"checkpoints", "models", "metrics", "captures", "other"}
}

// Page opens a page: 0 general, 1 storage, 2 doctor, 3 keys, 4 glossary, 5 help.
func (v *View) Page(i int) {
	v.tabs.Choose(i)
	v.show(i)
}

// Chosen is the page on screen.
func (v *View) Chosen() int { return v.tabs.Chosen() }

func (v *View) show(i int) {
	v.body.Objects = []fyne.CanvasObject{v.pages[i]}
	v.body.Refresh()
}

// ApplyUsage shows what the data folder takes.
func (v *View) ApplyUsage(u project.Usage) {
	values := map[string]int64{"checkpoints": u.Checkpoints, "models": u.Models, "metrics": u.Metrics, "captures": u.Captures, "other": u.Other}
	for key, n := range values {
		v.usage[key].Set(v.book.Bytes(n), "")
	}
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	head := widgets.Header(v.book.T("settings.title"), widgets.Note(""), v.tabs)
	return widget.NewSimpleRenderer(widgets.Page(head, v.body))
}

// page puts panels into a narrow column that scrolls.
func page(panels ...fyne.CanvasObject) fyne.CanvasObject {
	column := widgets.Width(widgets.Column(look.Gap, panels...), 720)
	return container.NewVScroll(container.NewHBox(column))
}

// setting is one line: name and remark left, the choice right.
func (v *View) setting(key string, choice fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(nil, nil, nil, container.NewCenter(choice), v.explained(key))
}

// explained is a setting's name over its remark.
func (v *View) explained(key string) fyne.CanvasObject {
	return widgets.Column(2, widgets.Body(v.book.T("settings."+key)), widgets.Note(v.book.T("settings."+key+".about")))
}

func (v *View) makeGeneral() fyne.CanvasObject {
	appearance := widgets.Column(2*look.Gap, v.setting("language", v.languages()), v.setting("look", v.looks()))
	devices := widgets.Column(look.Gap, v.explained("device"), v.devices.box)
	computing := widgets.Column(2*look.Gap, devices, v.setting("device_loss", v.deviceLoss()), v.setting("threads", v.threads()))
	test := widgets.NewButtonWithIcon(v.book.T("settings.device.test"), look.Tinted("refresh", look.Muted), func() {
		if v.OnTest != nil {
			v.OnTest()
		}
	})
	test.Importance = widget.LowImportance
	habits := widgets.Column(2*look.Gap,
		v.setting("notify", v.check(v.settings.Notify, func(s *project.Settings, on bool) { s.Notify = on })),
		v.setting("stay", v.check(v.settings.StayUp, func(s *project.Settings, on bool) { s.StayUp = on })),
		v.setting("tensorboard", v.check(v.settings.TensorBoard, func(s *project.Settings, on bool) { s.TensorBoard = on })))
	return page(
		widgets.TitledPanel(v.book.T("settings.appearance"), nil, appearance),
		widgets.TitledPanel(v.book.T("settings.computing"), test, computing),
		widgets.TitledPanel(v.book.T("settings.habits"), nil, habits))
}

func (v *View) languages() fyne.CanvasObject {
	all := i18n.Languages()
	names, chosen := make([]string, len(all)), 0
	for i, l := range all {
		names[i] = l.Name()
		if l == v.book.Language() {
			chosen = i
		}
	}
	return widgets.NewSegments(names, chosen, func(i int) {
		if v.OnLanguage != nil {
			v.OnLanguage(all[i])
		}
	})
}

func (v *View) looks() fyne.CanvasObject {
	modes := []look.Mode{look.System, look.Light, look.Dark}
	names, chosen := make([]string, len(modes)), 0
	for i, m := range modes {
		names[i] = v.book.T("settings.look." + string(m))
		if string(m) == v.settings.Theme {
			chosen = i
		}
	}
	return widgets.NewSegments(names, chosen, func(i int) {
		v.settings.Theme = string(modes[i])
		if v.OnLook != nil {
			v.OnLook(modes[i])
		}
	})
}

// ApplyDevices offers what can compute here, each with the name its maker gave it.
func (v *View) ApplyDevices(list []runtime.Device) { v.devices.apply(list) }

// ApplyTest shows what became of a device's test; the zero Test says that it is under
// way.
func (v *View) ApplyTest(name string, t Test) { v.devices.tested(name, t) }

// DeviceText is what the screen says of a device, "" where it is not listed.
func (v *View) DeviceText(name string) string {
	if r := v.devices.rows[name]; r != nil {
		return r.state.Text() + r.note.Text()
	}
	return ""
}

func (v *View) deviceLoss() fyne.CanvasObject {
	choices := []string{train.LossContinue, train.LossStop}
	names, chosen := make([]string, len(choices)), 0
	for i, c := range choices {
		names[i] = v.book.T("choice.device_loss." + c)
		if c == v.settings.DeviceLoss {
			chosen = i
		}
	}
	return widgets.NewSegments(names, chosen, func(i int) {
		v.change(func(s *project.Settings) { s.DeviceLoss = choices[i] })
	})
}

func (v *View) threads() fyne.CanvasObject {
	entry := widgets.NewEntry()
	entry.SetPlaceHolder(v.book.T("settings.threads.auto"))
	if v.settings.Threads > 0 {
		entry.SetText(strconv.Itoa(v.settings.Threads))
	}
	take := func() {
		n, err := strconv.Atoi(entry.Text)
		if err != nil || n < 1 {
			n = 0
			entry.SetText("")
		}
		if n != v.settings.Threads {
			v.change(func(s *project.Settings) { s.Threads = min(n, 1024) })
		}
	}
	entry.OnSubmitted = func(string) { take() }
	entry.OnBlur = take
	return widgets.Width(entry, 160)
}

func (v *View) check(on bool, set func(*project.Settings, bool)) fyne.CanvasObject {
	box := widgets.NewCheck("", nil)
	box.SetChecked(on)
	box.OnChanged = func(on bool) { v.change(func(s *project.Settings) { set(s, on) }) }
	return box
}

func (v *View) change(do func(*project.Settings)) {
	do(&v.settings)
	if v.OnChange != nil {
		v.OnChange(v.settings)
	}
}
