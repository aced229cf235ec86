package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Button is Fyne's button; with the focus, which a ring shows, Enter presses it as Space
// does, the focus stays, and Escape reaches the window (see Escape).
type Button struct {
	widget.Button
	ring Ring
}

// buttonRadius is that of the corners of buttons and fields.
const buttonRadius = 6

// NewButton returns a button that calls do.
func NewButton(text string, do func()) *Button { return NewButtonWithIcon(text, nil, do) }

// NewButtonWithIcon returns a button with an icon that calls do.
func NewButtonWithIcon(text string, icon fyne.Resource, do func()) *Button {
	b := &Button{ring: NewRing(buttonRadius)}
	b.Text, b.Icon, b.OnTapped = text, icon, do
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey implements fyne.Focusable.
func (b *Button) TypedKey(k *fyne.KeyEvent) {
	pressed := k.Name == fyne.KeySpace || k.Name == fyne.KeyReturn || k.Name == fyne.KeyEnter
	if !Escape(b, k) && pressed && !b.Disabled() && b.OnTapped != nil {
		b.OnTapped() // Fyne's Tapped takes the focus away, and with it the place in the window
	}
}

// FocusGained implements fyne.Focusable.
func (b *Button) FocusGained() {
	b.Button.FocusGained()
	b.ring.Around(b, true)
}

// FocusLost implements fyne.Focusable.
func (b *Button) FocusLost() {
	b.Button.FocusLost()
	b.ring.Around(b, false)
}

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	return ringed{b.Button.CreateRenderer(), b.ring}
}
