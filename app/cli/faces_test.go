package cli_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/inference/face"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/inference/vision"
)

// faces runs `athanor faces` with its own data folder.
func faces(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	_, missing := vision.FindCascade("haarcascade_frontalface_default")
	testenv.NeedNative(t, errors.Join(missing, runtime.Load()))
	t.Setenv("ATHANOR_HOME", t.TempDir())
	c := call(t.Context(), "n\n", append([]string{"faces"}, args...)...)
	return c.out, c.errs, c.err
}

type facesLine struct {
	Source        string
	Frame         int
	TimeMS        *float64 `json:"time_ms"`
	Width, Height int
	Faces         []struct {
		X, Y, W, H, Score float32
		Landmarks         [][2]float32
		Track             *int
	}
	DetectMS *float64 `json:"detect_ms"`
}

func lines(t *testing.T, out string) []facesLine {
	t.Helper()
	var list []facesLine
	for line := range strings.Lines(out) {
		var one facesLine
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		list = append(list, one)
	}
	return list
}

func TestFacesJSON(t *testing.T) {
	model := testenv.SharedData(t, "faces", "models", "face_detection_yunet_2023mar.onnx")
	photo := testenv.SharedData(t, "faces", "images", "two_people.jpg")
	drawn := filepath.Join(t.TempDir(), "found")
	out, _, err := faces(t, photo, "--detector", "yunet", "--model", model, "--json", "--draw", drawn)
	if err != nil {
		t.Fatal(err)
	}
	got := lines(t, out)
	if len(got) != 1 || got[0].Source != photo || got[0].Width != 1126 || got[0].Height != 661 || got[0].DetectMS == nil || got[0].TimeMS == nil {
		t.Fatalf("%s", out)
	}
	if len(got[0].Faces) != 2 || len(got[0].Faces[0].Landmarks) != 5 || got[0].Faces[0].Track == nil {
		t.Errorf("%s", out)
	}
	if f, err := vision.ReadPicture(filepath.Join(drawn, "two_people.jpg")); err != nil || f.W != 1126 {
		t.Errorf("drawn picture: %v", err)
	}
}

func TestFacesDefaultNeedsNoModel(t *testing.T) {
	out, _, err := faces(t, testenv.SharedData(t, "faces", "images", "obama.jpg"))
	if err != nil || !strings.Contains(out, "1 faces") {
		t.Errorf("%s, %v", out, err)
	}
}

func TestFacesVideoHasTracks(t *testing.T) {
	model := testenv.SharedData(t, "faces", "models", "face_detection_yunet_2023mar.onnx")
	out, _, err := faces(t, testenv.SharedData(t, "faces", "video", "short_hamilton_clip.mp4"), "--model", model, "--json", "--frames", "20", "--side", "320")
	if err != nil {
		t.Fatal(err)
	}
	got := lines(t, out)
	if len(got) != 20 || got[19].Frame != 19 || *got[19].TimeMS < 500 || len(got[19].Faces) == 0 || *got[19].Faces[0].Track == 0 {
		t.Errorf("%s", out)
	}
}

func TestFacesScore(t *testing.T) {
	photos := testenv.SharedData(t, "faces", "images", "dlib")
	model := testenv.SharedData(t, "faces", "models", "face_detection_yunet_2023mar.onnx")
	out, _, err := faces(t, photos, "--detector", "yunet", "--model", model, "--score", filepath.Join(photos, "boxes.csv"), "--json")
	if err != nil {
		t.Fatal(err)
	}
	var score struct {
		Detector               string
		Pictures, Truths, Hits int
		AP, Precision, Recall  float64
		FalseAlarms            int `json:"false_alarms"`
	}
	if err := json.Unmarshal([]byte(out), &score); err != nil {
		t.Fatal(err)
	}
	if score.Pictures != 9 || score.Truths != 43 || score.Hits != 43 || score.AP < 0.99 {
		t.Errorf("%+v", score)
	}
}

func TestFacesAnonymize(t *testing.T) {
	out := filepath.Join(t.TempDir(), "nobody.png")
	said, _, err := faces(t, testenv.SharedData(t, "faces", "images", "opencv", "lena.jpg"), "--anonymize", "cover", "--out", out)
	if err != nil || !strings.Contains(said, "1 faces hidden") {
		t.Fatal(said, err)
	}
	again, _, err := faces(t, out)
	if err != nil || !strings.Contains(again, "0 faces") {
		t.Errorf("%s, %v", again, err)
	}
}

func TestFacesRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "letter.jpg")
	if err := os.WriteFile(text, []byte("dear reader"), 0o600); err != nil {
		t.Fatal(err)
	}
	lena := testenv.SharedData(t, "faces", "images", "opencv", "lena.jpg")
	mnist := testenv.SharedData(t, "onnx-small", "mnist.onnx")
	old := testenv.SharedData(t, "faces", "models", "face_detection_yunet_2022mar.onnx")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no source":         {nil, "no source"},
		"no such file":      {[]string{filepath.Join(dir, "none.jpg")}, "no such file"},
		"not a picture":     {[]string{text}, "neither a picture nor a video"},
		"no camera":         {[]string{"254"}, "no camera"},
		"unknown detector":  {[]string{lena, "--detector", "eyes"}, "unknown detector"},
		"model missing":     {[]string{lena, "--detector", "yunet"}, "--fetch yunet"},
		"model of digits":   {[]string{lena, "--model", mnist}, "not a face model"},
		"old YuNet":         {[]string{lena, "--model", old}, "March 2022"},
		"wrong confidence":  {[]string{lena, "--confidence", "2"}, "between 0 and 1"},
		"no place":          {[]string{lena, "--anonymize", "blur"}, "needs --out"},
		"unknown style":     {[]string{lena, "--anonymize", "hat", "--out", "x.jpg"}, "blur, pixelate or cover"},
		"onto the original": {[]string{lena, "--anonymize", "blur", "--out", lena}, "overwrite the original"},
		"no boxes":          {[]string{lena, "--score", text}, "table of boxes"},
		"fetch unknown":     {[]string{"--fetch", "skynet"}, "no model of this name"},
		"fetch declined":    {[]string{"--fetch", "yunet"}, "nothing was fetched"},
	} {
		out, _, err := faces(t, c.args...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if name == "fetch declined" && (!strings.Contains(out, "Apache-2.0") || !strings.Contains(out, "232 kB")) {
			t.Errorf("licence and size were not shown: %s", out)
		}
	}
}

func TestFacesFolderGoesOn(t *testing.T) {
	dir := t.TempDir()
	lena, err := os.ReadFile(testenv.SharedData(t, "faces", "images", "opencv", "lena.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "a.jpg"), lena[:2000], 0o600), os.WriteFile(filepath.Join(dir, "b.jpg"), lena, 0o600)); err != nil {
		t.Fatal(err)
	}
	out, errOut, err := faces(t, dir)
	if err != nil || !strings.Contains(out, "b.jpg [1]: 1 faces") || !strings.Contains(errOut, "a.jpg") {
		t.Errorf("%s | %s | %v", out, errOut, err)
	}
}

func TestFacesCameras(t *testing.T) {
	out, _, err := faces(t, "--cameras")
	if err != nil || out == "" {
		t.Errorf("%q, %v", out, err)
	}
	if list, _ := vision.Cameras(); len(list) == 0 && !strings.Contains(out, "No camera found") {
		t.Errorf("%q", out)
	}
	if len(face.Names()) != 4 {
		t.Error(face.Names())
	}
}
