package vision_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"athanor/inference/testenv"
	"athanor/inference/vision"
)

// camera is an MJPEG server on loopback: each connection plays frames until
// perConn are sent, then breaks off (0: never), or stalls when told to.
type camera struct {
	*httptest.Server
	conns   atomic.Int64
	sent    atomic.Int64
	perConn int64
	stall   atomic.Bool
	frame   func(i int64) []byte
	every   time.Duration
}

func newCamera(t testing.TB, c *camera) *camera {
	t.Helper()
	if c.every == 0 {
		c.every = 5 * time.Millisecond
	}
	c.Server = httptest.NewServer(c)
	t.Cleanup(func() { c.CloseClientConnections(); c.Close() })
	return c
}

func (c *camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.conns.Add(1)
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=--frame")
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for i := int64(0); c.perConn == 0 || i < c.perConn; i++ {
		data := c.frame(c.sent.Add(1) - 1)
		if _, err := fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", len(data), data); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		if c.stall.Load() {
			<-r.Context().Done()
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// still returns the same JPEG for every frame.
func still(t testing.TB, w, h int) func(int64) []byte {
	t.Helper()
	data := asJPEG(t, gradient(w, h))
	return func(int64) []byte { return data }
}

func limit(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestFeedReconnects(t *testing.T) {
	cam := newCamera(t, &camera{perConn: 3, frame: still(t, 64, 48)})
	feed := vision.Watch(limit(t), vision.FeedConfig{Spec: cam.URL, Backoff: time.Millisecond})
	defer feed.Close()
	after := int64(-1)
	for cam.conns.Load() < 4 {
		f, err := feed.Next(limit(t), after)
		if err != nil {
			t.Fatal(err)
		}
		if f.Index <= after || f.W != 64 || f.H != 48 {
			t.Fatalf("frame %d of %d×%d after %d", f.Index, f.W, f.H, after)
		}
		after = f.Index
	}
	if s := feed.State(); s.Opens < 3 {
		t.Errorf("opened %d times, the server saw %d connections", s.Opens, cam.conns.Load())
	}
}

func TestFeedNewestWins(t *testing.T) {
	cam := newCamera(t, &camera{every: time.Millisecond, frame: still(t, 32, 32)})
	feed := vision.Watch(limit(t), vision.FeedConfig{Spec: cam.URL})
	defer feed.Close()
	first, err := feed.Next(limit(t), -1)
	if err != nil {
		t.Fatal(err)
	}
	// A slow consumer: wait until 20 more frames have come, then take one.
	for feed.State().Frames < first.Index+21 {
		if _, err := feed.Next(limit(t), feed.State().Frames-1); err != nil {
			t.Fatal(err)
		}
	}
	next, err := feed.Next(limit(t), first.Index)
	if err != nil {
		t.Fatal(err)
	}
	if next.Index < first.Index+20 {
		t.Errorf("got frame %d, but frame %d had come: an old frame was kept", next.Index, first.Index+20)
	}
}

func TestStreamStalls(t *testing.T) {
	cam := newCamera(t, &camera{frame: still(t, 32, 32)})
	cam.stall.Store(true)
	src, err := vision.Open(limit(t), cam.URL, vision.OpenConfig{Stall: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for err == nil {
		_, err = src.Next(limit(t))
	}
	if !errors.Is(err, vision.ErrStalled) {
		t.Errorf("got %v, want ErrStalled", err)
	}
}

func TestStreamErrorsSayWhy(t *testing.T) {
	locked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer locked.Close()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	defer silent.CloseClientConnections()
	gone := httptest.NewServer(nil)
	gone.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>hello</html>") }))
	defer page.Close()
	for spec, want := range map[string]string{
		locked.URL: "name and password",
		silent.URL: "no answer in time",
		gone.URL:   "nothing answers",
		page.URL:   "not with a video",
		strings.Replace(gone.URL, "http", "rtsp", 1): "nothing answers",
	} {
		_, err := vision.Open(limit(t), spec, vision.OpenConfig{Stall: 500 * time.Millisecond})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", spec, err, want)
		}
	}
}

func TestStreamStillPictures(t *testing.T) {
	data := asJPEG(t, gradient(20, 10))
	cam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(data)
	}))
	defer cam.Close()
	src, err := vision.Open(limit(t), cam.URL, vision.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for i := range int64(3) {
		f, err := src.Next(limit(t))
		if err != nil || f.Index != i || f.W != 20 {
			t.Fatalf("frame %d: %+v, %v", i, f, err)
		}
	}
}

func TestStreamHidesPassword(t *testing.T) {
	cam := newCamera(t, &camera{frame: still(t, 8, 8)})
	src, err := vision.Open(limit(t), strings.Replace(cam.URL, "http://", "http://me:secret@", 1), vision.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if name := src.Info().Name; strings.Contains(name, "secret") {
		t.Errorf("the source's name %q holds the password", name)
	}
}

func TestVideoPlaysToItsEnd(t *testing.T) {
	src, err := vision.Open(limit(t), testenv.SharedData(t, "faces", "video", "short_hamilton_clip.mp4"), vision.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	n, last := 0, time.Duration(-1)
	for {
		f, err := src.Next(limit(t))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if f.W != 640 || f.H != 360 || f.Index != int64(n) || f.Pos <= last {
			t.Fatalf("frame %d: %d×%d index %d at %v after %v", n, f.W, f.H, f.Index, f.Pos, last)
		}
		n, last = n+1, f.Pos
	}
	if n != 275 || src.Info().Frames != 275 {
		t.Errorf("%d frames of %d, want 275", n, src.Info().Frames)
	}
}

func TestVideoCutOff(t *testing.T) {
	data, err := os.ReadFile(testenv.SharedData(t, "faces", "video", "short_hamilton_clip.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.mp4")
	if err := os.WriteFile(path, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := vision.Open(limit(t), path, vision.OpenConfig{})
	for err == nil {
		_, err = src.Next(limit(t))
	}
	if src != nil {
		src.Close()
	}
	if !errors.Is(err, vision.ErrBroken) {
		t.Errorf("got %v, want ErrBroken", err)
	}
}

func TestFolderSkipsBadFiles(t *testing.T) {
	dir := t.TempDir()
	good := asJPEG(t, gradient(16, 16))
	for name, data := range map[string][]byte{
		"a.jpg": good, "b.jpg": good[:40], "c.jpg": good, "notes.txt": []byte("no"), ".hidden.jpg": good,
		"d.heic": []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src, err := vision.Open(limit(t), dir, vision.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var good_, bad []string
	for {
		_, err := src.Next(limit(t))
		if errors.Is(err, io.EOF) {
			break
		} else if one, ok := errors.AsType[*vision.FrameError](err); ok {
			bad = append(bad, filepath.Base(one.Name))
		} else if err != nil {
			t.Fatal(err)
		} else {
			good_ = append(good_, filepath.Base(vision.PathOf(src)))
		}
	}
	if got := strings.Join(good_, " ") + "|" + strings.Join(bad, " "); got != "a.jpg c.jpg|b.jpg d.heic" {
		t.Errorf("read|refused = %s", got)
	}
}

func TestOpenExplains(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.mp4")
	text := filepath.Join(t.TempDir(), "letter.txt")
	if err := errors.Join(os.WriteFile(empty, nil, 0o600), os.WriteFile(text, []byte("dear reader"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for spec, want := range map[string]error{
		"":                vision.ErrEmpty,
		empty:             vision.ErrEmpty,
		text:              vision.ErrBroken,
		t.TempDir():       vision.ErrEmpty,
		"gopher://host/x": vision.ErrUnsupported,
		"/dev/video254":   vision.ErrNoCamera,
		"254":             vision.ErrNoCamera,
	} {
		src, err := vision.Open(limit(t), spec, vision.OpenConfig{})
		if !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", spec, err, want)
		}
		if src != nil {
			src.Close()
		}
	}
}

func TestFeedOfMissingFileFails(t *testing.T) {
	feed := vision.Watch(limit(t), vision.FeedConfig{Spec: filepath.Join(t.TempDir(), "nothing.mp4")})
	defer feed.Close()
	if _, err := feed.Next(limit(t), -1); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
	if s := feed.State(); s.Phase != vision.Failed {
		t.Errorf("phase %s", s.Phase)
	}
}

// A camera that is not there is looked for until it is plugged in.
func TestFeedWaitsForCamera(t *testing.T) {
	feed := vision.Watch(limit(t), vision.FeedConfig{Spec: "/dev/video254", Backoff: time.Millisecond})
	defer feed.Close()
	ctx, cancel := context.WithTimeout(limit(t), 100*time.Millisecond)
	defer cancel()
	if _, err := feed.Next(ctx, -1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if s := feed.State(); s.Phase != vision.Retrying || !errors.Is(s.Err, vision.ErrNoCamera) {
		t.Errorf("phase %s, %v", s.Phase, s.Err)
	}
}
