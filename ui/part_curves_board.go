package ui

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/app/curves"
	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// boardPath is where the arrangement of the charts is kept.
func (p *curvesPart) boardPath() string { return filepath.Join(p.s.opts.Paths.Data, "curves.toml") }

// rearranged keeps an arrangement and draws it; it can be taken back.
func (p *curvesPart) rearranged(before, after curves.Board) {
	p.undos = append(p.undos, func() {
		p.view.SetBoard(before)
		p.keepBoard(before)
	})
	p.keepBoard(after)
}

func (p *curvesPart) keepBoard(b curves.Board) {
	p.board = &b
	if err := b.Save(p.boardPath()); err != nil {
		p.s.fail(err)
	}
	p.redraw()
}

// combine asks which metrics one chart shows.
func (p *curvesPart) combine(names []string) {
	s, b := p.s, p.s.book
	checks := widgets.NewCheckGroup(names, nil)
	var pop *widget.PopUp
	cancel := widgets.NewButton(b.T("common.cancel"), func() { pop.Hide() })
	add := widgets.NewButton(b.T("curves.add"), func() {
		pop.Hide()
		if len(checks.Selected) == 0 {
			return
		}
		chosen := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !slices.Contains(checks.Selected, n) })
		board := p.view.Board()
		before := board.Clone()
		board.Add(chosen)
		p.view.SetBoard(board)
		p.rearranged(before, board)
	})
	add.Importance = widget.HighImportance
	body := widgets.Height(container.NewVScroll(checks), 260)
	pop = shell.Modal(s.window, "curves", b.T("curves.add.several"), body, cancel, add)
	pop.Show()
	s.window.Canvas().Focus(add)
}

// write edits a run's title and note.
func (p *curvesPart) write(i store.Info) {
	s, b := p.s, p.s.book
	title, note := widgets.NewEntry(), widgets.NewTextArea()
	title.SetText(i.Name)
	note.SetText(i.Notes.Note)
	note.SetPlaceHolder(b.T("curves.note.hint"))
	var pop *widget.PopUp
	cancel := widgets.NewButton(b.T("common.cancel"), func() { pop.Hide() })
	keep := widgets.NewButton(b.T("curves.note.keep"), func() {
		pop.Hide()
		n := i.Notes
		n.Note = strings.TrimSpace(note.Text)
		if t := strings.TrimSpace(title.Text); t != i.Name {
			n.Title = t
		}
		p.view.OnNotes(i.Dir, n)
	})
	keep.Importance = widget.HighImportance
	body := widgets.Column(8, title, widgets.Height(note, 120))
	pop = shell.Modal(s.window, "text", b.T("curves.note.title"), body, cancel, keep)
	pop.Show()
	s.window.Canvas().Focus(note)
}

// exportSide saves the runs side by side as a picture.
func (p *curvesPart) exportSide(spec chart.Parallel, format string) {
	p.saveAs(p.exportPath("runs", format), func(w io.Writer) error { return chart.WriteParallel(w, spec, format, 1200, 620) })
}
