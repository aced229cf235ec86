package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// paintedFor is how long the live picture is watched in the window.
const paintedFor = 30 * time.Second

// painted times the way of a frame from its arrival to the screen in the program
// itself: Faces on a virtual display with software OpenGL, both on the same cores
// as the camera. A picture counts once the frame that shows it was handed to the
// display.
func (f *facesBench) painted(ctx context.Context, b *bench) (table, error) {
	t := table{head: []string{"In the window, 640×480 at 30 fps, YuNet at 320", "pictures", "fps (30)", "arrival to painted, ms: median (33)", "p99 (60)"}}
	address, stop, err := playCamera(ctx, filepath.Join(f.data, "video", "short_hamilton_clip.mp4"))
	if err != nil {
		return t, err
	}
	defer stop()
	home := filepath.Join(b.work, "faces")
	model, err := filepath.Abs(filepath.Join(f.data, "models", yunetModel))
	if err == nil {
		err = os.MkdirAll(filepath.Join(home, "models"), 0o755)
	}
	if err == nil {
		err = os.Symlink(model, filepath.Join(home, "models", yunetModel))
	}
	if err != nil {
		return t, err
	}
	w, err := openProgram(ctx, b, home, fmt.Sprintf("threads = %d\n[window]\nwidth = 1280\nheight = 800\nview = \"home\"\n"+
		"[faces]\ndetector = \"yunet\"\n[faces.tuned.yunet]\nside = 320\n", b.threads), "1")
	if err != nil {
		return t, err
	}
	defer w.close()
	if err := w.palette(ctx, address); err != nil {
		return t, err
	}
	time.Sleep(5 * time.Second) // it comes to its pace
	if _, err := w.counters(ctx); err != nil {
		return t, err
	}
	time.Sleep(paintedFor)
	c, err := w.counters(ctx)
	if err != nil {
		return t, err
	}
	p := c.Preview
	t.rows = append(t.rows, []string{
		"MJPEG on loopback", fmt.Sprint(p.Pictures), fmt.Sprintf("%.1f", p.FPS), fmt.Sprintf("%.1f", p.MedianMS), fmt.Sprintf("%.1f", p.P99MS),
	})
	return t, nil
}

// windowCounters are those of the window's counters that are wanted here.
type windowCounters struct {
	LongestMS float64 `json:"longest_ms"` // call on the UI goroutine
	FrameMS   float64 `json:"frame_ms"`   // the longest, from one tick of the toolkit's clock to the next
	FrameCPU  float64 `json:"frame_cpu_ms"`
	ShownMS   float64 `json:"shown_ms"`
	PictureMS float64 `json:"picture_ms"`
	Charts    int     `json:"charts"`

	Preview shownTimes `json:"preview"` // live pictures, from their arrival to the screen
	Answers shownTimes `json:"answers"` // questions on the Try or Sentiment screen, to their answers on screen
}

// shownTimes sum up how long the way to the screen took.
type shownTimes struct {
	Pictures int     `json:"pictures"`
	FPS      float64 `json:"fps"`
	MedianMS float64 `json:"median_ms"`
	P95MS    float64 `json:"p95_ms"`
	P99MS    float64 `json:"p99_ms"`
}

// counters asks the program for what it counted since it was asked last.
func (w *openedWindow) counters(ctx context.Context) (c windowCounters, err error) {
	path := filepath.Join(w.home, "window-counters.json")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return c, err
	}
	if err := w.program.Process.Signal(syscall.SIGUSR1); err != nil {
		return c, err
	}
	err = until(ctx, 10*time.Second, func() bool {
		raw, err := os.ReadFile(path)
		return err == nil && json.Unmarshal(raw, &c) == nil
	})
	if err != nil {
		return c, fmt.Errorf("the window does not tell what it counted: %w", err)
	}
	return c, nil
}
