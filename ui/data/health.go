package data

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/dataset/health"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// makeChanges makes what changes how the data are taken: split, columns, undo.
func (v *View) makeChanges() {
	small := func(icon string, do func()) *widgets.Button {
		b := widgets.NewButtonWithIcon("", look.Tinted(icon, look.Muted), do)
		b.Importance = widget.LowImportance
		b.Hide()
		return b
	}
	v.undo = small("undo", func() { call(v.OnUndo) })
	v.redo = small("redo", func() { call(v.OnRedo) })
	v.columns = widgets.NewButtonWithIcon(v.book.T("data.columns"), look.Icon("table"), func() { call(v.OnColumns) })
	v.columns.Hide()
	v.share = widgets.Note("")
	v.split = widgets.NewSlider(0.05, 0.5)
	v.split.Step = 0.05
	v.split.OnChanged = func(s float64) { v.share.Set(v.book.T("data.validates", s*100)) }
	v.split.OnChangeEnded = func(s float64) {
		if v.OnSplit != nil {
			v.OnSplit(s)
		}
	}
}

// Changes says what can be changed about the data on screen.
type Changes struct {
	Undo, Redo bool
	Columns    bool    // it is a table
	Validation float64 // share of the samples, 0 where the source brings its own parts
}

// ApplyChanges shows what can be changed.
func (v *View) ApplyChanges(c Changes) {
	widgets.SetVisible(v.undo, c.Undo)
	widgets.SetVisible(v.redo, c.Redo)
	widgets.SetVisible(v.columns, c.Columns)
	widgets.SetVisible(v.split, c.Validation > 0)
	v.share.Set("")
	if c.Validation > 0 {
		v.split.Value = c.Validation
		v.split.Refresh()
		v.share.Set(v.book.T("data.validates", c.Validation*100))
	}
}

// ApplyHealth shows what was found; nil says that it is still looked for.
func (v *View) ApplyHealth(findings []health.Finding, done bool) {
	v.health.RemoveAll()
	switch {
	case !done:
		v.health.Add(widgets.SmallParagraph(v.book.T("data.health.looking")))
	case len(findings) == 0:
		v.health.Add(widgets.SmallParagraph(v.book.T("data.health.good")))
	}
	for _, f := range findings {
		v.health.Add(v.finding(f))
	}
	v.health.Refresh()
}

// finding is one thing that was found: how bad, what, which samples and, where
// something mends it, a button that does.
func (v *View) finding(f health.Finding) fyne.CanvasObject {
	icon, colour := "info", look.Muted
	switch f.Severity {
	case health.Bad:
		icon, colour = "error", look.Negative
	case health.Warning:
		icon, colour = "warning", theme.ColorNameWarning
	}
	picture := container.NewGridWrap(fyne.NewSquareSize(16), widget.NewIcon(look.Tinted(icon, colour)))
	lang := string(v.book.Language())
	title := container.NewBorder(nil, nil, container.NewCenter(picture), widgets.Note(v.book.Count(f.Count)), widgets.Body(f.Title(lang)).Truncate())
	box := widgets.Column(2, title, widgets.SmallParagraph(f.Message(lang)))
	if buttons := v.answers(f); len(buttons.Objects) > 0 {
		box.Add(buttons)
	}
	return box
}

// answers are what a person can do about a finding.
func (v *View) answers(f health.Finding) *fyne.Container {
	row := container.NewHBox()
	if len(f.Samples) > 0 {
		show := widgets.NewButton(v.book.T("data.show"), func() {
			if v.OnSamples != nil {
				v.OnSamples(f)
			}
		})
		show.Importance = widget.LowImportance
		row.Add(show)
	}
	if len(f.Fix) > 0 {
		fix := widgets.NewButtonWithIcon(v.book.T("data.fix"), look.Icon("wand"), func() {
			if v.OnFix != nil {
				v.OnFix(f)
			}
		})
		row.Add(fix)
	}
	return row
}

// FixWords says what a fix does.
func FixWords(f health.Finding) string {
	words := make([]string, 0, len(f.Fix))
	for i := range f.Fix {
		words = append(words, f.Fix[i].Sentence())
	}
	return strings.Join(words, "; ")
}
