package try_test

import (
	"image"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"athanor/ui/try"
	"athanor/ui/uitest"
)

// A stroke through three places ends where the pointer was lifted, and bends
// around the one in the middle instead of breaking at it.
func TestStrokesAreSmooth(t *testing.T) {
	uitest.App(t)
	s := try.NewSketch()
	w := test.NewTempWindow(t, s)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(280, 280))
	asked := 0
	s.OnChange = func() { asked++ }
	at := func(x, y float32) *desktop.MouseEvent {
		return &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}}
	}
	s.MouseDown(at(40, 240))
	s.MouseMoved(at(140, 40))
	s.MouseMoved(at(240, 240))
	s.MouseUp(at(240, 240))
	if s.Empty() || asked != 4 {
		t.Errorf("empty %v, asked %d times", s.Empty(), asked)
	}
	digit, ok := s.Digit().(*image.Gray)
	if !ok || digit.Rect.Dx() != 28 {
		t.Fatalf("the digit is %T of %v", s.Digit(), s.Digit().Bounds())
	}
	ink := 0
	for _, v := range digit.Pix {
		ink += int(v)
	}
	if ink == 0 {
		t.Error("no ink")
	}
	top := topOf(digit)
	if row := digit.Pix[top*28 : top*28+28]; count(row) > 8 {
		t.Errorf("the top is %d pixels wide", count(row))
	}
}

// topOf is the first row with ink.
func topOf(g *image.Gray) int {
	for y := range 28 {
		if count(g.Pix[y*28:y*28+28]) > 0 {
			return y
		}
	}
	return 0
}

func count(row []uint8) (n int) {
	for _, v := range row {
		if v > 64 {
			n++
		}
	}
	return n
}
