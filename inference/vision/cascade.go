package vision

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"sync"

	"gocv.io/x/gocv"
)

// CascadePath is the environment variable that names another folder of cascades.
const CascadePath = "ATHANOR_CASCADES"

// FindCascade returns the path of one of OpenCV's cascades, for example
// haarcascade_frontalface_default, where Debian's opencv-data and others put it.
func FindCascade(name string) (string, error) {
	dirs := []string{
		os.Getenv(CascadePath), "/usr/share/opencv4/haarcascades", "/usr/share/opencv/haarcascades",
		"/usr/local/share/opencv4/haarcascades", "/opt/homebrew/share/opencv4/haarcascades",
	}
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		path := filepath.Join(dir, name+".xml")
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: %s.xml is not on this machine: install opencv-data (scripts/setup does), or set %s to its folder", ErrCascade, name, CascadePath)
}

// Cascade finds one kind of thing in grey pictures (Viola and Jones, 2001). It
// may be used by several goroutines, one at a time gets its turn.
type Cascade struct {
	mu    sync.Mutex
	inner gocv.CascadeClassifier
	open  bool
}

// LoadCascade reads a cascade file. A file that is none, or holds indices that
// lead nowhere, is refused with ErrCascade before OpenCV sees it.
func LoadCascade(path string) (*Cascade, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open cascade: %w", err)
	}
	plain, err := rewriteCascade(data)
	if err != nil {
		return nil, fmt.Errorf("cascade %s: %w", path, err)
	}
	tmp, err := os.CreateTemp("", "athanor-cascade-*.xml")
	if err != nil {
		return nil, fmt.Errorf("load cascade: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(plain)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("load cascade: %w", err)
	}
	c := &Cascade{inner: gocv.NewCascadeClassifier(), open: true}
	if !c.inner.Load(tmp.Name()) {
		_ = c.Close()
		return nil, fmt.Errorf("cascade %s: %w: OpenCV does not accept it", path, ErrCascade)
	}
	return c, nil
}

// Close frees the cascade.
func (c *Cascade) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open {
		return nil
	}
	c.open = false
	return c.inner.Close()
}

// CascadeParams are those of OpenCV's detectMultiScale.
type CascadeParams struct {
	Scale     float64 // growth of the window from scale to scale, above 1
	Neighbors int     // overlapping hits that make a find; 0 returns every hit
	Min, Max  int     // window sides in pixels; Max 0 is without limit
}

// Detect returns the windows in which the cascade fires.
func (c *Cascade) Detect(g *Gray, p CascadeParams) ([]image.Rectangle, error) {
	if p.Scale < 1.01 || p.Scale > 4 || p.Neighbors < 0 || p.Min < 0 || p.Max < 0 {
		return nil, fmt.Errorf("cascade: scale %g (1.01 to 4), neighbours %d, sizes %d to %d: out of range", p.Scale, p.Neighbors, p.Min, p.Max)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open || g.mat.Empty() {
		return nil, ErrClosed
	}
	return c.inner.DetectMultiScaleWithParams(g.mat, p.Scale, p.Neighbors, 0, image.Pt(p.Min, p.Min), image.Pt(p.Max, p.Max)), nil
}

// Gray is a grey copy of a frame for cascades. Whoever makes it closes it.
type Gray struct{ mat gocv.Mat }

// NewGray converts a frame (luma of BT.601).
func NewGray(f *Frame) (*Gray, error) {
	src, err := matOf(f)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	g := &Gray{mat: gocv.NewMat()}
	gocv.CvtColor(src, &g.mat, gocv.ColorBGRToGray)
	return g, nil
}

// Bounds is the picture's rectangle.
func (g *Gray) Bounds() image.Rectangle { return image.Rect(0, 0, g.mat.Cols(), g.mat.Rows()) }

// Patch returns the part inside r, scaled by a factor. The caller closes it.
func (g *Gray) Patch(r image.Rectangle, factor float64) (*Gray, error) {
	r = r.Intersect(g.Bounds())
	w, h := int(float64(r.Dx())*factor+0.5), int(float64(r.Dy())*factor+0.5)
	if w <= 0 || h <= 0 || w > 1<<13 || h > 1<<13 {
		return nil, fmt.Errorf("patch of %d×%d pixels: %w", w, h, ErrEmpty)
	}
	view := g.mat.Region(r)
	defer view.Close()
	p := &Gray{mat: gocv.NewMat()}
	gocv.Resize(view, &p.mat, image.Pt(w, h), 0, 0, shrinkOrGrow(r.Dx(), r.Dy(), w, h))
	return p, nil
}

// Close frees the pixels.
func (g *Gray) Close() error { return g.mat.Close() }
