package faces_test

import (
	"image"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"athanor/ui/widgets"

	"athanor/inference/face"
	"athanor/inference/vision"
	"athanor/ui/faces"
	"athanor/ui/i18n"
	"athanor/ui/uitest"
)

// open shows the screen in a window of 1024×700.
func open(t *testing.T) (*faces.View, fyne.Window) {
	t.Helper()
	uitest.App(t)
	v := faces.New(uitest.Book(t, i18n.English))
	w := test.NewTempWindow(t, v)
	w.Resize(fyne.NewSize(1024, 700))
	return v, w
}

// texts are all words on the canvas.
func texts(w fyne.Window) map[string]bool {
	words := map[string]bool{}
	for _, o := range test.LaidOutObjects(w.Content()) {
		if text, ok := o.(*canvas.Text); ok && text.Visible() {
			words[text.Text] = true
		}
	}
	return words
}

// sliders are those on the canvas.
func sliders(w fyne.Window) []*widgets.Slider {
	var list []*widgets.Slider
	for _, o := range test.LaidOutObjects(w.Content()) {
		if s, ok := o.(*widgets.Slider); ok && s.Visible() {
			list = append(list, s)
		}
	}
	return list
}

func TestTwoDetectorsStandSideBySide(t *testing.T) {
	v, w := open(t)
	picture := image.NewRGBA(image.Rect(0, 0, 64, 48))
	v.Apply(&faces.Seen{
		Panes: []faces.Pane{{Picture: picture, Detector: "yunet", Faces: 4, MS: 3}, {Picture: picture, Detector: "haar", Faces: 1, MS: 40}},
		Faces: 4, Total: 7, FPS: 30, Stages: face.Stages{Detect: 43}, Every: 2, Events: []face.Event{{Kind: face.Enter, Track: 7}},
	})
	words := texts(w)
	for _, want := range []string{"yunet · 4 faces · 3 ms", "haar · 1 face · 40 ms", "30", "43 ms", "on 1 of 2 frames", "#7 came"} {
		if !words[want] {
			t.Errorf("%q is not on the screen", want)
		}
	}
	v.Apply(nil)
	if texts(w)["haar · 1 face · 40 ms"] {
		t.Error("the panes stayed after the end")
	}
}

func TestSlidersAreThoseOfTheDetector(t *testing.T) {
	v, w := open(t)
	var turned face.Params
	v.OnTune = func(_ int, p face.Params) { turned = p }
	haar := face.Params{Confidence: 0.5, NMS: 0.3, MinSize: 30, Side: 1280, Scale: 1.1, Neighbors: 1}
	yunet := face.Params{Confidence: 0.7, NMS: 0.3, MinSize: 1, Side: 1920}
	v.ApplyTuning(faces.Tuning{Detector: "yunet", Params: yunet, Defaults: yunet})
	if n := len(sliders(w)); n != 4 {
		t.Errorf("YuNet has %d sliders, want 4", n)
	}
	v.ApplyTuning(faces.Tuning{Detector: "haar", Params: haar, Defaults: haar})
	list := sliders(w)
	if len(list) != 6 {
		t.Fatalf("the cascade has %d sliders, want 6", len(list))
	}
	list[5].SetValue(4)
	list[5].OnChangeEnded(4)
	want := haar
	want.Neighbors = 4
	if turned != want {
		t.Errorf("turned %+v, want %+v", turned, want)
	}
	if !texts(w)["Back to the defaults"] {
		t.Error("no way back is offered")
	}
}

func TestBoxesAreDrawnSelectedAndRemoved(t *testing.T) {
	v, w := open(t)
	l := v.Labels()
	var drawn []face.Box
	l.OnBoxes = func(b []face.Box) { drawn = b }
	v.ShowLabels(true)
	l.Apply("clip.mp4", &faces.Sheet{Picture: image.NewRGBA(image.Rect(0, 0, 640, 480)), Count: 3, Name: "0"})
	board := boardOf(t, w)
	middle := fyne.NewPos(board.Size().Width/2, board.Size().Height/2)
	drag := board.(fyne.Draggable)
	drag.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: middle.AddXY(40, 60)}, Dragged: fyne.NewDelta(40, 60)})
	drag.DragEnd()
	if len(drawn) != 1 || drawn[0].X < 319 || drawn[0].X > 321 || drawn[0].Y < 239 || drawn[0].Y > 241 || drawn[0].W >= drawn[0].H {
		t.Fatalf("a drag from the middle of 640×480 to the lower right drew %v", drawn)
	}
	drag.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: middle}, Dragged: fyne.NewDelta(1, 1)})
	drag.DragEnd()
	if len(drawn) != 1 {
		t.Error("a tremble of the mouse drew a box")
	}
	board.(fyne.Tappable).Tapped(&fyne.PointEvent{Position: middle.AddXY(20, 20)})
	board.(fyne.Focusable).TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	if len(drawn) != 0 {
		t.Errorf("Delete left %v", drawn)
	}
}

// boardOf finds what boxes are drawn on.
func boardOf(t *testing.T, w fyne.Window) fyne.CanvasObject {
	t.Helper()
	for _, o := range test.LaidOutObjects(w.Content()) {
		if _, ok := o.(fyne.Draggable); !ok {
			continue
		}
		if _, ok := o.(fyne.Focusable); ok && o.Size().Width > 300 {
			if _, slider := o.(*widgets.Slider); !slider {
				return o
			}
		}
	}
	t.Fatal("there is nothing to draw on")
	return nil
}

func TestScoresAreShown(t *testing.T) {
	v, w := open(t)
	v.ShowLabels(true)
	v.Labels().ApplyScores([]face.Scored{{Detector: "yunet", Quality: face.Quality{Truths: 4, Hits: 3, FalseAlarms: 1, Precision: 0.75, Recall: 0.75, AP: 0.702}, Confidence: 0.7}})
	words := texts(w)
	for _, want := range []string{"yunet", "0.750", "0.702"} {
		if !words[want] {
			t.Errorf("%q is not on the screen", want)
		}
	}
}

func TestNamesOfSources(t *testing.T) {
	for spec, want := range map[string]string{
		"rtsp://me:secret@10.0.0.2/live": "rtsp://me:xxxxx@10.0.0.2/live", "/home/x/clip.mp4": "clip.mp4", "0": "0",
	} {
		if got := faces.SourceTitle(spec); got != want {
			t.Errorf("%s is called %s, want %s", spec, got, want)
		}
	}
	camera := vision.Camera{Index: 2, Name: "Cam", Formats: []vision.CameraFormat{{Code: "YUYV", W: 640, H: 480}, {Code: "MJPG", W: 1280, H: 720}}}
	if got := faces.CameraTitle(camera); got != "Cam (2) · 1280×720 MJPG" {
		t.Errorf("the camera is called %s", got)
	}
}

func TestSettingsOfAFileAreBroughtIntoTheirRange(t *testing.T) {
	defaults := face.Params{Confidence: 0.7, NMS: 0.3, MinSize: 1, Side: 1920}
	got := faces.Tuning{Params: face.Params{Confidence: 7, Side: 320, Scale: 0.5}, Defaults: defaults}.Whole()
	if want := (face.Params{Confidence: 0.99, NMS: 0.3, MinSize: 1, Side: 320}); got != want {
		t.Errorf("got %+v, wanted %+v", got, want)
	}
}
