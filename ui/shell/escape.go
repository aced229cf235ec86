package shell

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/widgets"
)

// exitLayout is the layout of a dialog's content that knows the dialog's way out.
type exitLayout struct {
	layout.CustomPaddedLayout
	out func()
}

// wayOut is what pressing a dialog's button does; nil for what is no button.
func wayOut(o fyne.CanvasObject) func() {
	if b, ok := o.(*widgets.Button); ok {
		return func() { b.OnTapped() }
	}
	return nil
}

// Dismiss takes the way out of the dialog on top of w, as Escape does. It reports
// whether there was one of Athanor's.
func Dismiss(w fyne.Window) bool {
	top := w.Canvas().Overlays().Top()
	if top == nil {
		return false
	}
	// Fyne 2.8 lays a dialog into a container of an internal type.
	inside := reflect.Indirect(reflect.ValueOf(top)).FieldByName("Content")
	if !inside.IsValid() {
		return false
	}
	pop, ok := reflect.TypeAssert[*widget.PopUp](inside)
	if !ok {
		return false
	}
	if box, ok := pop.Content.(*fyne.Container); ok {
		if l, ok := box.Layout.(*exitLayout); ok && l.out != nil {
			l.out()
			return true
		}
	}
	return false
}
