package vision_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"testing"

	"athanor/inference/testenv"
	"athanor/inference/vision"
)

// gradient is a picture whose red grows to the right and green downwards.
func gradient(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{R: uint8(255 * x / max(1, w-1)), G: uint8(255 * y / max(1, h-1)), B: 40, A: 255})
		}
	}
	return img
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecodeKeepsPixels(t *testing.T) {
	img := gradient(33, 17)
	f, err := vision.Decode(asPNG(t, img))
	if err != nil {
		t.Fatal(err)
	}
	if f.W != 33 || f.H != 17 || f.Reduced != 1 {
		t.Fatalf("got %d×%d reduced %d", f.W, f.H, f.Reduced)
	}
	if got, want := f.RGBA(nil).Pix, img.Pix; !bytes.Equal(got, want) {
		t.Error("the decoded PNG differs from the picture that was encoded")
	}
	if got := f.At(32, 16); got != (color.RGBA{255, 255, 40, 255}) {
		t.Errorf("bottom right is %v", got)
	}
}

func TestDecodeLayouts(t *testing.T) {
	gray16 := image.NewGray16(image.Rect(0, 0, 4, 4))
	gray16.SetGray16(1, 1, color.Gray16{Y: 0x80FF})
	glass := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	glass.SetNRGBA(1, 1, color.NRGBA{R: 10, G: 20, B: 30, A: 255})
	deep := image.NewNRGBA64(image.Rect(0, 0, 4, 4))
	deep.SetNRGBA64(1, 1, color.NRGBA64{R: 0x0AFF, G: 0x14FF, B: 0x1EFF, A: 0xFFFF})
	gray := image.NewGray(image.Rect(0, 0, 4, 4))
	for i := range gray.Pix {
		gray.Pix[i] = 128
	}
	var anim bytes.Buffer
	pal := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.White, color.RGBA{200, 0, 0, 255}})
	pal.SetColorIndex(1, 1, 1)
	second := image.NewPaletted(image.Rect(0, 0, 4, 4), pal.Palette)
	if err := gif.EncodeAll(&anim, &gif.GIF{Image: []*image.Paletted{pal, second}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data   []byte
		at, bg color.RGBA
	}{
		"16 bit grey":  {asPNG(t, gray16), color.RGBA{0x80, 0x80, 0x80, 255}, color.RGBA{0, 0, 0, 255}},
		"grey JPEG":    {asJPEG(t, gray), color.RGBA{128, 128, 128, 255}, color.RGBA{128, 128, 128, 255}},
		"16 bit alpha": {asPNG(t, deep), color.RGBA{10, 20, 30, 255}, color.RGBA{255, 255, 255, 255}},
		"alpha":        {asPNG(t, glass), color.RGBA{10, 20, 30, 255}, color.RGBA{255, 255, 255, 255}},
		"animated GIF": {anim.Bytes(), color.RGBA{200, 0, 0, 255}, color.RGBA{255, 255, 255, 255}},
	} {
		f, err := vision.Decode(c.data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.At(1, 1) != c.at || f.At(3, 3) != c.bg {
			t.Errorf("%s: got %v on %v, want %v on %v", name, f.At(1, 1), f.At(3, 3), c.at, c.bg)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	whole := asJPEG(t, gradient(200, 200))
	huge := asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	copy(huge[16:], []byte{0, 0, 0x40, 0, 0, 0, 0x40, 0}) // 16384×16384
	zero := asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	copy(zero[16:], make([]byte, 8))
	fixCRC(huge)
	fixCRC(zero)
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":        {nil, vision.ErrEmpty},
		"text":           {[]byte("a letter to nobody"), vision.ErrUnsupported},
		"HEIC":           {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), vision.ErrUnsupported},
		"16k PNG":        {huge, vision.ErrTooLarge},
		"0×0":            {zero, nil},
		"truncated JPEG": {whole[:len(whole)/2], vision.ErrBroken},
		"JPEG header":    {whole[:30], vision.ErrBroken},
		"truncated PNG":  {asPNG(t, gradient(64, 64))[:120], vision.ErrBroken},
	} {
		_, err := vision.Decode(c.data)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if _, err := vision.DecodeResize(c.data, vision.Shape{W: 8, H: 8}); err == nil {
			t.Errorf("%s: DecodeResize accepted it", name)
		}
	}
}

func TestDecodeResizeShapes(t *testing.T) {
	wide := asJPEG(t, gradient(400, 100))
	for _, to := range []vision.Shape{
		{W: 40, H: 40},
		{W: 40, H: 40, Gray: true},
		{W: 40, H: 40, Fit: vision.Cover},
		{W: 40, H: 40, Fit: vision.Letterbox},
		{W: 800, H: 300},
	} {
		pix, err := vision.DecodeResize(wide, to)
		if err != nil {
			t.Fatal(err)
		}
		if len(pix) != to.Len() {
			t.Fatalf("%+v: %d bytes, want %d", to, len(pix), to.Len())
		}
	}
	stretch, _ := vision.DecodeResize(wide, vision.Shape{W: 40, H: 40})
	cover, _ := vision.DecodeResize(wide, vision.Shape{W: 40, H: 40, Fit: vision.Cover})
	letter, _ := vision.DecodeResize(wide, vision.Shape{W: 40, H: 40, Fit: vision.Letterbox})
	if r := stretch[0]; r > 8 {
		t.Errorf("stretched: red at the left is %d", r)
	}
	if r := cover[0]; r < 90 || r > 105 { // the middle quarter starts at 3/8
		t.Errorf("covered: red at the left is %d, want about 96", r)
	}
	if letter[0] != 0 || letter[2] != 0 || letter[3*40*20+2] < 20 {
		t.Error("letterboxed: no black bar above the picture")
	}
}

// A shrunken decode must look like the full decode averaged down.
func TestDecodeResizeAgreesWithFullDecode(t *testing.T) {
	data, err := os.ReadFile(testenv.SharedData(t, "faces", "images", "two_people.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	to := vision.Shape{W: 64, H: 64}
	fast, err := vision.DecodeResize(data, to)
	if err != nil {
		t.Fatal(err)
	}
	f, err := vision.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	slow, err := f.Fit(to)
	if err != nil {
		t.Fatal(err)
	}
	var sum int
	for i := range fast {
		sum += max(int(fast[i])-int(slow[i]), int(slow[i])-int(fast[i]))
	}
	if mean := float64(sum) / float64(len(fast)); mean > 3 {
		t.Errorf("fast and full decode differ by %.2f grey levels on average", mean)
	}
}

func BenchmarkDecodeResize224(b *testing.B) {
	data, err := os.ReadFile(testenv.SharedData(b, "faces", "images", "two_people.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := vision.DecodeResize(data, vision.Shape{W: 224, H: 224, Fit: vision.Cover}); err != nil {
			b.Fatal(err)
		}
	}
}
