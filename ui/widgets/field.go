package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Fyne's own fields keep Escape for themselves while they have the focus, so that a
// dialog they stand in could not be left by it. These hand it on.

// Select is Fyne's field of choices.
type Select struct {
	widget.Select
	ring Ring
}

// NewSelect returns a field that offers options.
func NewSelect(options []string, changed func(string)) *Select {
	s := &Select{ring: NewRing(buttonRadius)}
	s.Options, s.OnChanged = options, changed
	s.ExtendBaseWidget(s)
	return s
}

// FocusGained implements fyne.Focusable.
func (s *Select) FocusGained() {
	s.Select.FocusGained()
	s.ring.Around(s, true)
}

// FocusLost implements fyne.Focusable.
func (s *Select) FocusLost() {
	s.Select.FocusLost()
	s.ring.Around(s, false)
}

// CreateRenderer implements fyne.Widget.
func (s *Select) CreateRenderer() fyne.WidgetRenderer {
	return ringed{s.Select.CreateRenderer(), s.ring}
}

// TypedKey implements fyne.Focusable.
func (s *Select) TypedKey(k *fyne.KeyEvent) {
	if !Escape(s, k) {
		s.Select.TypedKey(k)
	}
}

// Check is Fyne's switch.
type Check struct{ widget.Check }

// NewCheck returns a switch called text.
func NewCheck(text string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = text, changed
	c.ExtendBaseWidget(c)
	return c
}

// FocusGained implements fyne.Focusable.
func (c *Check) FocusGained() {
	c.Check.FocusGained()
	Reveal(c)
}

// TypedKey implements fyne.Focusable.
func (c *Check) TypedKey(k *fyne.KeyEvent) {
	if !Escape(c, k) {
		c.Check.TypedKey(k)
	}
}

// Slider is Fyne's slider.
type Slider struct{ widget.Slider }

// NewSlider returns a slider from low to high.
func NewSlider(low, high float64) *Slider {
	s := &Slider{}
	s.Min, s.Max, s.Step = low, high, 1
	s.ExtendBaseWidget(s)
	return s
}

// FocusGained implements fyne.Focusable.
func (s *Slider) FocusGained() {
	s.Slider.FocusGained()
	Reveal(s)
}

// TypedKey implements fyne.Focusable.
func (s *Slider) TypedKey(k *fyne.KeyEvent) {
	if !Escape(s, k) {
		s.Slider.TypedKey(k)
	}
}

// List is Fyne's list.
type List struct {
	widget.List
	ring Ring
}

// NewList returns a list of length lines that make makes and fill fills.
func NewList(length func() int, make func() fyne.CanvasObject, fill func(int, fyne.CanvasObject)) *List {
	l := &List{ring: NewRing(buttonRadius)}
	l.Length, l.CreateItem, l.UpdateItem = length, make, fill
	l.ExtendBaseWidget(l)
	return l
}

// FocusGained implements fyne.Focusable.
func (l *List) FocusGained() {
	l.List.FocusGained()
	l.ring.Around(l, true)
}

// FocusLost implements fyne.Focusable.
func (l *List) FocusLost() {
	l.List.FocusLost()
	l.ring.Around(l, false)
}

// CreateRenderer implements fyne.Widget.
func (l *List) CreateRenderer() fyne.WidgetRenderer {
	return ringed{l.List.CreateRenderer(), l.ring}
}

// TypedKey implements fyne.Focusable.
func (l *List) TypedKey(k *fyne.KeyEvent) {
	if !Escape(l, k) {
		l.List.TypedKey(k)
	}
}

// SelectEntry is Fyne's field that offers texts and takes others.
type SelectEntry struct{ widget.SelectEntry }

// NewSelectEntry returns a field that offers options.
func NewSelectEntry(options []string) *SelectEntry {
	e := &SelectEntry{}
	e.ExtendBaseWidget(e)
	e.Wrapping = fyne.TextWrapOff
	e.SetOptions(options)
	if theirs, ok := e.ActionItem.(*widget.Button); ok { // it opens the list, and keeps Escape
		ours := NewButtonWithIcon("", theirs.Icon, theirs.OnTapped)
		ours.Importance = theirs.Importance
		e.ActionItem = ours
	}
	return e
}

// FocusGained implements fyne.Focusable.
func (e *SelectEntry) FocusGained() {
	e.SelectEntry.FocusGained()
	Reveal(e)
}

// TypedKey implements fyne.Focusable.
func (e *SelectEntry) TypedKey(k *fyne.KeyEvent) {
	if !Escape(e, k) {
		e.SelectEntry.TypedKey(k)
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (e *SelectEntry) TypedShortcut(s fyne.Shortcut) {
	if !handOn(e, s) {
		e.SelectEntry.TypedShortcut(s)
	}
}
