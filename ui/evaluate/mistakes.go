package evaluate

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Order is how the gallery of mistakes is sorted.
type Order int

// Orders.
const (
	ByLoss       Order = iota
	ByConfidence       // the surest mistakes first
	BySuspicion        // likely wrong labels first
)

// Sample is one sample of the gallery.
type Sample struct {
	Label, Answer string
	Note          string // confidence, or what the doubt is
	Text          string // "" where there is a picture
	Changed       string // what was done about it
}

// mistakes is the gallery with what can be done about a sample.
type mistakes struct {
	book     *i18n.Book
	samples  []Sample
	chosen   int
	order    *widgets.Segments
	grid     *widgets.Grid
	table    *lines
	body     *fyne.Container
	about    *widgets.Prose
	class    *widgets.Select
	relabel  *widgets.Button
	exclude  *widgets.Button
	undo     *widgets.Button
	retrain  *widgets.Button
	picture  bool
	pictures map[int]image.Image // of samples that were on screen
	large    *canvas.Image       // the chosen one
	alike    *widgets.Alikes     // the training samples that are most alike
	OnChoose func(sample int)
	OnOrder  func(Order)
	OnChange func(sample int, class string) // "" excludes
	OnUndo   func()
	OnAgain  func()
}

func newMistakes(book *i18n.Book) *mistakes {
	m := &mistakes{book: book, chosen: -1, grid: widgets.NewGrid(72), table: newLines(1, 1, 0.8, 5), about: widgets.Paragraph("", theme.ColorNameForeground)}
	m.order = widgets.NewSegments([]string{book.T("evaluate.by.loss"), book.T("evaluate.by.confidence"), book.T("evaluate.by.suspicion")}, 0, func(i int) {
		if m.OnOrder != nil {
			m.OnOrder(Order(i))
		}
	})
	m.class = widgets.NewSelect(nil, func(string) { m.allow() })
	m.class.PlaceHolder = book.T("evaluate.class.pick")
	m.relabel = widgets.NewButtonWithIcon(book.T("evaluate.relabel"), look.Icon("check"), func() { m.change(m.class.Selected) })
	m.exclude = widgets.NewButtonWithIcon(book.T("evaluate.exclude"), look.Icon("trash"), func() { m.change("") })
	m.undo = widgets.NewButtonWithIcon(book.T("evaluate.undo"), look.Icon("undo"), func() { call(m.OnUndo) })
	m.retrain = widgets.NewButtonWithIcon(book.T("evaluate.retrain"), look.Icon("train"), func() { call(m.OnAgain) })
	m.grid.OnSelect = m.choose
	m.table.list.OnSelected = func(i int) { m.choose(i - 1) }
	m.body = container.NewStack(m.grid)
	m.large = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScalePixels}
	m.large.SetMinSize(fyne.NewSquareSize(196))
	m.large.Hide()
	m.alike = widgets.NewAlikes(book.T("try.alike"))
	m.allow()
	return m
}

func (m *mistakes) change(class string) {
	if m.chosen >= 0 && m.OnChange != nil {
		m.OnChange(m.chosen, class)
	}
}

func (m *mistakes) choose(i int) {
	if i < 0 || i >= len(m.samples) {
		return
	}
	m.chosen = i
	s := m.samples[i]
	text := m.book.T("evaluate.sample", s.Label, s.Answer, s.Note)
	if s.Changed != "" {
		text += "\n" + s.Changed
	}
	if s.Text != "" {
		text += "\n" + s.Text
	}
	m.about.Set(text)
	m.large.Image = m.pictures[i]
	widgets.SetVisible(m.large, m.large.Image != nil)
	m.large.Refresh()
	m.allow()
	if m.OnChoose != nil {
		m.OnChoose(i)
	}
}

func (m *mistakes) allow() {
	one := m.chosen >= 0
	widgets.Allow(m.relabel, look.Icon("check"), one && m.class.Selected != "")
	widgets.Allow(m.exclude, look.Icon("trash"), one)
}

// set shows samples; pictures says whether they are some. changes is how many
// changes of labels wait for a training.
func (m *mistakes) set(samples []Sample, classes []string, pictures bool, changes int) {
	m.samples, m.chosen, m.picture, m.pictures = samples, -1, pictures, map[int]image.Image{}
	m.large.Hide()
	m.alike.Set(nil, "")
	m.class.SetOptions(classes)
	for _, o := range []fyne.CanvasObject{m.class, m.relabel, m.order} { // a number has none of it
		widgets.SetVisible(o, len(classes) > 0)
	}
	m.about.Set(m.book.T("evaluate.pick.sample"))
	if len(classes) == 0 {
		m.about.Set(m.book.T("evaluate.pick.row"))
	}
	if pictures {
		m.grid.SetCount(len(samples))
		m.body.Objects = []fyne.CanvasObject{m.grid}
	} else {
		m.table.set(m.rows())
		m.body.Objects = []fyne.CanvasObject{m.table.list}
	}
	m.changes(changes)
	m.allow()
	m.body.Refresh()
}

func (m *mistakes) rows() []line {
	b := m.book
	rows := []line{{head: true, cells: []string{b.T("evaluate.truth"), b.T("evaluate.answer"), b.T("evaluate.confidence"), b.T("evaluate.text")}}}
	if len(m.class.Options) == 0 {
		rows[0].cells[2] = b.T("evaluate.error")
	}
	for _, s := range m.samples {
		rows = append(rows, line{head: s.Changed != "", cells: []string{s.Label, s.Answer, s.Note, s.Text}})
	}
	return rows
}

// mark shows that a sample was changed.
func (m *mistakes) mark(i int, changed string, changes int) {
	if i >= 0 && i < len(m.samples) {
		m.samples[i].Changed = changed
		m.choose(i)
	}
	if !m.picture {
		m.table.rows = m.rows()
		m.table.list.Refresh()
	}
	m.changes(changes)
}

func (m *mistakes) changes(n int) {
	widgets.Allow(m.undo, look.Icon("undo"), n > 0)
	widgets.Allow(m.retrain, look.Icon("train"), n > 0)
}

func (m *mistakes) object() fyne.CanvasObject {
	side := widgets.Column(look.Gap, m.large, m.about, m.class, m.relabel, m.exclude, widgets.Space(look.Gap), m.undo, m.retrain, m.alike)
	panel := widgets.TitledPanel(m.book.T("evaluate.mistakes"), m.order, m.body)
	return container.NewBorder(nil, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, look.Gap, 0), widgets.Width(widgets.Panel(container.NewVScroll(side)), 260)), panel)
}
