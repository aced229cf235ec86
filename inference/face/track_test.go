package face_test

import (
	"testing"
	"time"

	"athanor/inference/face"
)

const beat = 40 * time.Millisecond

func at(x, y float32) face.Face {
	return face.Face{Box: face.Box{X: x, Y: y, W: 40, H: 40}, Score: 0.9}
}

func TestTracksKeepTheirNumbersWhenFacesCross(t *testing.T) {
	tr := face.NewTracker(face.TrackConfig{})
	var left, right int
	for i := range 40 {
		// Two faces walk past each other, 30 pixels apart in height.
		faces := []face.Face{at(float32(10*i), 100), at(float32(400-10*i), 130)}
		if i%2 == 1 { // the detector's order means nothing
			faces[0], faces[1] = faces[1], faces[0]
		}
		tr.Update(time.Duration(i)*beat, faces)
		if i%2 == 1 {
			faces[0], faces[1] = faces[1], faces[0]
		}
		if i == 5 {
			left, right = faces[0].Track, faces[1].Track
		}
		if i > 5 && (faces[0].Track != left || faces[1].Track != right) {
			t.Fatalf("frame %d: numbers %d %d, want %d %d", i, faces[0].Track, faces[1].Track, left, right)
		}
	}
	if left == 0 || right == 0 || tr.Total() != 2 {
		t.Errorf("numbers %d and %d, %d in total", left, right, tr.Total())
	}
}

func TestTrackSurvivesMissesAndLeaves(t *testing.T) {
	tr := face.NewTracker(face.TrackConfig{Hold: 10 * beat})
	var events []face.Event
	step := func(i int, faces ...face.Face) { events = append(events, tr.Update(time.Duration(i)*beat, faces)...) }
	for i := range 10 {
		step(i, at(float32(5*i), 50))
	}
	step(10)
	step(11)
	tracks := tr.At(11 * beat)
	if len(tracks) != 1 || !tracks[0].Missed || tracks[0].Box.X < 45 || tracks[0].Box.X > 65 {
		t.Fatalf("while missed: %+v", tracks)
	}
	step(12, at(60, 50))
	for i := 13; i < 30; i++ {
		step(i)
	}
	want := []face.Event{{face.Enter, 1, 0}, {face.Leave, 1, 12 * beat}}
	if len(events) != 2 || events[0] != want[0] || events[1] != want[1] {
		t.Errorf("events %+v, want %+v", events, want)
	}
	if left := tr.At(30 * beat); len(left) != 0 {
		t.Errorf("still there: %+v", left)
	}
}

func TestTrackIgnoresASingleFalseAlarm(t *testing.T) {
	tr := face.NewTracker(face.TrackConfig{})
	events := tr.Update(0, []face.Face{at(10, 10)})
	events = append(events, tr.Update(beat, nil)...)
	events = append(events, tr.Update(2*beat, []face.Face{at(10, 10)})...)
	if len(events) != 0 || len(tr.At(2*beat)) != 0 {
		t.Errorf("a face seen once became a track: %v", events)
	}
}

func TestTrackBoxIsSteadierThanTheFinds(t *testing.T) {
	tr := face.NewTracker(face.TrackConfig{})
	var raw, smooth float32
	var last face.Box
	for i := range 60 {
		shake := float32(3 * (i%2*2 - 1))
		tr.Update(time.Duration(i)*beat, []face.Face{at(100+shake, 100)})
		if box := tr.At(time.Duration(i) * beat); i > 10 && len(box) == 1 {
			raw, smooth = raw+6, smooth+max(box[0].Box.X-last.X, last.X-box[0].Box.X)
			last = box[0].Box
		} else if len(box) == 1 {
			last = box[0].Box
		}
	}
	if smooth == 0 || smooth > 0.8*raw {
		t.Errorf("the track moved %.0f pixels, its finds %.0f", smooth, raw)
	}
}

func TestTrackAThousandFaces(t *testing.T) {
	tr := face.NewTracker(face.TrackConfig{Confirm: 1})
	var faces []face.Face
	for i := range 1000 {
		faces = append(faces, at(float32(i%40)*45, float32(i/40)*45))
	}
	start := time.Now()
	for i := range 3 {
		tr.Update(time.Duration(i)*beat, faces)
	}
	if tr.Total() != 1000 || len(tr.At(2*beat)) != 1000 {
		t.Errorf("%d numbers for 1000 faces", tr.Total())
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("three updates took %v", d)
	}
}
