package shell

import (
	"strings"

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
	details := container.NewStack(widgets.NewFill(look.Raised, 6), widgets.Pad(container.NewVScroll(widgets.Code(f.Details)), look.Gap))
	more := widgets.NewDisclosure(book.T("error.details"), widgets.Height(details, 110))
	var pop *widget.PopUp
	copyButton := widgets.NewButtonWithIcon(book.T("error.copy"), look.Icon("copy"), nil)
	copyButton.OnTapped = func() {
		copied(f.Details)
		copyButton.SetIcon(look.Icon("check"))
		copyButton.SetText(book.T("common.copied"))
	}
	closeButton := widgets.NewButton(book.T("common.close"), func() { pop.Hide() })
	closeButton.Importance = widget.HighImportance
	body := widgets.Column(look.Gap, widgets.Paragraph(f.What, theme.ColorNameForeground), widgets.Paragraph(f.Do, look.Muted), more)
	pop = Modal(w, "error", book.T("error.title"), body, container.NewStack(copyButton), closeButton)
	more.OnOpen = func() { pop.Resize(pop.MinSize()) } // it does not become smaller by itself
	pop.Show()
	w.Canvas().Focus(closeButton)
}

// Ask opens a question with a way out and an action; do runs when the action is
// pressed.
func Ask(w fyne.Window, book *i18n.Book, title, text, action string, do func()) {
	var pop *widget.PopUp
	cancel := widgets.NewButton(book.T("common.cancel"), func() { pop.Hide() })
	act := widgets.NewButton(action, func() {
		pop.Hide()
		do()
	})
	act.Importance = widget.HighImportance
	pop = Modal(w, "info", title, widgets.Paragraph(text, look.Muted), cancel, act)
	pop.Show()
	w.Canvas().Focus(act)
}

// Tell shows what a person should know and has nothing to answer to.
func Tell(w fyne.Window, title, text, understood string) {
	var pop *widget.PopUp
	act := widgets.NewButton(understood, func() { pop.Hide() })
	act.Importance = widget.HighImportance
	pop = Modal(w, "info", title, widgets.Paragraph(text, look.Muted), act)
	pop.Show()
	w.Canvas().Focus(act)
}

// Modal returns a hidden dialog of Athanor's look with its buttons at the lower
// right. The first button is the way out, which Escape takes too (see Dismiss).
func Modal(w fyne.Window, icon, title string, body fyne.CanvasObject, buttons ...fyne.CanvasObject) *widget.PopUp {
	colour := look.Ember
	if icon == "error" {
		colour = look.Negative
	}
	picture := container.NewGridWrap(fyne.NewSquareSize(20), widget.NewIcon(look.Tinted(icon, colour)))
	head := widgets.Row(look.Gap, container.NewCenter(picture), widgets.Strong(title))
	foot := container.NewHBox(append([]fyne.CanvasObject{layout.NewSpacer()}, buttons...)...)
	content := widgets.Width(widgets.Column(look.Gap, head, body, foot), max(460, body.MinSize().Width))
	const n = 2 * look.Gap
	ground := &exitLayout{CustomPaddedLayout: layout.CustomPaddedLayout{TopPadding: n, BottomPadding: n, LeftPadding: n, RightPadding: n}}
	for _, o := range buttons {
		if out := wayOut(o); ground.out == nil && out != nil {
			ground.out = out
		}
	}
	return widget.NewModalPopUp(container.New(ground, content), w.Canvas())
}

// Prompt asks for a line of text; do gets it without spaces around it, and is
// not called for an empty one.
func Prompt(w fyne.Window, book *i18n.Book, title, hint, action string, do func(text string)) {
	entry := widgets.NewEntry()
	entry.SetPlaceHolder(hint)
	var pop *widget.PopUp
	take := func() {
		if text := strings.TrimSpace(entry.Text); text != "" {
			w.Canvas().Unfocus()
			pop.Hide()
			do(text)
		}
	}
	entry.OnSubmitted = func(string) { take() }
	cancel := widgets.NewButton(book.T("common.cancel"), func() { pop.Hide() })
	act := widgets.NewButton(action, take)
	act.Importance = widget.HighImportance
	pop = Modal(w, "file", title, entry, cancel, act)
	pop.Show()
	w.Canvas().Focus(entry)
}

// Wait is a dialog over long work.
type Wait struct {
	pop  *widget.PopUp
	bar  *widgets.Bar
	text *widgets.Text
}

// ShowWait opens a dialog over long work; cancel is called when a person does
// not want to wait.
func ShowWait(w fyne.Window, book *i18n.Book, title string, cancel func()) *Wait {
	d := &Wait{bar: widgets.NewBar(look.Ember, 4), text: widgets.Note("")}
	button := widgets.NewButton(book.T("common.cancel"), func() {
		cancel()
		d.Hide()
	})
	d.pop = Modal(w, "clock", title, widgets.Column(look.Gap, d.bar, d.text), button)
	d.pop.Show()
	return d
}

// Set shows how far the work is, in [0, 1], and says it in words.
func (d *Wait) Set(share float64, text string) {
	d.bar.Set(share)
	d.text.Set(text)
}

// Hide closes the dialog.
func (d *Wait) Hide() { d.pop.Hide() }
