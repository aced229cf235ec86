package sentiment

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"athanor/app/reviews"
	"athanor/inference/sentiment"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// PageRows is how many rows are asked for at once.
const PageRows = 50

// mostPages is how many pages are kept.
const mostPages = 40

// rowsView is the table of a file's reviews with its filter. Only what is in sight
// exists, and only a few pages are kept.
type rowsView struct {
	v          *View
	book       *i18n.Book
	labels     []sentiment.Label
	label      *widgets.Select
	category   *widgets.Select
	month      *widgets.Select
	order      *widgets.Select
	categories fyne.CanvasObject // the lists in their places
	months     fyne.CanvasObject
	search     *widgets.Entry
	told       *widgets.Text
	save       *widgets.Button
	list       *widgets.List
	count      int
	pages      map[int][]reviews.ScoredRow
	asked      map[int]bool
	object     fyne.CanvasObject
}

// parts are the columns of the table: verdict, score, how sure, category, text.
func parts() widgets.Shares { return widgets.Shares{1.2, 0.8, 1.1, 1.3, 8} }

func newRowsView(v *View) *rowsView {
	b := v.book
	r := &rowsView{v: v, book: b, told: widgets.Note(""), search: widgets.NewEntry()}
	changed := func(string) { r.change() }
	r.label, r.category, r.month, r.order = widgets.NewSelect(nil, changed), widgets.NewSelect(nil, changed), widgets.NewSelect(nil, changed), widgets.NewSelect(nil, changed)
	r.order.Options = []string{b.T("sentiment.order.filed"), b.T("sentiment.order.best"), b.T("sentiment.order.worst"), b.T("sentiment.order.doubtful")}
	r.order.Selected = r.order.Options[0]
	r.search.SetPlaceHolder(b.T("sentiment.search"))
	r.search.OnChanged = changed
	r.save = widgets.NewButtonWithIcon(b.T("sentiment.save"), look.Icon("download"), func() { call(v.OnSave) })
	r.list = widgets.NewList(func() int { return r.count }, r.makeRow, r.fill)
	r.list.HideSeparators = true
	r.list.OnSelected = func(i int) {
		r.list.UnselectAll()
		if v.OnRow != nil {
			v.OnRow(i)
		}
	}
	r.object = r.build()
	return r
}

func (r *rowsView) build() fyne.CanvasObject {
	b := r.book
	picks := widgets.Row(look.Gap)
	r.categories, r.months = widgets.Width(r.category, 132), widgets.Width(r.month, 132)
	for _, o := range []fyne.CanvasObject{widgets.Width(r.label, 132), r.categories, r.months, widgets.Width(r.order, 132)} {
		picks.Add(o)
	}
	bar := widgets.Border(nil, nil, picks, nil, r.search)
	under := container.NewBorder(nil, nil, nil, r.save, container.NewVBox(widgets.Space(4), r.told))
	head := container.New(parts())
	for _, key := range []string{"sentiment.verdict", "sentiment.score", "sentiment.confidence", "sentiment.column.by", "sentiment.text"} {
		head.Add(widgets.Note(b.T(key)).Bold().Truncate())
	}
	return widgets.Panel(widgets.Border(widgets.Column(look.Gap, bar, under, head), nil, nil, nil, r.list))
}

func (r *rowsView) makeRow() fyne.CanvasObject {
	row := container.New(parts())
	for range parts() {
		row.Add(widgets.Note("").Truncate())
	}
	return row
}

func (r *rowsView) fill(i int, o fyne.CanvasObject) {
	cells := make([]string, len(parts()))
	tint := theme.ColorNameForeground
	if page := r.pages[i/PageRows]; i%PageRows < len(page) {
		row := page[i%PageRows]
		cells = []string{LabelText(r.book, row.Verdict), signed(row.Verdict.Score), r.book.Percent(row.Verdict.Confidence), row.Category, oneLine(row.Text)}
		tint = labelTint(row.Verdict.Label)
	} else {
		r.ask(i / PageRows)
	}
	k := 0
	widgets.Visit(o, func(o fyne.CanvasObject) {
		if t, ok := o.(*widgets.Text); ok && k < len(cells) {
			t.Set(cells[k])
			t.SetTint([]fyne.ThemeColorName{tint, look.Muted, look.Muted, look.Muted, theme.ColorNameForeground}[k])
			k++
		}
	})
}

// ask asks for a page, once.
func (r *rowsView) ask(page int) {
	if r.asked[page] || r.v.OnPage == nil {
		return
	}
	r.asked[page] = true
	r.v.OnPage(page)
}

func (r *rowsView) applyPage(page int, rows []reviews.ScoredRow) {
	if !r.asked[page] {
		return // of an earlier filter
	}
	if len(r.pages) >= mostPages {
		r.pages, r.asked = map[int][]reviews.ScoredRow{}, map[int]bool{page: true}
	}
	r.pages[page] = rows
	r.list.Refresh()
}

func (r *rowsView) apply(count, total int) {
	r.count, r.pages, r.asked = count, map[int][]reviews.ScoredRow{}, map[int]bool{}
	r.told.Set(r.book.T("sentiment.rows.shown", r.book.Count(count), r.book.Count(total)))
	widgets.Allow(r.save, look.Icon("download"), count > 0)
	r.list.ScrollTo(0)
	r.list.Refresh()
}

// applyGroups offers the verdicts, categories and months of a file, and forgets the
// filter.
func (r *rowsView) applyGroups(labels []sentiment.Label, s reviews.Summary) {
	r.labels = append(slices.Clone(labels), sentiment.NoBasis)
	verdicts := []string{r.book.T("sentiment.filter.all")}
	for _, l := range r.labels {
		verdicts = append(verdicts, labelName(r.book, l))
	}
	names := func(first string, groups []reviews.Group) []string {
		list := []string{first}
		for _, g := range groups {
			list = append(list, g.Name)
		}
		return list
	}
	reset(r.label, verdicts)
	reset(r.category, names(r.book.T("sentiment.filter.category"), s.Categories))
	reset(r.month, names(r.book.T("sentiment.filter.month"), s.Months))
	widgets.SetVisible(r.categories, len(s.Categories) > 0)
	widgets.SetVisible(r.months, len(s.Months) > 0)
	reset(r.order, r.order.Options)
	if r.search.Text != "" {
		r.search.SetText("")
	}
}

// reset offers names with the first chosen, and tells nobody.
func reset(s *widgets.Select, names []string) {
	s.Options, s.Selected = names, names[0]
	s.Refresh()
}

// change tells of a filter that a person set.
func (r *rowsView) change() {
	f := reviews.Filter{Text: strings.TrimSpace(r.search.Text), Order: reviews.Order(max(r.order.SelectedIndex(), 0))}
	if i := r.label.SelectedIndex(); i > 0 {
		f.Label = r.labels[i-1]
	}
	if r.category.SelectedIndex() > 0 {
		f.Category = r.category.Selected
	}
	if r.month.SelectedIndex() > 0 {
		f.Month = r.month.Selected
	}
	if r.v.OnFilter != nil {
		r.v.OnFilter(f)
	}
}

// shownText is how much of a review a line of a table can hold, in bytes.
const shownText = 600

// oneLine is the beginning of a text, its line ends as blanks.
func oneLine(t string) string {
	if len(t) > shownText {
		t = strings.ToValidUTF8(t[:shownText], "")
	}
	return strings.Join(strings.Fields(t), " ")
}
