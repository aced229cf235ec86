package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// trained trains for the command line and returns the model's file.
func trained(t *testing.T, flags ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	args := append([]string{"train", "--threads", "1", "--seed", "5", "--out", dir}, flags...)
	if text, err := athanorIn(t.Context(), t, args...); err != nil {
		t.Fatal(err, text)
	}
	return filepath.Join(dir, "model.onnx")
}

// stroke draws a one on black, upright or lying, of a photo's size.
func stroke(w, h int, lying bool) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			along, across := y*28/h, x*28/w
			if lying {
				along, across = across, along
			}
			shade := color.RGBA{A: 255}
			if along >= 5 && along < 23 && across >= 13 && across < 16 {
				shade = color.RGBA{R: 250, G: 250, B: 250, A: 255}
			}
			img.SetRGBA(x, y, shade)
		}
	}
	return img
}

func written(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// onItsSide is a JPEG of a lying one whose EXIF block says how to set it up.
func onItsSide(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, stroke(280, 280, true), nil); err != nil {
		t.Fatal(err)
	}
	exif := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	return slices.Concat(b.Bytes()[:2], exif, b.Bytes()[2:])
}

// why is the part of an explanation that is looked at here.
type why struct {
	Answer   string                                       `json:"answer"`
	Class    string                                       `json:"explained_class"`
	Complete *struct{ Sum, Output, Baseline float64 }     `json:"completeness"`
	Columns  []struct{ Column string }                    `json:"columns"`
	Change   *struct{ Changes []struct{ Column string } } `json:"counterfactual"`
	Effect   []struct{ Value string }                     `json:"dependence"`
}

func explains(t *testing.T, args ...string) why {
	t.Helper()
	text, err := athanorIn(t.Context(), t, append([]string{"explain", "--json"}, args...)...)
	if err != nil {
		t.Fatal(err, text)
	}
	var w why
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		t.Fatal(err, text)
	}
	return w
}

func TestExplainAPicture(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	model := trained(t, "--epochs", "2")
	one := written(t, "one.png", asPNG(t, stroke(28, 28, false)))
	out := filepath.Join(t.TempDir(), "why.png")
	w := explains(t, model, one, "--out", out)
	if w.Answer != "1" || w.Class != "1" || w.Complete == nil {
		t.Fatalf("told %+v", w)
	}
	if c := w.Complete; c.Output == c.Baseline || math.Abs(c.Sum-(c.Output-c.Baseline)) > 0.01*math.Abs(c.Output-c.Baseline) {
		t.Errorf("the shares do not sum to the difference of outputs within 1 %%: %+v", c)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(bytes.NewReader(data)); err != nil || img.Bounds().Dx() < 280 {
		t.Errorf("the picture of why: %v", err)
	}
	if w := explains(t, model, one, "--class", "7"); w.Class != "7" {
		t.Errorf("asked about 7, told about %s", w.Class)
	}
	t.Run("refused", func(t *testing.T) { explainRefuses(t, model, one) })
	t.Run("turned", func(t *testing.T) { turnedPicturesAreSetUp(t, model) })
}

func explainRefuses(t *testing.T, model, one string) {
	huge := asPNG(t, stroke(28, 28, false))
	copy(huge[16:24], "\x00\x02\x00\x00\x00\x02\x00\x00") // says it has 131,072 × 131,072 pixels
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"another ending": {[]string{one, "--out", "why.html"}, ".png"},
		"no such class":  {[]string{one, "--class", "eleven"}, "choose one of 0, 1"},
		"no picture":     {[]string{written(t, "note.png", []byte("words"))}, "not a JPEG, PNG"},
		"no such file":   {[]string{filepath.Join(t.TempDir(), "gone.png")}, "gone.png"},
		"huge":           {[]string{written(t, "huge.png", huge)}, "huge.png"},
	} {
		if _, err := athanorIn(t.Context(), t, append([]string{"explain", model}, c.args...)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// turnedPicturesAreSetUp: cameras store a picture as it fell on the sensor and
// write beside it how it was held; training reads both, so must its users.
func turnedPicturesAreSetUp(t *testing.T, model string) {
	path := written(t, "held.jpg", onItsSide(t))
	text, err := athanorIn(t.Context(), t, "predict", model, path, "--json")
	if err != nil {
		t.Fatal(err)
	}
	if got := objects(t, text)[0]["label"]; got != "1" {
		t.Errorf("predict reads a picture taken on its side as %v", got)
	}
	if w := explains(t, model, path); w.Answer != "1" {
		t.Errorf("explain reads it as %s", w.Answer)
	}
}

func TestExplainARow(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	var table strings.Builder
	table.WriteString("height,colour,label\n")
	for i := range 300 {
		fmt.Fprintf(&table, "%d,%s,%s\n", i%100, []string{"red", "blue"}[i%7/4], []string{"low", "high"}[i%100/50])
	}
	model := trained(t, "--task", "table", "--data", written(t, "hills.csv", []byte(table.String())), "--epochs", "60")
	row := written(t, "hill.csv", []byte("height,colour\n20,red\n"))
	out := filepath.Join(t.TempDir(), "why.html")
	w := explains(t, model, row, "--counterfactual", "--dependence", "height", "--out", out)
	if w.Answer != "low" || len(w.Columns) != 2 || w.Columns[0].Column != "height" {
		t.Errorf("told %+v, want low because of its height", w)
	}
	if w.Change == nil || len(w.Change.Changes) != 1 || w.Change.Changes[0].Column != "height" || len(w.Effect) < 2 {
		t.Errorf("a change %+v and an effect %+v, both of the height", w.Change, w.Effect)
	}
	page, err := os.ReadFile(out)
	if err != nil || !bytes.Contains(page, []byte("height")) || bytes.Contains(page, []byte("http")) {
		t.Errorf("the page: %v", err)
	}
}
