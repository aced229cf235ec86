// Package face finds faces in frames, follows them over time, and makes them
// unrecognisable. All detectors stand behind one interface; a Live session ties
// a source, detectors and a tracker together for a screen.
package face

import (
	"cmp"
	"context"
	"errors"
	"image"
	"math"
	"slices"

	"athanor/inference/vision"
)

// Errors of this package.
var (
	ErrModel    = errors.New("not a face model")
	ErrDetector = errors.New("unknown detector")
)

// Point is a place in a frame, in pixels.
type Point struct{ X, Y float32 }

// Box is an upright rectangle in pixels of the frame; it may reach beyond it.
type Box struct{ X, Y, W, H float32 }

// Rect returns the box with its corners rounded to whole pixels.
func (b Box) Rect() image.Rectangle {
	round := func(v float32) int { return int(math.Round(float64(v))) }
	return image.Rect(round(b.X), round(b.Y), round(b.X+b.W), round(b.Y+b.H))
}

// Area is in square pixels; boxes with a negative side have none.
func (b Box) Area() float32 { return max(0, b.W) * max(0, b.H) }

// Center returns the middle of the box.
func (b Box) Center() Point { return Point{b.X + b.W/2, b.Y + b.H/2} }

// Scale returns the box with all numbers multiplied.
func (b Box) Scale(sx, sy float32) Box { return Box{b.X * sx, b.Y * sy, b.W * sx, b.H * sy} }

// overlap is the area that two boxes share.
func overlap(a, b Box) float32 {
	w := min(a.X+a.W, b.X+b.W) - max(a.X, b.X)
	h := min(a.Y+a.H, b.Y+b.H) - max(a.Y, b.Y)
	return max(0, w) * max(0, h)
}

// IoU is the intersection of two boxes over their union, 0 to 1.
func IoU(a, b Box) float32 {
	both := overlap(a, b)
	if both <= 0 {
		return 0
	}
	return both / (a.Area() + b.Area() - both)
}

// Face is one face of a frame.
type Face struct {
	Box       Box
	Score     float32 // 0 to 1; how a detector comes to it is its own affair
	Landmarks []Point // right eye, left eye, nose, right and left corner of the mouth; or none
	Track     int     // number of the track, from 1; 0 without a tracker
}

// Params are what a person may turn while a detector runs. Zero fields take the
// detector's own default, see Detector.Defaults.
type Params struct {
	Confidence float32 `toml:"confidence,omitempty"` // least score of a face that is reported
	NMS        float32 `toml:"nms,omitempty"`        // boxes that overlap more (IoU) are one face
	MinSize    int     `toml:"min_size,omitempty"`   // least width and height of a face, pixels of the frame
	// Side is the longest side that a frame is shrunk to before the detector sees
	// it; UltraFace has a fixed size of its own.
	Side int `toml:"side,omitempty"`
	// Single leaves out the extra pass for faces that are too large.
	Single bool `toml:"single,omitempty"`
	// The cascade's own: how much the window grows from scale to scale, how many
	// neighbouring hits make a face, and whether the second look is left out.
	Scale     float64 `toml:"scale,omitempty"`
	Neighbors int     `toml:"neighbors,omitempty"`
	Plain     bool    `toml:"plain,omitempty"`
}

// or fills the zero fields of p from the defaults d.
func (p Params) or(d Params) Params {
	p.Confidence = cmp.Or(p.Confidence, d.Confidence)
	p.NMS = cmp.Or(p.NMS, d.NMS)
	p.MinSize = cmp.Or(p.MinSize, d.MinSize)
	p.Side = cmp.Or(p.Side, d.Side)
	p.Scale = cmp.Or(p.Scale, d.Scale)
	p.Neighbors = cmp.Or(p.Neighbors, d.Neighbors)
	return p
}

// Detector finds faces in single frames. Detect may be called from several
// goroutines; Close waits for nobody.
type Detector interface {
	Name() string
	Defaults() Params
	// Detect returns the faces of a frame, best first, in pixels of the frame.
	Detect(ctx context.Context, f *vision.Frame, p Params) ([]Face, error)
	Close() error
}

// byScore sorts the best face first and keeps the order of equals.
func byScore(faces []Face) {
	slices.SortStableFunc(faces, func(a, b Face) int { return cmp.Compare(b.Score, a.Score) })
}

// Suppress keeps of all faces that overlap by more than iou the best
// (non-maximum suppression). It sorts faces in place, best first.
func Suppress(faces []Face, iou float32) []Face {
	byScore(faces)
	var kept []Face
	for _, f := range faces {
		if !slices.ContainsFunc(kept, func(k Face) bool { return IoU(k.Box, f.Box) > iou }) {
			kept = append(kept, f)
		}
	}
	return kept
}

// larger keeps the faces of at least size pixels on both sides.
func larger(faces []Face, size int) []Face {
	return slices.DeleteFunc(faces, func(f Face) bool { return min(f.Box.W, f.Box.H) < float32(size) })
}
