// Package data is the screen of the samples: what there is, how it is split and
// what is wrong with it.
package data

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/dataset/health"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Part is a share of the data that the grid can show.
type Part int

// Parts, in the order of the switch.
const (
	Training Part = iota
	Validation
	Test
)

// Class is one class of the data.
type Class struct {
	Name  string
	Count int // in the part on screen
}

// Summary is what the screen says about a data set.
type Summary struct {
	Name        string
	Path        string
	Kind        string // image, text, table
	Counts      [3]int // samples of each Part
	Classes     []Class
	Fingerprint string
}

// View is the screen.
type View struct {
	widget.BaseWidget
	OnOpenFile   func()
	OnOpenFolder func()
	OnDigits     func()
	OnTeach      func() // make pictures with the webcam
	OnAugment    func() // choose how training samples are changed
	OnColumns    func() // choose how the table is read
	OnFix        func(health.Finding)
	OnSamples    func(health.Finding) // look at what was found
	OnUndo       func()
	OnRedo       func()
	OnSplit      func(validation float64)
	OnTrain      func()
	OnPart       func(Part)
	OnClass      func(class int) // -1 is all
	OnCancel     func()          // the data that are being opened are not wanted

	book     *i18n.Book
	name     *widgets.Text
	grid     *widgets.Grid
	figures  [3]*widgets.Figure
	balance  *widgets.Bars
	print    *widgets.Text
	parts    *widgets.Segments
	class    *widgets.Select
	shown    *widgets.Text
	busy     *widgets.Bar
	busyText *widgets.Text
	busyBox  *fyne.Container
	body     *fyne.Container
	page     *fyne.Container // the body, below what is being opened
	full     fyne.CanvasObject
	samples  *fyne.Container // the grid, or the table of rows
	rows     *Rows
	health   *fyne.Container
	undo     *widgets.Button
	redo     *widgets.Button
	columns  *widgets.Button
	split    *widgets.Slider
	share    *widgets.Text
	train    *widgets.Button
	file     *widgets.Button
	folder   *widgets.Button
	teach    *widgets.Button
	augment  *widgets.Prose
	changes  *fyne.Container // the panel of augmentation
}

// New returns the screen without data.
func New(book *i18n.Book) *View {
	v := &View{book: book, name: widgets.Note("").Truncate(), grid: widgets.NewGrid(72), balance: widgets.NewBars(84, 56)}
	v.print, v.shown = widgets.Note("").Mono().Truncate(), widgets.Note("").Truncate()
	for i, key := range []string{"data.training", "data.validation", "data.test"} {
		v.figures[i] = widgets.NewSmallFigure(book.T(key))
	}
	v.parts = widgets.NewSegments([]string{book.T("data.training"), book.T("data.validation"), book.T("data.test")}, 0, func(i int) {
		if v.OnPart != nil {
			v.OnPart(Part(i))
		}
	})
	v.class = widgets.NewSelect(nil, nil)
	v.busy, v.busyText = widgets.NewBar(look.Ember, 4), widgets.Note("")
	v.makeBusy()
	v.train = widgets.NewButtonWithIcon(book.T("data.train"), look.Tinted("train", "foregroundOnPrimary"), func() { call(v.OnTrain) })
	v.train.Importance = widget.HighImportance
	v.makeOpeners()
	v.makeChanges()
	v.augment = widgets.SmallParagraph("")
	v.rows, v.health = NewRows(), widgets.Column(look.Gap)
	v.samples = container.NewStack(v.grid)
	v.full = v.makeFull()
	v.body = container.NewStack(v.makeEmpty())
	v.page = widgets.Border(v.busyBox, nil, nil, nil, v.body)
	v.train.Hide()
	v.ExtendBaseWidget(v)
	return v
}

func (v *View) makeOpeners() {
	v.file = widgets.NewButtonWithIcon(v.book.T("data.open.file"), look.Icon("file"), func() { call(v.OnOpenFile) })
	v.folder = widgets.NewButtonWithIcon(v.book.T("data.open.folder"), look.Icon("folder"), func() { call(v.OnOpenFolder) })
	v.teach = widgets.NewButtonWithIcon(v.book.T("data.teach"), look.Icon("camera"), func() { call(v.OnTeach) })
}

// ApplyCapture shows the capture of classes instead of the data; nil ends that.
func (v *View) ApplyCapture(c *Capture) {
	for _, b := range []*widgets.Button{v.file, v.folder, v.teach} {
		widgets.SetVisible(b, c == nil)
	}
	if c == nil {
		return // Apply follows
	}
	v.train.Hide()
	v.name.Set(v.book.T("capture.title"))
	v.body.Objects = []fyne.CanvasObject{c}
	v.body.Refresh()
}

// ApplyAugment says how training samples are changed; possible says whether the
// data can be.
func (v *View) ApplyAugment(text string, possible bool) {
	v.augment.Set(text)
	widgets.SetVisible(v.changes, possible)
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// Grid is the grid of samples; the owner loads its pictures.
func (v *View) Grid() *widgets.Grid { return v.grid }

// Rows is the table of samples that are no pictures.
func (v *View) Rows() *Rows { return v.rows }

// Apply shows a data set; nil shows what to do without one.
func (v *View) Apply(s *Summary) {
	v.ApplyBusy("", 0)
	if s == nil {
		v.train.Hide()
		v.name.Set("")
		v.body.Objects = []fyne.CanvasObject{v.makeEmpty()}
		v.body.Refresh()
		return
	}
	v.train.Show()
	v.name.Set(s.Name)
	v.print.Set(s.Fingerprint)
	for i, f := range v.figures {
		f.Set(v.book.Count(s.Counts[i]), "")
	}
	v.applyClasses(s.Classes)
	v.body.Objects = []fyne.CanvasObject{v.full}
	v.body.Refresh()
}

// ApplyPart shows the samples of a part: total of them, with their balance.
func (v *View) ApplyPart(p Part, total int, classes []Class) {
	v.parts.Choose(int(p))
	v.shown.Set(v.book.N("data.samples", total))
	v.grid.SetCount(total)
	v.balance.Set(Levels(v.book, classes))
}

func (v *View) applyClasses(classes []Class) {
	options := []string{v.book.T("data.all")}
	for _, c := range classes {
		options = append(options, c.Name)
	}
	v.class.OnChanged = nil
	v.class.SetOptions(options)
	v.class.SetSelectedIndex(0)
	v.class.OnChanged = func(string) {
		if v.OnClass != nil {
			v.OnClass(v.class.SelectedIndex() - 1)
		}
	}
	v.balance.Set(Levels(v.book, classes))
}

// Levels turns counts into bars, each relative to the largest class.
func Levels(book *i18n.Book, classes []Class) []widgets.Level {
	most := 1
	for _, c := range classes {
		most = max(most, c.Count)
	}
	levels := make([]widgets.Level, len(classes))
	for i, c := range classes {
		levels[i] = widgets.Level{Name: c.Name, Share: float64(c.Count) / float64(most), Note: book.Count(c.Count)}
	}
	return levels
}

// ApplyRows shows the first rows of a table or a file of texts instead of
// pictures; nil columns show pictures.
func (v *View) ApplyRows(columns []string, rows [][]string) {
	var shown fyne.CanvasObject = v.grid
	if columns != nil {
		v.rows.Set(columns, rows)
		shown = v.rows
	}
	v.samples.Objects = []fyne.CanvasObject{shown}
	v.samples.Refresh()
}

// makeBusy makes what is shown while large data are opened.
func (v *View) makeBusy() {
	cancel := widgets.NewButton(v.book.T("common.cancel"), func() { call(v.OnCancel) })
	line := container.NewBorder(nil, nil, nil, cancel, widgets.Column(look.Gap, v.busyText, v.busy))
	v.busyBox = widgets.Below(widgets.Panel(line), look.Gap)
	v.busyBox.Hide()
}

// ApplyBusy shows that data are being opened, done of them in [0, 1]; "" ends that.
func (v *View) ApplyBusy(text string, done float64) {
	v.busyText.Set(text)
	v.busy.Set(done)
	if on := text != ""; on != v.busyBox.Visible() {
		widgets.SetVisible(v.busyBox, on)
		v.page.Refresh() // what is below moves
	}
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	head := widgets.Header(v.book.T("data.title"), v.name, v.teach, v.file, v.folder, v.train)
	return widget.NewSimpleRenderer(widgets.Page(head, v.page))
}

func (v *View) makeEmpty() fyne.CanvasObject {
	digits := widgets.NewButtonWithIcon(v.book.T("data.digits"), look.Icon("digits"), func() { call(v.OnDigits) })
	teach := widgets.NewButtonWithIcon(v.book.T("home.webcam"), look.Icon("camera"), func() { call(v.OnTeach) })
	return widgets.Panel(widgets.Empty("data", v.book.T("data.empty"), v.book.T("data.empty.advice"), widgets.Row(look.Gap, digits, teach)))
}

func (v *View) makeFull() fyne.CanvasObject {
	bar := widgets.Border(nil, nil, v.parts, widgets.Width(v.class, 140), widgets.Pad(v.shown, 6))
	left := widgets.Panel(widgets.Border(widgets.Below(bar, look.Gap), nil, nil, nil, v.samples))
	counts := container.NewGridWithColumns(3, v.figures[0], v.figures[1], v.figures[2])
	change := widgets.NewButtonWithIcon(v.book.T("augment.change"), look.Tinted("wand", look.Muted), func() { call(v.OnAugment) })
	change.Importance = widget.LowImportance
	v.changes = widgets.TitledPanel(v.book.T("augment.title"), change, v.augment)
	side := widgets.Column(look.Gap,
		widgets.TitledPanel(v.book.T("data.split"), v.share, widgets.Column(look.Gap, counts, v.split, v.columns)),
		widgets.TitledPanel(v.book.T("data.health"), container.NewHBox(v.undo, v.redo), v.health),
		widgets.TitledPanel(v.book.T("data.balance"), nil, v.balance),
		v.changes,
		widgets.TitledPanel(v.book.T("data.fingerprint"), nil, v.print))
	column := widgets.SideColumn(side)
	return container.NewBorder(nil, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 2*look.Gap, 0), column), left)
}
