package face

import (
	"context"
	"image"
	"slices"

	"athanor/inference/vision"
)

// hideMargin is how much wider and higher than the face the hidden ellipse is:
// an ellipse inside the box would leave the corners of the jaw.
const hideMargin = 1.5

// hideCells is how many cells of detail a hidden face keeps across.
const hideCells = 4

// HideBox makes the face in a box unrecognisable, in place.
func HideBox(f *vision.Frame, b Box, style vision.Style) error {
	return vision.Hide(f, around(b, hideMargin), style, hideCells)
}

// around is the rectangle of a box grown about its centre.
func around(b Box, grow float32) image.Rectangle {
	side := max(b.W, b.H*0.8) // a cascade's boxes are wider than a network's
	c := b.Center()
	w, h := side*grow, max(b.H, b.W)*grow
	return Box{c.X - w/2, c.Y - h/2, w, h}.Rect()
}

// Hider anonymises frames and looks at the result: whatever a detector still
// finds where there was a face is hidden more strongly, until nothing is found.
type Hider struct {
	Style     vision.Style
	Detectors []Detector
	Params    []Params // of each detector; missing ones are zero
}

func (h *Hider) params(i int) Params {
	if i < len(h.Params) {
		return h.Params[i].or(h.Detectors[i].Defaults())
	}
	return h.Detectors[i].Defaults()
}

// Find returns what any of the detectors finds, as one list without doubles.
func (h *Hider) Find(ctx context.Context, f *vision.Frame) ([]Face, error) {
	return h.find(ctx, f, 1)
}

// find is Find with every detector's confidence multiplied.
func (h *Hider) find(ctx context.Context, f *vision.Frame, doubt float32) ([]Face, error) {
	var all []Face
	for i, d := range h.Detectors {
		p := h.params(i)
		p.Confidence *= doubt
		faces, err := d.Detect(ctx, f, p)
		if err != nil {
			return nil, err
		}
		all = append(all, faces...)
	}
	return Suppress(all, 0.6), nil
}

// Hide makes the faces in the boxes unrecognisable, in place, and returns how
// many had to be hidden again because a detector still found a face there.
func (h *Hider) Hide(ctx context.Context, f *vision.Frame, boxes []Box) (int, error) {
	for _, b := range boxes {
		if err := HideBox(f, b, h.Style); err != nil {
			return 0, err
		}
	}
	again := 0
	for round := range 4 {
		left, err := h.left(ctx, f, boxes)
		if err != nil || len(left) == 0 {
			return again, err
		}
		again += len(left)
		for _, b := range left {
			style, cells := h.Style, max(2, hideCells-1-round)
			if round >= 2 {
				style = vision.Solid
			}
			if err := vision.Hide(f, around(b, hideMargin*(1+0.2*float32(round+1))), style, cells); err != nil {
				return again, err
			}
		}
	}
	return again, nil
}

// left returns the boxes of faces that are still found where one was. It looks
// with less confidence than the search did, because writing the picture or video
// changes it a little once more.
func (h *Hider) left(ctx context.Context, f *vision.Frame, boxes []Box) ([]Box, error) {
	faces, err := h.find(ctx, f, 0.6)
	if err != nil {
		return nil, err
	}
	var left []Box
	for _, face := range faces {
		if slices.ContainsFunc(boxes, func(b Box) bool { return overlap(b, face.Box) > 0 }) {
			left = append(left, face.Box)
		}
	}
	return left, nil
}
