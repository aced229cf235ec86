package widgets_test

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"athanor/ui/look"
	"athanor/ui/uitest"
	"athanor/ui/widgets"
)

func TestGridAsksOnlyForWhatIsVisible(t *testing.T) {
	uitest.App(t)
	g := widgets.NewGrid(72)
	asked := map[int]bool{}
	g.Load = func(i int) { asked[i] = true }
	w := test.NewTempWindow(t, g)
	w.Resize(fyne.NewSize(600, 400))
	g.SetCount(100000)
	if len(asked) == 0 || len(asked) > 200 {
		t.Fatalf("asked for %d of 100,000 pictures", len(asked))
	}
	g.Put(3, widgets.Thumb{Picture: image.NewGray(image.Rect(0, 0, 2, 2)), Caption: "seven"})
	if !g.Has(3) || g.Has(4) {
		t.Error("the wrong pictures are there")
	}
	g.Put(200000, widgets.Thumb{})
	if g.Has(200000) {
		t.Error("took a picture beyond the end")
	}
}

// A page that was never on screen may be filled already.
func TestGridTakesSamplesBeforeItIsShown(t *testing.T) {
	uitest.App(t)
	g := widgets.NewGrid(72)
	g.SetCount(3)
	g.Put(1, widgets.Thumb{Picture: image.NewGray(image.Rect(0, 0, 2, 2)), Caption: "one"})
	g.Unselect()
	asked := 0
	g.Load = func(int) { asked++ }
	w := test.NewTempWindow(t, g)
	w.Resize(fyne.NewSize(600, 400))
	if !g.Has(1) || asked == 0 {
		t.Errorf("the picture is kept: %v, asked for %d others", g.Has(1), asked)
	}
}

// The columns fill the width: beside them there is no room for another half of one.
func TestGridFillsItsWidth(t *testing.T) {
	uitest.App(t)
	g := widgets.NewGrid(72)
	w := test.NewTempWindow(t, container.NewStack(g))
	for _, width := range []float32{600, 713, 1380} {
		w.Resize(fyne.NewSize(width, 400))
		g.SetCount(1000)
		inner, right := g.Size().Width, float32(0)
		for _, o := range test.LaidOutObjects(g) {
			if row, ok := o.(*canvas.Raster); ok {
				right = row.Size().Width
			}
		}
		if right < inner-24 || right > inner {
			t.Errorf("at a width of %v pictures end at %v", inner, right)
		}
	}
}

func TestConfusionFindsTheCell(t *testing.T) {
	uitest.App(t)
	c := widgets.NewConfusion()
	w := test.NewTempWindow(t, container.NewStack(c))
	w.Resize(fyne.NewSize(300, 300))
	if _, _, ok := c.Cell(fyne.NewPos(100, 100)); ok {
		t.Error("an empty matrix has no cells")
	}
	c.Set([]string{"cat", "dog"}, [][]int{{9, 1}, {2, 8}})
	var got [2]int
	c.OnCell = func(truth, predicted int) { got = [2]int{truth, predicted} }
	size := c.Size()
	c.Tapped(&fyne.PointEvent{Position: fyne.NewPos(size.Width-30, 30)})
	if got != [2]int{0, 1} {
		t.Errorf("the upper right cell is %v", got)
	}
}

func TestShadeMakesErrorsVisible(t *testing.T) {
	empty, right, wrong := color.NRGBA{A: 255}, color.NRGBA{G: 255, A: 255}, color.NRGBA{R: 255, A: 255}
	img := widgets.Shade([][]int{{999, 1}, {0, 1000}}, empty, right, wrong)
	if r, g, _, _ := img.At(1, 0).RGBA(); r < 0x2000 || g != 0 {
		t.Errorf("one error in a thousand is not visible: %v", img.At(1, 0))
	}
	if c := img.At(0, 1); c != (color.NRGBA{A: 255}) {
		t.Errorf("an empty cell is %v", c)
	}
}

func TestEntryTakesCommittedChinese(t *testing.T) {
	uitest.App(t)
	e := widgets.NewEntry()
	w := test.NewTempWindow(t, e)
	w.Canvas().Focus(e)
	used := 0
	e.OnKey = func(k *fyne.KeyEvent) bool {
		used++
		return k.Name == fyne.KeyEscape
	}
	for _, r := range "网络" {
		e.TypedRune(r)
	}
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if e.Text != "网" || used != 2 {
		t.Errorf("the field holds %q after %d keys", e.Text, used)
	}
}

func TestTextCutsOnlyWhatDoesNotFit(t *testing.T) {
	uitest.App(t)
	text := widgets.Body("a sentence that is far too long for its place").Truncate()
	w := test.NewTempWindow(t, container.NewStack(text))
	w.Resize(fyne.NewSize(120, 40))
	markup := test.RenderObjectToMarkup(text)
	if !strings.Contains(markup, "…") || text.Text() != "a sentence that is far too long for its place" {
		t.Errorf("not cut: %s", markup)
	}
	w.Resize(fyne.NewSize(900, 40))
	if strings.Contains(test.RenderObjectToMarkup(text), "…") {
		t.Error("cut although there is room")
	}
}

func TestPressWorksByMouseAndKeyboard(t *testing.T) {
	uitest.App(t)
	taps := 0
	p := widgets.NewPress(widgets.Body("·"), look.Surface, 4, func() { taps++ })
	test.NewTempWindow(t, p)
	test.Tap(p)
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if taps != 3 {
		t.Errorf("%d taps, want 3", taps)
	}
}

func TestTilesFillRowsEvenly(t *testing.T) {
	uitest.App(t)
	var cards []fyne.CanvasObject
	for range 6 {
		cards = append(cards, widgets.Body("·"))
	}
	tiles := widgets.Tiles(200, 50, cards...)
	tiles.Resize(fyne.NewSize(1000, 400))
	if a, b := cards[2].Position(), cards[3].Position(); a.Y == b.Y || b.X != 0 {
		t.Errorf("six tiles with room for four a row are not 3 + 3: %v, %v", a, b)
	}
}

func TestPasteIsCutWhereTheFieldSaysSo(t *testing.T) {
	a := uitest.App(t)
	w := a.NewWindow("")
	e := widgets.NewTextArea()
	cut := false
	e.Most, e.OnCut = 7, func() { cut = true }
	w.SetContent(e)
	a.Clipboard().SetContent("很好 ok 很")
	e.TypedShortcut(&fyne.ShortcutPaste{Clipboard: a.Clipboard()})
	if e.Text != "很好 " || !cut {
		t.Errorf("%q was pasted, told: %v", e.Text, cut)
	}
}

// Cards stand as far apart sideways as below each other, and those hidden leave no gap.
func TestCardsStandEvenly(t *testing.T) {
	uitest.App(t)
	var list []fyne.CanvasObject
	for range 4 {
		r := canvas.NewRectangle(color.White)
		r.SetMinSize(fyne.NewSize(30, 20))
		list = append(list, r)
	}
	list[1].Hide()
	c := widgets.Cards(2, list...)
	if got := c.MinSize(); got != fyne.NewSize(72, 52) {
		t.Errorf("they need %v", got)
	}
	c.Resize(fyne.NewSize(212, 112))
	for i, want := range map[int]fyne.Position{0: {}, 2: {X: 112}, 3: {Y: 62}} {
		if list[i].Position() != want || list[i].Size() != fyne.NewSize(100, 50) {
			t.Errorf("card %d stands at %v and is %v large", i, list[i].Position(), list[i].Size())
		}
	}
}

// TestAButtonPressedByTheKeyboardKeepsTheFocus: Space and Enter press it, and the next
// Tab goes on from there.
func TestAButtonPressedByTheKeyboardKeepsTheFocus(t *testing.T) {
	test.NewTempApp(t)
	pressed := 0
	b := widgets.NewButton("Next", func() { pressed++ })
	w := test.NewTempWindow(t, container.NewVBox(b, widgets.NewCheck("Other", nil)))
	w.Canvas().Focus(b)
	for i, key := range []fyne.KeyName{fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter} {
		b.TypedKey(&fyne.KeyEvent{Name: key})
		if pressed != i+1 || w.Canvas().Focused() != fyne.Focusable(b) {
			t.Errorf("%s: pressed %d times, the focus is at %v", key, pressed, w.Canvas().Focused())
		}
	}
	b.Disable()
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if pressed != 3 {
		t.Error("a button that is not usable was pressed")
	}
}

// TestEscapeLeavesEveryField: what has the focus hands Escape on to the window.
func TestEscapeLeavesEveryField(t *testing.T) {
	test.NewTempApp(t)
	group := widgets.NewCheckGroup([]string{"a", "b"}, nil)
	fields := []fyne.CanvasObject{
		widgets.NewButton("b", nil), widgets.NewSelect([]string{"a"}, nil), widgets.NewCheck("c", nil), widgets.NewSlider(0, 1),
		widgets.NewSelectEntry([]string{"a"}), widgets.NewEntry(), widgets.NewTextArea(), group,
		widgets.NewList(func() int { return 1 }, func() fyne.CanvasObject { return widgets.Body("x") }, func(int, fyne.CanvasObject) {}),
		widgets.NewPress(widgets.Body("p"), "", 4, nil), widgets.NewHold("h", nil),
	}
	w := test.NewTempWindow(t, container.NewVBox(fields...))
	heard := 0
	w.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		if k.Name == fyne.KeyEscape {
			heard++
		}
	})
	seen := map[fyne.Focusable]bool{}
	for range 2 * len(fields) {
		w.Canvas().FocusNext()
		o := w.Canvas().Focused()
		if seen[o] {
			break
		}
		seen[o] = true
		o.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
		if heard != len(seen) {
			t.Fatalf("%T keeps Escape for itself", o)
		}
		w.Canvas().Focus(o)
	}
	if len(seen) != len(fields)+2 { // the group has two, and one has a button that opens its list
		t.Errorf("Tab went to %d of %d fields", len(seen), len(fields)+2)
	}
}

// TestTabFollowsReading: the top, the left, the middle, the right, the bottom.
func TestTabFollowsReading(t *testing.T) {
	test.NewTempApp(t)
	button := func(name string) *widgets.Button { return widgets.NewButton(name, nil) }
	w := test.NewTempWindow(t, widgets.Border(button("top"), button("bottom"), button("left"), button("right"), button("middle")))
	for _, want := range []string{"top", "left", "middle", "right", "bottom"} {
		w.Canvas().FocusNext()
		if b, ok := w.Canvas().Focused().(*widgets.Button); !ok || b.Text != want {
			t.Errorf("Tab goes to %v, not to %s", w.Canvas().Focused(), want)
		}
	}
}
