package face

import (
	"cmp"
	"context"
	"image"

	"athanor/inference/vision"
)

// The second look: a find of the first cascade is cut out with a margin, scaled
// so that the face has lookSide pixels, and shown to two cascades that were
// trained apart from the first and to one that finds eyes. Their single hits are
// the evidence; a face that nobody else sees is a false alarm.
const (
	lookSide   = 80
	lookMargin = 0.4 // of the face's side, all around
	lookIoU    = 0.4 // hits that overlap the find by this speak for it
	eyeWeight  = 4   // an eye counts as four hits, and only two eyes count
	lookHalf   = 14  // evidence at which the score is one half
)

// haar is the detector of the founding article: OpenCV's cascade of Viola and
// Jones, with a second look that cuts its false alarms.
type haar struct {
	name  string
	first *vision.Cascade
	look  [2]*vision.Cascade
	eyes  *vision.Cascade
}

// NewHaar opens the cascade detector from the cascades installed with OpenCV.
// name is haar for the frontal default, haar-alt2 for alt2, or the path of a
// cascade file.
func NewHaar(name string) (Detector, error) {
	first := map[string]string{"haar": "frontalface_default", "haar-alt2": "frontalface_alt2"}[name]
	second := "frontalface_alt2"
	if name == "haar-alt2" {
		second = "frontalface_default"
	}
	h := &haar{name: name}
	var err error
	if first == "" {
		h.name = "haar"
		h.first, err = vision.LoadCascade(name)
	} else {
		h.first, err = installed(first)
	}
	for _, part := range []struct {
		slot **vision.Cascade
		name string
	}{{&h.look[0], "frontalface_alt"}, {&h.look[1], second}, {&h.eyes, "eye"}} {
		if err == nil {
			*part.slot, err = installed(part.name)
		}
	}
	if err != nil {
		_ = h.Close()
		return nil, err
	}
	return h, nil
}

func installed(name string) (*vision.Cascade, error) {
	path, err := vision.FindCascade("haarcascade_" + name)
	if err != nil {
		return nil, err
	}
	return vision.LoadCascade(path)
}

func (h *haar) Name() string { return h.name }

// Defaults are the article's (scale 1.1, 30×30), but for the neighbours: the
// article's 5 lose faces that the second look can keep from 1. Frames beyond
// 1280 pixels are shrunk, because the time grows with their area.
func (h *haar) Defaults() Params {
	return Params{Confidence: 0.5, NMS: 0.3, MinSize: 30, Side: 1280, Scale: 1.1, Neighbors: 1}
}

func (h *haar) Close() error {
	for _, c := range []*vision.Cascade{h.first, h.look[0], h.look[1], h.eyes} {
		if c != nil {
			_ = c.Close()
		}
	}
	return nil
}

func (h *haar) Detect(ctx context.Context, f *vision.Frame, p Params) ([]Face, error) {
	if p.Plain {
		p.Neighbors = cmp.Or(p.Neighbors, 5) // as in the article
	}
	p = p.or(h.Defaults())
	small, by := f, float32(1)
	if w, height := fitSide(f.W, f.H, p.Side); w < f.W {
		var err error
		if small, err = f.Resize(w, height); err != nil {
			return nil, err
		}
		by = float32(f.W) / float32(w)
	}
	faces, err := h.search(ctx, small, p, int(float32(p.MinSize)/by))
	if err != nil {
		return nil, err
	}
	for i := range faces {
		faces[i].Box = faces[i].Box.Scale(by, by)
	}
	if p.Plain {
		return faces, nil
	}
	return Suppress(faces, p.NMS), nil
}

// search runs the first cascade and the second look on a frame.
func (h *haar) search(ctx context.Context, f *vision.Frame, p Params, least int) ([]Face, error) {
	gray, err := vision.NewGray(f)
	if err != nil {
		return nil, err
	}
	defer gray.Close()
	finds, err := h.first.Detect(gray, vision.CascadeParams{Scale: p.Scale, Neighbors: p.Neighbors, Min: least})
	if err != nil {
		return nil, err
	}
	var faces []Face
	for _, r := range finds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		face := Face{Box: boxOf(r), Score: 1}
		if !p.Plain {
			if face.Score, err = h.second(gray, r); err != nil {
				return nil, err
			}
		}
		if p.Plain || face.Score >= p.Confidence {
			faces = append(faces, face)
		}
	}
	return faces, nil
}

func boxOf(r image.Rectangle) Box {
	return Box{float32(r.Min.X), float32(r.Min.Y), float32(r.Dx()), float32(r.Dy())}
}

// second looks again at a find and returns evidence / (evidence + lookHalf).
func (h *haar) second(gray *vision.Gray, r image.Rectangle) (float32, error) {
	around := r.Inset(-int(lookMargin * float64(r.Dx()))).Intersect(gray.Bounds())
	factor := lookSide / float64(r.Dx())
	patch, err := gray.Patch(around, factor)
	if err != nil {
		return 0, err
	}
	defer patch.Close()
	want := boxOf(r.Sub(around.Min)).Scale(float32(factor), float32(factor))
	evidence := 0
	for _, c := range h.look {
		hits, err := c.Detect(patch, vision.CascadeParams{Scale: 1.05, Min: lookSide * 6 / 10, Max: lookSide * 3 / 2})
		if err != nil {
			return 0, err
		}
		for _, hit := range hits {
			if IoU(boxOf(hit), want) >= lookIoU {
				evidence++
			}
		}
	}
	eyes, err := h.countEyes(gray, r)
	if err != nil {
		return 0, err
	}
	evidence += eyeWeight * min(eyes, 2)
	return float32(evidence) / float32(evidence+lookHalf), nil
}

// countEyes counts eyes in the upper part of a find, scaled up by half again.
func (h *haar) countEyes(gray *vision.Gray, r image.Rectangle) (int, error) {
	upper := r
	upper.Max.Y = r.Min.Y + r.Dy()*6/10
	patch, err := gray.Patch(upper, 1.5*lookSide/float64(r.Dx()))
	if err != nil {
		return 0, err
	}
	defer patch.Close()
	eyes, err := h.eyes.Detect(patch, vision.CascadeParams{Scale: 1.05, Neighbors: 1, Min: 18, Max: 50})
	return len(eyes), err
}
