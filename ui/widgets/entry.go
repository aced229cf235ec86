package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Entry is Fyne's text field, except that the window's shortcuts keep working
// while it has the focus; the field's own (copy, paste, undo …) stay its own.
type Entry struct {
	widget.Entry
	// OnKey, where set, sees every key first and reports whether it used it up.
	OnKey func(*fyne.KeyEvent) bool
	// OnBlur, where set, is called when the focus leaves.
	OnBlur func()
}

// NewEntry returns a one-line field.
func NewEntry() *Entry {
	e := &Entry{}
	e.ExtendBaseWidget(e)
	return e
}

// NewTextArea returns a field of several wrapped lines.
func NewTextArea() *Entry {
	e := &Entry{}
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapWord
	e.ExtendBaseWidget(e)
	return e
}

// TypedShortcut implements fyne.Shortcutable.
func (e *Entry) TypedShortcut(s fyne.Shortcut) {
	custom, ok := s.(*desktop.CustomShortcut)
	if !ok || movesCursor(custom) {
		e.Entry.TypedShortcut(s)
		return
	}
	c := fyne.CurrentApp().Driver().CanvasForObject(e.super())
	if target, ok := c.(fyne.Shortcutable); ok {
		target.TypedShortcut(s)
	}
}

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(k *fyne.KeyEvent) {
	if e.OnKey != nil && e.OnKey(k) {
		return
	}
	if Escape(e, k) {
		return
	}
	e.Entry.TypedKey(k)
}

// Escape takes the focus from o and hands the key on to the window where it is
// Escape: what has the focus would keep it for itself.
func Escape(o fyne.CanvasObject, k *fyne.KeyEvent) bool {
	c := fyne.CurrentApp().Driver().CanvasForObject(o)
	if k.Name != fyne.KeyEscape || c == nil {
		return false
	}
	c.Unfocus()
	if hear := c.OnTypedKey(); hear != nil {
		hear(k)
	}
	return true
}

// FocusLost implements fyne.Focusable.
func (e *Entry) FocusLost() {
	e.Entry.FocusLost()
	if e.OnBlur != nil {
		e.OnBlur()
	}
}

func (e *Entry) super() fyne.CanvasObject { return e }

// movesCursor says whether Fyne's field understands the shortcut itself: moves
// and deletions by word.
func movesCursor(s *desktop.CustomShortcut) bool {
	switch s.KeyName {
	case fyne.KeyLeft, fyne.KeyRight, fyne.KeyUp, fyne.KeyDown, fyne.KeyBackspace, fyne.KeyDelete, fyne.KeyHome, fyne.KeyEnd:
		return true
	}
	return false
}
