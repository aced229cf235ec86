// Package home is the first screen: ways to begin, projects and their runs.
package home

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Start is a way to begin; its value names card, texts and picture.
type Start string

// Starts.
const (
	Digits Start = "digits"
	Images Start = "images"
	Webcam Start = "webcam"
	Text   Start = "text"
	Table  Start = "table"
	Faces  Start = "faces"
	Model  Start = "model"
)

// Starts lists all ways to begin in the order of their cards.
func Starts() []Start { return []Start{Digits, Images, Webcam, Text, Table, Faces, Model} }

// Run is a line of the list of recent runs.
type Run struct {
	ID, Icon, Name string
	Detail         string // "digits · 97.8 % · 2 hours ago"
	Resumable      bool   // it ended before its time and can go on
}

// Project is a choice of the project switch; the one without an ID holds what
// belongs to none.
type Project struct{ ID, Name string }

// View is the home screen.
type View struct {
	widget.BaseWidget
	// OnStart begins something new.
	OnStart func(Start)
	// OnOpen opens a recent run, OnResume continues it.
	OnOpen, OnResume func(id string)
	// OnProject switches to a project; "" is none.
	OnProject func(id string)
	// OnNew, OnPack and OnUnpack make a project, put the open one into a file and
	// take one out of a file.
	OnNew, OnPack, OnUnpack func()

	book     *i18n.Book
	recent   *fyne.Container
	projects []Project
	project  *widgets.Select
	pack     *widgets.Button
}

// New returns the screen without projects.
func New(book *i18n.Book) *View {
	v := &View{book: book, recent: widgets.Column(4), project: widgets.NewSelect(nil, nil)}
	v.pack = widgets.NewButtonWithIcon(book.T("project.pack"), look.Icon("download"), func() { call(v.OnPack) })
	v.ExtendBaseWidget(v)
	v.Apply(nil)
	v.ApplyProjects([]Project{{Name: book.T("project.none")}}, "")
	return v
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// Apply shows the recent runs, newest first.
func (v *View) Apply(runs []Run) {
	v.recent.RemoveAll()
	for _, r := range runs {
		v.recent.Add(v.runRow(r))
	}
	if len(runs) == 0 {
		v.recent.Add(widgets.SmallParagraph(v.book.T("home.recent.none")))
	}
	v.recent.Refresh()
}

// ApplyProjects shows the projects and the one that is open, "" for none.
func (v *View) ApplyProjects(projects []Project, open string) {
	v.projects = projects
	names, chosen := make([]string, len(projects)), 0
	for i, p := range projects {
		names[i] = p.Name
		if p.ID == open {
			chosen = i
		}
	}
	v.project.OnChanged = nil
	v.project.SetOptions(names)
	v.project.SetSelectedIndex(chosen)
	v.project.OnChanged = func(string) {
		if i := v.project.SelectedIndex(); i >= 0 && v.OnProject != nil {
			v.OnProject(v.projects[i].ID)
		}
	}
	widgets.SetVisible(v.pack, open != "")
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	first := v.makeFirst()
	var cards []fyne.CanvasObject
	for _, s := range Starts()[1:] {
		cards = append(cards, v.makeCard(s))
	}
	body := widgets.Column(2*look.Gap,
		first,
		widgets.Note(v.book.T("home.start")).Bold(), widgets.Tiles(248, 92, cards...),
		widgets.Note(v.book.T("home.recent")).Bold(), v.recent)
	page := container.New(layout.NewCustomPaddedLayout(0, look.Margin, look.Margin, look.Margin), body)
	top := container.New(layout.NewCustomPaddedLayout(2*look.Gap, look.Gap, look.Margin, look.Margin), v.makeProjects())
	return widget.NewSimpleRenderer(container.NewBorder(top, nil, nil, nil, container.NewVScroll(page)))
}

// makeProjects is the line that switches between projects.
func (v *View) makeProjects() fyne.CanvasObject {
	button := func(key, icon string, do func()) *widgets.Button {
		return widgets.NewButtonWithIcon(v.book.T(key), look.Icon(icon), do)
	}
	fresh := button("project.new", "plus", func() { call(v.OnNew) })
	unpack := button("project.unpack", "upload", func() { call(v.OnUnpack) })
	return widgets.Header(v.book.T("project.title"), widgets.Width(v.project, 220), fresh, unpack, v.pack)
}

// makeFirst is the wide card with the way that needs nothing at all.
func (v *View) makeFirst() fyne.CanvasObject {
	start := widgets.NewButtonWithIcon(v.book.T("home.digits.go"), look.Tinted("play", "foregroundOnPrimary"), func() { v.start(Digits) })
	start.Importance = widget.HighImportance
	text := widgets.Column(look.Gap,
		widgets.Head(v.book.T("home.title")),
		widgets.Width(widgets.Paragraph(v.book.T("home.subtitle"), look.Muted), 420),
		container.New(layout.NewCustomPaddedLayout(look.Gap, 0, 0, 0), container.NewHBox(start)))
	content := container.NewBorder(nil, nil, container.NewCenter(text), nil, container.NewCenter(sceneOf(Digits, 300, 150)))
	return container.NewStack(widgets.NewFill(look.Surface, 12), widgets.Pad(content, look.Margin))
}

func (v *View) makeCard(s Start) fyne.CanvasObject {
	key := "home." + string(s)
	text := widgets.Column(4, widgets.Strong(v.book.T(key)).Truncate(), widgets.SmallParagraph(v.book.T(key+".about")))
	body := container.NewBorder(nil, nil, sceneOf(s, 108, 60), nil, container.New(layout.NewCustomPaddedLayout(12, 0, 4, 0), text))
	padded := container.New(layout.NewCustomPaddedLayout(8, 8, 4, 12), body)
	return widgets.NewPress(padded, look.Surface, look.Radius, func() { v.start(s) })
}

func sceneOf(s Start, width, height float32) fyne.CanvasObject {
	picture := canvas.NewImageFromResource(look.Scene(string(s)))
	picture.FillMode = canvas.ImageFillContain
	picture.SetMinSize(fyne.NewSize(width, height))
	return picture
}

func (v *View) start(s Start) {
	if v.OnStart != nil {
		v.OnStart(s)
	}
}

func (v *View) runRow(r Run) fyne.CanvasObject {
	icon := container.NewGridWrap(fyne.NewSquareSize(18), widget.NewIcon(look.Tinted(r.Icon, look.Muted)))
	right := container.NewHBox(container.NewCenter(widgets.Note(r.Detail)))
	if r.Resumable {
		resume := widgets.NewButtonWithIcon(v.book.T("home.resume"), look.Icon("play"), func() {
			if v.OnResume != nil {
				v.OnResume(r.ID)
			}
		})
		right.Add(resume)
	}
	line := container.NewBorder(nil, nil, container.NewCenter(icon), right, widgets.Body(r.Name).Truncate())
	padded := container.New(layout.NewCustomPaddedLayout(4, 4, 12, 8), widgets.Height(line, 34))
	return widgets.NewPress(padded, look.Surface, 6, func() {
		if v.OnOpen != nil {
			v.OnOpen(r.ID)
		}
	})
}
