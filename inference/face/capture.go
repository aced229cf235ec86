package face

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"

	"athanor/inference/vision"
)

// Errors of a capture.
var (
	ErrClass  = errors.New("not a name for a class")
	ErrNoFace = errors.New("no face in the frame")
)

// Capture turns live frames into a dataset: one folder a class under Dir, one
// JPEG a picture, each on disk in full before it is told of. A crash loses
// nothing. Its methods may be called from any goroutine.
type Capture struct {
	dir string

	mu   sync.Mutex
	next map[string]int
}

// OpenCapture opens a folder for capturing, made when it is not there; pictures
// that lie in it stay and are counted.
func OpenCapture(dir string) (*Capture, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open capture folder: %w", err)
	}
	return &Capture{dir: dir, next: map[string]int{}}, nil
}

// Dir is the folder that holds the classes: a dataset to train on as it is.
func (c *Capture) Dir() string { return c.dir }

// AddClass makes a class. Its name is that of a folder, so it may be in any
// script, but has no slashes and does not start with a dot.
func (c *Capture) AddClass(name string) error {
	if err := checkClass(name); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(c.dir, name), 0o755); err != nil {
		return fmt.Errorf("make class %s: %w", name, err)
	}
	return nil
}

func checkClass(name string) error {
	bad := name == "" || len(name) > 100 || strings.HasPrefix(name, ".") || strings.TrimSpace(name) != name ||
		strings.ContainsAny(name, `/\:*?"<>|`) || strings.ContainsFunc(name, unicode.IsControl)
	if bad {
		return fmt.Errorf("%w: %q; use letters and numbers, at most 100", ErrClass, name)
	}
	return nil
}

// Classes returns the classes and how many pictures each has.
func (c *Capture) Classes() (map[string]int, error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, fmt.Errorf("read capture folder: %w", err)
	}
	counts := map[string]int{}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		paths, err := vision.PicturesIn(filepath.Join(c.dir, e.Name()))
		if err != nil {
			return nil, err
		}
		counts[e.Name()] = len(paths)
	}
	return counts, nil
}

// Add saves one frame in a class and returns its file.
func (c *Capture) Add(class string, f *vision.Frame) (string, error) {
	if err := c.AddClass(class); err != nil {
		return "", err
	}
	data, err := vision.EncodeJPEG(f, 95)
	if err != nil {
		return "", fmt.Errorf("capture: %w", err)
	}
	path, err := c.free(class)
	if err != nil {
		return "", err
	}
	return path, vision.WriteFile(path, data)
}

// free takes the next number that no file of the class has.
func (c *Capture) free(class string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		c.next[class]++
		path := filepath.Join(c.dir, class, fmt.Sprintf("%06d.jpg", c.next[class]))
		_, err := os.Lstat(path)
		if errors.Is(err, os.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", fmt.Errorf("capture: %w", err)
		}
	}
}

// BurstConfig says how a class is recorded while a button is held.
type BurstConfig struct {
	Class string
	Every time.Duration // least time between two pictures; 0 takes every frame
	Max   int           // pictures at most; 0 is without limit
	Crop  bool          // only the largest face, as a square; frames without one are left out
}

// Burst saves pictures from a live session until ctx ends (the button is let go:
// no error), Max is reached or the source ends. saved is called after each file
// is complete; pass it to a list of thumbnails.
func (c *Capture) Burst(ctx context.Context, l *Live, cfg BurstConfig, saved func(path string, f *vision.Frame)) error {
	if err := checkClass(cfg.Class); err != nil {
		return err
	}
	var last time.Time
	after := int64(-1)
	if v := l.View(); v != nil {
		after = v.Number - 1
	}
	for n := 0; cfg.Max == 0 || n < cfg.Max; {
		v, err := l.Wait(ctx, after)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // letting the button go is the usual end
		}
		if err != nil {
			return fmt.Errorf("capture %s: %w", cfg.Class, err)
		}
		after = v.Number
		f := v.Frame
		if v.Frame.Time.Sub(last) < cfg.Every {
			continue
		}
		if cfg.Crop {
			if f, err = v.LargestFace(); err != nil {
				continue
			}
		}
		path, err := c.Add(cfg.Class, f)
		if err != nil {
			return err
		}
		last = v.Frame.Time
		n++
		saved(path, f)
	}
	return nil
}

// LargestFace cuts the largest tracked face out of the view's frame, as a square
// with some room around it; ErrNoFace without one.
func (v *View) LargestFace() (*vision.Frame, error) {
	var best Box
	for _, t := range v.Tracks {
		if !t.Missed && t.Box.Area() > best.Area() {
			best = t.Box
		}
	}
	if best.Area() <= 0 {
		return nil, ErrNoFace
	}
	side := 1.3 * max(best.W, best.H)
	at := best.Center()
	cut := v.Frame.Crop(Box{at.X - side/2, at.Y - side/2, side, side}.Rect())
	if cut.W < 8 || cut.H < 8 {
		return nil, ErrNoFace
	}
	return cut, nil
}
