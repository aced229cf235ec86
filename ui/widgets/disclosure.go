package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Disclosure is a line that shows or hides what stands below it.
type Disclosure struct {
	widget.BaseWidget
	// OnOpen, where set, is called when the content was shown or hidden.
	OnOpen  func()
	line    *Button
	content fyne.CanvasObject
}

// NewDisclosure returns a line called title over content that is hidden.
func NewDisclosure(title string, content fyne.CanvasObject) *Disclosure {
	d := &Disclosure{content: content}
	d.line = NewButton(title, func() { d.Open(!d.content.Visible()) })
	d.line.Importance, d.line.Alignment = widget.LowImportance, widget.ButtonAlignLeading
	d.ExtendBaseWidget(d)
	d.Open(false)
	return d
}

// Open shows the content, or hides it.
func (d *Disclosure) Open(on bool) {
	icon := "right"
	if on {
		icon = "down"
	}
	d.line.SetIcon(look.Tinted(icon, theme.ColorNameForeground))
	SetVisible(d.content, on)
	d.Refresh()
	if d.OnOpen != nil {
		d.OnOpen()
	}
}

// CreateRenderer implements fyne.Widget.
func (d *Disclosure) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewVBox(d.line, d.content))
}
