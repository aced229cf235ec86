package face_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/inference/face"
	"athanor/inference/vision"
)

func TestBurstSavesWholePictures(t *testing.T) {
	cam := stream(t, clipJPEGs(t, 20), 100, 0)
	l := startLive(t, face.LiveConfig{
		Feed: vision.FeedConfig{Spec: cam.URL}, Detectors: []face.Detector{openModel(t, yunetFile)}, Track: face.TrackConfig{Confirm: 1},
	})
	dir := filepath.Join(t.TempDir(), "capture")
	c, err := face.OpenCapture(dir)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	save := func(path string, f *vision.Frame) {
		got, err := vision.ReadPicture(path)
		if err != nil || got.W != f.W || got.H != f.H {
			t.Errorf("%s was told of before it was whole: %v", path, err)
		}
		paths = append(paths, path)
	}
	if err := c.Burst(patient(t), l, face.BurstConfig{Class: "me", Max: 5}, save); err != nil {
		t.Fatal(err)
	}
	if err := c.Burst(patient(t), l, face.BurstConfig{Class: "笑", Max: 3, Crop: true, Every: time.Millisecond}, save); err != nil {
		t.Fatal(err)
	}
	again, err := face.OpenCapture(dir) // the studio starts again
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Add("me", vision.NewFrame(9, 9)); err != nil {
		t.Fatal(err)
	}
	if counts, err := again.Classes(); err != nil || counts["me"] != 6 || counts["笑"] != 3 || len(counts) != 2 {
		t.Errorf("classes %v, %v", counts, err)
	}
	crop, err := vision.ReadPicture(paths[7])
	if err != nil || crop.W >= 640 || crop.H >= 480 {
		t.Errorf("the crop is not cut out: %v", err)
	}
	for _, path := range paths {
		if entries, _ := os.ReadDir(filepath.Dir(path)); strings.HasPrefix(entries[0].Name(), ".") {
			t.Errorf("%s holds %s", filepath.Dir(path), entries[0].Name())
		}
	}
}

func TestBurstEndsWhenTheButtonIsLetGo(t *testing.T) {
	cam := stream(t, [][]byte{noise(t)}, 200, 0)
	l := startLive(t, face.LiveConfig{Feed: vision.FeedConfig{Spec: cam.URL}, Detectors: []face.Detector{openModel(t, yunetFile)}})
	c, err := face.OpenCapture(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, release := context.WithCancel(patient(t))
	n := 0
	err = c.Burst(ctx, l, face.BurstConfig{Class: "a"}, func(string, *vision.Frame) {
		if n++; n == 3 {
			release()
		}
	})
	if err != nil || n != 3 {
		t.Errorf("%d pictures, %v", n, err)
	}
}

func TestCaptureRefusesOddClassNames(t *testing.T) {
	c, err := face.OpenCapture(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "..", "../up", "a/b", "a\\b", " a", "a\n", strings.Repeat("x", 101)} {
		if _, err := c.Add(name, vision.NewFrame(8, 8)); !errors.Is(err, face.ErrClass) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
