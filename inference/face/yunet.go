package face

import (
	"context"
	"fmt"
	"math"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/vision"
)

// Sizes in pixels of what the network sees.
const (
	yunetSide  = 1920 // frames are shrunk to this side before they are searched
	yunetLarge = 256  // YuNet misses faces beyond about 300: larger frames get a pass at yunetSmall
	yunetSmall = 320
)

// yunet decodes the model face_detection_yunet_2023mar (Wu et al., "YuNet: A
// Tiny Millisecond-level Face Detector", 2023): anchor-free, one prediction for
// each cell of three grids with strides 8, 16 and 32.
type yunet struct {
	net  *network
	port [3][4]int // output index of cls, obj, bbox, kps by stride
}

func newYuNet(m *onnx.Model, o runtime.Options) (Detector, error) {
	net, err := openNetwork(m, layout{flexible: true}, o)
	if err != nil {
		return nil, err
	}
	y := &yunet{net: net}
	for i, p := range net.session.Outputs() {
		for s, stride := range []string{"8", "16", "32"} {
			for k, kind := range []string{"cls_", "obj_", "bbox_", "kps_"} {
				if p.Name == kind+stride {
					y.port[s][k] = i
				}
			}
		}
	}
	return y, nil
}

func (y *yunet) Name() string { return "yunet" }

func (y *yunet) Defaults() Params {
	return Params{Confidence: 0.7, NMS: 0.3, MinSize: 1, Side: yunetSide}
}

func (y *yunet) Close() error { y.net.close(); return nil }

func (y *yunet) Detect(ctx context.Context, f *vision.Frame, p Params) ([]Face, error) {
	p = p.or(y.Defaults())
	w, h := fitSide(f.W, f.H, p.Side)
	faces, err := y.pass(ctx, f, w, h, p)
	if err != nil {
		return nil, err
	}
	faces = suppressWhole(faces, p.NMS)
	if min(w, h) > yunetLarge && !p.Single {
		big, err := y.bigFaces(ctx, f, w, p)
		if err != nil {
			return nil, err
		}
		faces = Suppress(append(faces, big...), p.NMS)
	}
	return larger(faces, p.MinSize), nil
}

// bigFaces looks at a shrunken frame for the faces that are too large for the
// pass at a width of w; the small ones are that pass's business.
func (y *yunet) bigFaces(ctx context.Context, f *vision.Frame, w int, p Params) ([]Face, error) {
	sw, sh := fitSide(f.W, f.H, yunetSmall)
	faces, err := y.pass(ctx, f, sw, sh, p)
	return larger(faces, yunetLarge/2*f.W/w), err
}

// fitSide is the size of a w×h picture whose longest side is at most side.
func fitSide(w, h, side int) (int, int) {
	long := max(w, h)
	if long <= side {
		return w, h
	}
	scale := float64(side) / float64(long)
	return max(1, int(math.Round(float64(w)*scale))), max(1, int(math.Round(float64(h)*scale)))
}

// pass runs the network on the frame at w×h and returns boxes in pixels of f.
func (y *yunet) pass(ctx context.Context, f *vision.Frame, w, h int, p Params) ([]Face, error) {
	out, err := y.net.run(ctx, f, w, h)
	if err != nil {
		return nil, err
	}
	defer closeAll(out)
	var faces []Face
	for s, stride := range []int{8, 16, 32} {
		part := map4(out, y.port[s])
		cells := (grid(w) / stride) * (grid(h) / stride)
		if len(part.cls) != cells || len(part.obj) != cells || len(part.box) != 4*cells || len(part.kps) != 10*cells {
			return nil, fmt.Errorf("%w: %d predictions at stride %d, want %d", ErrModel, len(part.cls), stride, cells)
		}
		faces = part.decode(faces, stride, grid(w)/stride, p.Confidence)
	}
	sx, sy := float32(f.W)/float32(w), float32(f.H)/float32(h)
	for i := range faces {
		faces[i].Box = faces[i].Box.Scale(sx, sy)
		for k := range faces[i].Landmarks {
			faces[i].Landmarks[k].X *= sx
			faces[i].Landmarks[k].Y *= sy
		}
	}
	return faces, nil
}

// level is what the network says on the grid of one stride.
type level struct{ cls, obj, box, kps []float32 }

func map4(out []*runtime.Tensor, port [4]int) level {
	return level{
		cls: runtime.Data[float32](out[port[0]]), obj: runtime.Data[float32](out[port[1]]),
		box: runtime.Data[float32](out[port[2]]), kps: runtime.Data[float32](out[port[3]]),
	}
}

// decode appends the faces of one grid. With cell (c, r), stride s and outputs
// b: centre (c+b0, r+b1)·s, size exp(b2)·s by exp(b3)·s, landmark (c+k0, r+k1)·s,
// score √(cls·obj).
func (l level) decode(faces []Face, stride, cols int, least float32) []Face {
	s := float32(stride)
	for i := range l.cls {
		joint := unit(l.cls[i]) * unit(l.obj[i])
		if joint < least*least {
			continue
		}
		c, r := float32(i%cols), float32(i/cols)
		b := l.box[4*i : 4*i+4]
		w, h := exp(b[2])*s, exp(b[3])*s
		face := Face{
			Score: float32(math.Sqrt(float64(joint))),
			Box:   Box{X: (c+b[0])*s - w/2, Y: (r+b[1])*s - h/2, W: w, H: h},
		}
		for k := range 5 {
			at := l.kps[10*i+2*k:]
			face.Landmarks = append(face.Landmarks, Point{(c + at[0]) * s, (r + at[1]) * s})
		}
		faces = append(faces, face)
	}
	return faces
}

func unit(v float32) float32 { return min(max(v, 0), 1) }

func exp(v float32) float32 { return float32(math.Exp(float64(min(v, 10)))) }

// suppressWhole is Suppress on boxes cut to whole pixels, as OpenCV's face
// detector does it, so that both keep the same faces.
func suppressWhole(faces []Face, iou float32) []Face {
	byScore(faces)
	var kept []Face
	var cut []Box
next:
	for _, f := range faces {
		b := Box{trunc(f.Box.X), trunc(f.Box.Y), trunc(f.Box.W), trunc(f.Box.H)}
		for _, k := range cut {
			if IoU(k, b) > iou {
				continue next
			}
		}
		kept, cut = append(kept, f), append(cut, b)
	}
	return kept
}

func trunc(v float32) float32 { return float32(int(v)) }
