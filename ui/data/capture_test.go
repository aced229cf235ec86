package data_test

import (
	"image"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"athanor/ui/data"
	"athanor/ui/i18n"
	"athanor/ui/uitest"
)

// A button that is held stays under the pointer: nothing moves when pictures arrive.
func TestAHeldButtonDoesNotMoveWhenPicturesArrive(t *testing.T) {
	uitest.App(t)
	c := data.NewCapture(uitest.Book(t, i18n.English))
	c.ApplyFrame(image.NewGray(image.Rect(0, 0, 8, 8)), "")
	c.ApplyClasses([]data.Taken{{Name: "ants"}, {Name: "bees"}})
	w := test.NewTempWindow(t, c)
	w.Resize(fyne.NewSize(1000, 600))
	before := c.Place("bees")
	c.ApplyClasses([]data.Taken{{Name: "ants", Count: 3}, {Name: "bees", Count: 1}})
	if after := c.Place("bees"); after != before {
		t.Errorf("the button moved from %v to %v", before, after)
	}
}
