package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Press makes any content something to press: it shows hover and, by a ring, focus, and
// Space or Enter press it like a click.
type Press struct {
	widget.BaseWidget
	OnTap    func()
	content  fyne.CanvasObject
	ground   *Fill
	veil     *Fill
	base     fyne.ThemeColorName
	selected bool
	ring     Ring
}

// NewPress returns content on a ground in the colour base that calls tap; "" is no
// ground.
func NewPress(content fyne.CanvasObject, base fyne.ThemeColorName, radius float32, tap func()) *Press {
	p := &Press{OnTap: tap, content: content, base: base}
	p.ground = NewFill(base, radius)
	p.veil = NewFill(theme.ColorNameHover, radius)
	p.veil.Hide()
	p.ring = NewRing(radius)
	p.ExtendBaseWidget(p)
	return p
}

// Select shows the press as the chosen one of its group.
func (p *Press) Select(on bool) {
	if p.selected == on {
		return
	}
	p.selected = on
	p.paint()
}

func (p *Press) paint() {
	colour := p.base
	if p.selected {
		colour = look.EmberSoft
	}
	p.ground.Set(colour)
}

// Tapped implements fyne.Tappable.
func (p *Press) Tapped(*fyne.PointEvent) {
	if p.OnTap != nil {
		p.OnTap()
	}
}

// MouseIn implements desktop.Hoverable.
func (p *Press) MouseIn(*desktop.MouseEvent) { p.veil.Show() }

// MouseMoved implements desktop.Hoverable.
func (p *Press) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *Press) MouseOut() { p.veil.Hide() }

// Cursor implements desktop.Cursorable.
func (p *Press) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained implements fyne.Focusable.
func (p *Press) FocusGained() { p.ring.Around(p, true) }

// FocusLost implements fyne.Focusable.
func (p *Press) FocusLost() { p.ring.Around(p, false) }

// TypedRune implements fyne.Focusable.
func (p *Press) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (p *Press) TypedKey(e *fyne.KeyEvent) {
	if Escape(p, e) {
		return
	}
	if e.Name == fyne.KeySpace || e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		p.Tapped(nil)
	}
}

// CreateRenderer implements fyne.Widget.
func (p *Press) CreateRenderer() fyne.WidgetRenderer {
	p.paint()
	return widget.NewSimpleRenderer(container.NewStack(p.ground, p.content, p.veil, p.ring.Rectangle))
}
