package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/dataset"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// openCell shows the validation samples of a class that the network's newest
// epoch gave to another class, or to their own.
func (p *trainPart) openCell(truth, predicted int) {
	s, seen := p.s, p.s.jobs.seen
	rows := cellRows(seen, truth, predicted)
	if len(rows) == 0 {
		return
	}
	if seen.set.Task != dataset.Image {
		p.openCellTexts(rows, truth, predicted)
		return
	}
	grid := widgets.NewGrid(72)
	load := newLoader(s, grid, seen.set.Validation, rows, seen.set.Classes)
	grid.Load = load.ask
	grid.SetCount(len(rows))
	p.showCell(widgets.Height(grid, 360), truth, predicted, len(rows), load.stop)
}

// openCellTexts shows the rows of samples that are no pictures.
func (p *trainPart) openCellTexts(rows []int, truth, predicted int) {
	feed, numbers := p.s.jobs.seen.set.Validation, make([]int, len(rows))
	for i, row := range rows {
		numbers[i] = feed.Row(row)
	}
	p.showCell(widgets.Height(p.s.rowsOfRun(p.s.jobs.run, numbers), 300), truth, predicted, len(rows), func() {})
}

func (p *trainPart) showCell(content fyne.CanvasObject, truth, predicted, n int, ended func()) {
	s, classes := p.s, p.s.jobs.seen.set.Classes
	title := s.book.N("cell.right", n, classes[truth])
	if truth != predicted {
		title = s.book.N("cell.wrong", n, classes[truth], classes[predicted])
	}
	var popup *widget.PopUp
	closing := widgets.NewButton(s.book.T("common.close"), func() {
		ended()
		popup.Hide()
	})
	popup = shell.Modal(s.window, "evaluate", title, widgets.Width(content, 620), closing)
	popup.Show()
	s.window.Canvas().Focus(closing)
}

// cellRows are the rows of the validation feed that belong to a cell.
func cellRows(s seen, truth, predicted int) []int {
	if s.set == nil || s.set.Validation == nil || len(s.predicted) != s.set.Validation.Len() {
		return nil
	}
	var rows []int
	for row, class := range s.predicted {
		if int(class) == predicted && s.set.Validation.Class(row) == truth {
			rows = append(rows, row)
		}
	}
	return rows
}
