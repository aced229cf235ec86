package vision_test

import (
	"image/color"
	"slices"
	"testing"

	"athanor/inference/vision"
)

// turned puts an EXIF block with an orientation into a JPEG.
func turned(jpeg []byte, orientation byte) []byte {
	tiff := []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0}
	app1 := append([]byte("Exif\x00\x00"), tiff...)
	head := []byte{0xFF, 0xE1, 0, byte(len(app1) + 2)}
	return slices.Concat(jpeg[:2], head, app1, jpeg[2:])
}

func TestDecodeTurnsAsEXIFSays(t *testing.T) {
	flat := asJPEG(t, gradient(64, 32)) // red grows to the right
	for orientation, want := range map[byte]struct {
		w, h int
		red  [2]int // where red is strongest
	}{
		1: {64, 32, [2]int{63, 16}},
		3: {64, 32, [2]int{0, 16}},
		6: {32, 64, [2]int{16, 63}},
		8: {32, 64, [2]int{16, 0}},
	} {
		f, err := vision.Decode(turned(flat, orientation))
		if err != nil {
			t.Fatal(err)
		}
		if f.W != want.w || f.H != want.h {
			t.Errorf("orientation %d: %d×%d, want %d×%d", orientation, f.W, f.H, want.w, want.h)
			continue
		}
		if c := f.At(want.red[0], want.red[1]).(color.RGBA); c.R < 240 {
			t.Errorf("orientation %d: %v at %v, want red", orientation, c, want.red)
		}
		pix, err := vision.DecodeResize(turned(flat, orientation), vision.Shape{W: 8, H: 8})
		if err != nil {
			t.Fatal(err)
		}
		x, y := want.red[0]*7/(want.w-1), want.red[1]*7/(want.h-1)
		if red := pix[3*(8*y+x)]; red < 200 {
			t.Errorf("orientation %d: resized red is %d", orientation, red)
		}
	}
}
