package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Fyne's own fields keep Escape for themselves while they have the focus, so that a
// dialog they stand in could not be left by it. These hand it on.

// Select is Fyne's field of choices.
type Select struct{ widget.Select }

// NewSelect returns a field that offers options.
func NewSelect(options []string, changed func(string)) *Select {
	s := &Select{}
	s.Options, s.OnChanged = options, changed
	s.ExtendBaseWidget(s)
	return s
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

// TypedKey implements fyne.Focusable.
func (s *Slider) TypedKey(k *fyne.KeyEvent) {
	if !Escape(s, k) {
		s.Slider.TypedKey(k)
	}
}

// List is Fyne's list.
type List struct{ widget.List }

// NewList returns a list of length lines that make makes and fill fills.
func NewList(length func() int, make func() fyne.CanvasObject, fill func(int, fyne.CanvasObject)) *List {
	l := &List{}
	l.Length, l.CreateItem, l.UpdateItem = length, make, fill
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey implements fyne.Focusable.
func (l *List) TypedKey(k *fyne.KeyEvent) {
	if !Escape(l, k) {
		l.List.TypedKey(k)
	}
}
