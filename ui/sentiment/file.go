package sentiment

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/app/reviews"
	"athanor/inference/sentiment"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// File is a file of reviews as far as it is judged.
type File struct {
	Name     string
	Running  bool
	Stopped  bool // before the last row; it can go on
	Progress reviews.Progress
	Summary  *reviews.Summary // after the last row
	Out      string           // where the rows lie with their verdicts
}

// fileView shows a file's progress and then what its reviews say together.
type fileView struct {
	book                  *i18n.Book
	name, out             *widgets.Text
	bar                   *widgets.Bar
	totals, groups, words *widgets.Bars
	months                *widgets.Bars
	monthly, grouped      fyne.CanvasObject
	best, worst           *fyne.Container
	cancel, resume        *widget.Button
	result                *fyne.Container
	empty, full           fyne.CanvasObject
}

func newFileView(book *i18n.Book) *fileView {
	return &fileView{
		book: book, name: widgets.Body("").Truncate(), out: widgets.Note("").Mono().Truncate(), bar: widgets.NewBar(look.Ember, 4),
		totals: widgets.NewBars(72, 56), groups: widgets.NewBars(72, 56), words: widgets.NewBars(72, 56), months: widgets.NewBars(72, 56),
		best: widgets.Column(4), worst: widgets.Column(4),
	}
}

// build arranges the view; before a file is open it says what to do.
func (f *fileView) build(cancel, resume func()) fyne.CanvasObject {
	f.cancel = widget.NewButton(f.book.T("common.cancel"), cancel)
	f.cancel.Hide()
	f.resume = widget.NewButton(f.book.T("train.resume"), resume)
	f.resume.Hide()
	column := func(key string, content fyne.CanvasObject) fyne.CanvasObject {
		return container.NewBorder(widgets.Below(widgets.Note(f.book.T(key)), 4), nil, nil, nil, container.NewVBox(content))
	}
	f.grouped, f.monthly = column("sentiment.groups", f.groups), column("sentiment.months", f.months)
	numbers := container.NewGridWithColumns(2, column("sentiment.totals", f.totals), column("sentiment.telling", f.words), f.grouped, f.monthly)
	texts := container.NewGridWithColumns(2, column("sentiment.most.positive", f.best), column("sentiment.most.negative", f.worst))
	f.result = widgets.Column(2*look.Gap, numbers, texts)
	f.result.Hide()
	top := container.NewBorder(nil, nil, nil, container.NewHBox(f.cancel, f.resume), widgets.Column(2, f.name, f.out))
	f.full = widgets.Panel(container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 12), widgets.Column(2*look.Gap, top, f.bar, f.result))))
	f.empty = widgets.Panel(widgets.Empty("file", f.book.T("sentiment.empty"), f.book.T("sentiment.empty.advice"), nil))
	f.full.Hide()
	return container.NewStack(f.empty, f.full)
}

func (f *fileView) apply(file File) {
	widgets.SetVisible(f.empty, file.Name == "")
	widgets.SetVisible(f.full, file.Name != "")
	widgets.SetVisible(f.cancel, file.Running)
	widgets.SetVisible(f.resume, file.Stopped)
	p := file.Progress
	text := file.Name + " · " + f.book.T("sentiment.judged", f.book.Count(p.Rows))
	if file.Running && p.Left > 0 {
		text += " · " + f.book.T("status.left", f.book.Duration(p.Left))
	}
	f.name.Set(text)
	f.bar.Set(float64(p.Bytes) / float64(max(p.Size, 1)))
	widgets.SetVisible(f.bar, file.Running || file.Stopped)
	widgets.SetVisible(f.result, file.Summary != nil)
	if file.Summary != nil {
		f.out.Set(file.Out)
		f.fill(*file.Summary)
	}
}

// mostShown is how many groups, words and texts are listed.
const mostShown = 6

func (f *fileView) fill(s reviews.Summary) {
	var totals []widgets.Level
	for _, l := range []sentiment.Label{sentiment.Positive, sentiment.Neutral, sentiment.Negative} {
		totals = append(totals, widgets.Level{
			Name: f.book.T("sentiment." + string(l)), Share: float64(s.Labels[l]) / float64(max(s.Rows, 1)), Note: f.book.Count(s.Labels[l]),
		})
	}
	f.totals.Set(totals)
	f.groups.Set(levels(s.Categories[:min(len(s.Categories), mostShown)]))
	f.months.Set(levels(s.Months[max(0, len(s.Months)-mostMonths):]))
	widgets.SetVisible(f.grouped, len(s.Categories) > 0)
	widgets.SetVisible(f.monthly, len(s.Months) > 0)
	var words []widgets.Level
	for _, w := range s.Words[:min(len(s.Words), mostShown)] {
		words = append(words, widgets.Level{Name: w.Text, Share: min(max(w.Weight, -w.Weight)/20, 1), Note: signed(w.Weight), Lit: w.Weight < 0})
	}
	f.words.Set(words)
	f.texts(f.best, s.MostPositive)
	f.texts(f.worst, s.MostNegative)
}

// mostMonths is how many months are shown, the latest ones.
const mostMonths = 12

// levels are groups of reviews: the bar is the share of positive ones, the number
// the mean score.
func levels(groups []reviews.Group) (list []widgets.Level) {
	for _, g := range groups {
		list = append(list, widgets.Level{Name: g.Name, Share: float64(g.Positive) / float64(max(g.Rows, 1)), Note: signed(g.Mean)})
	}
	return list
}

func (f *fileView) texts(box *fyne.Container, samples []reviews.Sample) {
	box.RemoveAll()
	for _, s := range samples[:min(len(samples), mostShown)] {
		score := widgets.Width(widgets.Note(signed(s.Score)), 40)
		box.Add(container.NewBorder(nil, nil, score, nil, widgets.Note(s.Text).Tint("foreground").Truncate()))
	}
	box.Refresh()
}
