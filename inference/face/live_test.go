package face_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"athanor/inference/face"
	"athanor/inference/testenv"
	"athanor/inference/vision"
)

// stream serves JPEGs as a camera on loopback, fps frames a second, in a loop.
// After cut frames each connection breaks off; 0 is never.
func stream(t testing.TB, jpegs [][]byte, fps float64, cut int64) *httptest.Server {
	t.Helper()
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=frame")
		tick := time.NewTicker(time.Duration(float64(time.Second) / fps))
		defer tick.Stop()
		for i := int64(0); cut == 0 || i < cut; i++ {
			data := jpegs[n.Add(1)%int64(len(jpegs))]
			if _, err := fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\n\r\n%s\r\n", data); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	return srv
}

// clipJPEGs returns frames of the real clip as JPEGs of 640×480.
func clipJPEGs(t testing.TB, step int) [][]byte {
	t.Helper()
	var list [][]byte
	for _, f := range frames(t, testenv.SharedData(t, "faces", "video", "short_hamilton_clip.mp4"), step) {
		big, err := f.Resize(640, 480)
		if err != nil {
			t.Fatal(err)
		}
		data, err := vision.EncodeJPEG(big, 90)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, data)
	}
	return list
}

func startLive(t testing.TB, cfg face.LiveConfig) *face.Live {
	t.Helper()
	l, err := face.StartLive(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func patient(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestLiveFollowsFaces(t *testing.T) {
	cam := stream(t, clipJPEGs(t, 1)[100:160], 60, 0)
	l := startLive(t, face.LiveConfig{
		Feed:      vision.FeedConfig{Spec: cam.URL},
		Detectors: []face.Detector{openModel(t, yunetFile), openModel(t, ultrafaceFile)},
		Params:    []face.Params{{Side: 320}},
	})
	var last *face.View
	var entered int
	for after := int64(-1); ; after = last.Number {
		v, err := l.Wait(patient(t), after)
		if err != nil {
			t.Fatal(err)
		}
		if last != nil && (v.Number <= last.Number || v.Frame.Index <= last.Frame.Index) {
			t.Fatalf("view %d of frame %d after view %d of frame %d", v.Number, v.Frame.Index, last.Number, last.Frame.Index)
		}
		last = v
		for _, e := range v.Recent { // a slow reader misses views, and their Events
			if e.Kind == face.Enter {
				entered++
			}
		}
		if v.Counts.Total > 0 && len(v.Tracks) > 0 && v.Number > 10 {
			break
		}
	}
	if len(last.Results) != 2 || last.Results[0].Detector != "yunet" || last.Results[1].Detector != "ultraface" {
		t.Fatalf("results %+v", last.Results)
	}
	if last.Stages.Detect <= 0 || last.Stages.Total <= 0 || last.Source.Phase != vision.Playing || len(last.Counts.Past) == 0 {
		t.Errorf("stages %+v, source %+v, counts %+v", last.Stages, last.Source, last.Counts)
	}
	if entered == 0 {
		t.Error("no face was told to enter")
	}
}

// slow is a detector that answers when it is told to.
type slow struct{ gate chan struct{} }

func (s slow) Name() string          { return "slow" }
func (s slow) Defaults() face.Params { return face.Params{} }
func (s slow) Close() error          { return nil }
func (s slow) Detect(ctx context.Context, _ *vision.Frame, _ face.Params) ([]face.Face, error) {
	select {
	case <-s.gate:
		return []face.Face{{Box: face.Box{X: 10, Y: 10, W: 20, H: 20}, Score: 1}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func noise(t testing.TB) []byte {
	t.Helper()
	data, err := vision.EncodeJPEG(vision.NewFrame(64, 48), 90)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestLiveShowsFramesWhileDetectionIsSlow(t *testing.T) {
	s := slow{gate: make(chan struct{})}
	cam := stream(t, [][]byte{noise(t)}, 200, 0)
	l := startLive(t, face.LiveConfig{
		Feed: vision.FeedConfig{Spec: cam.URL}, Detectors: []face.Detector{s},
		Track: face.TrackConfig{Confirm: 1, Hold: time.Hour}, Budget: time.Millisecond,
	})
	wait := func(after int64) *face.View {
		v, err := l.Wait(patient(t), after)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := wait(9) // ten views, though no detection has ended
	if len(v.Results) != 0 || len(v.Tracks) != 0 {
		t.Fatalf("a result came from nowhere: %+v", v)
	}
	s.gate <- struct{}{}
	for len(v.Tracks) == 0 {
		v = wait(v.Number)
	}
	many := wait(v.Number + 10) // the face stays between detections
	if len(many.Tracks) != 1 || many.Tracks[0].ID != 1 {
		t.Errorf("tracks between detections: %+v", many.Tracks)
	}
	s.gate <- struct{}{}
	for v = many; v.Every < 10; {
		v = wait(v.Number)
		select {
		case s.gate <- struct{}{}:
		default:
		}
		if v.Number > 2000 {
			t.Fatalf("detection is said to see every %d-th frame", v.Every)
		}
	}
}

func TestLiveSurvivesTheCamera(t *testing.T) {
	cam := stream(t, [][]byte{noise(t)}, 300, 5)
	l := startLive(t, face.LiveConfig{
		Feed:      vision.FeedConfig{Spec: cam.URL, Backoff: time.Millisecond},
		Detectors: []face.Detector{openModel(t, yunetFile)},
	})
	for after := int64(-1); l.Source().Opens < 4; {
		v, err := l.Wait(patient(t), after)
		if err != nil {
			t.Fatal(err)
		}
		after = v.Number
	}
}

func TestLiveSnapshotRecordHideAndClose(t *testing.T) {
	cam := stream(t, clipJPEGs(t, 30), 60, 0)
	l := startLive(t, face.LiveConfig{
		Feed: vision.FeedConfig{Spec: cam.URL}, Detectors: []face.Detector{openModel(t, yunetFile)}, Hide: vision.Pixelate,
	})
	dir := t.TempDir()
	if err := l.Snapshot(filepath.Join(dir, "early.jpg"), true); err != nil && !errors.Is(err, face.ErrNoFrame) {
		t.Error(err)
	}
	v, err := l.Wait(patient(t), -1)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Snapshot(filepath.Join(dir, "snap.png"), true); err != nil {
		t.Error(err)
	}
	movie := filepath.Join(dir, "movie.mp4")
	if err := l.Record(movie); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(movie); err == nil || !l.Recording() {
		t.Error("a second recording was started")
	}
	l.SetParams(0, face.Params{Confidence: 0.99})
	l.SetHide("")
	for range 30 {
		if v, err = l.Wait(patient(t), v.Number); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wait(patient(t), 1<<60); !errors.Is(err, io.EOF) {
		t.Errorf("after Close: %v", err)
	}
	if n := len(frames(t, movie, 1)); n < 5 {
		t.Errorf("the recording has %d frames", n)
	}
	if f, err := vision.ReadPicture(filepath.Join(dir, "snap.png")); err != nil || f.W != 640 {
		t.Errorf("snapshot: %v, %v", f, err)
	}
	left, _ := os.ReadDir(dir)
	if slices.ContainsFunc(left, func(e os.DirEntry) bool { return e.Name()[0] == '.' }) {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestLiveOfAPictureAndOfNothing(t *testing.T) {
	d := openModel(t, yunetFile)
	l := startLive(t, face.LiveConfig{
		Feed:      vision.FeedConfig{Spec: testenv.SharedData(t, "faces", "images", "two_people.jpg")},
		Detectors: []face.Detector{d}, Track: face.TrackConfig{Confirm: 1}, Budget: 10 * time.Second,
	})
	v, err := l.Wait(patient(t), -1)
	if err != nil || len(v.Tracks) != 2 {
		t.Fatalf("%+v, %v", v, err)
	}
	l.SetParams(0, face.Params{Confidence: 0.99}) // a slider moves: the picture is looked at again
	if v, err = l.Wait(patient(t), v.Number); err != nil || len(v.Tracks) != 0 {
		t.Errorf("after the slider moved: %+v, %v", v, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wait(patient(t), v.Number); !errors.Is(err, io.EOF) {
		t.Errorf("after Close: %v", err)
	}
	missing := startLive(t, face.LiveConfig{Feed: vision.FeedConfig{Spec: "/no/such/file.mp4"}, Detectors: []face.Detector{d}})
	if _, err := missing.Wait(patient(t), -1); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a missing file gave %v", err)
	}
	if _, err := face.StartLive(t.Context(), face.LiveConfig{}); !errors.Is(err, face.ErrDetector) {
		t.Errorf("without a detector: %v", err)
	}
}

// While faces are hidden, no frame may be shown before its own detection.
func TestLiveHidesFromTheFirstFrame(t *testing.T) {
	cam := stream(t, clipJPEGs(t, 30), 100, 0)
	l := startLive(t, face.LiveConfig{
		Feed: vision.FeedConfig{Spec: cam.URL}, Detectors: []face.Detector{openModel(t, yunetFile)},
		Hide: vision.Solid, Budget: time.Nanosecond,
	})
	for after := int64(-1); after < 15; {
		v, err := l.Wait(patient(t), after)
		if err != nil {
			t.Fatal(err)
		}
		after = v.Number
		if len(v.Results) != 1 || v.Results[0].Frame != v.Frame.Index {
			t.Fatalf("frame %d is shown with the faces of %+v", v.Frame.Index, v.Results)
		}
		for _, f := range v.Results[0].Faces {
			c := f.Box.Center()
			if got := v.Frame.RGBA(nil).RGBAAt(int(c.X), int(c.Y)); got.R != 0x30 || got.G != 0x30 {
				t.Fatalf("the face at %v is visible: %v", f.Box, got)
			}
		}
	}
}
