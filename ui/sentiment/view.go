// Package sentiment is the screen that says whether texts are friendly: one text
// with verdict, score, every word's share and corrections it learns from at once,
// or a whole file of reviews with totals, rows, filter and export.
package sentiment

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/app/reviews"
	"athanor/inference/sentiment"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// The pages of the screen.
const (
	PageText = iota
	PageFile
)

// Choice is a model that judges texts.
type Choice struct{ ID, Name string }

// View is the screen.
type View struct {
	widget.BaseWidget
	OnModel   func(id string)
	OnText    func(string)
	OnCut     func() // the text was too long for the box
	OnPainted func() // the frame after an answer is drawn
	OnCorrect func(text string, label sentiment.Label)
	OnUndo    func()
	OnKeep    func() // the corrections as training data
	OnFile    func()
	OnCancel  func()
	OnResume  func()
	OnAgain   func() // the file by the model as it is now
	OnCopy    func() // the path of the judged file
	OnColumns func(text, by, when string)
	OnFilter  func(reviews.Filter)
	OnPage    func(page int)
	OnRow     func(row int)
	OnSave    func() // the rows that the filter lets through

	book    *i18n.Book
	models  []Choice
	model   *widgets.Select
	notice  *widgets.Text
	pages   *widgets.Segments
	body    *fyne.Container
	one     *oneView
	file    *fileView
	content [2]fyne.CanvasObject
}

// New returns the screen without a text.
func New(book *i18n.Book) *View {
	v := &View{book: book, notice: widgets.Note(book.T("sentiment.about")).Truncate()}
	v.model = widgets.NewSelect(nil, func(string) {
		if i := v.model.SelectedIndex(); i >= 0 && v.OnModel != nil {
			v.OnModel(v.models[i].ID)
		}
	})
	v.pages = widgets.NewSegments([]string{book.T("sentiment.page.text"), book.T("sentiment.page.file")}, PageText, v.Turn)
	v.one, v.file = newOneView(v), newFileView(v)
	v.content = [2]fyne.CanvasObject{v.one.build(), v.file.build()}
	v.body = container.NewStack(v.content[PageText])
	v.ExtendBaseWidget(v)
	return v
}

// Turn turns to a page.
func (v *View) Turn(page int) {
	v.pages.Choose(page)
	v.body.Objects = []fyne.CanvasObject{v.content[page]}
	v.body.Refresh()
}

// Page is the page on screen.
func (v *View) Page() int { return v.pages.Chosen() }

// ApplyModels lists the models that there are, with the one in use.
func (v *View) ApplyModels(list []Choice, chosen string) {
	names, at := make([]string, len(list)), -1
	for i, c := range list {
		names[i] = c.Name
		if c.ID == chosen {
			at = i
		}
	}
	v.models, v.model.Options = list, names
	v.model.Selected = "" // by hand: SetSelected would tell of a choice
	if at >= 0 {
		v.model.Selected = names[at]
	}
	v.model.Refresh()
}

// ApplyLabels says which verdicts the model gives: those to correct to.
func (v *View) ApplyLabels(labels []sentiment.Label) { v.one.applyLabels(labels) }

// ApplyNotice tells what stands in for what is missing; empty: nothing is missing.
func (v *View) ApplyNotice(text string) {
	if text == "" {
		text = v.book.T("sentiment.about")
	}
	v.notice.Set(text)
}

// Text is the text in the box.
func (v *View) Text() string { return v.one.entry.Text }

// MostTyped is how many bytes of a text the box takes, as many as are laid out and judged
// within a key; longer ones are for files.
const MostTyped = 10_000

// SetText puts a text into the box, as typing does.
func (v *View) SetText(text string) {
	if len(text) > MostTyped {
		text = widgets.Beginning(text, MostTyped)
		call(v.OnCut)
	}
	v.one.entry.SetText(text)
}

// Apply shows a verdict; the zero Verdict shows none.
func (v *View) Apply(r sentiment.Verdict) { v.one.apply(r) }

// ApplyLearnt says how many corrections there are.
func (v *View) ApplyLearnt(n int) { v.one.applyLearnt(n) }

// ApplyFile shows how far a file of reviews is, and in the end what it says.
func (v *View) ApplyFile(f File) { v.file.apply(f) }

// ApplyRows says how many rows the filter lets through, of how many. They are asked
// for by pages when they come into sight.
func (v *View) ApplyRows(count, total int) { v.file.rows.apply(count, total) }

// ApplyPage brings one page of rows.
func (v *View) ApplyPage(page int, rows []reviews.ScoredRow) { v.file.rows.applyPage(page, rows) }

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	file := widgets.NewButtonWithIcon(v.book.T("sentiment.file"), look.Icon("file"), func() { call(v.OnFile) })
	head := widgets.Header(v.book.T("sentiment.title"), v.notice, v.pages, widgets.Width(v.model, 190), file)
	return widget.NewSimpleRenderer(widgets.Page(head, v.body))
}

// LabelText is a verdict's label in the person's language.
func LabelText(book *i18n.Book, r sentiment.Verdict) string {
	if r.Method == sentiment.NoBasis {
		return book.T("sentiment.nobasis")
	}
	return labelName(book, r.Label)
}

// labelName is a verdict in the person's language; classes of a model's own keep
// their names.
func labelName(book *i18n.Book, l sentiment.Label) string {
	switch l {
	case sentiment.Positive, sentiment.Neutral, sentiment.Negative:
		return book.T("sentiment." + string(l))
	case sentiment.NoBasis:
		return book.T("sentiment.nobasis")
	}
	return string(l)
}

func labelTint(l sentiment.Label) fyne.ThemeColorName {
	switch l {
	case sentiment.Positive:
		return look.Positive
	case sentiment.Negative:
		return look.Negative
	}
	return theme.ColorNameForeground
}

func call(f func()) {
	if f != nil {
		f()
	}
}
