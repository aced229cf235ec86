package face_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"athanor/inference/face"
	"athanor/inference/testenv"
	"athanor/inference/vision"
)

// everyDetector opens all detectors of the project.
func everyDetector(t testing.TB) []face.Detector {
	t.Helper()
	return []face.Detector{openHaar(t, "haar"), openHaar(t, "haar-alt2"), openModel(t, yunetFile), openModel(t, ultrafaceFile)}
}

// frames reads frames from, from+step, … of a video, or all when step is 1.
func frames(t testing.TB, path string, step int) []*vision.Frame {
	t.Helper()
	src, err := vision.Open(t.Context(), path, vision.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var list []*vision.Frame
	for i := 0; ; i++ {
		f, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if i%step == 0 {
			list = append(list, f)
		}
	}
}

// stillFound counts faces that a detector finds in after where it found one in before.
func stillFound(t testing.TB, d face.Detector, before, after *vision.Frame) (had, left int) {
	t.Helper()
	a, err := d.Detect(t.Context(), before, face.Params{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Detect(t.Context(), after, face.Params{})
	if err != nil {
		t.Fatal(err)
	}
	for _, was := range a {
		for _, is := range b {
			if face.IoU(was.Box, is.Box) > 0.2 {
				left++
				break
			}
		}
	}
	return len(a), left
}

// clip writes every step-th frame of the real clip as a short video, unless
// ATHANOR_FULL_CLIP asks for all of it.
func clip(t testing.TB, step int) string {
	t.Helper()
	whole := testenv.SharedData(t, "faces", "video", "short_hamilton_clip.mp4")
	if os.Getenv("ATHANOR_FULL_CLIP") == "1" {
		return whole
	}
	path := filepath.Join(t.TempDir(), "clip.mp4")
	list := frames(t, whole, step)
	out, err := vision.CreateVideo(path, 5, list[0].W, list[0].H)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if err := out.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnonymizedVideoShowsNoFace(t *testing.T) {
	detectors := everyDetector(t)
	source := clip(t, 90)
	for _, style := range []vision.Style{vision.Blur, vision.Pixelate, vision.Solid} {
		out := filepath.Join(t.TempDir(), string(style)+".mp4")
		a, err := face.Anonymize(t.Context(), face.AnonymizeConfig{
			Source: source, Out: out, Hider: face.Hider{Style: style, Detectors: detectors},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %+v", style, a)
		before, after := frames(t, source, 1), frames(t, out, 1)
		if len(before) != len(after) || a.Frames != len(before) || a.Faces == 0 {
			t.Fatalf("%s: %d frames became %d, %+v", style, len(before), len(after), a)
		}
		for _, d := range detectors {
			had, left := 0, 0
			for i := range before {
				h, l := stillFound(t, d, before[i], after[i])
				had, left = had+h, left+l
			}
			t.Logf("%s: %s found %d faces before and %d of them after", style, d.Name(), had, left)
			if left > 0 || had == 0 {
				t.Errorf("%s: %s finds %d of %d faces again", style, d.Name(), left, had)
			}
		}
	}
}

func TestAnonymizedPictureHasNoMetadata(t *testing.T) {
	d := openModel(t, yunetFile)
	source := testenv.SharedData(t, "faces", "images", "obama.jpg")
	was, err := os.ReadFile(source)
	if err != nil || !bytes.Contains(was, []byte("Exif")) {
		t.Fatal("the photo should have EXIF data", err)
	}
	dir := t.TempDir()
	for _, name := range []string{"out.jpg", "out.png"} {
		out := filepath.Join(dir, name)
		a, err := face.Anonymize(t.Context(), face.AnonymizeConfig{
			Source: source, Out: out, Hider: face.Hider{Style: vision.Pixelate, Detectors: []face.Detector{d}},
		})
		if err != nil || a.Faces != 1 || a.Frames != 1 {
			t.Fatal(a, err)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range []string{"Exif", "Barack", "Canon", "http://", "tEXt", "eXIf"} {
			if bytes.Contains(data, []byte(tag)) {
				t.Errorf("%s holds %q", name, tag)
			}
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("%d files were written, want 2", len(entries))
	}
}

func TestAnonymizeFolderOfMixedThings(t *testing.T) {
	d := openModel(t, yunetFile)
	in, out := t.TempDir(), filepath.Join(t.TempDir(), "deep", "out")
	lena, err := os.ReadFile(testenv.SharedData(t, "faces", "images", "opencv", "lena.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"a.jpg": lena, "sub/b.JPG": lena, "cut.jpg": lena[:900], "letter.txt": []byte("hello")} {
		path := filepath.Join(in, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	last := 0
	a, err := face.Anonymize(t.Context(), face.AnonymizeConfig{
		Source: in, Out: out, Hider: face.Hider{Style: vision.Blur, Detectors: []face.Detector{d}},
		Progress: func(done, total int) { last = 100 * done / total },
	})
	if err != nil || a.Frames != 2 || a.Faces != 2 || len(a.Skipped) != 1 || last != 100 {
		t.Fatalf("%+v, %v, progress %d", a, err, last)
	}
	if _, err := os.Stat(filepath.Join(out, "sub", "b.JPG")); err != nil {
		t.Error(err)
	}
}

func TestAnonymizeNeverOverwritesTheOriginal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "me.png")
	if err := vision.WritePicture(path, vision.NewFrame(40, 40)); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{path, ""} {
		if _, err := face.Anonymize(t.Context(), face.AnonymizeConfig{Source: path, Out: out, Hider: face.Hider{Style: vision.Blur}}); err == nil {
			t.Errorf("writing to %q was accepted", out)
		}
	}
}

func TestAnonymizeStopsWhenCancelled(t *testing.T) {
	source := clip(t, 90)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := face.Anonymize(ctx, face.AnonymizeConfig{
		Source: source, Out: filepath.Join(dir, "out.mp4"), Hider: face.Hider{Style: vision.Blur},
		Progress: func(int, int) { cancel() },
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("a cancelled run left %v", entries)
	}
}
