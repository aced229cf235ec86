package train

import (
	"math"
	"slices"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/train"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// live is the part of the screen that moves while a run goes.
type live struct {
	book     *i18n.Book
	accuracy *widgets.Figure
	loss     *widgets.Figure
	epoch    *widgets.Figure
	left     *widgets.Figure
	speed    *widgets.Figure
	rate     *widgets.Figure
	bar      *widgets.Bar
	sentence *widgets.Text
	matrix   *widgets.Confusion
	cell     *widgets.Text
	slips    *widgets.Bars
	mistaken *widgets.Text  // above slips
	later    *widgets.Prose // in the matrix's place until there is one
	log      *logView
	quiet    *widgets.Prose // in the log's place until there is one
	epochs   int
	classes  []string
	charts   *fyne.Container
}

func newLive(book *i18n.Book) *live {
	l := &live{
		book:     book,
		accuracy: widgets.NewFigure(book.T("train.accuracy")), loss: widgets.NewFigure(book.T("train.loss")),
		epoch: widgets.NewFigure(book.T("train.epoch")), left: widgets.NewFigure(book.T("train.left")),
		speed: widgets.NewFigure(book.T("train.speed")), rate: widgets.NewFigure(book.T("train.rate")),
		bar: widgets.NewBar(look.Ember, 4), sentence: widgets.Body("").Truncate(),
		matrix: widgets.NewConfusion(), cell: widgets.Note(""), slips: widgets.NewBars(48, 20),
	}
	l.matrix.OnHover = func(truth, predicted, n int) {
		l.cell.Set(book.T("train.cell", nameOf(l.classes, truth), nameOf(l.classes, predicted), n))
	}
	l.charts = container.NewStack()
	l.mistaken = widgets.Note(book.T("train.slips"))
	l.mistaken.Hide()
	l.later, l.quiet = widgets.SmallParagraph(book.T("train.confusion.empty")), widgets.SmallParagraph(book.T("train.log.empty"))
	l.log = newLogView()
	l.log.Hide()
	return l
}

// layout arranges the live part: figures, curves, then matrix and log.
func (l *live) layout() fyne.CanvasObject {
	figures := container.NewGridWithColumns(6, l.accuracy, l.loss, l.epoch, l.left, l.speed, l.rate)
	top := widgets.Panel(widgets.Column(look.Gap, figures, l.bar))
	slips := widgets.Width(container.NewBorder(l.mistaken, nil, nil, nil, container.NewVBox(l.slips)), slipsWidth)
	cells := container.NewStack(container.NewBorder(nil, nil, nil, slips, l.matrix), container.NewVBox(l.later))
	matrix := widgets.ToldPanel(l.book.T("train.confusion"), l.cell, nil, cells)
	log := widgets.TitledPanel(l.book.T("train.log"), nil, container.NewStack(l.log, container.NewVBox(l.quiet)))
	bottom := container.New(foot{slips}, matrix, log)
	said := container.NewBorder(nil, nil, container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(16),
		widget.NewIcon(look.Tinted("info", look.Muted)))), nil, widgets.Pad(l.sentence, 4))
	middle := container.NewBorder(nil, said, nil, nil, l.charts)
	return gapped(top, bottom, middle)
}

// The foot's measures: its height, the width of the matrix's panel with the list of
// slips and of that list, and the width of a log whose lines can be read.
const (
	footHeight  = 212
	matrixWidth = 332
	slipsWidth  = 108
	logWidth    = 240
)

// foot lays out the matrix's panel and the log. Where the log would be too narrow to
// be read, the list of slips makes room for it.
type foot struct{ slips fyne.CanvasObject }

func (f foot) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(matrixWidth-slipsWidth+look.Gap+logWidth, footHeight)
}

func (f foot) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	roomy := size.Width >= matrixWidth+look.Gap+logWidth
	widgets.SetVisible(f.slips, roomy)
	left := float32(matrixWidth)
	if !roomy {
		left -= slipsWidth
	}
	objects[0].Resize(fyne.NewSize(left, size.Height))
	objects[1].Move(fyne.NewPos(left+look.Gap, 0))
	objects[1].Resize(fyne.NewSize(size.Width-left-look.Gap, size.Height))
}

// gapped is a border layout with the grid's gap between its parts.
func gapped(top, bottom, middle fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(widgets.Below(top, look.Gap), bottom, nil, nil, widgets.Below(middle, look.Gap))
}

// apply shows a snapshot; it draws only what changed.
func (l *live) apply(s Snapshot) {
	p := s.Progress
	l.epoch.Set(epochText(l.book, p), stepText(l.book, p))
	l.left.Rename(l.book.T(leftName(s)))
	l.left.Set(leftText(l.book, s), leftRemark(l.book, s))
	l.speed.Set(count(l.book, int(p.SamplesPerSecond)), memoryText(l.book, p.PeakRSS))
	l.rate.Set(rateText(p.LearningRate), "")
	l.bar.Set(share(p.Step, p.Steps))
	l.scores(s)
	if len(s.Epochs) != l.epochs {
		l.epochs = len(s.Epochs)
		l.fill(s)
	}
	l.sentence.Set(said(l.book, s))
	if len(s.Log) != len(l.log.lines) {
		lines := logLines(s.Log)
		widgets.SetVisible(l.quiet, len(lines) == 0)
		widgets.SetVisible(l.log, len(lines) > 0)
		l.log.set(lines)
	}
}

// scores fills the two most important numbers: the test result once there is
// one, before that the validation's, before that the running training values.
func (l *live) scores(s Snapshot) {
	if len(s.Epochs) == 0 {
		part := ""
		if s.Progress.Step > 0 {
			part = l.book.T("train.on_train")
		}
		l.accuracy.Set(l.book.Percent(unset(s.Progress.Accuracy, s.Progress.Step)), part)
		l.loss.Set(l.book.Number(unset(s.Progress.Loss, s.Progress.Step)), part)
		return
	}
	last := s.Epochs[len(s.Epochs)-1]
	l.loss.Set(l.book.Number(last.ValLoss), l.book.T("train.on_validation"))
	if s.Test != nil {
		l.accuracy.Set(l.book.Percent(s.Test.Accuracy), l.book.T("train.on_test"))
		return
	}
	l.accuracy.Set(l.book.Percent(last.ValAccuracy), l.book.T("train.on_validation"))
}

func unset(v float64, step int) float64 {
	if step == 0 {
		return math.NaN()
	}
	return v
}

func (l *live) fill(s Snapshot) {
	l.classes = s.Classes
	there := len(s.Epochs) > 0 && len(s.Epochs[len(s.Epochs)-1].Confusion) > 0
	widgets.SetVisible(l.mistaken, there)
	widgets.SetVisible(l.later, !there)
	if len(s.Epochs) == 0 {
		l.matrix.Set(nil, nil)
		l.slips.Set(nil)
		return
	}
	if m := s.Epochs[len(s.Epochs)-1].Confusion; len(m) > 0 {
		l.matrix.Set(s.Classes, m)
		l.slips.Set(slipLevels(s.Classes, m))
	}
}

// count writes a number, and a dash for 0: nothing has happened yet.
func count(book *i18n.Book, n int) string {
	if n == 0 {
		return "–"
	}
	return book.Count(n)
}

func rateText(rate float64) string {
	if rate == 0 {
		return "–"
	}
	return trimmed(rate)
}

func share(step, steps int) float64 {
	if steps == 0 {
		return 0
	}
	return float64(step) / float64(steps)
}

// leftName says which time that is.
func leftName(s Snapshot) string {
	switch s.Phase {
	case Finished, Stopped, Failed:
		return "train.took"
	}
	return "train.left"
}

// leftText is the time still needed, or the time it took.
func leftText(book *i18n.Book, s Snapshot) string {
	switch s.Phase {
	case Finished, Stopped, Failed:
		return book.Duration(s.Elapsed)
	case Idle, Preparing:
		return "–"
	}
	if s.Progress.Left <= 0 {
		return "–"
	}
	return book.Duration(s.Progress.Left)
}

func leftRemark(book *i18n.Book, s Snapshot) string {
	switch s.Phase {
	case Idle:
		return ""
	case Finished, Stopped, Failed:
		return ""
	}
	return book.T("train.elapsed", book.Duration(s.Elapsed))
}

func memoryText(book *i18n.Book, bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return book.T("train.memory", book.Bytes(bytes))
}

func epochText(book *i18n.Book, p train.Progress) string {
	if p.Epoch == 0 {
		return "–"
	}
	return book.Count(p.Epoch) + " / " + book.Count(p.Epochs)
}

func stepText(book *i18n.Book, p train.Progress) string {
	if p.Step == 0 {
		return ""
	}
	return book.T("train.step", p.Step)
}

func said(book *i18n.Book, s Snapshot) string {
	switch {
	case s.Phase == Idle:
		return book.T("sentence.idle")
	case s.Phase == Preparing:
		return book.T("sentence.preparing")
	case s.Phase == Finished && s.Test != nil:
		return book.T("sentence.tested", s.Test.Accuracy*100, s.Test.Low*100, s.Test.High*100)
	}
	return Sentence(book, s.Epochs)
}

func logLines(log []train.Log) []string {
	lines := make([]string, len(log))
	for i, l := range log {
		lines[i] = l.Time.Format(time.TimeOnly) + "  " + l.Text
	}
	return lines
}

// mostSlips is how many pairs of confused classes are listed.
const mostSlips = 5

// slipLevels lists the pairs of classes that are most often taken for each other.
func slipLevels(classes []string, matrix [][]int) []widgets.Level {
	type slip struct{ truth, predicted, n int }
	var slips []slip
	for i, row := range matrix {
		for j, n := range row {
			if i != j && n > 0 {
				slips = append(slips, slip{i, j, n})
			}
		}
	}
	slices.SortStableFunc(slips, func(a, b slip) int { return b.n - a.n })
	var levels []widgets.Level
	for _, s := range slips[:min(len(slips), mostSlips)] {
		name := nameOf(classes, s.truth) + " › " + nameOf(classes, s.predicted)
		levels = append(levels, widgets.Level{Name: name, Note: strconv.Itoa(s.n), Share: float64(s.n) / float64(slips[0].n), Lit: true})
	}
	return levels
}

func nameOf(classes []string, i int) string {
	if i < len(classes) {
		return classes[i]
	}
	return strconv.Itoa(i)
}

// idleNote is what the charts' place shows before the first run.
func idleNote(book *i18n.Book) fyne.CanvasObject {
	return widgets.Panel(widgets.Empty("train", book.T("train.empty"), book.T("train.empty.advice"), nil))
}

// toneOf is the colour of a phase's word.
func toneOf(p Phase) fyne.ThemeColorName {
	switch p {
	case Running, Preparing:
		return look.Ember
	case Finished:
		return look.Positive
	case Failed:
		return look.Negative
	}
	return theme.ColorNameForeground
}
