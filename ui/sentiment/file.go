package sentiment

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"athanor/app/reviews"
	"athanor/inference/sentiment"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// File is a file of reviews as far as it is judged.
type File struct {
	Name     string
	Columns  reviews.Columns // of the file; none before it was looked at
	Running  bool
	Stopped  bool // before the last row; it can go on
	Progress reviews.Progress
	Summary  *reviews.Summary  // after the last row
	Labels   []sentiment.Label // the verdicts of the model that judged
	Outdated bool              // another model or more corrections would judge now
	Out      string            // where the rows lie with their verdicts
}

// fileView shows a file's progress and then what its reviews say together, or row
// by row.
type fileView struct {
	v              *View
	book           *i18n.Book
	name, out      *widgets.Text
	trouble        *widgets.Text
	bar            *widgets.Bar
	picks          [3]*widgets.Select // texts, categories, dates
	cancel, resume *widgets.Button
	again, copies  *widgets.Button
	parts          *widgets.Segments
	sums           *sumsView
	rows           *rowsView
	filled         *reviews.Summary // that is on screen
	body           *fyne.Container
	empty, full    fyne.CanvasObject
}

func newFileView(v *View) *fileView {
	b := v.book
	f := &fileView{
		v: v, book: b, name: widgets.Strong("").Truncate(), out: widgets.Note("").Mono().Truncate(), trouble: widgets.Note("").Truncate(),
		bar: widgets.NewBar(look.Ember, 4), sums: newSumsView(b), rows: newRowsView(v), body: container.NewStack(),
	}
	f.cancel = widgets.NewButton(b.T("common.cancel"), func() { call(v.OnCancel) })
	f.resume = widgets.NewButton(b.T("train.resume"), func() { call(v.OnResume) })
	f.again = widgets.NewButton(b.T("sentiment.again"), func() { call(v.OnAgain) })
	f.copies = widgets.NewButton(b.T("sentiment.copypath"), func() { call(v.OnCopy) })
	for i := range f.picks {
		f.picks[i] = widgets.NewSelect(nil, func(string) { f.pick() })
	}
	f.parts = widgets.NewSegments([]string{b.T("sentiment.together"), b.T("sentiment.rows")}, 0, f.show)
	return f
}

// build arranges the page; before a file is open it says what to do.
func (f *fileView) build() fyne.CanvasObject {
	b := f.book
	for _, o := range []fyne.CanvasObject{f.cancel, f.resume, f.again, f.copies, f.parts, f.trouble} {
		o.Hide()
	}
	buttons := container.NewCenter(widgets.Row(look.Gap, f.cancel, f.resume, f.again, f.copies))
	top := container.NewBorder(nil, nil, nil, buttons, widgets.Column(2, f.name, f.out))
	picks := widgets.Row(look.Gap)
	for i, key := range []string{"sentiment.column.text", "sentiment.column.by", "sentiment.column.when"} {
		picks.Add(widgets.Column(2, widgets.Note(b.T(key)), widgets.Width(f.picks[i], 150)))
	}
	parts := container.NewVBox(layout.NewSpacer(), f.parts)
	head := widgets.Panel(widgets.Column(look.Gap, top, container.NewBorder(nil, nil, picks, parts), f.trouble, f.bar))
	f.full = widgets.Border(widgets.Below(head, look.Gap), nil, nil, nil, f.body)
	open := widgets.NewButtonWithIcon(b.T("sentiment.file"), look.Icon("file"), func() { call(f.v.OnFile) })
	f.empty = widgets.Panel(widgets.Empty("file", b.T("sentiment.empty"), b.T("sentiment.empty.advice"), open))
	f.full.Hide()
	return container.NewStack(f.empty, f.full)
}

// show turns to the totals or to the rows.
func (f *fileView) show(part int) {
	f.parts.Choose(part)
	f.body.Objects = []fyne.CanvasObject{[]fyne.CanvasObject{f.sums.object, f.rows.object}[part]}
	f.body.Refresh()
}

// pick tells of columns that a person chose.
func (f *fileView) pick() {
	none := f.book.T("sentiment.column.none")
	chosen := [3]string{}
	for i, s := range f.picks {
		if chosen[i] = s.Selected; s.Selected == none && i > 0 {
			chosen[i] = reviews.None
		}
	}
	if f.v.OnColumns != nil && chosen[0] != "" {
		f.v.OnColumns(chosen[0], chosen[1], chosen[2])
	}
}

func (f *fileView) applyColumns(c reviews.Columns) {
	none := f.book.T("sentiment.column.none")
	for i, chosen := range []string{c.Text, c.By, c.When} {
		s := f.picks[i]
		s.Options = c.Names
		if i > 0 {
			s.Options = append([]string{none}, c.Names...)
			if chosen == "" {
				chosen = none
			}
		}
		s.Selected = chosen // by hand: SetSelected would tell of a choice
		s.Refresh()
	}
}

func (f *fileView) apply(file File) {
	widgets.SetVisible(f.empty, file.Name == "")
	widgets.SetVisible(f.full, file.Name != "")
	widgets.SetVisible(f.cancel, file.Running)
	widgets.SetVisible(f.resume, file.Stopped)
	done := file.Summary != nil
	widgets.SetVisible(f.copies, done)
	widgets.SetVisible(f.again, done && file.Outdated)
	widgets.SetVisible(f.parts, done)
	f.applyColumns(file.Columns)
	p := file.Progress
	text := file.Name
	if p.Rows > 0 || file.Running {
		text += " · " + f.book.T("sentiment.judged", f.book.Count(p.Rows))
	}
	if file.Running && p.Left > 0 {
		text += " · " + f.book.T("status.left", f.book.Duration(p.Left))
	}
	if file.Stopped {
		text += " · " + f.book.T("sentiment.stopped")
	}
	f.name.Set(text)
	f.out.Set(file.Out)
	f.bar.Set(float64(p.Bytes) / float64(max(p.Size, 1)))
	widgets.SetVisible(f.bar, file.Running || file.Stopped)
	widgets.SetVisible(f.trouble, done && len(file.Summary.Problems) > 0)
	if !done {
		f.filled = nil
		f.sums.fill(file.Labels, reviews.Summary{Rows: p.Rows, Labels: p.Labels, NoBasis: p.NoBasis})
		f.show(0)
		return
	}
	f.trouble.Set(troubleText(f.book, file.Summary.Problems))
	if f.filled != file.Summary { // else a person's filter stays
		f.filled = file.Summary
		f.sums.fill(file.Labels, *file.Summary)
		f.rows.applyGroups(file.Labels, *file.Summary)
	}
	f.show(f.parts.Chosen())
}

// troubleText tells how many rows were left out or cut.
func troubleText(b *i18n.Book, problems map[string]int) string {
	n := 0
	for _, count := range problems {
		n += count
	}
	return b.N("sentiment.trouble", n)
}

// sumsView shows what a file's reviews say together.
type sumsView struct {
	book                            *i18n.Book
	totals, groups, months          *widgets.Bars
	praise, blame                   *widgets.Bars
	best, worst                     *fyne.Container
	says                            [2]*widgets.Text // what the bars of groups and months are
	grouped, monthly, told, extreme fyne.CanvasObject
	object                          fyne.CanvasObject
}

func newSumsView(book *i18n.Book) *sumsView {
	bars := func() *widgets.Bars { return widgets.NewBars(112, 104) }
	s := &sumsView{book: book, totals: bars(), groups: bars(), months: bars(), praise: bars(), blame: bars(), best: widgets.Column(4), worst: widgets.Column(4)}
	panel := func(key string, content fyne.CanvasObject) fyne.CanvasObject {
		return widgets.TitledPanel(book.T(key), nil, container.NewVBox(content))
	}
	pair := func(a, b fyne.CanvasObject) *fyne.Container { return container.New(halves{}, a, b) }
	s.says = [2]*widgets.Text{widgets.Note(""), widgets.Note("")}
	s.grouped = widgets.TitledPanel(book.T("sentiment.groups"), s.says[0], container.NewVBox(s.groups))
	s.monthly = widgets.TitledPanel(book.T("sentiment.months"), s.says[1], container.NewVBox(s.months))
	s.told = pair(panel("sentiment.praise", s.praise), panel("sentiment.blame", s.blame))
	s.extreme = pair(panel("sentiment.most.positive", s.best), panel("sentiment.most.negative", s.worst))
	all := widgets.Column(look.Gap, pair(widgets.Column(look.Gap, panel("sentiment.totals", s.totals), s.monthly), s.grouped), s.told, s.extreme)
	s.object = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 12), all))
	return s
}

// What is listed at most.
const (
	mostShown  = 8
	mostGroups = 12
	mostMonths = 12 // the latest ones
)

func (s *sumsView) fill(labels []sentiment.Label, sum reviews.Summary) {
	b := s.book
	var totals []widgets.Level
	add := func(name string, n int, colour fyne.ThemeColorName) {
		share := float64(n) / float64(max(sum.Rows, 1))
		totals = append(totals, widgets.Level{Name: name, Share: share, Note: b.Count(n) + " · " + b.Percent(share), Colour: colour})
	}
	for _, l := range labels {
		n := sum.Labels[l]
		if l == sentiment.Neutral {
			n -= sum.NoBasis
		}
		add(labelName(b, l), max(n, 0), barTint(l))
	}
	if sum.NoBasis > 0 {
		add(b.T("sentiment.nobasis"), sum.NoBasis, "")
	}
	s.totals.Set(totals)
	bars, says := s.levels, b.T("sentiment.share.positive")
	if !sum.Ordered() {
		bars, says = s.tops, b.T("sentiment.share.top")
	}
	s.says[0].Set(says)
	s.says[1].Set(says)
	s.groups.Set(bars(sum.Categories[:min(len(sum.Categories), mostGroups)]))
	s.months.Set(bars(sum.Months[max(0, len(sum.Months)-mostMonths):]))
	widgets.SetVisible(s.grouped, len(sum.Categories) > 0)
	widgets.SetVisible(s.monthly, len(sum.Months) > 0)
	widgets.SetVisible(s.told, len(sum.Words) > 0)
	s.praise.Set(words(sum.Words, 1))
	s.blame.Set(words(sum.Words, -1))
	s.texts(s.best, sum.MostPositive)
	s.texts(s.worst, sum.MostNegative)
	widgets.SetVisible(s.extreme, len(s.best.Objects)+len(s.worst.Objects) > 0)
}

func barTint(l sentiment.Label) fyne.ThemeColorName {
	if tint := labelTint(l); tint != theme.ColorNameForeground {
		return tint
	}
	return ""
}

// words are the telling words of one side, as bars beside the most telling one.
func words(list []reviews.Word, side float64) (levels []widgets.Level) {
	most, colour := 0.0, look.Positive
	if side < 0 {
		colour = look.Negative
	}
	for _, w := range list {
		weight := w.Weight * side
		if weight <= 0 || len(levels) >= mostShown {
			continue
		}
		most = max(most, weight)
		levels = append(levels, widgets.Level{Name: w.Text, Share: weight / most, Note: fmt.Sprintf("%+.0f", w.Weight), Colour: colour})
	}
	return levels
}

// levels are groups of reviews: the bar is the share of positive ones, the numbers
// are rows and mean score.
func (s *sumsView) levels(groups []reviews.Group) (list []widgets.Level) {
	for _, g := range groups {
		list = append(list, widgets.Level{
			Name: g.Name, Share: float64(g.Positive) / float64(max(g.Rows, 1)), Note: s.book.Count(g.Rows) + " · " + signed(g.Mean), Colour: look.Positive,
		})
	}
	return list
}

// tops are groups of reviews whose verdicts have no order: the bar is the share of the
// most frequent one.
func (s *sumsView) tops(groups []reviews.Group) (list []widgets.Level) {
	for _, g := range groups {
		label, n := g.Top()
		list = append(list, widgets.Level{Name: g.Name, Share: float64(n) / float64(max(g.Rows, 1)), Note: s.book.Count(g.Rows) + " · " + labelName(s.book, label)})
	}
	return list
}

// texts lists reviews with their scores.
func (s *sumsView) texts(box *fyne.Container, samples []reviews.Sample) {
	box.RemoveAll()
	for _, sample := range samples[:min(len(samples), mostShown)] {
		score := widgets.Width(widgets.Note(signed(sample.Score)), 40)
		box.Add(container.NewBorder(nil, nil, score, nil, widgets.Note(oneLine(sample.Text)).Tint(theme.ColorNameForeground).Truncate()))
	}
	box.Refresh()
}

// halves puts two objects side by side, each in half of the width; one that is
// hidden leaves its half to the other.
type halves struct{}

// MinSize implements fyne.Layout.
func (halves) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	for _, o := range objects {
		if o.Visible() {
			size = fyne.NewSize(size.Width+o.MinSize().Width+look.Gap, max(size.Height, o.MinSize().Height))
		}
	}
	return fyne.NewSize(max(size.Width-look.Gap, 0), size.Height)
}

// Layout implements fyne.Layout.
func (halves) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	seen := float32(0)
	for _, o := range objects {
		if o.Visible() {
			seen++
		}
	}
	width, at := (size.Width-look.Gap*(seen-1))/max(seen, 1), float32(0)
	for _, o := range objects {
		if o.Visible() {
			o.Move(fyne.NewPos(at, 0))
			o.Resize(fyne.NewSize(width, size.Height))
			at += width + look.Gap
		}
	}
}
