package source_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
)

// largePictures writes pictures that take more than memory holds when they are
// decoded to 1024×1024.
func largePictures(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for i := range 24 {
		m := image.NewGray(image.Rect(0, 0, 32, 32))
		for at := range m.Pix {
			m.Pix[at] = uint8(i*at + at*at/(i+3))
		}
		m.SetGray(i, i, color.Gray{255})
		dir := filepath.Join(root, []string{"a", "b"}[i%2])
		var b bytes.Buffer
		if err := errors.Join(os.MkdirAll(dir, 0o755), png.Encode(&b, m), os.WriteFile(filepath.Join(dir, strconv.Itoa(i)+".png"), b.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "a", "broken.png"), []byte("\x89PNG\r\n\x1a\nhalf"), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestDecodedPicturesServeTheNextRun(t *testing.T) {
	root, cache := largePictures(t), t.TempDir()
	open := func() (*dataset.Set, []byte) {
		t.Helper()
		set, err := source.Open(t.Context(), source.Config{Path: root, Size: 1024, Cache: cache, Validation: 0.25, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		pixels := make([]byte, 1024*1024*3)
		if err := set.Train.Fill(t.Context(), [][]byte{pixels}, -1, []int{5}); err != nil {
			t.Fatal(err)
		}
		return set, pixels
	}
	first, pixels := open()
	kept, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil || len(kept) != 2 {
		t.Fatalf("kept %q, %v", kept, err)
	}
	// Other pixels in the cache show that the second run reads them from there.
	f, err := os.OpenFile(kept[1], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := f.Stat()
	if _, err := f.WriteAt(bytes.Repeat([]byte{7}, int(info.Size())), 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	second, marked := open()
	if second.Fingerprint != first.Fingerprint || len(second.Notes) != len(first.Notes) || marked[0] != 7 || bytes.Equal(marked, pixels) {
		t.Errorf("second run: fingerprint %s and %s, notes %q, first byte %d", second.Fingerprint, first.Fingerprint, second.Notes, marked[0])
	}
	if err := os.Truncate(kept[1], 1000); err != nil {
		t.Fatal(err)
	}
	if _, again := open(); !bytes.Equal(again, pixels) {
		t.Error("a cut cache was used")
	}
	picture := filepath.Join(root, "b", "1.png")
	raw, err := os.ReadFile(filepath.Join(root, "a", "2.png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(picture, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if third, _ := open(); third.Fingerprint == first.Fingerprint {
		t.Error("a changed picture came from the cache")
	}
}
