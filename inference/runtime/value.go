package runtime

import (
	"fmt"
	"unsafe"

	ort "github.com/yalue/onnxruntime_go"

	"athanor/inference/onnx"
)

// newValue wraps raw as a value of the binding; raw stays the caller's and must
// outlive it. A shape without dimensions becomes the binding's scalar.
func newValue(kind onnx.DataType, shape []int64, raw []byte) (ort.Value, error) {
	if len(shape) == 0 {
		return newScalar(kind, raw)
	}
	if raw == nil {
		raw = []byte{}
	}
	return ort.NewCustomDataTensor(shape, raw, ort.TensorElementDataType(kind))
}

// newScalar makes a rank-0 value. The binding keeps its own copy, so scalars
// are inputs only.
func newScalar(kind onnx.DataType, _ []byte) (ort.Value, error) {
	return nil, fmt.Errorf("a %v tensor without dimensions is not supported: use shape [1]", kind)
}

// fromValue takes over a value that the binding allocated for an output.
func fromValue(v ort.Value) (*Tensor, error) {
	switch v := v.(type) {
	case *ort.StringTensor:
		text, err := v.GetContents()
		if err != nil {
			return nil, fmt.Errorf("read string output: %w", err)
		}
		return &Tensor{value: v, kind: onnx.String, shape: v.GetShape(), text: text}, nil
	case *ort.Tensor[float32]:
		return numeric(v, v.GetData(), onnx.Float), nil
	case *ort.Tensor[float64]:
		return numeric(v, v.GetData(), onnx.Double), nil
	case *ort.Tensor[int64]:
		return numeric(v, v.GetData(), onnx.Int64), nil
	case *ort.Tensor[int32]:
		return numeric(v, v.GetData(), onnx.Int32), nil
	case *ort.Tensor[uint8]:
		return numeric(v, v.GetData(), onnx.Uint8), nil
	case *ort.Tensor[bool]:
		return numeric(v, v.GetData(), onnx.Bool), nil
	}
	return fromRareValue(v)
}

func fromRareValue(v ort.Value) (*Tensor, error) {
	switch v := v.(type) {
	case *ort.Tensor[int8]:
		return numeric(v, v.GetData(), onnx.Int8), nil
	case *ort.Tensor[int16]:
		return numeric(v, v.GetData(), onnx.Int16), nil
	case *ort.Tensor[uint16]:
		return numeric(v, v.GetData(), onnx.Uint16), nil
	case *ort.Tensor[uint32]:
		return numeric(v, v.GetData(), onnx.Uint32), nil
	case *ort.Tensor[uint64]:
		return numeric(v, v.GetData(), onnx.Uint64), nil
	}
	_ = v.Destroy()
	return nil, fmt.Errorf("outputs of type %T need memory given by the caller", v)
}

func numeric[T Element](v ort.Value, data []T, kind onnx.DataType) *Tensor {
	t := &Tensor{value: v, kind: kind, shape: v.GetShape()}
	if len(data) > 0 {
		t.raw = unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), len(data)*int(unsafe.Sizeof(data[0])))
	}
	return t
}
