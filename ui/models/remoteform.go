package models

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/remote"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// RemoteForm asks for a service and one of its models.
type RemoteForm struct {
	widget.BaseWidget
	OnLook func(address, key string) // for its models

	book    *i18n.Book
	address *widgets.Entry
	key     *widgets.Entry
	model   *widgets.SelectEntry
	wrong   *widgets.Prose
}

// NewRemoteForm returns an empty form.
func NewRemoteForm(book *i18n.Book) *RemoteForm {
	f := &RemoteForm{book: book, address: widgets.NewEntry(), key: widgets.NewEntry(), model: widgets.NewSelectEntry(nil), wrong: widgets.SmallParagraph(book.T("models.remote.about"))}
	f.address.SetPlaceHolder(book.T("models.remote.address"))
	f.key.SetPlaceHolder(book.T("serve.key.hint"))
	f.key.Password = true
	f.model.SetPlaceHolder(book.T("models.remote.model"))
	f.ExtendBaseWidget(f)
	return f
}

// First is the field to begin in.
func (f *RemoteForm) First() fyne.Focusable { return f.address }

// Ref is what the form says.
func (f *RemoteForm) Ref() remote.Ref {
	return remote.Ref{URL: strings.TrimSpace(f.address.Text), Key: f.key.Text, Model: strings.TrimSpace(f.model.Text)}
}

// Apply offers the service's models, or says why there are none.
func (f *RemoteForm) Apply(names []string, err error) {
	if err != nil {
		f.wrong.Set(err.Error())
		return
	}
	f.model.SetOptions(names)
	if len(names) > 0 {
		f.model.SetText(names[0])
	}
	f.wrong.Set(f.book.N("models.remote.found", len(names)))
}

// CreateRenderer implements fyne.Widget.
func (f *RemoteForm) CreateRenderer() fyne.WidgetRenderer {
	find := widgets.NewButtonWithIcon(f.book.T("models.remote.look"), look.Icon("search"), func() {
		if f.OnLook != nil {
			f.OnLook(strings.TrimSpace(f.address.Text), f.key.Text)
		}
	})
	return widget.NewSimpleRenderer(widgets.Column(look.Gap, f.address, f.key, find, f.model, f.wrong))
}
