// Package settings is the screen of choices, storage, the machine's health and
// help.
package settings

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/app/project"
	"athanor/inference/runtime"
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

	book     *i18n.Book
	settings project.Settings
	paths    project.Paths
	devices  *widget.Select
	tabs     *widgets.Segments
	body     *fyne.Container
	usage    map[string]*widgets.Figure
	doctor   *fyne.Container
	pages    []fyne.CanvasObject
}

// New returns the screen; devices are what models can run on.
func New(book *i18n.Book, paths project.Paths, settings project.Settings, devices []string) *View {
	v := &View{book: book, paths: paths, settings: settings, devices: widget.NewSelect(devices, nil), body: container.NewStack(), doctor: widgets.Column(6)}
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
	text := widgets.Column(2, widgets.Body(v.book.T("settings."+key)), widgets.Note(v.book.T("settings."+key+".about")))
	return container.NewBorder(nil, nil, nil, container.NewCenter(choice), text)
}

func (v *View) makeGeneral() fyne.CanvasObject {
	appearance := widgets.Column(2*look.Gap, v.setting("language", v.languages()), v.setting("look", v.looks()))
	computing := widgets.Column(2*look.Gap, v.setting("device", v.device()), v.setting("threads", v.threads()))
	habits := widgets.Column(2*look.Gap,
		v.setting("notify", v.check(v.settings.Notify, func(s *project.Settings, on bool) { s.Notify = on })),
		v.setting("stay", v.check(v.settings.StayUp, func(s *project.Settings, on bool) { s.StayUp = on })),
		v.setting("tensorboard", v.check(v.settings.TensorBoard, func(s *project.Settings, on bool) { s.TensorBoard = on })))
	return page(
		widgets.TitledPanel(v.book.T("settings.appearance"), nil, appearance),
		widgets.TitledPanel(v.book.T("settings.computing"), nil, computing),
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

func (v *View) device() fyne.CanvasObject {
	pick := v.devices
	pick.SetSelected(v.settings.Device)
	pick.OnChanged = func(option string) {
		name, _, _ := strings.Cut(option, " ")
		v.change(func(s *project.Settings) { s.Device = name })
	}
	return widgets.Width(pick, 320)
}

// ApplyDevices offers what can compute here, each with the name its maker gave it.
func (v *View) ApplyDevices(list []runtime.Device) {
	options, chosen := []string{"auto"}, v.settings.Device
	for _, d := range list {
		option := strings.TrimSpace(d.Name + "  " + d.Title)
		options = append(options, option)
		if d.Name == v.settings.Device {
			chosen = option
		}
	}
	change := v.devices.OnChanged
	v.devices.OnChanged = nil
	v.devices.SetOptions(options)
	v.devices.SetSelected(chosen)
	v.devices.OnChanged = change
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
	box := widget.NewCheck("", nil)
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
