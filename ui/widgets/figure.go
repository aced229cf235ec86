package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Figure is a big number with its name above and a remark below.
type Figure struct {
	widget.BaseWidget
	name, value, remark *Text
}

// NewFigure returns a figure that shows a dash until it is set.
func NewFigure(name string) *Figure {
	f := &Figure{name: Note(name).Truncate(), value: Big("–").Shrink(), remark: Note("").Truncate()}
	f.ExtendBaseWidget(f)
	return f
}

// NewSmallFigure returns a figure with its number in the text size.
func NewSmallFigure(name string) *Figure {
	f := &Figure{name: Note(name).Truncate(), value: Strong("–").Truncate()}
	f.ExtendBaseWidget(f)
	return f
}

// NewFigureOf returns a small figure that shows value.
func NewFigureOf(name, value string) *Figure {
	f := NewSmallFigure(name)
	f.Set(value, "")
	return f
}

// Set changes number and remark; it draws only what changed.
func (f *Figure) Set(value, remark string) {
	f.value.Set(value)
	if f.remark != nil {
		f.remark.Set(remark)
	}
}

// Rename changes what stands above the number.
func (f *Figure) Rename(name string) { f.name.Set(name) }

// Name is what stands above the number.
func (f *Figure) Name() string { return f.name.Text() }

// Value is the number as it is shown.
func (f *Figure) Value() string { return f.value.Text() }

// CreateRenderer implements fyne.Widget.
func (f *Figure) CreateRenderer() fyne.WidgetRenderer {
	if f.remark == nil {
		return widget.NewSimpleRenderer(Column(2, f.name, f.value))
	}
	apart := container.New(layout.NewCustomPaddedLayout(0, 0, 0, look.Gap/4), Column(2, f.name, beside(f.value), f.remark))
	return widget.NewSimpleRenderer(container.New(minimum{fyne.NewSize(72, 0)}, apart))
}

// beside keeps a big number clear of the next one.
func beside(value *Text) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, 0, look.Gap), value)
}

// minimum keeps its only object at least a size.
type minimum struct{ size fyne.Size }

func (m minimum) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().Max(m.size)
}

func (m minimum) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }

// Empty is what a screen without content shows: an icon, what is missing and
// what to do next; action may be nil.
func Empty(icon, title, advice string, action fyne.CanvasObject) *fyne.Container {
	picture := widget.NewIcon(look.Tinted(icon, look.Muted))
	text := Width(Paragraph(advice, look.Muted).Centre(), 420)
	box := Column(look.Gap, container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(40), picture)),
		Strong(title).Align(fyne.TextAlignCenter), text)
	if action != nil {
		box.Add(container.NewCenter(action))
	}
	return container.NewCenter(box)
}
