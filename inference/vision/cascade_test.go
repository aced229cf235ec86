package vision_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/inference/testenv"
	"athanor/inference/vision"
)

func frontal(t testing.TB) string {
	t.Helper()
	path, err := vision.FindCascade("haarcascade_frontalface_default")
	testenv.NeedNative(t, err)
	return path
}

func TestEveryInstalledHaarCascadeLoads(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(frontal(t)), "*.xml"))
	if err != nil || len(paths) < 10 {
		t.Fatal(paths, err)
	}
	gray, err := vision.NewGray(vision.FromImage(gradient(80, 80)))
	if err != nil {
		t.Fatal(err)
	}
	defer gray.Close()
	for _, path := range paths {
		c, err := vision.LoadCascade(path)
		if err != nil {
			if !strings.Contains(err.Error(), "OpenCV 1") { // one file is still in the old format
				t.Error(err)
			}
			continue
		}
		if _, err := c.Detect(gray, vision.CascadeParams{Scale: 1.1, Neighbors: 3}); err != nil {
			t.Error(path, err)
		}
		c.Close()
		if _, err := c.Detect(gray, vision.CascadeParams{Scale: 1.1}); !errors.Is(err, vision.ErrClosed) {
			t.Errorf("a closed cascade answers %v", err)
		}
	}
}

func TestBrokenCascadesAreRefused(t *testing.T) {
	whole, err := os.ReadFile(frontal(t))
	if err != nil {
		t.Fatal(err)
	}
	change := func(from, to string) string {
		if !strings.Contains(string(whole), from) {
			t.Fatalf("the cascade has no %q", from)
		}
		return strings.Replace(string(whole), from, to, 1)
	}
	for name, text := range map[string]string{
		"empty":           "",
		"text":            "no cascade at all",
		"half a file":     string(whole[:len(whole)/2]),
		"other XML":       "<?xml version=\"1.0\"?><opencv_storage><a>1</a></opencv_storage>",
		"old format":      change("opencv-cascade-classifier", "opencv-haar-classifier"),
		"LBP":             change("HAAR", "LBP"),
		"window of 0":     change("<width>24</width>", "<width>0</width>"),
		"window huge":     change("<width>24</width>", "<width>99999999999</width>"),
		"feature missing": change("0 -1 0 -3.1511999666690826e-02", "0 -1 99999 -3.1e-02"),
		"node in circles": change("0 -1 0 -3.1511999666690826e-02", "0 -1 0 -3.1e-02 1 -2 0 1.0"),
		"leaf missing":    change("0 -1 0 -3.1511999666690826e-02", "0 -7 0 -3.1e-02"),
		"rect outside":    change("6 4 12 9 -1.", "6 4 12 900 -1."),
		"not a number":    change("6 4 12 9 -1.", "6 4 NaN 9 -1."),
	} {
		path := filepath.Join(t.TempDir(), "cascade.xml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := vision.LoadCascade(path)
		if !errors.Is(err, vision.ErrCascade) {
			t.Errorf("%s: got %v, want ErrCascade", name, err)
		}
		if c != nil {
			c.Close()
		}
	}
}

func TestCascadeMissing(t *testing.T) {
	if _, err := vision.FindCascade("haarcascade_of_dragons"); !errors.Is(err, vision.ErrCascade) || !strings.Contains(err.Error(), "opencv-data") {
		t.Errorf("got %v", err)
	}
	if _, err := vision.LoadCascade(filepath.Join(t.TempDir(), "none.xml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
