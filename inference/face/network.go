package face

import (
	"context"
	"fmt"
	"image"
	"slices"
	"strings"
	"sync"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/vision"
)

// network is a detector model whose pictures enter as planes of bytes: OpenCV
// takes a frame's colours apart, and the conversion to floats is part of its
// graph. Each does its part several times as fast as the other would.
type network struct {
	session *runtime.Session
	rgb     bool // order of the planes
	w, h    int  // fixed input size; 0 when any multiple of 32 will do

	mu   sync.Mutex
	free []*canvas // inputs that no run uses, newest last
}

// maxFree is how many unused inputs are kept: those of two detections at once,
// each with its pass for large faces.
const maxFree = 4

// canvas is a frame of the input's size and the input tensor.
type canvas struct {
	tensor *runtime.Tensor
	frame  *vision.Frame
}

// layout says how a model wants its picture.
type layout struct {
	rgb      bool    // else BGR
	mean     float32 // subtracted, then
	scale    float32 // multiplied; 0 leaves the bytes' range 0 to 255
	flexible bool    // the input may have any size
}

// openNetwork rewrites the model's input and opens it.
func openNetwork(m *onnx.Model, how layout, o runtime.Options) (*network, error) {
	shape := m.Graph.Feeds()[0].Type.Tensor.Sizes()
	n := &network{rgb: how.rgb, h: int(shape[2]), w: int(shape[3])}
	if how.flexible {
		n.h, n.w = 0, 0
	}
	takeBytes(m.Graph, how)
	o.SpinInRun = o.Device == "" || o.Device == runtime.CPU
	data, err := m.Encode()
	if err != nil {
		return nil, fmt.Errorf("rewrite the face model's input: %w", err)
	}
	if n.session, err = runtime.NewSession(data, o); err != nil {
		return nil, fmt.Errorf("open the face model: %w", err)
	}
	return n, nil
}

// takeBytes puts Cast and the normalisation in front of a graph whose only true
// input is a float picture N×3×H×W. Constants that older
// exporters listed as inputs, too, become constants alone; inner shapes are
// dropped, because they named the old size.
func takeBytes(g *onnx.Graph, how layout) {
	feed := g.Feeds()[0]
	size := append([]onnx.Dim(nil), feed.Type.Tensor.Shape...)
	if how.flexible {
		size[2], size[3] = onnx.Named("height"), onnx.Named("width")
	}
	const bytes, floats = "frame_bytes", "frame_floats"
	nodes := []*onnx.Node{
		{OpType: "Cast", Inputs: []string{bytes}, Outputs: []string{floats}, Attrs: []*onnx.Attribute{onnx.IntAttr("to", int64(onnx.Float))}},
	}
	last := floats
	then := func(op, constant string, t *onnx.Tensor) {
		t.Name = constant
		g.Initializers = append(g.Initializers, t)
		out := last + "_" + strings.ToLower(op)
		nodes = append(nodes, &onnx.Node{OpType: op, Inputs: []string{last, constant}, Outputs: []string{out}})
		last = out
	}
	if how.scale != 0 {
		then("Sub", "frame_mean", onnx.FloatTensor("", []int64{1}, []float32{how.mean}))
		then("Mul", "frame_scale", onnx.FloatTensor("", []int64{1}, []float32{how.scale}))
	}
	nodes[len(nodes)-1].Outputs[0] = feed.Name
	g.Nodes = append(nodes, g.Nodes...)
	g.Inputs = []*onnx.ValueInfo{onnx.TensorValue(bytes, onnx.Uint8, onnx.Fixed(1), onnx.Fixed(3), size[2], size[3])}
	g.Values = nil
	for _, out := range g.Outputs {
		out.Type.Tensor.HasShape, out.Type.Tensor.Shape = false, nil
	}
}

// grid is a multiple of the coarsest stride, 32, as the model wants its sides.
func grid(n int) int { return (n + 31) / 32 * 32 }

// run shrinks a frame to w×h, lays it at the top left of the input, zeros on
// the right and below, and returns the outputs, which the caller closes.
func (n *network) run(ctx context.Context, f *vision.Frame, w, h int) ([]*runtime.Tensor, error) {
	cw, ch := n.w, n.h
	if cw == 0 {
		cw, ch = grid(w), grid(h)
	}
	in, err := n.canvas(cw, ch)
	if err != nil {
		return nil, err
	}
	defer n.giveBack(in)
	if w < cw || h < ch {
		clear(in.frame.Pix)
	}
	if err := f.PlaceIn(in.frame, image.Rect(0, 0, w, h)); err != nil {
		return nil, err
	}
	if err := in.frame.Planes(in.tensor.Bytes(), n.rgb); err != nil {
		return nil, err
	}
	out := make([]*runtime.Tensor, len(n.session.Outputs()))
	if err := n.session.Run(ctx, []*runtime.Tensor{in.tensor}, out); err != nil {
		closeAll(out)
		return nil, fmt.Errorf("run the face model: %w", err)
	}
	return out, nil
}

// canvas returns an input of a size, an old one when there is one.
func (n *network) canvas(w, h int) (*canvas, error) {
	n.mu.Lock()
	for i, c := range n.free {
		if c.frame.W == w && c.frame.H == h {
			n.free = slices.Delete(n.free, i, i+1)
			n.mu.Unlock()
			return c, nil
		}
	}
	n.mu.Unlock()
	t, err := runtime.NewZeros(onnx.Uint8, []int64{1, 3, int64(h), int64(w)})
	if err != nil {
		return nil, err
	}
	return &canvas{tensor: t, frame: vision.NewFrame(w, h)}, nil
}

// giveBack keeps an input for the next run and drops the oldest beyond maxFree.
func (n *network) giveBack(c *canvas) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.free = append(n.free, c)
	if len(n.free) > maxFree {
		n.free[0].tensor.Close()
		n.free = slices.Delete(n.free, 0, 1)
	}
}

func (n *network) close() {
	n.session.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.free {
		c.tensor.Close()
	}
	n.free = nil
}

func closeAll(tensors []*runtime.Tensor) {
	for _, t := range tensors {
		t.Close()
	}
}
