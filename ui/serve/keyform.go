package serve

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/serve"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// KeyForm asks what a new key is called and may do.
type KeyForm struct {
	widget.BaseWidget
	book   *i18n.Book
	name   *widgets.Entry
	models *widgets.Select
	rate   *widgets.Entry
	manage *widgets.Check
	wrong  *widgets.Text
}

// NewKeyForm returns a form for a key to all models or one of these.
func NewKeyForm(book *i18n.Book, served []string) *KeyForm {
	f := &KeyForm{
		book: book, name: widgets.NewEntry(), rate: widgets.NewEntry(), wrong: widgets.Note("").Tint(look.Negative),
		manage: widgets.NewCheck(book.T("serve.key.manage"), nil),
	}
	f.name.SetPlaceHolder(book.T("serve.key.name"))
	f.rate.SetPlaceHolder(book.T("serve.key.unlimited"))
	f.models = widgets.NewSelect(append([]string{book.T("serve.key.all")}, served...), nil)
	f.models.SetSelectedIndex(0)
	f.ExtendBaseWidget(f)
	return f
}

// First is the field to begin in.
func (f *KeyForm) First() fyne.Focusable { return f.name }

// Wish is what the form says; ok is false where something is missing, which the
// form then tells.
func (f *KeyForm) Wish() (r serve.Rights, ok bool) {
	r = serve.Rights{Name: strings.TrimSpace(f.name.Text), Manage: f.manage.Checked}
	if r.Name == "" {
		f.wrong.Set(f.book.T("serve.key.noname"))
		return r, false
	}
	if f.models.SelectedIndex() > 0 {
		r.Models = []string{f.models.Selected}
	}
	text := strings.TrimSpace(f.rate.Text)
	if text == "" {
		return r, true
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > 0 && v < 1e6) {
		f.wrong.Set(f.book.T("serve.key.norate"))
		return r, false
	}
	r.PerSecond = v
	return r, true
}

// CreateRenderer implements fyne.Widget.
func (f *KeyForm) CreateRenderer() fyne.WidgetRenderer {
	field := func(key string, o fyne.CanvasObject) fyne.CanvasObject {
		return widgets.Column(2, widgets.Note(f.book.T(key)), o)
	}
	return widget.NewSimpleRenderer(widgets.Column(look.Gap, f.name,
		field("serve.key.models", f.models), field("serve.key.persecond", f.rate), f.manage, f.wrong))
}
