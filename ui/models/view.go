// Package models is the screen of everything that was trained or brought in.
package models

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/outline"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Item is one model of the list.
type Item struct{ ID, Name, Task string }

// Card is what the screen says of one model.
type Card struct {
	Name    string
	Path    string
	Facts   [][2]string // name (already in the person's language) and value
	Inputs  []string    // "image: uint8[N,28,28,1]"
	Outputs []string
	Labels  []string
	Usable  bool // says what its input is: Try and Evaluate take it
	Blocks  []outline.Block
	Small   bool // is a smaller copy itself
	Teach   bool // might be taught: a network in a file of its own
	Timed   bool // how long it takes is measured, and told by ApplyLatency
}

// Known is a model that can be fetched by name.
type Known struct {
	Name, Title, Detail string // Detail: size, licence, source
	Here                bool
}

// View is the screen.
type View struct {
	widget.BaseWidget
	OnChoose   func(id string)
	OnImport   func()
	OnTry      func(id string)
	OnEvaluate func(id string)
	OnServe    func(id string)
	OnTeach    func(id string) // teach it the person's own classes
	OnCopy     func(text string)
	OnFetch    func(name string)
	OnDelete   func(id string)
	OnDescribe func(id string) // say what a foreign model reads
	OnQuantize func(id string)
	OnKeep     func(method string)
	OnCancel   func() // making smaller copies
	OnRemote   func() // add a model of a service

	book   *i18n.Book
	items  []Item
	chosen string
	next   string // to be chosen when it is listed
	list   *widgets.List
	detail *fyne.Container
	known  *fyne.Container
	bar    *widgets.Bar
	news   *widgets.Text
	copies *copies
	took   *widgets.Text // of the model on the card, for one row
	of     string        // whose card it is
	facts  [][2]string   // on the card
}

// New returns the screen without models.
func New(book *i18n.Book) *View {
	v := &View{book: book, detail: container.NewStack(), known: widgets.Column(6), bar: widgets.NewBar(look.Ember, 4), news: widgets.Note("").Truncate()}
	v.copies = newCopies(book, func(m string) { call(v.OnKeep, m) }, func() {
		if v.OnCancel != nil {
			v.OnCancel()
		}
	})
	v.list = widgets.NewList(func() int { return len(v.items) }, makeRow, v.fillRow)
	v.list.HideSeparators = true
	v.list.OnSelected = func(i int) {
		v.chosen = v.items[i].ID
		if v.OnChoose != nil {
			v.OnChoose(v.chosen)
		}
	}
	v.bar.Hide()
	v.detail.Objects = []fyne.CanvasObject{v.nothing()}
	v.ExtendBaseWidget(v)
	return v
}

func (v *View) nothing() fyne.CanvasObject {
	return widgets.Panel(widgets.Empty("models", v.book.T("models.empty"), v.book.T("models.empty.advice"), nil))
}

func makeRow() fyne.CanvasObject {
	icon := container.NewGridWrap(fyne.NewSquareSize(18), widget.NewIcon(nil))
	line := container.NewBorder(nil, nil, container.NewCenter(icon), nil, widgets.Body("").Truncate())
	return container.New(layout.NewCustomPaddedLayout(6, 6, 8, 8), line)
}

func (v *View) fillRow(i int, o fyne.CanvasObject) {
	widgets.Visit(o, func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *widgets.Text:
			o.Set(v.items[i].Name)
		case *widget.Icon:
			o.SetResource(look.Tinted(iconOf(v.items[i].Task), look.Muted))
		}
	})
}

func iconOf(task string) string {
	switch task {
	case "image", "text", "table":
		return task
	}
	return "models"
}

// Chosen is the model whose card is shown.
func (v *View) Chosen() string { return v.chosen }

// Listed is how many models are listed.
func (v *View) Listed() int { return len(v.items) }

// ApplyList shows the models, the newest first.
func (v *View) ApplyList(items []Item) {
	v.items = items
	v.list.Refresh()
	for _, want := range []string{v.next, v.chosen} {
		if i := slices.IndexFunc(items, func(it Item) bool { return it.ID == want }); i >= 0 {
			v.next = ""
			v.list.Select(i)
			return
		}
	}
	if len(items) > 0 {
		v.list.Select(0)
	}
}

// Expect chooses a model with the next list that has it.
func (v *View) Expect(id string) { v.next = id }

// ApplyCard shows one model.
func (v *View) ApplyCard(c Card) {
	if c.Path != v.copies.of {
		v.copies.reset(c.Path)
	}
	v.facts = c.Facts
	v.detail.Objects = []fyne.CanvasObject{container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 12), v.card(c)))}
	v.detail.Refresh()
}

// Facts are what the card says, name and value.
func (v *View) Facts() [][2]string { return v.facts }

// Latency is what the card says of it.
func (v *View) Latency() string {
	if v.took == nil {
		return ""
	}
	return v.took.Text()
}

// ApplyLatency says on the card of a model how long one row takes it.
func (v *View) ApplyLatency(path, text string) {
	if v.took != nil && path == v.of {
		v.took.Set(text)
	}
}

func call(f func(string), v string) {
	if f != nil {
		f(v)
	}
}

func (v *View) button(key, icon string, on bool, do func(string)) *widgets.Button {
	b := widgets.NewButtonWithIcon(v.book.T(key), look.Tinted(icon, theme.ColorNameForeground), func() { call(do, v.chosen) })
	if !on {
		b.Hide()
	}
	return b
}

func (v *View) card(c Card) fyne.CanvasObject {
	foreign := !c.Usable
	actions := widgets.Row(look.Gap, v.button("models.try", "try", c.Usable, v.OnTry), v.button("models.evaluate", "evaluate", c.Usable, v.OnEvaluate),
		v.button("models.serve", "serve", true, v.OnServe), v.button("models.teach", "train", c.Teach, v.OnTeach), v.button("models.quantize", "minus", c.Usable && !c.Small, v.OnQuantize),
		v.button("models.describe", "wand", foreign, v.OnDescribe))
	copyPath := v.small("copy", func() { call(v.OnCopy, c.Path) })
	remove := v.small("trash", func() { call(v.OnDelete, v.chosen) })
	facts := container.New(layout.NewFormLayout())
	for _, f := range c.Facts {
		facts.Add(widgets.Note(f[0]))
		facts.Add(widgets.Body(f[1]).Truncate())
	}
	v.took, v.of = widgets.Body("…"), c.Path
	if c.Timed {
		facts.Add(widgets.Note(v.book.T("models.answer")))
		facts.Add(v.took)
	}
	name := container.NewBorder(nil, nil, nil, remove, widgets.Strong(c.Name).Truncate())
	head := widgets.Column(look.Gap, name, container.NewHScroll(actions), facts, container.NewBorder(nil, nil, nil, copyPath, widgets.Note(c.Path).Mono().Truncate()))
	box := widgets.Column(look.Gap, widgets.Panel(head), v.copies)
	if foreign {
		box.Add(widgets.Panel(widgets.SmallParagraph(v.book.T("models.describe.about"))))
	}
	if len(c.Blocks) > 0 {
		box.Add(widgets.TitledPanel(v.book.T("models.graph"), nil, v.blocks(c)))
	}
	box.Add(widgets.TitledPanel(v.book.T("models.inputs"), nil, lines(c.Inputs)))
	box.Add(widgets.TitledPanel(v.book.T("models.outputs"), nil, lines(c.Outputs)))
	if len(c.Labels) > 0 {
		box.Add(widgets.TitledPanel(v.book.T("models.labels"), nil, labels(c.Labels)))
	}
	return box
}

func (v *View) small(icon string, do func()) *widgets.Button {
	b := widgets.NewButtonWithIcon("", look.Tinted(icon, look.Muted), do)
	b.Importance = widget.LowImportance
	return b
}

func lines(texts []string) fyne.CanvasObject {
	box := widgets.Column(4)
	for _, t := range texts {
		box.Add(widgets.Note(t).Mono().Tint("foreground").Truncate())
	}
	return box
}

// mostLabels is how many class names are written out.
const mostLabels = 60

func labels(names []string) fyne.CanvasObject {
	text := strings.Join(names[:min(len(names), mostLabels)], " · ")
	if len(names) > mostLabels {
		text += " …"
	}
	return widgets.Paragraph(text, look.Muted)
}

// ApplyKnown shows the models that can be fetched.
func (v *View) ApplyKnown(list []Known) {
	v.known.RemoveAll()
	for _, k := range list {
		v.known.Add(v.knownRow(k))
	}
	v.known.Refresh()
}

func (v *View) knownRow(k Known) fyne.CanvasObject {
	text := widgets.Column(2, widgets.Body(k.Title).Truncate(), widgets.Note(k.Detail).Truncate())
	if k.Here {
		done := container.NewGridWrap(fyne.NewSquareSize(18), widget.NewIcon(look.Tinted("check", look.Positive)))
		return container.NewBorder(nil, nil, nil, container.NewCenter(done), text)
	}
	get := widgets.NewButtonWithIcon("", look.Icon("download"), func() {
		if v.OnFetch != nil {
			v.OnFetch(k.Name)
		}
	})
	return container.NewBorder(nil, nil, nil, container.NewCenter(get), text)
}

// ApplyFetch shows how far a download is; "" ends it.
func (v *View) ApplyFetch(text string, done, total int64) {
	v.news.Set(text)
	switch {
	case text != "" && !v.bar.Visible():
		v.bar.Show()
	case text == "" && v.bar.Visible():
		v.bar.Hide()
	}
	v.bar.Set(float64(done) / float64(max(total, 1)))
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	bring := widgets.NewButtonWithIcon(v.book.T("models.import"), look.Icon("plus"), func() {
		if v.OnImport != nil {
			v.OnImport()
		}
	})
	remote := widgets.NewButtonWithIcon(v.book.T("models.remote"), look.Icon("globe"), func() {
		if v.OnRemote != nil {
			v.OnRemote()
		}
	})
	head := widgets.Header(v.book.T("models.title"), widgets.Note(""), remote, bring)
	known := widgets.TitledPanel(v.book.T("models.known"), nil, widgets.Column(look.Gap, widgets.SmallParagraph(v.book.T("models.known.about")), v.known, v.news, v.bar))
	left := widgets.Border(nil, known, nil, nil, widgets.Below(widgets.TitledPanel(v.book.T("models.list"), nil, v.list), look.Gap))
	column := container.New(layout.NewCustomPaddedLayout(0, 0, 0, look.Gap), widgets.Width(left, 312))
	return widget.NewSimpleRenderer(widgets.Page(head, widgets.Border(nil, nil, column, nil, v.detail)))
}
