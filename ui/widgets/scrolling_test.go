package widgets_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"athanor/ui/uitest"
	"athanor/ui/widgets"
)

// The wheel moves a column of settings also where the pointer is over a field.
func TestTheWheelMovesAColumnOverItsFields(t *testing.T) {
	uitest.App(t)
	entry, list := widgets.NewEntry(), widgets.Column(8)
	list.Add(entry)
	for range 40 {
		list.Add(widgets.NewEntry())
	}
	w := test.NewTempWindow(t, widgets.Scrolling(list, nil))
	w.Resize(fyne.NewSize(300, 200))
	before := fyne.CurrentApp().Driver().AbsolutePositionForObject(entry)
	test.Scroll(w.Canvas(), before.AddXY(20, 15), 0, -60)
	if after := fyne.CurrentApp().Driver().AbsolutePositionForObject(entry); before.Y-after.Y != 60 {
		t.Errorf("the wheel moved the column by %v, want 60", before.Y-after.Y)
	}
}
