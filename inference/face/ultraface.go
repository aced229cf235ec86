package face

import (
	"context"
	"fmt"
	"slices"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/vision"
)

// ultraface decodes "Ultra-Light-Fast-Generic-Face-Detector-1MB" (Linzaer):
// RGB, (x-127)/128, a fixed input size; scores are background and face. Boxes
// are corners as fractions of the input; in the files without post-processing
// they are offsets from anchors instead, which is told by the missing Exp.
type ultraface struct {
	net           *network
	scores, boxes int
	anchors       []Box // centre and size as fractions; nil when boxes are corners
}

func newUltraFace(m *onnx.Model, o runtime.Options) (Detector, error) {
	shape := m.Graph.Feeds()[0].Type.Tensor.Sizes()
	if shape[2] < 32 || shape[3] < 32 || shape[2] > 4096 || shape[3] > 4096 {
		return nil, fmt.Errorf("%w: UltraFace needs a fixed input size, this one has %v", ErrModel, shape)
	}
	net, err := openNetwork(m, layout{rgb: true, mean: 127, scale: 1.0 / 128}, o)
	if err != nil {
		return nil, err
	}
	u := &ultraface{net: net}
	if !slices.ContainsFunc(m.Graph.Nodes, func(n *onnx.Node) bool { return n.OpType == "Exp" }) {
		u.anchors = anchors(net.w, net.h)
	}
	for i, p := range net.session.Outputs() {
		if p.Name == "boxes" {
			u.boxes = i
		} else {
			u.scores = i
		}
	}
	return u, nil
}

func (u *ultraface) Name() string { return "ultraface" }

func (u *ultraface) Defaults() Params {
	return Params{Confidence: 0.7, NMS: 0.3, MinSize: 1}
}

func (u *ultraface) Close() error { u.net.close(); return nil }

func (u *ultraface) Detect(ctx context.Context, f *vision.Frame, p Params) ([]Face, error) {
	p = p.or(u.Defaults())
	scale := min(float64(u.net.w)/float64(f.W), float64(u.net.h)/float64(f.H))
	w, h := max(1, int(float64(f.W)*scale)), max(1, int(float64(f.H)*scale))
	out, err := u.net.run(ctx, f, w, h)
	if err != nil {
		return nil, err
	}
	defer closeAll(out)
	scores, boxes := runtime.Data[float32](out[u.scores]), runtime.Data[float32](out[u.boxes])
	if n := len(boxes) / 4; len(scores) != 2*n || u.anchors != nil && len(u.anchors) != n {
		return nil, fmt.Errorf("%w: %d scores, %d boxes, %d anchors", ErrModel, len(scores)/2, n, len(u.anchors))
	}
	sx := float32(u.net.w) * float32(f.W) / float32(w)
	sy := float32(u.net.h) * float32(f.H) / float32(h)
	var faces []Face
	for i := range len(scores) / 2 {
		if score := scores[2*i+1]; score >= p.Confidence {
			faces = append(faces, Face{Score: score, Box: u.box(i, boxes[4*i:4*i+4]).Scale(sx, sy)})
		}
	}
	return larger(Suppress(faces, p.NMS), p.MinSize), nil
}

// box is prediction i as a fraction of the input. An offset from an anchor has
// the variances 0.1 (centre) and 0.2 (size) of SSD (Liu et al., 2016).
func (u *ultraface) box(i int, b []float32) Box {
	if u.anchors == nil {
		return Box{b[0], b[1], b[2] - b[0], b[3] - b[1]}
	}
	a := u.anchors[i]
	w, h := exp(0.2*b[2])*a.W, exp(0.2*b[3])*a.H
	return Box{a.X + 0.1*b[0]*a.W - w/2, a.Y + 0.1*b[1]*a.H - h/2, w, h}
}

// anchors lists the centre and size of every default box of the model's four
// grids, as fractions of the input.
func anchors(w, h int) []Box {
	var list []Box
	sides := [][]float32{{10, 16, 24}, {32, 48}, {64, 96}, {128, 192, 256}}
	for level, stride := range []int{8, 16, 32, 64} {
		cols, rows := (w+stride-1)/stride, (h+stride-1)/stride
		sx, sy := float32(stride)/float32(w), float32(stride)/float32(h)
		for i := range rows * cols {
			x, y := (float32(i%cols)+0.5)*sx, (float32(i/cols)+0.5)*sy
			for _, side := range sides[level] {
				list = append(list, Box{unit(x), unit(y), unit(side / float32(w)), unit(side / float32(h))})
			}
		}
	}
	return list
}
