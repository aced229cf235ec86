package train

import (
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/train"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

func (f *Form) makeRow(field Field) *formRow {
	r := &formRow{field: field, mark: widgets.NewFill(look.Ember, 3), hint: widgets.Note("").Tint(theme.ColorNameWarning)}
	r.reset = widgets.NewButtonWithIcon("", look.Tinted("undo", look.Muted), func() {
		r.field.Set(&f.recipe, f.usual(r))
		f.showAll()
		f.changed()
	})
	r.reset.Importance = widget.LowImportance
	input := f.makeInput(r)
	dot := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(6), r.mark))
	label := widgets.NewExplained(widgets.Body(f.book.T("field."+field.Key)).Truncate(), func(on bool, over fyne.CanvasObject) { f.explain(r, on, over) })
	name := container.NewBorder(nil, nil, nil, dot, label)
	right := container.NewBorder(nil, nil, nil, container.NewGridWrap(fyne.NewSize(28, 32), r.reset), input)
	line := container.NewBorder(nil, nil, widgets.Width(name, 100), nil, right)
	r.hint.Hide()
	r.all = widgets.Column(0, line, r.hint)
	return r
}

func (f *Form) makeInput(r *formRow) fyne.CanvasObject {
	switch r.field.Kind {
	case Choice:
		r.pick = widgets.NewSelect(nil, nil)
		r.pick.PlaceHolder = " "
		f.offer(r)
		r.pick.OnChanged = func(string) { f.take(r, r.values[r.pick.SelectedIndex()]) }
		return r.pick
	case File:
		r.file = widgets.NewButton(f.book.T("form.file"), func() {
			if f.OnFile != nil {
				f.OnFile(r.field.Key, func(path string) { f.take(r, path) })
			}
		})
		r.file.Alignment = widget.ButtonAlignLeading
		return container.New(narrow{}, r.file)
	}
	r.entry = widgets.NewEntry()
	r.entry.OnSubmitted = func(s string) { f.take(r, s) }
	r.entry.OnBlur = func() { f.take(r, r.entry.Text) }
	return r.entry
}

// input is what a setting is entered with.
func (r *formRow) input() fyne.Disableable {
	switch {
	case r.entry != nil:
		return r.entry
	case r.file != nil:
		return r.file
	}
	return r.pick
}

// explain shows what a setting is for while on.
func (f *Form) explain(r *formRow, on bool, over fyne.CanvasObject) {
	if f.OnExplain == nil {
		return
	}
	text := ""
	if on {
		text = f.book.T("field." + r.field.Key + ".help")
	}
	f.OnExplain(text, over)
}

// fileName is what a setting's file is called, or an invitation to choose one.
func fileName(book *i18n.Book, path string) string {
	if path == "" {
		return book.T("form.file")
	}
	if name := filepath.Base(path); name != train.ModelName {
		return tail(name)
	}
	return tail(filepath.Base(filepath.Dir(path))) // a run
}

// tail is the end of a long name, which tells layers apart.
func tail(name string) string {
	const most = 13
	runes := []rune(name)
	if len(runes) <= most {
		return name
	}
	return "…" + string(runes[len(runes)-most+1:])
}

// narrow lets a button be narrower than its text.
type narrow struct{}

func (narrow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(40, objects[0].MinSize().Height)
}

func (narrow) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }

// remark says what the settings choose of a network from a file.
type remark struct {
	first  *widgets.Prose
	second *widgets.Prose
	box    *fyne.Container
	press  func()
}

func newRemark(book *i18n.Book) *remark {
	r := &remark{first: widgets.SmallParagraph(""), second: widgets.SmallParagraph("")}
	layers := widgets.NewButtonWithIcon(book.T("layers.show"), look.Tinted("models", look.Muted), func() { call(r.press) })
	layers.Importance = widget.LowImportance
	r.box = widgets.Column(2, r.first, r.second, container.NewHBox(layers))
	return r
}

// SetRemark says what is chosen of the network that is taught, in two parts; wrong
// marks the second as one to heed.
func (f *Form) SetRemark(first, second string, wrong bool) {
	r, tint := f.remark, look.Muted
	if wrong {
		tint = theme.ColorNameWarning
	}
	r.first.Set(first)
	r.second.Set(second)
	r.second.SetTint(tint)
	f.box.Refresh()
}

// Remark is what is said of the network that is taught.
func (f *Form) Remark() (first, second string) { return f.remark.first.Text(), f.remark.second.Text() }
