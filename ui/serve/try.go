package serve

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Question is what a person asks the service.
type Question struct {
	Model   string
	Key     string
	Picture string // path of a picture, else
	Text    string // a text, a table row, or a whole request as JSON
}

// Answer is what came back.
type Answer struct {
	Head   string // label and milliseconds
	Levels []widgets.Level
	Raw    string // of a model that does not say what its answers mean
}

// Try is the page that asks the running service over the network.
type Try struct {
	widget.BaseWidget
	OnAsk    func(Question)
	OnChoose func() // a picture
	OnModel  func(name string)

	book   *i18n.Book
	model  *widgets.Select
	key    *widgets.Entry
	text   *widgets.Entry
	ask    *widgets.Button
	choose *widgets.Button
	head   *widgets.Text
	bars   *widgets.Bars
	raw    *block
	on     bool
}

func newTry(book *i18n.Book) *Try {
	t := &Try{book: book, key: widgets.NewEntry(), text: widgets.NewTextArea(), head: widgets.Strong("").Truncate(), bars: widgets.NewBars(96, 56), raw: newBlock()}
	t.key.Password = true
	t.key.SetPlaceHolder(book.T("serve.key.hint"))
	t.model = widgets.NewSelect(nil, func(name string) { call1(t.OnModel, name) })
	t.ask = widgets.NewButtonWithIcon(book.T("serve.try.ask"), look.Icon("play"), func() { t.send("") })
	t.choose = widgets.NewButtonWithIcon(book.T("serve.try.picture"), look.Icon("image"), func() {
		if t.OnChoose != nil {
			t.OnChoose()
		}
	})
	t.ExtendBaseWidget(t)
	t.setOn(false)
	return t
}

func (t *Try) send(picture string) {
	if t.OnAsk != nil && t.on && t.model.Selected != "" {
		t.OnAsk(Question{Model: t.model.Selected, Key: t.key.Text, Picture: picture, Text: t.text.Text})
	}
}

// Picture asks about a picture.
func (t *Try) Picture(path string) { t.send(path) }

// SetKey offers a key.
func (t *Try) SetKey(secret string) { t.key.SetText(secret) }

// SetExample says what the chosen model reads: pictures, or what is offered as
// text.
func (t *Try) SetExample(picture bool, example string) {
	widgets.SetVisible(t.choose, picture)
	widgets.SetVisible(t.ask, !picture)
	widgets.SetVisible(t.text, !picture)
	if !picture {
		t.text.SetText(example)
	}
	t.Apply(Answer{})
}

// Apply shows an answer.
func (t *Try) Apply(a Answer) {
	head := a.Head
	switch {
	case head != "":
	case !t.on:
		head = t.book.T("serve.try.off")
	case t.choose.Visible():
		head = t.book.T("serve.try.drop")
	}
	t.head.Set(head)
	t.bars.Set(a.Levels)
	t.raw.set(a.Raw)
}

func (t *Try) setOn(on bool) {
	t.on = on
	for _, b := range []*widgets.Button{t.ask, t.choose} {
		if on {
			b.Enable()
		} else {
			b.Disable()
		}
	}
	t.Apply(Answer{})
}

func (t *Try) setModels(served []string) { setOptions(t.model, served) }

// setOptions offers names and keeps the chosen one where it is still there.
func setOptions(s *widgets.Select, names []string) {
	s.Options = names
	switch {
	case slices.Contains(names, s.Selected):
		s.Refresh()
	case len(names) > 0:
		s.SetSelectedIndex(0)
	default:
		s.ClearSelected()
	}
}

// CreateRenderer implements fyne.Widget.
func (t *Try) CreateRenderer() fyne.WidgetRenderer {
	fields := widgets.Column(look.Gap, t.model, t.key, t.choose, t.ask)
	left := widgets.Border(fields, nil, nil, nil, t.text)
	right := widgets.Border(widgets.Below(t.head, look.Gap), nil, nil, nil, container.NewStack(container.NewVScroll(t.bars), t.raw))
	return widget.NewSimpleRenderer(widgets.Border(nil, nil, widgets.Width(left, 220), nil, widgets.Pad(right, look.Gap)))
}

// block is text in the fixed-width face that scrolls both ways.
type block struct {
	widget.BaseWidget
	text *widgets.Listing
	box  *container.Scroll
}

func newBlock() *block {
	b := &block{text: widgets.Verbatim("")}
	b.box = container.NewScroll(widgets.Pad(b.text, look.Gap))
	b.ExtendBaseWidget(b)
	b.Hide()
	return b
}

func (b *block) set(text string) {
	widgets.SetVisible(b, text != "")
	if b.text.Text() != text {
		b.text.Set(text)
		b.box.Refresh()
		b.box.ScrollToTop()
	}
}

// CreateRenderer implements fyne.Widget.
func (b *block) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(b.box) }
