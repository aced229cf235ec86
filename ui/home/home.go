// Package home is the first screen: ways to begin and the projects there are.
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
	Text   Start = "text"
	Table  Start = "table"
	Faces  Start = "faces"
	Model  Start = "model"
)

// Starts lists all ways to begin in the order of their cards.
func Starts() []Start { return []Start{Digits, Images, Text, Table, Faces, Model} }

// Project is a line of the list of recent projects.
type Project struct {
	ID, Icon, Name string
	Detail         string // "digits · 97.8 % · 2 hours ago"
}

// View is the home screen.
type View struct {
	widget.BaseWidget
	// OnStart begins something new.
	OnStart func(Start)
	// OnOpen opens a recent project.
	OnOpen func(id string)

	book   *i18n.Book
	recent *fyne.Container
}

// New returns the screen without projects.
func New(book *i18n.Book) *View {
	v := &View{book: book, recent: widgets.Column(4)}
	v.ExtendBaseWidget(v)
	v.Apply(nil)
	return v
}

// Apply shows the recent projects, newest first.
func (v *View) Apply(projects []Project) {
	v.recent.RemoveAll()
	for _, p := range projects {
		v.recent.Add(v.projectRow(p))
	}
	if len(projects) == 0 {
		v.recent.Add(widgets.SmallParagraph(v.book.T("home.recent.none")))
	}
	v.recent.Refresh()
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
	page := container.New(layout.NewCustomPaddedLayout(look.Margin, look.Margin, look.Margin, look.Margin), body)
	return widget.NewSimpleRenderer(container.NewVScroll(page))
}

// makeFirst is the wide card with the way that needs nothing at all.
func (v *View) makeFirst() fyne.CanvasObject {
	start := widget.NewButtonWithIcon(v.book.T("home.digits.go"), look.Tinted("play", "foregroundOnPrimary"), func() { v.start(Digits) })
	start.Importance = widget.HighImportance
	text := widgets.Column(look.Gap,
		widgets.Head(v.book.T("home.title")),
		widgets.Width(widgets.Paragraph(v.book.T("home.subtitle"), look.Muted), 420),
		container.NewHBox(start))
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

func (v *View) projectRow(p Project) fyne.CanvasObject {
	icon := container.NewGridWrap(fyne.NewSquareSize(18), widget.NewIcon(look.Tinted(p.Icon, look.Muted)))
	line := container.NewBorder(nil, nil, container.NewCenter(icon), container.NewCenter(widgets.Note(p.Detail)), widgets.Body(p.Name).Truncate())
	padded := container.New(layout.NewCustomPaddedLayout(8, 8, 12, 12), line)
	return widgets.NewPress(padded, look.Surface, 6, func() {
		if v.OnOpen != nil {
			v.OnOpen(p.ID)
		}
	})
}
