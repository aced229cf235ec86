package vision_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"athanor/inference/vision"
)

// cmykJPEG is an 8×8 JPEG with four components: a grey JPEG's coded block
// repeated for each of them would need an encoder, so it is assembled from one
// made by image/jpeg for one component.
func cmykJPEG(t testing.TB, level uint8) []byte {
	t.Helper()
	grey := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range grey.Pix {
		grey.Pix[i] = level
	}
	one := asJPEG(t, grey)
	sof, sos := bytes.Index(one, []byte{0xFF, 0xC0}), bytes.Index(one, []byte{0xFF, 0xDA})
	if sof < 0 || sos < 0 {
		t.Fatal("no frame in the grey JPEG")
	}
	dht := bytes.Index(one, []byte{0xFF, 0xC4})
	scan := one[sos+2+int(one[sos+2])<<8+int(one[sos+3]) : len(one)-2]
	frame := []byte{0xFF, 0xC0, 0, 8 + 3*4, 8, 0, 8, 0, 8, 4}
	head := []byte{}
	for id := range byte(4) {
		frame = append(frame, id+1, 0x11, 0)
		one := []byte{0xFF, 0xDA, 0, 8, 1, id + 1, 0, 0, 63, 0} // a scan of its own for each
		head = append(append(head, one...), scan...)
	}
	adobe := append([]byte{0xFF, 0xEE, 0, 14}, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00")...)
	out := append([]byte{0xFF, 0xD8}, adobe...)
	out = append(out, one[2:sof]...)
	out = append(out, frame...)
	out = append(out, one[dht:sos]...)
	out = append(out, head...)
	return append(out, 0xFF, 0xD9)
}

func TestDecodeCMYK(t *testing.T) {
	// Adobe stores the inks inverted: four times 255 is white paper.
	for level, want := range map[uint8]uint8{255: 255, 0: 0} {
		f, err := vision.Decode(cmykJPEG(t, level))
		if err != nil {
			t.Fatal(err)
		}
		got := f.At(4, 4).(color.RGBA)
		if d := int(got.R) - int(want); d > 3 || d < -3 || got.R != got.G || got.G != got.B {
			t.Errorf("ink %d gives %v, want grey %d", level, got, want)
		}
	}
}

// hugeJPEG is a grey JPEG of any size without the work of encoding one: every
// block is the six bits 00 1010 (same level, end of block) of the usual tables.
func hugeJPEG(t testing.TB, w, h int) []byte {
	t.Helper()
	tile := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range tile.Pix {
		tile.Pix[i] = 128
	}
	one := asJPEG(t, tile)
	sof, sos := bytes.Index(one, []byte{0xFF, 0xC0}), bytes.Index(one, []byte{0xFF, 0xDA})
	binary.BigEndian.PutUint16(one[sof+5:], uint16(h))
	binary.BigEndian.PutUint16(one[sof+7:], uint16(w))
	out := one[: sos+2+int(one[sos+2])<<8+int(one[sos+3]) : len(one)]
	blocks := (w / 8) * (h / 8)
	out = append(slices.Clip(out), bytes.Repeat([]byte{0x28, 0xA2, 0x8A}, blocks/4)...)
	return append(out, 0xFF, 0xD9)
}

// A JPEG beyond the limit arrives shrunk.
func TestDecodeHuge(t *testing.T) {
	data := hugeJPEG(t, 16384, 8704) // 143 million pixels
	f, err := vision.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.At(8000, 4000); got != (color.RGBA{128, 128, 128, 255}) {
		t.Errorf("its grey is %v", got)
	}
	if f.Reduced != 2 || f.W != 8192 || f.H != 4352 {
		t.Errorf("%d×%d, reduced %d", f.W, f.H, f.Reduced)
	}
	pix, err := vision.DecodeResize(data, vision.Shape{W: 28, H: 28, Gray: true})
	if err != nil || len(pix) != 28*28 {
		t.Errorf("%d bytes, %v", len(pix), err)
	}
}

func TestFramesWithoutPixels(t *testing.T) {
	none := &vision.Frame{}
	if _, err := none.Resize(10, 10); !errors.Is(err, vision.ErrEmpty) {
		t.Errorf("resize: %v", err)
	}
	if _, err := vision.EncodeJPEG(none, 90); !errors.Is(err, vision.ErrEmpty) {
		t.Errorf("encode: %v", err)
	}
	if _, err := vision.NewGray(none); !errors.Is(err, vision.ErrEmpty) {
		t.Errorf("grey: %v", err)
	}
	if f := vision.NewFrame(8, 8).Crop(image.Rect(20, 20, 30, 30)); f.W != 0 || f.H != 0 {
		t.Errorf("a crop outside is %d×%d", f.W, f.H)
	}
	short := &vision.Frame{W: 10, H: 10, Stride: 30, Pix: make([]byte, 10)}
	if _, err := short.Resize(5, 5); err == nil {
		t.Error("a frame with too few bytes was accepted")
	}
	if _, err := vision.NewFrame(4, 4).Resize(1<<20, 1<<20); !errors.Is(err, vision.ErrTooLarge) {
		t.Errorf("resize to a terapixel: %v", err)
	}
}

func TestCropSharesAndCloneDoesNot(t *testing.T) {
	f := vision.FromImage(gradient(20, 20))
	part := f.Crop(image.Rect(5, 5, 15, 15))
	if part.At(0, 0) != f.At(5, 5) || part.W != 10 {
		t.Fatal("the crop is somewhere else")
	}
	small, err := part.Resize(10, 10)
	if err != nil || small.At(9, 9) != f.At(14, 14) {
		t.Errorf("a crop is resized wrongly: %v, %v", small.At(9, 9), err)
	}
	c := part.Clone()
	c.Pix[0] = 99
	if f.Pix[5*f.Stride+15] == 99 {
		t.Error("a clone shares pixels")
	}
}

func TestHide(t *testing.T) {
	for _, style := range []vision.Style{vision.Blur, vision.Pixelate, vision.Solid} {
		f := vision.FromImage(gradient(100, 100))
		was := f.Clone()
		if err := vision.Hide(f, image.Rect(-20, 20, 60, 80), style, 4); err != nil {
			t.Fatal(err)
		}
		if f.At(20, 50) == was.At(20, 50) {
			t.Errorf("%s: the middle is as before", style)
		}
		if f.At(59, 21) != was.At(59, 21) || f.At(80, 50) != was.At(80, 50) {
			t.Errorf("%s: pixels outside the ellipse changed", style)
		}
		if err := vision.Hide(f, image.Rect(200, 200, 300, 300), style, 4); err != nil {
			t.Errorf("%s outside the frame: %v", style, err)
		}
	}
	if _, err := vision.ParseStyle("sharpen"); !errors.Is(err, vision.ErrStyle) {
		t.Errorf("got %v", err)
	}
}

func TestWriteRefusesOtherFormats(t *testing.T) {
	dir := t.TempDir()
	if err := vision.WritePicture(filepath.Join(dir, "a.tiff"), vision.NewFrame(4, 4)); !errors.Is(err, vision.ErrUnsupported) {
		t.Errorf("picture: %v", err)
	}
	if _, err := vision.CreateVideo(filepath.Join(dir, "a.txt"), 25, 64, 64); !errors.Is(err, vision.ErrUnsupported) {
		t.Errorf("video: %v", err)
	}
	if _, err := vision.CreateVideo(filepath.Join(dir, "a.mp4"), 0, 64, 64); err == nil {
		t.Error("a video without a frame rate was accepted")
	}
	if err := vision.WritePicture(filepath.Join(dir, "no", "folder.png"), vision.NewFrame(4, 4)); err == nil {
		t.Error("a missing folder was accepted")
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("files are left: %v", left)
	}
}

func TestVideoRoundTrip(t *testing.T) {
	for _, name := range []string{"a.mp4", "b.avi", "c.mkv"} {
		path := filepath.Join(t.TempDir(), name)
		v, err := vision.CreateVideo(path, 25, 65, 49) // odd sides lose a pixel
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if err := v.Write(vision.FromImage(gradient(65, 49))); err != nil {
				t.Fatal(err)
			}
		}
		if err := v.Write(vision.NewFrame(10, 10)); err == nil {
			t.Error("a frame that is too small was accepted")
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		src, err := vision.Open(t.Context(), path, vision.OpenConfig{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err = src.Next(t.Context()); err == nil; _, err = src.Next(t.Context()) {
			n++
		}
		src.Close()
		if info := src.Info(); n != 10 || info.W != 64 || info.H != 48 {
			t.Errorf("%s: %d frames of %d×%d", name, n, info.W, info.H)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(asPNG(f, gradient(9, 7)))
	f.Add(asJPEG(f, gradient(9, 7)))
	f.Add(cmykJPEG(f, 128))
	f.Add([]byte("GIF89a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := vision.Probe(data)
		if err != nil || info.W*info.H > 1<<20 { // large pictures only make it slow
			return
		}
		frame, err := vision.Decode(data)
		if err == nil && (frame.W*frame.H == 0 || len(frame.Pix) != 3*frame.W*frame.H) {
			t.Errorf("%d×%d pixels in %d bytes", frame.W, frame.H, len(frame.Pix))
		}
	})
}

func FuzzLoadCascade(f *testing.F) {
	f.Add([]byte(`<opencv_storage><cascade type_id="opencv-cascade-classifier"><stageType>BOOST</stageType><featureType>HAAR</featureType>
<height>20</height><width>20</width><stages><_><stageThreshold>-1.5</stageThreshold><weakClassifiers><_><internalNodes>0 -1 0 1e-2</internalNodes>
<leafValues>1. -1.</leafValues></_></weakClassifiers></_></stages><features><_><rects><_>0 0 4 4 -1.</_><_>0 0 2 4 2.</_></rects></_></features></cascade></opencv_storage>`))
	gray, err := vision.NewGray(vision.FromImage(gradient(48, 48)))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { gray.Close() })
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "c.xml")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := vision.LoadCascade(path)
		if err != nil {
			return
		}
		defer c.Close()
		if _, err := c.Detect(gray, vision.CascadeParams{Scale: 1.2}); err != nil {
			t.Error(err)
		}
	})
}
