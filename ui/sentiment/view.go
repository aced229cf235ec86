// Package sentiment is the screen that says whether a text is friendly: verdict,
// score, every word's share, and corrections it learns from at once.
package sentiment

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/sentiment"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// View is the screen.
type View struct {
	widget.BaseWidget
	OnText    func(string)
	OnCorrect func(text string, label sentiment.Label)
	OnUndo    func()
	OnFile    func()
	OnCancel  func()
	OnResume  func()

	book       *i18n.Book
	entry      *widgets.Entry
	verdict    *widgets.Text
	score      *widgets.Figure
	confidence *widgets.Figure
	language   *widgets.Figure
	method     *widgets.Text
	words      *Words
	learnt     *widgets.Text
	corrects   *fyne.Container
	file       *fileView
}

// New returns the screen without a text.
func New(book *i18n.Book) *View {
	v := &View{book: book, entry: widgets.NewTextArea(), verdict: widgets.Big("–").Shrink(), method: widgets.Note(""), words: NewWords(), learnt: widgets.Note("")}
	v.score, v.confidence, v.language = widgets.NewSmallFigure(book.T("sentiment.score")), widgets.NewSmallFigure(book.T("sentiment.confidence")), widgets.NewSmallFigure(book.T("sentiment.language"))
	v.entry.SetPlaceHolder(book.T("sentiment.hint"))
	v.entry.OnChanged = func(text string) {
		if v.OnText != nil {
			v.OnText(text)
		}
	}
	v.corrects = widgets.Row(look.Gap, v.correct("positive", sentiment.Positive), v.correct("neutral", sentiment.Neutral), v.correct("negative", sentiment.Negative))
	v.file = newFileView(book)
	v.ExtendBaseWidget(v)
	return v
}

func (v *View) correct(key string, label sentiment.Label) *widget.Button {
	return widget.NewButton(v.book.T("sentiment."+key), func() {
		if v.OnCorrect != nil && v.entry.Text != "" {
			v.OnCorrect(v.entry.Text, label)
		}
	})
}

// Text is the text in the box.
func (v *View) Text() string { return v.entry.Text }

// SetText puts a text into the box, as typing does.
func (v *View) SetText(text string) { v.entry.SetText(text) }

// Apply shows a verdict; the zero Verdict shows none.
func (v *View) Apply(r sentiment.Verdict) {
	if r.Text == "" {
		v.verdict.Set("–")
		v.verdict.SetTint(theme.ColorNameForeground)
		v.words.Set("", nil)
		v.score.Set("–", "")
		v.confidence.Set("–", "")
		v.language.Set("–", "")
		v.method.Set("")
		return
	}
	v.verdict.Set(LabelText(v.book, r))
	v.verdict.SetTint(labelTint(r.Label))
	v.score.Set(signed(r.Score), "")
	v.confidence.Set(v.book.Percent(r.Confidence), "")
	v.language.Set(v.languageName(r.Lang), "")
	v.method.Set(r.Method)
	v.words.Set(r.Text, r.Tokens)
}

func (v *View) languageName(code string) string {
	if v.book.Has("sentiment.lang." + code) {
		return v.book.T("sentiment.lang." + code)
	}
	return "–"
}

// LabelText is a verdict's label in the person's language.
func LabelText(book *i18n.Book, r sentiment.Verdict) string {
	if r.Method == sentiment.NoBasis {
		return book.T("sentiment.nobasis")
	}
	if key := "sentiment." + string(r.Label); book.Has(key) {
		return book.T(key)
	}
	return string(r.Label)
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

// ApplyLearnt says how many corrections there are.
func (v *View) ApplyLearnt(n int) { v.learnt.Set(v.book.N("sentiment.learnt", n)) }

// ApplyFile shows how far a file of reviews is, and in the end what it says.
func (v *View) ApplyFile(f File) { v.file.apply(f) }

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	file := widget.NewButtonWithIcon(v.book.T("sentiment.file"), look.Icon("file"), func() { call(v.OnFile) })
	head := widgets.Header(v.book.T("sentiment.title"), widgets.Note(v.book.T("sentiment.about")).Truncate(), file)
	box := widgets.TitledPanel(v.book.T("sentiment.text"), nil, widgets.Height(v.entry, 110))
	words := widgets.TitledPanel(v.book.T("sentiment.words"), nil, widgets.Height(v.words, 64))
	left := container.NewBorder(widgets.Column(look.Gap, box, words, widgets.Space(0)), nil, nil, nil, v.file.build(func() { call(v.OnCancel) }, func() { call(v.OnResume) }))
	undo := widget.NewButtonWithIcon(v.book.T("common.undo"), look.Icon("undo"), func() { call(v.OnUndo) })
	undo.Importance = widget.LowImportance
	figures := container.NewGridWithColumns(3, v.score, v.confidence, v.language)
	side := widgets.Column(look.Gap,
		widgets.TitledPanel(v.book.T("sentiment.verdict"), v.method, widgets.Column(2*look.Gap, v.verdict, figures)),
		widgets.TitledPanel(v.book.T("sentiment.correct"), undo, widgets.Column(look.Gap, widgets.SmallParagraph(v.book.T("sentiment.correct.about")), v.corrects, v.learnt)))
	right := container.New(layout.NewCustomPaddedLayout(0, 0, look.Gap, 0), widgets.Width(side, 312))
	return widget.NewSimpleRenderer(widgets.Page(head, container.NewBorder(nil, nil, nil, right, left)))
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// WordColour is the ground behind a word: green for what lifts the score, red
// for what lowers it, stronger with its share.
func WordColour(share, most float64) color.Color {
	name := look.Positive
	if share < 0 {
		name, share = look.Negative, -share
	}
	strength := 0.0
	if most > 0 {
		strength = min(share/most, 1)
	}
	r, g, b, _ := look.Colour(name).RGBA()
	return color.NRGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: uint8(150 * strength)}
}
