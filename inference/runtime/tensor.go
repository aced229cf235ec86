package runtime

import (
	"fmt"
	"slices"
	"unsafe"

	"athanor/inference/onnx"
)

// Element is a Go type that a tensor's elements may be seen as.
type Element interface {
	~float32 | ~float64 | ~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~int64 | ~uint64 | ~bool
}

// Tensor is memory that the runtime reads and writes, row-major. Whoever
// creates it closes it. A tensor must not be used by two runs at once when one
// of them writes it.
type Tensor struct {
	value handle
	kind  onnx.DataType
	shape []int64
	raw   []byte   // numeric elements, little-endian
	text  []string // elements of a string tensor
	// memory is the device's that holds the elements, nil for the process' own.
	memory *Memory
}

// NewTensor makes a tensor of data's type over a copy of data, which must hold
// as many elements as shape has; a shape without dimensions is a scalar.
func NewTensor[T Element](shape []int64, data []T) (*Tensor, error) {
	t, err := NewZeros(typeOf[T](), shape)
	if err != nil {
		return nil, err
	}
	if n := len(Data[T](t)); n != len(data) {
		t.Close()
		return nil, fmt.Errorf("tensor of shape %v takes %d elements, got %d", shape, n, len(data))
	}
	copy(Data[T](t), data)
	return t, nil
}

// NewZeros makes a tensor of zeros of any numeric type.
func NewZeros(kind onnx.DataType, shape []int64) (*Tensor, error) {
	if err := Load(); err != nil {
		return nil, err
	}
	size := elementSize(kind)
	if size == 0 {
		return nil, fmt.Errorf("tensors of type %v are not numbers that can be stored", kind)
	}
	count, err := elements(shape)
	if err != nil {
		return nil, err
	}
	raw := aligned(count * size)
	value, err := newValue(kind, shape, raw)
	if err != nil {
		return nil, fmt.Errorf("make tensor %v: %w", shape, err)
	}
	return &Tensor{value: value, kind: kind, shape: append([]int64(nil), shape...), raw: raw}, nil
}

// Buffer returns n zero bytes that Over takes.
func Buffer(n int) []byte { return aligned(n) }

// Over makes a tensor over raw, which stays the caller's and must not be written
// while a run uses the tensor. raw comes from Buffer, whole or from its
// beginning, and has exactly the bytes of the shape.
func Over(kind onnx.DataType, shape []int64, raw []byte) (*Tensor, error) {
	if err := Load(); err != nil {
		return nil, err
	}
	count, err := elements(shape)
	if err != nil {
		return nil, err
	}
	size := elementSize(kind)
	if size == 0 || count*size != len(raw) || uintptr(unsafe.Pointer(unsafe.SliceData(raw)))%8 != 0 {
		return nil, fmt.Errorf("%d bytes are no memory of a tensor of type %v and shape %v", len(raw), kind, shape)
	}
	value, err := newValue(kind, shape, raw)
	if err != nil {
		return nil, fmt.Errorf("make tensor %v: %w", shape, err)
	}
	return &Tensor{value: value, kind: kind, shape: slices.Clone(shape), raw: raw}, nil
}

// NewStrings makes a tensor of strings, which may hold any bytes.
func NewStrings(shape []int64, data []string) (*Tensor, error) {
	if err := Load(); err != nil {
		return nil, err
	}
	if n, err := elements(shape); err != nil || n != len(data) {
		return nil, fmt.Errorf("tensor of shape %v does not hold %d strings", shape, len(data))
	}
	value, err := newTextValue(shape, data)
	if err != nil {
		return nil, fmt.Errorf("make string tensor: %w", err)
	}
	return &Tensor{value: value, kind: onnx.String, shape: append([]int64(nil), shape...), text: slices.Clone(data)}, nil
}

// View is a tensor of the given shape over t's own memory, from element offset
// on. Its creator closes it; it must not be used after t is closed.
func (t *Tensor) View(offset int, shape []int64) (*Tensor, error) {
	count, err := elements(shape)
	if err != nil {
		return nil, err
	}
	size := elementSize(t.kind)
	if offset < 0 || size == 0 || (offset+count)*size > len(t.raw) {
		return nil, fmt.Errorf("a view of %v from element %d does not lie in a tensor of %v", shape, offset, t.shape)
	}
	raw := t.raw[offset*size : (offset+count)*size]
	value, err := newValue(t.kind, shape, raw)
	if err != nil {
		return nil, fmt.Errorf("view tensor %v: %w", shape, err)
	}
	return &Tensor{value: value, kind: t.kind, shape: slices.Clone(shape), raw: raw}, nil
}

// Type is the element type.
func (t *Tensor) Type() onnx.DataType { return t.kind }

// Shape is the tensor's shape; the caller must not change it.
func (t *Tensor) Shape() []int64 { return t.shape }

// Bytes is the tensor's own memory, little-endian; nil for strings and for
// tensors on a device, which Read and Write copy.
func (t *Tensor) Bytes() []byte { return t.raw }

// Strings are the elements of a string tensor.
func (t *Tensor) Strings() []string { return t.text }

// Close gives the memory back. A closed tensor must not be used.
func (t *Tensor) Close() {
	if t != nil && t.value != nil {
		releaseValue(t.value)
		t.value = nil
	}
}

// Data is the tensor's own memory seen as T, which must have the size of the
// tensor's elements: it panics otherwise, as that is a mistake in the program.
func Data[T Element](t *Tensor) []T {
	var zero T
	if size := int(unsafe.Sizeof(zero)); elementSize(t.kind) != size {
		panic(fmt.Sprintf("tensor of %v seen as elements of %d bytes", t.kind, size))
	}
	if len(t.raw) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&t.raw[0])), len(t.raw)/int(unsafe.Sizeof(zero)))
}

// aligned makes n bytes that start at a multiple of 8.
func aligned(n int) []byte {
	if n == 0 {
		return nil
	}
	words := make([]uint64, (n+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n)
}

func elements(shape []int64) (int, error) {
	count := int64(1)
	for _, d := range shape {
		if d < 0 || (d > 0 && count > (1<<40)/d) {
			return 0, fmt.Errorf("shape %v is not one a tensor can have", shape)
		}
		count *= d
	}
	return int(count), nil
}

func typeOf[T Element]() onnx.DataType {
	var zero T
	switch any(zero).(type) {
	case float32:
		return onnx.Float
	case float64:
		return onnx.Double
	case int8:
		return onnx.Int8
	case uint8:
		return onnx.Uint8
	case int16:
		return onnx.Int16
	case uint16:
		return onnx.Uint16
	case int32:
		return onnx.Int32
	case uint32:
		return onnx.Uint32
	case int64:
		return onnx.Int64
	case uint64:
		return onnx.Uint64
	case bool:
		return onnx.Bool
	}
	return onnx.Undefined
}

func elementSize(kind onnx.DataType) int {
	switch kind {
	case onnx.Uint8, onnx.Int8, onnx.Bool:
		return 1
	case onnx.Uint16, onnx.Int16, onnx.Float16, onnx.BFloat16:
		return 2
	case onnx.Float, onnx.Int32, onnx.Uint32:
		return 4
	case onnx.Double, onnx.Int64, onnx.Uint64:
		return 8
	default:
		return 0
	}
}
