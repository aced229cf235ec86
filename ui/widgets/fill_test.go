package widgets_test

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"athanor/ui/look"
	"athanor/ui/uitest"
	"athanor/ui/widgets"
)

// TestLargeFillIsDrawnInParts draws one fill as one rectangle and in parts, and
// expects the same picture but for the softness of the edge.
func TestLargeFillIsDrawnInParts(t *testing.T) {
	uitest.App(t)
	for _, size := range []fyne.Size{{Width: 301, Height: 203}, {Width: 300, Height: 200}, {Width: 176, Height: 771}} {
		fill := widgets.NewFill(look.Surface, look.Radius)
		one := canvas.NewRectangle(look.Colour(look.Surface))
		one.CornerRadius = look.Radius
		parts, whole := picture(t, fill, size), picture(t, one, size)
		if n := len(test.WidgetRenderer(fill).Objects()); n < 2 {
			t.Fatalf("%v: drawn as %d object", size, n)
		}
		for y := range int(size.Height) {
			for x := range int(size.Width) {
				if a, b := parts.at(x, y), whole.at(x, y); far(a, b) {
					t.Fatalf("%v: at %d,%d %v, want %v", size, x, y, a, b)
				}
			}
		}
	}
}

// TestSquareFillIsOneLine draws a fill of a thumbnail's size.
func TestSquareFillIsOneLine(t *testing.T) {
	uitest.App(t)
	size := fyne.NewSize(76, 76)
	fill := widgets.NewFill(look.Raised, 0)
	got, want := picture(t, fill, size), picture(t, canvas.NewRectangle(look.Colour(look.Raised)), size)
	if _, ok := test.WidgetRenderer(fill).Objects()[0].(*canvas.Line); !ok {
		t.Fatal("it is no line")
	}
	for y := range int(size.Height) {
		for x := range int(size.Width) {
			if a, b := got.at(x, y), want.at(x, y); far(a, b) {
				t.Fatalf("at %d,%d %v, want %v", x, y, a, b)
			}
		}
	}
}

// TestFillInPartsBecomesOneAgain makes a large fill small and translucent.
func TestFillInPartsBecomesOneAgain(t *testing.T) {
	uitest.App(t)
	fill := widgets.NewFill(look.Surface, look.Radius)
	w := test.NewTempWindow(t, container.NewWithoutLayout(fill))
	parts := func() int { return len(test.WidgetRenderer(fill).Objects()) }
	w.Resize(fyne.NewSize(400, 400))
	fill.Resize(fyne.NewSize(300, 300))
	if parts() == 1 {
		t.Error("a large fill is one object")
	}
	fill.Set("")
	if parts() != 1 {
		t.Error("a fill without colour is drawn in parts, which overlap")
	}
	fill.Set(look.Surface)
	if parts() == 1 {
		t.Error("a large fill with its colour back is one object")
	}
	fill.Resize(fyne.NewSize(300, 20))
	if parts() != 1 {
		t.Error("a small fill is drawn in parts")
	}
}

type shot struct{ at func(x, y int) color.Color }

func picture(t *testing.T, o fyne.CanvasObject, size fyne.Size) shot {
	t.Helper()
	w := test.NewTempWindow(t, container.NewWithoutLayout(o))
	w.SetPadded(false)
	w.Resize(size.AddWidthHeight(20, 20))
	o.Resize(size)
	return shot{w.Canvas().Capture().At}
}

func far(a, b color.Color) bool {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	const soft = 0x300
	return max(ar, br)-min(ar, br) > soft || max(ag, bg)-min(ag, bg) > soft || max(ab, bb)-min(ab, bb) > soft
}
