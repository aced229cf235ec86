package vision

import (
	"errors"
	"fmt"
	"image"

	"gocv.io/x/gocv"
)

// Style is how a region is made unrecognisable.
type Style string

// The styles.
const (
	Blur     Style = "blur"
	Pixelate Style = "pixelate"
	Solid    Style = "cover"
)

// ErrStyle says that a style is unknown.
var ErrStyle = errors.New("use blur, pixelate or cover")

// ParseStyle checks a style's name.
func ParseStyle(name string) (Style, error) {
	switch s := Style(name); s {
	case Blur, Pixelate, Solid:
		return s, nil
	}
	return "", fmt.Errorf("%q: %w", name, ErrStyle)
}

// Hide makes the ellipse inside r unrecognisable, in place. cells is how many
// cells of detail remain across the region: what is under them is averaged
// away, not merely smoothed, so that no sharpening brings it back. The frame's
// rows must be dense. Parts of r outside the frame are ignored.
func Hide(f *Frame, r image.Rectangle, style Style, cells int) error {
	part := r.Intersect(f.Bounds())
	if part.Empty() {
		return nil
	}
	patch, err := hidden(f.Crop(part), style, max(2, cells))
	if err != nil {
		return err
	}
	cx, cy := float64(r.Min.X+r.Max.X)/2, float64(r.Min.Y+r.Max.Y)/2
	rx, ry := float64(r.Dx())/2, float64(r.Dy())/2
	for y := part.Min.Y; y < part.Max.Y; y++ {
		dy := (float64(y) + 0.5 - cy) / ry
		for x := part.Min.X; x < part.Max.X; x++ {
			dx := (float64(x) + 0.5 - cx) / rx
			if dx*dx+dy*dy <= 1 {
				from := (y-part.Min.Y)*patch.Stride + 3*(x-part.Min.X)
				copy(f.Pix[y*f.Stride+3*x:y*f.Stride+3*x+3], patch.Pix[from:from+3])
			}
		}
	}
	return nil
}

// hidden returns what a region looks like afterwards.
func hidden(region *Frame, style Style, cells int) (*Frame, error) {
	if style == Solid {
		out := NewFrame(region.W, region.H)
		for i := range out.Pix {
			out.Pix[i] = 0x30
		}
		return out, nil
	}
	long := max(region.W, region.H)
	w, h := max(1, region.W*cells/long), max(1, region.H*cells/long)
	small, err := region.resize(w, h, gocv.InterpolationArea)
	if err != nil {
		return nil, fmt.Errorf("hide a region: %w", err)
	}
	grow := gocv.InterpolationCubic
	if style == Pixelate {
		grow = gocv.InterpolationNearestNeighbor
	}
	return small.resize(region.W, region.H, grow)
}
