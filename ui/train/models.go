package train

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Model is one card of the choice between architectures.
type Model struct {
	Name       string // of the recipe; texts are "model."+Name
	Parameters int    // 0: not known yet
	About      string // in place of the translated text
	Usual      string // what to expect of it; "" where nothing is known
}

// picker is the list of model cards.
type picker struct {
	book   *i18n.Book
	choose func(name string)
	box    *fyne.Container
	cards  map[string]*widgets.Press
}

func newPicker(book *i18n.Book, choose func(string)) *picker {
	return &picker{book: book, choose: choose, box: widgets.Column(6), cards: map[string]*widgets.Press{}}
}

func (p *picker) apply(models []Model, chosen string) {
	p.box.RemoveAll()
	p.cards = map[string]*widgets.Press{}
	for _, m := range models {
		card := p.card(m)
		card.Select(m.Name == chosen)
		p.cards[m.Name] = card
		p.box.Add(card)
	}
	p.box.Refresh()
}

func (p *picker) card(m Model) *widgets.Press {
	size := ""
	if m.Parameters > 0 {
		size = p.book.T("model.parameters", compact(m.Parameters))
	}
	head := container.NewBorder(nil, nil, nil, widgets.Note(size), widgets.Strong(p.book.T("model."+m.Name)).Truncate())
	text := m.About
	if text == "" {
		text = p.book.T("model." + m.Name + ".about")
	}
	about := widgets.Note(text).Truncate()
	lines := widgets.Column(2, head, about)
	if m.Usual != "" {
		lines.Add(widgets.Note(m.Usual).Truncate())
	}
	content := container.New(layout.NewCustomPaddedLayout(6, 6, 10, 10), lines)
	return widgets.NewPress(content, look.Raised, 6, func() { p.choose(m.Name) })
}

// compact writes 1234567 as 1.2M.
func compact(n int) string {
	switch {
	case n >= 1e6:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + "M"
	case n >= 1e3:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 0, 64) + "k"
	}
	return strconv.Itoa(n)
}

// trimmed writes a learning rate without needless digits: 0.001, 2.5e-8.
func trimmed(v float64) string {
	text := strconv.FormatFloat(v, 'g', 2, 64)
	return strings.Replace(text, "e-0", "e-", 1)
}
