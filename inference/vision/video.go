package vision

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"sync"
	"time"

	"gocv.io/x/gocv"
)

// video reads a file from start to end. Reads are quick, so they happen on the
// caller's goroutine.
type video struct {
	mu   sync.Mutex
	cap  *gocv.VideoCapture
	mat  gocv.Mat
	info SourceInfo
	n    int64
}

func openVideo(path string) (Source, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open video %s: %w", path, err)
	}
	// FFmpeg by name: the other backends would take some paths for patterns.
	c, err := gocv.VideoCaptureFileWithAPI(abs, gocv.VideoCaptureFFmpeg)
	if err != nil {
		if c != nil {
			_ = c.Close()
		}
		return nil, notVideo(path)
	}
	v := &video{cap: c, mat: gocv.NewMat(), info: captureInfo(c, path, KindVideo)}
	if int64(v.info.W)*int64(v.info.H) > MaxPixels {
		_ = v.Close()
		return nil, fmt.Errorf("open %s: %w: %d×%d pixels", path, ErrTooLarge, v.info.W, v.info.H)
	}
	return v, nil
}

func notVideo(path string) error {
	return fmt.Errorf("open %s: %w, or neither a picture nor a video that FFmpeg can read", path, ErrBroken)
}

// captureInfo asks an open capture for its sizes.
func captureInfo(c *gocv.VideoCapture, name string, kind Kind) SourceInfo {
	info := SourceInfo{
		Name: name, Kind: kind,
		W: int(c.Get(gocv.VideoCaptureFrameWidth)), H: int(c.Get(gocv.VideoCaptureFrameHeight)),
		FPS: c.Get(gocv.VideoCaptureFPS),
	}
	if math.IsNaN(info.FPS) || info.FPS < 0 || info.FPS > 1000 {
		info.FPS = 0
	}
	if n := c.Get(gocv.VideoCaptureFrameCount); kind == KindVideo && n > 0 && n < 1e9 {
		info.Frames = int(n)
	}
	return info
}

func (v *video) Info() SourceInfo { return v.info }

func (v *video) Next(ctx context.Context) (*Frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cap == nil {
		return nil, ErrClosed
	}
	if !v.cap.Read(&v.mat) || v.mat.Empty() {
		return nil, v.end()
	}
	f, err := frameOf(&v.mat)
	if err != nil {
		return nil, err
	}
	f.Index, f.Time, f.Pos = v.n, time.Now(), v.place(v.cap.Get(gocv.VideoCapturePosMsec))
	v.n++
	return f, nil
}

// place is when the frame is shown. Containers without times count frames.
func (v *video) place(ms float64) time.Duration {
	if (ms <= 0 || math.IsNaN(ms)) && v.info.FPS > 0 {
		ms = 1000 * float64(v.n) / v.info.FPS
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// end tells a whole video from one that is cut off. The count in a container
// is an estimate, so a tenth may be missing.
func (v *video) end() error {
	if v.n == 0 {
		return notVideo(v.info.Name)
	}
	if v.info.Frames > 0 && float64(v.n) < 0.9*float64(v.info.Frames) {
		return fmt.Errorf("%s: %w: it ends after %d of %d frames", v.info.Name, ErrBroken, v.n, v.info.Frames)
	}
	return io.EOF
}

func (v *video) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cap == nil {
		return nil
	}
	err := v.cap.Close()
	v.cap = nil
	return joinClose(err, v.mat.Close())
}
