package ui

import (
	"context"
	"path/filepath"

	"fyne.io/fyne/v2/widget"

	"athanor/app/datasets"
	"athanor/ui/data"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// looked is a glance at data, and whether they are a table.
type looked struct {
	glance datasets.Glance
	table  bool
}

// importing is the choice of how a table is read, on screen.
type importing struct {
	s      *Studio
	kept   *datasets.Kept
	path   string
	view   *data.Importer
	popup  *widget.PopUp
	cancel context.CancelFunc
	then   func()
}

// askColumns shows how a table would be read and opens it then; what is no table
// is opened at once. A table whose columns were chosen before is not asked about
// again, unless again says so.
func (s *Studio) askColumns(path string, again bool, then func()) {
	kept, err := datasets.Open(s.opts.Paths.Datasets(), path)
	if err != nil {
		s.fail(err)
		return
	}
	choices := kept.Choices()
	async(s, func(ctx context.Context) (looked, error) {
		g, ok, err := datasets.Look(ctx, path, choices)
		return looked{g, ok}, err
	}, func(l looked, err error) {
		if err != nil {
			s.fail(err)
			return
		}
		if !l.table || !again && chosen(choices) {
			then()
			return
		}
		m := &importing{s: s, kept: kept, path: path, view: data.NewImporter(s.book, choices), then: then}
		m.show(l.glance)
	})
}

// chosen reports whether a person said anything.
func chosen(c datasets.Choices) bool {
	return c.Label != "" || c.Text != "" || c.Group != "" || c.Time != "" || c.Separator != "" || c.Charset != "" || c.Header != "" ||
		c.Quotes != "" || len(c.Roles) > 0
}

func (m *importing) show(g datasets.Glance) {
	b := m.s.book
	m.view.OnChange = m.look
	cancel := widgets.NewButton(b.T("common.cancel"), func() { m.popup.Hide() })
	open := widgets.NewButton(b.T("import.open"), m.open)
	open.Importance = widget.HighImportance
	m.popup = shell.Modal(m.s.window, "table", b.T("import.title", filepath.Base(m.path)), widgets.Width(m.view, 700), cancel, open)
	m.view.Apply(g)
	m.popup.Show()
	m.s.window.Canvas().Focus(open)
}

// look shows what other choices come to; a newer request cancels an older one.
func (m *importing) look(c datasets.Choices) {
	if m.cancel != nil {
		m.cancel()
	}
	m.cancel = async(m.s, func(ctx context.Context) (datasets.Glance, error) {
		g, _, err := datasets.Look(ctx, m.path, c)
		return g, err
	}, func(g datasets.Glance, err error) {
		if err != nil {
			g.Trouble = err
		}
		m.view.Apply(g)
	})
}

func (m *importing) open() {
	m.popup.Hide()
	if c := m.view.Choices(); chosen(c) || chosen(m.kept.Choices()) {
		if err := m.kept.Choose(c); err != nil {
			m.s.fail(err)
			return
		}
	}
	m.then()
}
