package ui

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"slices"

	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/ui/shell"
)

// remove deletes a run and offers to undo it.
func (p *curvesPart) remove(dir string) {
	trashed, err := store.DeleteRun(dir)
	if err != nil {
		p.s.fail(err)
		return
	}
	p.view.Select(slices.DeleteFunc(p.view.Selected(), func(d string) bool { return d == dir })...)
	p.refresh()
	back := func() {
		if _, err := store.RestoreRun(trashed); err != nil {
			p.s.fail(err)
		}
		p.refresh()
	}
	p.undos = append(p.undos, back)
	n := len(p.undos)
	p.s.toasts.Show(shell.Good, p.s.book.T("curves.deleted", filepath.Base(dir)), p.s.book.T("common.undo"), func() { p.takeBack(n, back) })
}

// export saves a chart into the folder of runs' pictures and says where.
func (p *curvesPart) export(s chart.Spec, format string) {
	p.saveAs(p.exportPath("curves", format), func(w io.Writer) error { return chart.Write(w, s, format, 1000, 560) })
}

// saveAs writes a new file and says where it is.
func (p *curvesPart) saveAs(path string, write func(io.Writer) error) {
	async(p.s, func(context.Context) (string, error) {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			return "", err
		}
		return path, store.WriteNew(path, out.Bytes())
	}, func(path string, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.s.toasts.Show(shell.Good, p.s.book.T("curves.saved", path), "", nil)
	})
}
