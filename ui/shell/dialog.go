package shell

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Failure is what the error dialog says.
type Failure struct {
	What    string // what happened
	Do      string // what to do now
	Details string // the whole chain, for a report
}

// ShowFailure opens the studio's one error dialog; copied is called with the
// details when a person copies them.
func ShowFailure(w fyne.Window, book *i18n.Book, f Failure, copied func(string)) {
	details := widgets.NewTextArea()
	details.SetText(f.Details)
	details.Disable()
	more := widget.NewAccordion(widget.NewAccordionItem(book.T("error.details"), widgets.Height(details, 110)))
	var pop *widget.PopUp
	copyButton := widget.NewButtonWithIcon(book.T("error.copy"), look.Icon("copy"), func() { copied(f.Details) })
	closeButton := widget.NewButton(book.T("common.close"), func() { pop.Hide() })
	closeButton.Importance = widget.HighImportance
	body := widgets.Column(look.Gap, widgets.Paragraph(f.What, theme.ColorNameForeground), widgets.Paragraph(f.Do, look.Muted), more)
	pop = Modal(w, "error", book.T("error.title"), body, copyButton, closeButton)
	pop.Show()
	w.Canvas().Focus(closeButton)
}

// Ask opens a question with a way out and an action; do runs when the action is
// pressed.
func Ask(w fyne.Window, book *i18n.Book, title, text, action string, do func()) {
	var pop *widget.PopUp
	cancel := widget.NewButton(book.T("common.cancel"), func() { pop.Hide() })
	act := widget.NewButton(action, func() {
		pop.Hide()
		do()
	})
	act.Importance = widget.HighImportance
	pop = Modal(w, "info", title, widgets.Paragraph(text, look.Muted), cancel, act)
	pop.Show()
	w.Canvas().Focus(act)
}

// Modal returns a hidden dialog of Athanor's look with its buttons at the lower
// right.
func Modal(w fyne.Window, icon, title string, body fyne.CanvasObject, buttons ...fyne.CanvasObject) *widget.PopUp {
	colour := look.Ember
	if icon == "error" {
		colour = look.Negative
	}
	picture := container.NewGridWrap(fyne.NewSquareSize(20), widget.NewIcon(look.Tinted(icon, colour)))
	head := widgets.Row(look.Gap, container.NewCenter(picture), widgets.Strong(title))
	foot := container.NewHBox(append([]fyne.CanvasObject{layout.NewSpacer()}, buttons...)...)
	content := widgets.Width(widgets.Column(look.Gap, head, body, foot), 460)
	return widget.NewModalPopUp(widgets.Pad(content, 2*look.Gap), w.Canvas())
}
