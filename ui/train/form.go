package train

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/train"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Form edits a recipe: it marks what differs from the model's defaults, takes
// it back, and keeps every value in its range.
type Form struct {
	widget.BaseWidget
	// OnChange is called after a value changed.
	OnChange func()

	book     *i18n.Book
	recipe   train.Recipe
	defaults train.Recipe
	rows     []*formRow
	box      *fyne.Container
	more     bool
}

type formRow struct {
	field Field
	entry *widgets.Entry
	pick  *widget.Select
	mark  *widgets.Fill
	reset *widget.Button
	hint  *widgets.Text
	all   *fyne.Container
}

// NewForm returns a form over an empty recipe.
func NewForm(book *i18n.Book) *Form {
	f := &Form{book: book, box: widgets.Column(6)}
	for _, field := range Fields() {
		f.rows = append(f.rows, f.makeRow(field))
	}
	f.ExtendBaseWidget(f)
	return f
}

// Recipe is the recipe as it is now.
func (f *Form) Recipe() train.Recipe { return f.recipe }

// Apply shows recipe; defaults say which values count as modified.
func (f *Form) Apply(recipe, defaults train.Recipe) {
	f.recipe, f.defaults = recipe, defaults
	f.arrange()
	for _, r := range f.rows {
		f.show(r)
	}
}

// Modified counts the shown settings that differ from the defaults.
func (f *Form) Modified() int {
	n := 0
	for _, r := range f.rows {
		if f.visible(r) && f.differs(r) {
			n++
		}
	}
	return n
}

// ResetAll takes every setting back to its default.
func (f *Form) ResetAll() {
	for _, r := range f.rows {
		r.field.Set(&f.recipe, r.field.Get(&f.defaults))
		f.show(r)
	}
	f.changed()
}

// SetEnabled opens or locks the form.
func (f *Form) SetEnabled(on bool) {
	for _, r := range f.rows {
		switch {
		case r.entry != nil && on:
			r.entry.Enable()
		case r.entry != nil:
			r.entry.Disable()
		case on:
			r.pick.Enable()
		default:
			r.pick.Disable()
		}
	}
}

func (f *Form) visible(r *formRow) bool {
	return r.field.Suits(f.recipe.Model.Name) && (r.field.Basic || f.more)
}

func (f *Form) differs(r *formRow) bool {
	return r.field.Get(&f.recipe) != r.field.Get(&f.defaults)
}

func (f *Form) makeRow(field Field) *formRow {
	r := &formRow{field: field, mark: widgets.NewFill(look.Ember, 3), hint: widgets.Note("").Tint(theme.ColorNameWarning)}
	r.reset = widget.NewButtonWithIcon("", look.Tinted("undo", look.Muted), func() {
		r.field.Set(&f.recipe, r.field.Get(&f.defaults))
		f.show(r)
		f.changed()
	})
	r.reset.Importance = widget.LowImportance
	input := f.makeInput(r)
	dot := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(6), r.mark))
	name := container.NewBorder(nil, nil, nil, dot, widgets.Body(f.book.T("field."+field.Key)).Truncate())
	right := container.NewBorder(nil, nil, nil, container.NewGridWrap(fyne.NewSize(28, 32), r.reset), input)
	line := container.NewBorder(nil, nil, widgets.Width(name, 100), nil, right)
	r.hint.Hide()
	r.all = widgets.Column(0, line, r.hint)
	return r
}

func (f *Form) makeInput(r *formRow) fyne.CanvasObject {
	if r.field.Kind == Choice {
		r.pick = widget.NewSelect(r.field.Choices, nil)
		r.pick.PlaceHolder = " "
		r.pick.OnChanged = func(s string) { f.take(r, s) }
		return r.pick
	}
	r.entry = widgets.NewEntry()
	r.entry.OnSubmitted = func(s string) { f.take(r, s) }
	r.entry.OnBlur = func() { f.take(r, r.entry.Text) }
	return r.entry
}

// take brings what was typed into the recipe, moved into its range where needed.
func (f *Form) take(r *formRow, text string) {
	before := r.field.Get(&f.recipe)
	value, moved, ok := r.field.Clamp(text)
	if ok {
		r.field.Set(&f.recipe, value)
	}
	f.show(r)
	f.hint(r, moved, ok)
	if r.field.Get(&f.recipe) != before {
		f.changed()
	}
}

func (f *Form) hint(r *formRow, moved, ok bool) {
	switch {
	case !ok:
		r.hint.Set(f.book.T("form.unread"))
	case moved:
		r.hint.Set(f.book.T("form.moved", r.field.Min, r.field.Max))
	}
	widgets.SetVisible(r.hint, moved || !ok)
}

func (f *Form) show(r *formRow) {
	value := r.field.Get(&f.recipe)
	if r.entry != nil && r.entry.Text != value {
		r.entry.SetText(value)
	}
	if r.pick != nil && r.pick.Selected != value {
		keep := r.pick.OnChanged
		r.pick.OnChanged = nil
		r.pick.SetSelected(value)
		r.pick.OnChanged = keep
	}
	if r.entry != nil {
		r.entry.SetPlaceHolder(usual(r.field.Key, f.recipe.Model.Name))
	}
	r.hint.Hide()
	widgets.SetVisible(r.mark, f.differs(r))
	widgets.SetVisible(r.reset, f.differs(r))
}

// usual is what an architecture takes where a size is left open.
func usual(key, model string) string {
	return map[string]string{
		"hidden/mlp": "128, 128", "hidden/table-mlp": "64, 64", "channels/cnn": "32, 64", "channels/resnet": "32, 64, 128",
	}[key+"/"+model]
}

func (f *Form) changed() {
	if f.OnChange != nil {
		f.OnChange()
	}
}

// arrange shows only the settings that matter now.
func (f *Form) arrange() {
	f.box.RemoveAll()
	for _, r := range f.rows {
		if f.visible(r) {
			f.box.Add(r.all)
		}
	}
	text, icon := f.book.T("form.more"), "down"
	if f.more {
		text, icon = f.book.T("form.less"), "up"
	}
	toggle := widget.NewButtonWithIcon(text, look.Tinted(icon, look.Muted), func() {
		f.more = !f.more
		f.arrange()
	})
	toggle.Importance = widget.LowImportance
	f.box.Add(container.NewHBox(toggle, layout.NewSpacer()))
	f.box.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (f *Form) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(f.box) }
