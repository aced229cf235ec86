package e2e_test

import (
	"fmt"
	"image"
	"testing"
	"time"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/ui"
)

// TestScreensFitEverySize photographs every screen at the smallest size and at
// twice the scale, in both languages; what is cut off at the right edge would
// leave the window's margin covered.
func TestScreensFitEverySize(t *testing.T) {
	needTools(t)
	testenv.NeedNative(t, runtime.Load())
	binary := build(t)
	for _, size := range []struct {
		width, height int
		scale         string
	}{{1024, 700, "1"}, {2560, 1440, "2"}} {
		name := fmt.Sprintf("%dx%d", size.width, size.height)
		t.Run(name, func(t *testing.T) {
			d := openDisplay(t, name, outFolder(t))
			home := t.TempDir()
			factor := 1
			if size.scale == "2" {
				factor = 2
			}
			settings(t, home, fmt.Sprintf("[window]\nwidth = %d\nheight = %d\n", size.width/factor, size.height/factor))
			p := start(t, d, binary, home, "1", "FYNE_SCALE="+size.scale)
			p.up(t)
			if factor == 1 { // a run fills the train screen, which must not push anything out
				p.train(t, d)
				p.rested(t)
				p.walk(t, d, image.Rect(0, 0, size.width, size.height-40))
			}
			for _, look := range looks() {
				p.dress(t, look)
				if factor != 1 {
					p.palette(t, "digits")
					p.rested(t)
				}
				for _, place := range places() {
					p.goes(t, place[0], place[1])
					img := d.shoot(place[0] + "-" + look[0] + "-" + name)
					marginIsFree(t, img, factor, place[0]+" "+look[0])
					if factor == 1 {
						statusIsWhole(t, img, place[0]+" "+look[0])
					}
				}
			}
			if c := p.close(t); c.Errors != 0 {
				t.Errorf("%d errors were shown", c.Errors)
			}
		})
	}
}

// marginIsFree fails where something reaches into the window's right margin, as
// the screens' content does when it is wider than the window.
func marginIsFree(t *testing.T, img image.Image, factor int, what string) {
	t.Helper()
	b := img.Bounds()
	strip := image.Rect(b.Max.X-10*factor, b.Min.Y+100*factor, b.Max.X-2*factor, b.Max.Y-40*factor)
	first := img.At(strip.Min.X, strip.Min.Y)
	for y := strip.Min.Y; y < strip.Max.Y; y++ {
		for x := strip.Min.X; x < strip.Max.X; x++ {
			if img.At(x, y) != first {
				t.Errorf("%s reaches into the right margin at %d,%d", what, x, y)
				return
			}
		}
	}
}

// statusIsWhole fails where the status bar is not all on the screen, as where the
// content is higher than the window: it has the rail's colour, and the page is above.
func statusIsWhole(t *testing.T, img image.Image, what string) {
	t.Helper()
	const height = 28
	x, bottom := img.Bounds().Dx()/2, img.Bounds().Max.Y
	ground := img.At(2, bottom-2)
	for y := bottom - height + 1; y < bottom; y++ {
		if img.At(x, y) != ground {
			t.Errorf("%s: the status bar is cut off: at %d,%d there is something else", what, x, y)
			return
		}
	}
	if img.At(x, bottom-height-4) == ground {
		t.Errorf("%s: the status bar is not where it belongs", what)
	}
}

// walk goes by Tab through all that a screen lets the keyboard go to, until it is where
// it began: each stop is in view, and the picture shows where it is.
func (p *program) walk(t *testing.T, d *display, seen image.Rectangle) {
	t.Helper()
	picture := func() string {
		sum, err := d.run("sh", "-c", fmt.Sprintf("import -silent -window root -crop %dx%d+0+0 rgb:- | md5sum", seen.Dx(), seen.Dy()))
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	first, before, last := "", "", picture()
	for range 80 {
		d.key("Tab")
		var at ui.Counters
		p.until(t, "the next stop of the keyboard", func(c ui.Counters) bool {
			at = c
			return c.Focus != "" && c.Focus != before
		})
		if at.Focus == first {
			return
		}
		if first == "" {
			first = at.Focus
		}
		if !at.InView {
			t.Errorf("the keyboard went to %s, which is out of view", at.Focus)
		}
		before = at.Focus
		await(t, "a sign of where the keyboard is: "+at.Focus, 10*time.Second, func() bool { return picture() != last })
		last = picture()
	}
	t.Error("the keyboard does not come round in 80 steps")
}
