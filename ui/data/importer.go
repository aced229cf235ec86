package data

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/app/datasets"
	"athanor/pipeline/dataset/table"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Importer shows how a table would be read before it is opened: what each column
// is for and the first rows. Every choice is shown at once.
type Importer struct {
	widget.BaseWidget
	// OnChange tells that the choices are others now: look again.
	OnChange func(datasets.Choices)

	book      *i18n.Book
	choices   datasets.Choices
	glance    datasets.Glance
	format    *widgets.Prose
	goal      *widgets.Prose
	separator *widgets.Select
	header    *widgets.Select
	charset   *widgets.Select
	list      *widgets.List
	rows      *Rows
}

// NewImporter returns the part with choices made before.
func NewImporter(book *i18n.Book, choices datasets.Choices) *Importer {
	m := &Importer{book: book, choices: choices, format: widgets.SmallParagraph(""), goal: widgets.Paragraph("", theme.ColorNameForeground), rows: NewRows()}
	m.separator = m.pick([][2]string{{"", "import.guess"}, {",", ","}, {";", ";"}, {"tab", "Tab"}, {"|", "|"}}, choices.Separator,
		func(c *datasets.Choices, v string) { c.Separator = v })
	m.header = m.pick([][2]string{{"", "import.guess"}, {"yes", "import.header.yes"}, {"no", "import.header.no"}}, choices.Header,
		func(c *datasets.Choices, v string) { c.Header = v })
	sets := [][2]string{{"", "import.guess"}}
	for _, s := range table.Charsets() {
		sets = append(sets, [2]string{string(s), string(s)})
	}
	m.charset = m.pick(sets, choices.Charset, func(c *datasets.Choices, v string) { c.Charset = v })
	m.list = widgets.NewList(func() int { return len(m.glance.Columns) }, m.makeColumn, m.fillColumn)
	m.list.HideSeparators = true
	m.ExtendBaseWidget(m)
	return m
}

// Choices are what was chosen.
func (m *Importer) Choices() datasets.Choices { return m.choices }

// pick is a field of values with their names: keys of translations, or the value
// itself.
func (m *Importer) pick(options [][2]string, now string, set func(*datasets.Choices, string)) *widgets.Select {
	names, chosen := make([]string, len(options)), 0
	for i, o := range options {
		names[i] = o[1]
		if m.book.Has(o[1]) {
			names[i] = m.book.T(o[1])
		}
		if o[0] == now {
			chosen = i
		}
	}
	field := widgets.NewSelect(names, nil)
	field.SetSelectedIndex(chosen)
	field.OnChanged = func(string) {
		c := m.choices
		set(&c, options[field.SelectedIndex()][0])
		m.change(c)
	}
	return field
}

func (m *Importer) change(c datasets.Choices) {
	m.choices = c
	if m.OnChange != nil {
		m.OnChange(c)
	}
}

// Apply shows what the choices come to.
func (m *Importer) Apply(g datasets.Glance) {
	m.glance = g
	m.format.Set(Format(m.book, g))
	m.goal.Set(Goal(m.book, g))
	m.rows.Set(g.Columns, g.Rows)
	m.list.Refresh()
}

// Format says how the file is written, as it was found out or chosen.
func Format(book *i18n.Book, g datasets.Glance) string {
	d := g.Dialect
	parts := []string{g.Format}
	if d.Charset != "" {
		parts = append(parts, string(d.Charset))
	}
	if d.Separator != 0 {
		name := string(rune(d.Separator))
		if d.Separator == '\t' {
			name = "Tab"
		}
		header := "import.row.data"
		if d.Header {
			header = "import.row.names"
		}
		parts = append(parts, book.T("import.separated", name), book.T(header))
	}
	return strings.Join(append(parts, book.N("import.columns", len(g.Columns))), " · ")
}

// Goal says in a sentence what a model would learn from the table.
func Goal(book *i18n.Book, g datasets.Glance) string {
	s := g.Schema
	switch {
	case g.Trouble != nil:
		return g.Trouble.Error()
	case s.Label < 0 || s.Label >= len(s.Columns):
		return book.T("import.no_label")
	}
	label := s.Columns[s.Label].Name
	switch {
	case s.Text >= 0 && s.Text < len(s.Columns):
		return book.T("import.text", label, s.Columns[s.Text].Name)
	case s.Regression:
		return book.T("import.number", label)
	}
	return book.T("import.class", label)
}

// column is one line of the list.
type column struct {
	name, why *widgets.Text
	use       *widgets.Select
}

func (m *Importer) makeColumn() fyne.CanvasObject {
	names := make([]string, 0, len(datasets.Uses()))
	for _, u := range datasets.Uses() {
		names = append(names, m.useName(u))
	}
	use := widgets.NewSelect(names, nil)
	name := widgets.Width(widgets.Body("").Truncate(), 150)
	return container.NewBorder(nil, nil, name, nil, container.NewBorder(nil, nil, widgets.Width(use, 150), nil, widgets.Pad(widgets.Note("").Truncate(), 4)))
}

func (m *Importer) useName(u datasets.Use) string {
	if u == datasets.AsGuess {
		return m.book.T("import.guess")
	}
	return m.book.T("role." + string(u))
}

func columnOf(o fyne.CanvasObject) column {
	var c column
	widgets.Visit(o, func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *widgets.Select:
			c.use = o
		case *widgets.Text:
			if c.name == nil {
				c.name = o
			} else {
				c.why = o
			}
		}
	})
	return c
}

func (m *Importer) fillColumn(i int, o fyne.CanvasObject) {
	c := columnOf(o)
	if c.use == nil || c.why == nil || i >= len(m.glance.Columns) {
		return
	}
	name := m.glance.Columns[i]
	first, second := c.name, c.why
	if c.name.Size().Width != 150 { // Border puts the middle first
		first, second = c.why, c.name
	}
	first.Set(name)
	if i < len(m.glance.Schema.Columns) {
		found := m.glance.Schema.Columns[i]
		second.Set(m.book.T("role."+string(found.Role)) + " · " + m.book.T("why."+found.Why.Name, found.Why.Args...))
	}
	c.use.OnChanged = nil
	c.use.SetSelectedIndex(slices.Index(datasets.Uses(), m.choices.UseOf(name)))
	c.use.OnChanged = func(string) {
		if at := c.use.SelectedIndex(); at >= 0 {
			m.change(m.choices.WithUse(name, datasets.Uses()[at]))
		}
	}
}

// CreateRenderer implements fyne.Widget.
func (m *Importer) CreateRenderer() fyne.WidgetRenderer {
	field := func(key string, s *widgets.Select) fyne.CanvasObject {
		return widgets.Column(2, widgets.Note(m.book.T(key)), s)
	}
	fields := container.NewGridWithColumns(3, field("import.separator", m.separator), field("import.header", m.header), field("import.charset", m.charset))
	return widget.NewSimpleRenderer(widgets.Column(look.Gap, m.goal, widgets.Height(m.list, 190), fields, m.format, widgets.Height(m.rows, 140)))
}
