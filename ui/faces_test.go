package ui_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/app/project"
	"athanor/inference/face"
	"athanor/inference/testenv"
	"athanor/inference/vision"
	"athanor/ui"
	"athanor/ui/uitest"
)

// camera plays a picture as a camera on loopback.
func camera(t *testing.T, f *vision.Frame) string {
	t.Helper()
	data, err := vision.EncodeJPEG(f, 90)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=frame")
		tick := time.NewTicker(time.Second / 30)
		defer tick.Stop()
		for r.Context().Err() == nil {
			if _, err := fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\n\r\n%s\r\n", data); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			<-tick.C
		}
	}))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	return srv.URL
}

// facesScreen opens the faces screen with its cascades.
func facesScreen(t *testing.T) (*ui.Studio, *uitest.Queue, string) {
	t.Helper()
	_, err := vision.FindCascade("haarcascade_frontalface_default")
	testenv.NeedNative(t, err)
	s, q, dir := studio(t)
	s.Go("faces")
	q.Until(t, 20*time.Second, s.FacesReady)
	return s, q, dir
}

func lena(t *testing.T) string {
	return testenv.SharedData(t, "faces", "images", "opencv", "lena.jpg")
}

func TestFacesOfACameraAreShownSavedAndRecorded(t *testing.T) {
	s, q, dir := facesScreen(t)
	f, err := vision.ReadPicture(lena(t))
	if err != nil {
		t.Fatal(err)
	}
	s.WatchFaces(camera(t, f))
	q.Until(t, 30*time.Second, func() bool { return s.FacesSeen() == 1 })
	s.SaveFaces()
	q.Until(t, 10*time.Second, func() bool { return count(t, dir, "*.png") == 1 })
	s.RecordFaces()
	q.Until(t, 10*time.Second, s.RecordingFaces)
	s.RecordFaces()
	q.Until(t, 20*time.Second, func() bool { return count(t, dir, "*.mp4") == 1 })
	s.CompareFaces("haar-alt2")
	q.Until(t, 30*time.Second, func() bool { return s.FacesPanes() == 2 })
	s.Go("home")
	if s.FacesPanes() != 0 {
		t.Error("the camera is still watched from another screen")
	}
	if s.Errors() != 0 {
		t.Errorf("%d errors were shown", s.Errors())
	}
}

func count(t *testing.T, dir, pattern string) int {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "faces", pattern))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestTrueBoxesAreKeptAndScored(t *testing.T) {
	s, q, dir := facesScreen(t)
	s.LabelFaces(lena(t))
	q.Until(t, 20*time.Second, s.LabelsReady)
	s.SuggestLabels()
	q.Until(t, 20*time.Second, func() bool { return count(t, dir, "labels/lena.jpg-*.csv") == 1 })
	tables, _ := filepath.Glob(filepath.Join(dir, "faces", "labels", "*.csv"))
	raw, err := os.ReadFile(tables[0])
	if err != nil || !strings.HasPrefix(string(raw), "image,x,y,w,h,ignore\nlena.jpg,") {
		t.Fatalf("the table holds %q (%v)", raw, err)
	}
	s.ScoreLabels()
	q.Until(t, 60*time.Second, func() bool { return s.Scores() != nil })
	for _, score := range s.Scores() {
		if score.Recall != 1 || score.FalseAlarms != 0 {
			t.Errorf("%s on the boxes it suggested itself: %+v", score.Detector, score)
		}
	}
	s.UndoLabel()
	if raw, err = os.ReadFile(tables[0]); err != nil || strings.Contains(string(raw), "lena") {
		t.Errorf("undo left %q (%v)", raw, err)
	}
}

func TestAnAddressTypedIntoThePaletteIsWatched(t *testing.T) {
	_, err := vision.FindCascade("haarcascade_frontalface_default")
	testenv.NeedNative(t, err)
	s, q, _ := studio(t)
	f, err := vision.ReadPicture(lena(t))
	if err != nil {
		t.Fatal(err)
	}
	if s.RunTyped("camera") || !s.RunTyped(camera(t, f)) { // the detectors are not open yet
		t.Fatal("the palette does not tell addresses from words")
	}
	q.Until(t, 30*time.Second, func() bool { return s.FacesSeen() == 1 })
}

func TestWhatWasTurnedIsKept(t *testing.T) {
	s, q, dir := facesScreen(t)
	s.TuneFaces(face.Params{Confidence: 0.6, NMS: 0.3, MinSize: 30, Side: 640, Scale: 1.2, Neighbors: 3})
	s.CompareFaces("haar-alt2")
	kept, err := project.LoadSettings(filepath.Join(dir, "settings.toml"))
	if err != nil || kept.Faces.Compare != "haar-alt2" || kept.Faces.Tuned["haar"].Neighbors != 3 {
		t.Errorf("kept %+v (%v)", kept.Faces, err)
	}
	s.Go("home")
	s.Go("faces")
	q.Until(t, 20*time.Second, s.FacesReady)
	if c := s.ChosenFaces(); c.Compare != "haar-alt2" {
		t.Errorf("another visit: %+v", c)
	}
}

func TestAFolderIsMadeAnonymous(t *testing.T) {
	s, q, dir := facesScreen(t)
	source := filepath.Join(t.TempDir(), "photos")
	if err := os.Mkdir(source, 0o700); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(lena(t))
	if err == nil {
		err = os.WriteFile(filepath.Join(source, "one.jpg"), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.AnonymiseFaces(source)
	q.Until(t, 60*time.Second, func() bool { return !s.Anonymising() })
	out := filepath.Join(dir, "faces", "photos-anonymous", "one.jpg")
	f, err := vision.ReadPicture(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range s.FaceDetectors() {
		found, err := d.Detect(context.Background(), f, d.Defaults())
		if err != nil || len(found) > 0 {
			t.Errorf("%s still finds %v (%v)", d.Name(), found, err)
		}
	}
}

func TestAFileThatIsNoFaceModelIsRefused(t *testing.T) {
	s, q, dir := facesScreen(t)
	s.BringFaceModel(testenv.SharedData(t, "onnx-small", "mnist.onnx"))
	q.Until(t, 20*time.Second, func() bool { return s.Errors() > 0 })
	if list, _ := filepath.Glob(filepath.Join(dir, "models", "*")); len(list) > 0 {
		t.Errorf("it was kept as %v", list)
	}
}
