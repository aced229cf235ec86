package face_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"athanor/inference/face"
	"athanor/inference/testenv"
	"athanor/inference/vision"
)

func TestMeasureByHand(t *testing.T) {
	truths := []face.Truth{{Boxes: []face.Box{{0, 0, 10, 10}, {20, 0, 10, 10}}, Ignored: []face.Box{{90, 90, 10, 10}}}}
	finds := [][]face.Face{{
		{Box: face.Box{0, 0, 10, 10}, Score: 0.9},   // hit
		{Box: face.Box{50, 50, 10, 10}, Score: 0.8}, // false
		{Box: face.Box{20, 1, 10, 10}, Score: 0.7},  // hit
		{Box: face.Box{1, 0, 10, 10}, Score: 0.6},   // second find of the first face: false
		{Box: face.Box{90, 90, 10, 10}, Score: 0.95},
	}}
	q := face.Measure(truths, finds, 0.5, 0.65)
	if q.Hits != 2 || q.FalseAlarms != 1 || q.Truths != 2 {
		t.Errorf("%+v", q)
	}
	// Curve: recall 1/2 at precision 1, recall 1 at precision 2/3.
	if want := 0.5*1 + 0.5*2.0/3; math.Abs(q.AP-want) > 1e-9 {
		t.Errorf("AP %v, want %v", q.AP, want)
	}
}

func TestReadBoxes(t *testing.T) {
	truths, err := face.ReadBoxes(strings.NewReader("image,x,y,w,h,ignore\na,1,2,3,4,0\na,1,2,3,4,0\nb,5,5,9,9,1\na,7,7,2,2,0\n"))
	if err != nil || len(truths) != 2 || len(truths[0].Boxes) != 2 || len(truths[1].Ignored) != 1 {
		t.Fatalf("%+v, %v", truths, err)
	}
	var again bytes.Buffer
	if err := face.WriteBoxes(&again, truths); err != nil {
		t.Fatal(err)
	}
	if back, err := face.ReadBoxes(&again); err != nil || !reflect.DeepEqual(back, truths) {
		t.Errorf("read again: %+v, %v", back, err)
	}
	for _, bad := range []string{"", "image,x\na,1", "image,x,y,w,h\na,1,2", "image,x,y,w,h\na,one,2,3,4", "image,x,y,w,h\na,NaN,2,3,4"} {
		if _, err := face.ReadBoxes(strings.NewReader(bad)); !errors.Is(err, face.ErrBoxes) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzReadBoxes(f *testing.F) {
	f.Add("image,x,y,w,h,ignore\na,1,2,3,4,0\n")
	f.Add("set,image,x,y,w,h\n\"a\"\"b\",1,1e3,-3,4,0\n")
	f.Fuzz(func(t *testing.T, text string) {
		truths, err := face.ReadBoxes(strings.NewReader(text))
		for _, truth := range truths {
			if err == nil && len(truth.Boxes)+len(truth.Ignored) > strings.Count(text, "\n")+1 {
				t.Error("more boxes than lines")
			}
		}
	})
}

// dlib returns the nine photos with their 43 boxes.
func dlib(t testing.TB) ([]face.Truth, []*vision.Frame) {
	t.Helper()
	file, err := os.Open(testenv.SharedData(t, "faces", "images", "dlib", "boxes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	truths, err := face.ReadBoxes(file)
	if err != nil {
		t.Fatal(err)
	}
	var frames []*vision.Frame
	for _, truth := range truths {
		frames = append(frames, picture(t, "dlib", filepath.Base(truth.Name)))
	}
	return truths, frames
}

func detectAll(t testing.TB, d face.Detector, frames []*vision.Frame, p face.Params) [][]face.Face {
	t.Helper()
	var finds [][]face.Face
	for _, f := range frames {
		faces, err := d.Detect(t.Context(), f, p)
		if err != nil {
			t.Fatal(err)
		}
		finds = append(finds, faces)
	}
	return finds
}

func openHaar(t testing.TB, name string) face.Detector {
	t.Helper()
	_, err := vision.FindCascade("haarcascade_frontalface_default")
	testenv.NeedNative(t, err)
	d, err := face.NewHaar(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestHaarSecondLook(t *testing.T) {
	truths, frames := dlib(t)
	d := openHaar(t, "haar")
	plain := face.Measure(truths, detectAll(t, d, frames, face.Params{MinSize: 20, Neighbors: 1, Plain: true}), 0.4, 0)
	look := face.Measure(truths, detectAll(t, d, frames, face.Params{MinSize: 20, Neighbors: 1}), 0.4, 0)
	t.Logf("plain %+v", plain)
	t.Logf("second look %+v", look)
	if look.Truths != 43 || look.Hits < 40 || look.FalseAlarms > 6 {
		t.Errorf("second look: %d of %d faces, %d false alarms; want at least 40 of 43 and at most 6", look.Hits, look.Truths, look.FalseAlarms)
	}
	if plain.Hits != 42 || plain.FalseAlarms != 24 {
		t.Errorf("plain: %d hits, %d false alarms; OpenCV itself has 42 and 24", plain.Hits, plain.FalseAlarms)
	}
	for _, name := range []string{"apple.jpg", "orange.jpg", "road.jpg"} {
		faces, err := d.Detect(t.Context(), picture(t, "opencv", name), face.Params{MinSize: 20})
		if err != nil || len(faces) > 0 {
			t.Errorf("%s: %v, %v", name, faces, err)
		}
	}
}

func TestLearnedDetectorsOnDlib(t *testing.T) {
	truths, frames := dlib(t)
	for file, least := range map[string]float64{yunetFile: 0.99, ultrafaceFile: 0.99} {
		d := openModel(t, file)
		q := face.Measure(truths, detectAll(t, d, frames, face.Params{Confidence: 0.02}), 0.4, d.Defaults().Confidence)
		t.Logf("%s %+v", d.Name(), q)
		if q.AP < least || q.FalseAlarms > 0 {
			t.Errorf("%s: AP %.3f, want at least %.2f; %d false alarms, want none", d.Name(), q.AP, least, q.FalseAlarms)
		}
	}
}

func TestAPictureWithoutAFaceIsKeptInTheTable(t *testing.T) {
	truths := []face.Truth{{Name: "7", Boxes: []face.Box{{X: 1, Y: 2, W: 30, H: 40}}}, {Name: "9"}}
	var table bytes.Buffer
	if err := face.WriteBoxes(&table, truths); err != nil {
		t.Fatal(err)
	}
	back, err := face.ReadBoxes(&table)
	if err != nil || !reflect.DeepEqual(back, truths) {
		t.Errorf("wrote %+v, read %+v (%v)", truths, back, err)
	}
}

func TestPickSpreadsOverTheClip(t *testing.T) {
	list, err := face.Pick(t.Context(), testenv.SharedData(t, "faces", "video", "short_hamilton_clip.mp4"), 24)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 12 || len(list) > 24 {
		t.Fatalf("%d of 275 frames were taken, want 12 to 24", len(list))
	}
	if list[0].Name != "0" || list[1].Name != "16" || list[len(list)-1].Name != "272" {
		t.Errorf("frames %s, %s … %s; want every 16th from 0 to 272", list[0].Name, list[1].Name, list[len(list)-1].Name)
	}
	if _, err := face.Pick(t.Context(), "http://127.0.0.1:1/", 24); !errors.Is(err, vision.ErrUnsupported) {
		t.Errorf("a stream was taken: %v", err)
	}
}

func TestScoreCountsFalseAlarmsWhereNoFaceIs(t *testing.T) {
	d := openHaar(t, "haar")
	folder := testenv.SharedData(t, "faces", "images", "opencv")
	scores, err := face.Score(t.Context(), face.ScoreConfig{
		Sources: []string{folder}, Detectors: []face.Detector{d},
		Truths: []face.Truth{{Name: "lena.jpg"}, {Name: "apple.jpg"}}, // lena's face is left out on purpose
	})
	if err != nil {
		t.Fatal(err)
	}
	if q := scores[0]; q.Pictures != 2 || q.FalseAlarms != 1 || q.Precision != 0 || q.Took <= 0 {
		t.Errorf("one face that nobody drew: %+v", q)
	}
	_, err = face.Score(t.Context(), face.ScoreConfig{Sources: []string{folder}, Detectors: []face.Detector{d}, Truths: []face.Truth{{Name: "other.jpg"}}})
	if !errors.Is(err, face.ErrNoTruth) {
		t.Errorf("no picture of the table was there: %v", err)
	}
}
