package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Explained is content with an explanation that comes while the mouse rests on it,
// or after a tap, and goes when the mouse does.
type Explained struct {
	widget.BaseWidget
	content fyne.CanvasObject
	explain func(on bool, over fyne.CanvasObject)
}

// NewExplained returns content that calls explain when its explanation is wanted,
// and again when it is not any more.
func NewExplained(content fyne.CanvasObject, explain func(on bool, over fyne.CanvasObject)) *Explained {
	e := &Explained{content: content, explain: explain}
	e.ExtendBaseWidget(e)
	return e
}

// MouseIn implements desktop.Hoverable.
func (e *Explained) MouseIn(*desktop.MouseEvent) { e.explain(true, e) }

// MouseMoved implements desktop.Hoverable.
func (e *Explained) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (e *Explained) MouseOut() { e.explain(false, e) }

// Tapped implements fyne.Tappable.
func (e *Explained) Tapped(*fyne.PointEvent) { e.explain(true, e) }

// CreateRenderer implements fyne.Widget.
func (e *Explained) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(e.content) }
