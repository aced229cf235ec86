package widgets

import (
	"unicode/utf8"

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
	// Most is how many bytes are pasted at once, 0 for any: laying out a text of
	// megabytes would stop the window for minutes. OnCut is told of what was left out.
	Most  int
	OnCut func()
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

// cutPaste is a clipboard whose content ends early.
type cutPaste struct {
	fyne.Clipboard
	content string
}

// Content implements fyne.Clipboard.
func (c cutPaste) Content() string { return c.content }

// Beginning is the beginning of a text, at most so many bytes and whole characters.
func Beginning(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// paste is the shortcut with no more than what is taken.
func (e *Entry) paste(s *fyne.ShortcutPaste) fyne.Shortcut {
	content := s.Clipboard.Content()
	if e.Most == 0 || len(content) <= e.Most {
		return s
	}
	if e.OnCut != nil {
		e.OnCut()
	}
	return &fyne.ShortcutPaste{Clipboard: cutPaste{s.Clipboard, Beginning(content, e.Most)}}
}

// TypedShortcut implements fyne.Shortcutable.
func (e *Entry) TypedShortcut(s fyne.Shortcut) {
	if paste, ok := s.(*fyne.ShortcutPaste); ok {
		s = e.paste(paste)
	}
	if !handOn(e, s) {
		e.Entry.TypedShortcut(s)
	}
}

// handOn gives a shortcut of the window, which a field would keep, to the window.
func handOn(field fyne.CanvasObject, s fyne.Shortcut) bool {
	custom, ok := s.(*desktop.CustomShortcut)
	if !ok || movesCursor(custom) {
		return false
	}
	if target, ok := fyne.CurrentApp().Driver().CanvasForObject(field).(fyne.Shortcutable); ok {
		target.TypedShortcut(s)
	}
	return true
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

// FocusGained implements fyne.Focusable.
func (e *Entry) FocusGained() {
	e.Entry.FocusGained()
	Reveal(e)
}

// FocusLost implements fyne.Focusable.
func (e *Entry) FocusLost() {
	e.Entry.FocusLost()
	if e.OnBlur != nil {
		e.OnBlur()
	}
}

// movesCursor says whether Fyne's field understands the shortcut itself: moves
// and deletions by word.
func movesCursor(s *desktop.CustomShortcut) bool {
	switch s.KeyName {
	case fyne.KeyLeft, fyne.KeyRight, fyne.KeyUp, fyne.KeyDown, fyne.KeyBackspace, fyne.KeyDelete, fyne.KeyHome, fyne.KeyEnd:
		return true
	}
	return false
}
