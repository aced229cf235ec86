package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Hold is a button that works as long as it is held down: with the pointer, or
// with Space while it has the focus.
type Hold struct {
	widget.Button
	// OnHold and OnRelease are called in turn.
	OnHold, OnRelease func()
	held              bool
	picture           fyne.Resource
	ring              Ring
}

// NewHold returns a button with text and icon.
func NewHold(text string, icon fyne.Resource) *Hold {
	h := &Hold{ring: NewRing(buttonRadius)}
	h.Text, h.Icon, h.picture = text, icon, icon
	h.ExtendBaseWidget(h)
	return h
}

// Allow says whether the button can be held.
func (h *Hold) Allow(on bool) {
	if on != h.Disabled() {
		return
	}
	Allow(h, h.picture, on)
}

// Allow makes a button usable or not. Fyne greys out icons by their fill, which
// icons made of strokes have none of: a button that is not usable goes without.
func Allow(b interface {
	fyne.Disableable
	SetIcon(icon fyne.Resource)
}, icon fyne.Resource, on bool,
) {
	if on {
		b.SetIcon(icon)
		b.Enable()
		return
	}
	b.SetIcon(nil)
	b.Disable()
}

// Held reports whether the button is down.
func (h *Hold) Held() bool { return h.held }

func (h *Hold) set(down bool) {
	if h.held == down || down && h.Disabled() {
		return
	}
	h.held = down
	h.Importance = widget.MediumImportance
	if down {
		h.Importance = widget.HighImportance
	}
	h.Refresh()
	do := h.OnRelease
	if down {
		do = h.OnHold
	}
	if do != nil {
		do()
	}
}

// Tapped implements fyne.Tappable: a tap is a short hold and nothing more.
func (h *Hold) Tapped(*fyne.PointEvent) {}

// MouseDown implements desktop.Mouseable.
func (h *Hold) MouseDown(e *desktop.MouseEvent) {
	if e.Button == desktop.MouseButtonPrimary {
		h.set(true)
	}
}

// MouseUp implements desktop.Mouseable.
func (h *Hold) MouseUp(*desktop.MouseEvent) { h.set(false) }

// MouseOut implements desktop.Hoverable: whoever leaves the button lets it go.
func (h *Hold) MouseOut() {
	h.Button.MouseOut()
	h.set(false)
}

// KeyDown implements desktop.Keyable.
func (h *Hold) KeyDown(e *fyne.KeyEvent) {
	if e.Name == fyne.KeySpace {
		h.set(true)
	}
}

// KeyUp implements desktop.Keyable.
func (h *Hold) KeyUp(e *fyne.KeyEvent) {
	if e.Name == fyne.KeySpace {
		h.set(false)
	}
}

// TypedKey implements fyne.Focusable; Space is held, not typed.
func (h *Hold) TypedKey(e *fyne.KeyEvent) { Escape(h, e) }

// FocusGained implements fyne.Focusable.
func (h *Hold) FocusGained() {
	h.Button.FocusGained()
	h.ring.Around(h, true)
}

// CreateRenderer implements fyne.Widget.
func (h *Hold) CreateRenderer() fyne.WidgetRenderer {
	return ringed{h.Button.CreateRenderer(), h.ring}
}

// FocusLost implements fyne.Focusable.
func (h *Hold) FocusLost() {
	h.Button.FocusLost()
	h.ring.Around(h, false)
	h.set(false)
}
