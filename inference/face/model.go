package face

import (
	"fmt"
	"os"
	"strings"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
)

// OpenModel opens a face model file and tells by its inputs and outputs which
// detector it is. Other models are refused with ErrModel and what they are.
func OpenModel(path string, o runtime.Options) (Detector, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open face model: %w", err)
	}
	d, err := NewModel(data, o)
	if err != nil {
		return nil, fmt.Errorf("face model %s: %w", path, err)
	}
	return d, nil
}

// NewModel is OpenModel for a file held in memory.
func NewModel(data []byte, o runtime.Options) (Detector, error) {
	m, err := onnx.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	if err := takesPictures(m.Graph); err != nil {
		return nil, err
	}
	switch {
	case hasOutputs(m.Graph, "cls_8", "cls_16", "cls_32", "obj_8", "obj_16", "obj_32", "bbox_8", "bbox_16", "bbox_32", "kps_8", "kps_16", "kps_32"):
		return newYuNet(m, o)
	case hasOutputs(m.Graph, "scores", "boxes"):
		return newUltraFace(m, o)
	case hasOutputs(m.Graph, "loc", "conf", "iou"):
		return nil, fmt.Errorf("%w: this is the YuNet of March 2022, whose output is of an older kind; take face_detection_yunet_2023mar.onnx", ErrModel)
	}
	return nil, fmt.Errorf("%w: its outputs are %s; known are YuNet (cls_8 … kps_32) and UltraFace (scores, boxes)", ErrModel, ports(m.Graph.Outputs))
}

// takesPictures checks that the only true input is a float picture 1×3×H×W.
func takesPictures(g *onnx.Graph) error {
	feeds := g.Feeds()
	if len(feeds) == 1 && feeds[0].Type != nil && feeds[0].Type.Tensor != nil {
		t := feeds[0].Type.Tensor
		if t.Elem == onnx.Float && len(t.Shape) == 4 && t.Shape[1].Size() == 3 {
			return nil
		}
	}
	return fmt.Errorf("%w: its inputs are %s; a face model takes one picture, float32[1,3,height,width]", ErrModel, ports(feeds))
}

func hasOutputs(g *onnx.Graph, names ...string) bool {
	for _, name := range names {
		if g.Output(name) == nil {
			return false
		}
	}
	return len(g.Outputs) == len(names)
}

func ports(values []*onnx.ValueInfo) string {
	var parts []string
	for _, v := range values {
		parts = append(parts, v.Name+" "+v.Type.String())
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
