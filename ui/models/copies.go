package models

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Copy is one row of the table of smaller copies, as text; the first is the
// original.
type Copy struct {
	Method string // "" of the original
	Name   string
	Score  string
	Loss   string
	Worse  bool // loses more than the interval of the measurement
	Size   string
	Time   string
	Gain   string
	Failed string
}

// Copies is what the table shows.
type Copies struct {
	Measure string // what the score is called
	Samples string // "on 1,797 samples of digits"
	Rows    []Copy
}

// copies is the panel of smaller copies with their measured loss and gain.
type copies struct {
	widget.BaseWidget
	book  *i18n.Book
	of    string // path of the model
	box   *fyne.Container
	bar   *widgets.Bar
	doing *widgets.Text
	busy  *fyne.Container
	keep  func(method string)
}

func newCopies(book *i18n.Book, keep func(string), cancel func()) *copies {
	c := &copies{book: book, keep: keep, box: widgets.Column(6), bar: widgets.NewBar(look.Ember, 4), doing: widgets.Note("").Truncate()}
	stop := widgets.NewButton(book.T("common.cancel"), cancel)
	c.busy = container.NewBorder(nil, nil, nil, stop, container.NewVBox(c.doing, c.bar))
	c.ExtendBaseWidget(c)
	c.reset("")
	return c
}

// reset empties the panel for another model.
func (c *copies) reset(of string) {
	c.of = of
	c.box.RemoveAll()
	c.busy.Hide()
	c.Hide()
}

// ApplyQuantizing shows how far the copies are; "" ends it.
func (v *View) ApplyQuantizing(text string, share float64) {
	c := v.copies
	c.doing.Set(text)
	c.bar.Set(share)
	if (text != "") == c.busy.Visible() {
		return
	}
	widgets.SetVisible(c.busy, text != "")
	widgets.SetVisible(c, text != "" || len(c.box.Objects) > 0)
	v.detail.Refresh()
}

// ApplyCopies shows what was measured.
func (v *View) ApplyCopies(t Copies) {
	c := v.copies
	c.box.RemoveAll()
	c.box.Add(c.row([]string{"", t.Measure, c.book.T("models.loss"), c.book.T("models.size"), c.book.T("models.answer"), c.book.T("models.gain")}, nil, nil))
	for _, r := range t.Rows {
		c.add(r)
	}
	c.box.Add(widgets.SmallParagraph(t.Samples))
	c.Show()
	v.detail.Refresh()
}

func (c *copies) add(r Copy) {
	if r.Failed != "" {
		c.box.Add(widgets.Column(0, widgets.Body(r.Name), widgets.SmallParagraph(r.Failed)))
		return
	}
	var keep fyne.CanvasObject
	if r.Method != "" {
		keep = widgets.NewButton(c.book.T("models.keep"), func() { c.keep(r.Method) })
	}
	c.box.Add(c.row([]string{r.Name, r.Score, r.Loss, r.Size, r.Time, r.Gain}, keep, &r))
}

// row is a line of the table: a name, five numbers, a button.
func (c *copies) row(texts []string, button fyne.CanvasObject, r *Copy) fyne.CanvasObject {
	cells := container.NewGridWithColumns(5)
	for i, text := range texts[1:] {
		t := widgets.Note(text).Align(fyne.TextAlignTrailing).Truncate()
		if r != nil {
			t = widgets.Body(text).Align(fyne.TextAlignTrailing).Truncate()
			if i == 1 && r.Worse {
				t.Tint(look.Negative)
			}
		}
		cells.Add(t)
	}
	if button == nil {
		button = widgets.Space(1)
	}
	name := widgets.Width(widgets.Body(texts[0]).Truncate(), 100)
	right := container.New(layout.NewCustomPaddedLayout(0, 0, 12, 0), widgets.Width(button, 64))
	return container.NewBorder(nil, nil, name, right, container.NewVBox(layout.NewSpacer(), cells, layout.NewSpacer()))
}

// CreateRenderer implements fyne.Widget.
func (c *copies) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(widgets.TitledPanel(c.book.T("models.copies"), nil, widgets.Column(look.Gap, c.box, c.busy)))
}
