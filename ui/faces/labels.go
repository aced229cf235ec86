package faces

import (
	"fmt"
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/face"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Sheet is one picture to draw true boxes on.
type Sheet struct {
	Picture *image.RGBA
	Boxes   []face.Box // in pixels of Picture
	Name    string     // of the picture, or the number of the frame
	Index   int        // from 0
	Count   int        // pictures to go through
	Done    int        // of them looked at
	CanUndo bool
}

// Labels draws true boxes on pictures of a clip and shows how well detectors
// find them.
type Labels struct {
	widget.BaseWidget
	OnMove    func(by int) // to another picture; the one that is left counts as looked at
	OnBoxes   func([]face.Box)
	OnSuggest func() // takes over what the detector finds
	OnUndo    func()
	OnScore   func()
	OnClose   func()

	book     *i18n.Book
	title    *widgets.Text
	board    *board
	where    *widgets.Text
	done     *widgets.Text
	undo     *widgets.Button
	score    *widgets.Button
	scores   *fyne.Container
	bar      *widgets.Bar
	progress *widgets.Text
	path     *widgets.Text
}

func newLabels(book *i18n.Book) *Labels {
	l := &Labels{book: book, title: widgets.Note("").Truncate(), board: newBoard(), where: widgets.Note("").Truncate(), done: widgets.Note("").Truncate()}
	l.board.changed = func(boxes []face.Box) {
		if l.OnBoxes != nil {
			l.OnBoxes(boxes)
		}
	}
	l.board.moved = l.move
	l.undo = widgets.NewButtonWithIcon(book.T("faces.undo"), look.Icon("undo"), func() { call(l.OnUndo) })
	l.score = widgets.NewButtonWithIcon(book.T("faces.score.go"), look.Icon("evaluate"), func() { call(l.OnScore) })
	l.score.Importance = widget.HighImportance
	l.scores, l.path = widgets.Column(look.Gap/2), widgets.Note("").Truncate()
	l.bar, l.progress = widgets.NewBar(look.Ember, 4), widgets.Note("").Truncate()
	l.bar.Hide()
	l.ExtendBaseWidget(l)
	return l
}

func (l *Labels) move(by int) {
	if l.OnMove != nil {
		l.OnMove(by)
	}
}

// Apply shows a picture of a source; nil shows that the source is being read.
func (l *Labels) Apply(source string, s *Sheet) {
	l.title.Set(source)
	if s == nil {
		l.board.apply(nil, nil)
		l.where.Set(l.book.T("faces.reading"))
		l.done.Set("")
		l.undo.Disable()
		l.score.Disable()
		return
	}
	l.board.apply(s.Picture, s.Boxes)
	l.where.Set(l.book.T("faces.sheet", s.Index+1, s.Count, s.Name))
	l.done.Set(l.book.T("faces.labelled", s.Done, s.Count) + " · " + l.book.N("faces.found", len(s.Boxes)))
	enable(l.undo, s.CanUndo)
	enable(l.score, s.Done > 0)
}

func enable(b *widgets.Button, on bool) {
	if on {
		b.Enable()
		return
	}
	b.Disable()
}

// ApplyPath says where the boxes are kept.
func (l *Labels) ApplyPath(path string) { l.path.Set(path) }

// ApplyProgress shows how far the detectors are; an empty text ends it.
func (l *Labels) ApplyProgress(text string, done, total int) {
	widgets.SetVisible(l.bar, text != "")
	l.progress.Set(text)
	l.bar.Set(float64(done) / float64(max(total, 1)))
}

// ApplyScores shows how well each detector found the boxes; none clears the table.
func (l *Labels) ApplyScores(list []face.Scored) {
	l.scores.Objects = nil
	if len(list) > 0 {
		grid := container.NewGridWithColumns(4)
		for _, key := range []string{"faces.detector", "faces.precision", "faces.recall", "faces.ap"} {
			grid.Add(widgets.Note(l.book.T(key)).Truncate())
		}
		for _, s := range list {
			grid.Add(widgets.Strong(s.Detector).Truncate())
			for _, v := range []float64{s.Precision, s.Recall, s.AP} {
				grid.Add(widgets.Body(fmt.Sprintf("%.3f", v)))
			}
		}
		l.scores.Add(grid)
		for _, s := range list {
			text := l.book.T("faces.hits", s.Detector, s.Hits, s.Truths, s.FalseAlarms, l.book.Percent(float64(s.Confidence)), float64(s.Took.Microseconds())/1000)
			l.scores.Add(widgets.SmallParagraph(text))
		}
	}
	l.scores.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (l *Labels) CreateRenderer() fyne.WidgetRenderer {
	back := widgets.NewButtonWithIcon(l.book.T("faces.label.close"), look.Icon("left"), func() { call(l.OnClose) })
	head := widgets.Header(l.book.T("faces.label"), l.title, back)
	side := widgets.SideColumn(widgets.Column(look.Gap, l.makeTools(), l.makeScores()))
	return widget.NewSimpleRenderer(widgets.Page(head, container.NewBorder(nil, nil, nil, container.NewPadded(side), widgets.Panel(l.board))))
}

func (l *Labels) makeTools() fyne.CanvasObject {
	step := func(icon string, by int) *widgets.Button {
		return widgets.NewButtonWithIcon("", look.Icon(icon), func() { l.move(by) })
	}
	walk := container.NewBorder(nil, nil, step("left", -1), step("right", 1), l.where.Align(fyne.TextAlignCenter))
	remove := widgets.NewButtonWithIcon(l.book.T("faces.remove"), look.Icon("trash"), l.board.remove)
	suggest := widgets.NewButtonWithIcon(l.book.T("faces.suggest"), look.Icon("wand"), func() { call(l.OnSuggest) })
	return widgets.TitledPanel(l.book.T("faces.boxes"), nil, widgets.Column(look.Gap,
		widgets.SmallParagraph(l.book.T("faces.label.about")), walk, l.done, suggest, container.NewGridWithColumns(2, remove, l.undo), l.path))
}

func (l *Labels) makeScores() fyne.CanvasObject {
	return widgets.TitledPanel(l.book.T("faces.score"), nil, widgets.Column(look.Gap, l.score, l.progress, l.bar, l.scores))
}
