package widgets_test

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"athanor/ui/look"
	"athanor/ui/uitest"
	"athanor/ui/widgets"
)

// shownGrid is a grid of red pictures in a window.
func shownGrid(t *testing.T, count int) (*widgets.Grid, fyne.Window) {
	uitest.App(t)
	g := widgets.NewGrid(72)
	red := image.NewRGBA(image.Rect(0, 0, 4, 4))
	draw.Draw(red, red.Rect, image.NewUniform(color.RGBA{R: 255, A: 255}), image.Point{}, draw.Src)
	g.Load = func(i int) { g.Put(i, widgets.Thumb{Picture: red, Caption: "red"}) }
	w := test.NewTempWindow(t, g)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(600, 400))
	g.SetCount(count)
	return g, w
}

// rowAt is the row of pictures that stands highest on screen.
func rowAt(g *widgets.Grid) *canvas.Raster {
	var first *canvas.Raster
	for _, o := range test.LaidOutObjects(g) {
		if row, ok := o.(*canvas.Raster); ok && row.Visible() && (first == nil || row.Position().Y < first.Position().Y) {
			first = row
		}
	}
	return first
}

func TestGridDrawsARowInOnePicture(t *testing.T) {
	g, _ := shownGrid(t, 3)
	row := rowAt(g)
	size := row.Size()
	img := row.Generator(int(size.Width), int(size.Height))
	cell := int(size.Height)
	ground := color.RGBAModel.Convert(look.Colour(look.Raised))
	for _, c := range []struct {
		x, y int
		want color.Color
	}{{cell / 2, cell / 2, color.RGBA{R: 255, A: 255}}, {0, 0, ground}, {cell + 1, 5, color.RGBA{}}, {4*cell + 20, 5, color.RGBA{}}} {
		if got := img.At(c.x, c.y); got != c.want {
			t.Errorf("at %d,%d %v, want %v", c.x, c.y, got, c.want)
		}
	}
}

// Only what comes into view is asked for, and what has scrolled away comes back.
func TestGridScrollsThroughManySamples(t *testing.T) {
	g, w := shownGrid(t, 100000)
	asked := map[int]bool{}
	g.Load = func(i int) { asked[i] = true }
	test.Scroll(w.Canvas(), fyne.NewPos(100, 100), 0, -40000)
	if len(asked) == 0 || len(asked) > 100 {
		t.Errorf("far below %d are asked for", len(asked))
	}
	for i := range asked {
		if i < 1000 {
			t.Fatalf("far below sample %d is asked for", i)
		}
	}
	test.Scroll(w.Canvas(), fyne.NewPos(100, 100), 0, 40000)
	if top := rowAt(g); top.Position().Y != 0 || !g.Has(0) {
		t.Errorf("back at the beginning the first row stands at %v", top.Position())
	}
}

func TestGridIsPressedByPointerAndKeys(t *testing.T) {
	g, w := shownGrid(t, 1000)
	var pressed []int
	g.OnSelect = func(i int) { pressed = append(pressed, i) }
	test.TapCanvas(w.Canvas(), fyne.NewPos(130, 40))
	test.TapCanvas(w.Canvas(), fyne.NewPos(130, 40)) // it is pressed already
	focused := w.Canvas().Focused()
	if focused == nil {
		t.Fatal("the keyboard is elsewhere")
	}
	for _, key := range []fyne.KeyName{fyne.KeyRight, fyne.KeyDown, fyne.KeySpace, fyne.KeyEnd, fyne.KeyReturn} {
		focused.TypedKey(&fyne.KeyEvent{Name: key})
	}
	g.Unselect()
	focused.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	columns := int(rowAt(g).Size().Width+4) / int(rowAt(g).Size().Height+4)
	want := []int{1, 2 + columns, 999, 999}
	if len(pressed) != len(want) {
		t.Fatalf("pressed %v, want %v", pressed, want)
	}
	for i := range want {
		if pressed[i] != want[i] {
			t.Fatalf("pressed %v, want %v", pressed, want)
		}
	}
	if !g.Has(999) {
		t.Error("the last sample did not come into view")
	}
}

func TestGridMarksWhatIsUnderThePointer(t *testing.T) {
	g, w := shownGrid(t, 3)
	marks := func() (n int) {
		for _, o := range test.LaidOutObjects(g) {
			if r, ok := o.(*canvas.Rectangle); ok && r.Visible() && r.CornerRadius == 4 {
				n++
			}
		}
		return n
	}
	before := marks()
	test.MoveMouse(w.Canvas(), fyne.NewPos(40, 40))
	if marks() != before+1 {
		t.Error("the sample under the pointer is not marked")
	}
	test.MoveMouse(w.Canvas(), fyne.NewPos(500, 300))
	if marks() != before {
		t.Error("a sample is marked without the pointer")
	}
}
