package face

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"athanor/inference/vision"
)

// ErrNoFrame says that there is nothing to save yet.
var ErrNoFrame = errors.New("no frame yet")

// Snapshot writes the newest view as a picture (.jpg or .png), with boxes and
// numbers drawn when asked for.
func (l *Live) Snapshot(path string, draw bool) error {
	v := l.View()
	if v == nil {
		return fmt.Errorf("snapshot: %w; wait for the camera", ErrNoFrame)
	}
	f := v.Frame
	if draw {
		f = f.Clone()
		if err := Draw(f, v.Faces()); err != nil {
			return err
		}
	}
	return vision.WritePicture(path, f)
}

// Faces returns the view's tracks as faces.
func (v *View) Faces() []Face {
	faces := make([]Face, len(v.Tracks))
	for i, t := range v.Tracks {
		faces[i] = Face{Box: t.Box, Score: t.Score, Landmarks: t.Landmarks, Track: t.ID}
	}
	return faces
}

// recordFPS is the rate of recorded videos, whatever the source's is.
const recordFPS = 30

// recording writes views to a video on a goroutine of its own. One frame may
// wait; when the disk is slow, frames are repeated rather than kept.
type recording struct {
	path, tmp string
	frames    chan *vision.Frame
	done      chan struct{}
	err       error
}

// Record starts to write what the session shows to a video file; faces that are
// hidden are hidden in it. The file appears when StopRecording finishes it.
func (l *Live) Record(path string) error {
	v := l.View()
	if v == nil {
		return fmt.Errorf("record: %w; wait for the camera", ErrNoFrame)
	}
	tmp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".athanor-%d%s", time.Now().UnixNano(), strings.ToLower(filepath.Ext(path))))
	out, err := vision.CreateVideo(tmp, recordFPS, v.Frame.W, v.Frame.H)
	if err != nil {
		return fmt.Errorf("record to %s: %w", path, err)
	}
	r := &recording{path: path, tmp: tmp, frames: make(chan *vision.Frame, 1), done: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.recording != nil {
		_ = out.Close()
		_ = os.Remove(tmp)
		return fmt.Errorf("record to %s: %s is being recorded; stop it first", path, l.recording.path)
	}
	l.recording = r
	go r.run(out, v.Frame.W, v.Frame.H)
	return nil
}

// Recording tells whether a recording is under way.
func (l *Live) Recording() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.recording != nil
}

// StopRecording finishes the video; it does nothing without one.
func (l *Live) StopRecording() error {
	l.mu.Lock()
	r := l.recording
	l.recording = nil
	l.mu.Unlock()
	if r == nil {
		return nil
	}
	close(r.frames) // offer is only called under the lock, while l.recording is r
	<-r.done
	if r.err == nil {
		r.err = os.Rename(r.tmp, r.path)
	}
	if r.err != nil {
		_ = os.Remove(r.tmp)
		return fmt.Errorf("record to %s: %w", r.path, r.err)
	}
	return nil
}

// offer replaces the waiting frame.
func (r *recording) offer(f *vision.Frame) {
	select {
	case <-r.frames:
	default:
	}
	r.frames <- f // the slot is empty: offer is the only sender
}

// run writes each frame as often as its place in time asks for.
func (r *recording) run(out *vision.VideoWriter, w, h int) {
	defer close(r.done)
	var begin time.Time
	written := 0
	for f := range r.frames {
		if r.err != nil {
			continue
		}
		if begin.IsZero() {
			begin = f.Time
		}
		if f.W != w || f.H != h { // the source changed its size
			if f, r.err = f.Resize(w, h); r.err != nil {
				continue
			}
		}
		due := int(f.Time.Sub(begin).Seconds()*recordFPS) + 1
		for ; written < due && r.err == nil; written++ {
			r.err = out.Write(f)
		}
	}
	if err := out.Close(); r.err == nil {
		r.err = err
	}
}
