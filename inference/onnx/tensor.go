package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// Element is a Go type that lies in memory as one ONNX element does.
type Element interface {
	float32 | float64 | int8 | int16 | int32 | int64 |
		uint8 | uint16 | uint32 | uint64 | bool
}

// TypeOf returns the ONNX type of a Go element type.
func TypeOf[T Element]() DataType {
	var zero T
	switch any(zero).(type) {
	case float32:
		return Float
	case float64:
		return Double
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int64:
		return Int64
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	default:
		return Bool
	}
}

// NewTensor makes a constant from a copy of data in row-major order. That dims
// and len(data) agree is for Check to say.
func NewTensor[T Element](name string, dims []int64, data []T) *Tensor {
	raw := make([]byte, 0, len(data)*int(unsafe.Sizeof(*new(T))))
	raw, err := binary.Append(raw, binary.LittleEndian, data)
	if err != nil {
		panic(fmt.Sprintf("onnx: %v", err)) // cannot happen: all Elements have a fixed size
	}
	return &Tensor{Name: name, Type: TypeOf[T](), Dims: dims, Raw: raw}
}

// FloatTensor makes a float32 constant; see NewTensor.
func FloatTensor(name string, dims []int64, data []float32) *Tensor {
	return NewTensor(name, dims, data)
}

// Int64Tensor makes an int64 constant; see NewTensor.
func Int64Tensor(name string, dims []int64, data []int64) *Tensor {
	return NewTensor(name, dims, data)
}

// Int32Tensor makes an int32 constant; see NewTensor.
func Int32Tensor(name string, dims []int64, data []int32) *Tensor {
	return NewTensor(name, dims, data)
}

// DoubleTensor makes a float64 constant; see NewTensor.
func DoubleTensor(name string, dims []int64, data []float64) *Tensor {
	return NewTensor(name, dims, data)
}

// Uint8Tensor makes a uint8 constant; see NewTensor.
func Uint8Tensor(name string, dims []int64, data []uint8) *Tensor {
	return NewTensor(name, dims, data)
}

// BoolTensor makes a bool constant; see NewTensor.
func BoolTensor(name string, dims []int64, data []bool) *Tensor {
	return NewTensor(name, dims, data)
}

// StringTensor makes a constant of UTF-8 strings.
func StringTensor(name string, dims []int64, data []string) *Tensor {
	t := &Tensor{Name: name, Type: String, Dims: dims, Strings: make([][]byte, len(data))}
	for i, s := range data {
		t.Strings[i] = []byte(s)
	}
	return t
}

// FloatScalar makes a constant of rank 0.
func FloatScalar(name string, v float32) *Tensor { return FloatTensor(name, nil, []float32{v}) }

// Int64Scalar makes a constant of rank 0.
func Int64Scalar(name string, v int64) *Tensor { return Int64Tensor(name, nil, []int64{v}) }

// IsExternal says whether the data lies in another file and was not loaded.
func (t *Tensor) IsExternal() bool { return t.External != nil && len(t.Raw) == 0 }

// Len returns the number of elements the dims ask for.
func (t *Tensor) Len() (int64, error) { return NumElements(t.Dims) }

// checkSize compares the data with the dims.
func (t *Tensor) checkSize() error {
	n, err := t.Len()
	switch {
	case err != nil:
		return err
	case !t.Type.Valid():
		return fmt.Errorf("element type %s is unknown", t.Type)
	case t.Type == String:
		if int64(len(t.Strings)) != n {
			return fmt.Errorf("shape %v wants %d strings, the file has %d", t.Dims, n, len(t.Strings))
		}
		return nil
	}
	want, err := t.Type.ByteSize(n)
	if err != nil {
		return err
	}
	if !t.IsExternal() && int64(len(t.Raw)) != want {
		return fmt.Errorf("shape %v of %s wants %d bytes, the file has %d", t.Dims, t.Type, want, len(t.Raw))
	}
	return nil
}

// elements checks that the data is here and complete and returns its length.
func (t *Tensor) elements() (int, error) {
	if t.IsExternal() {
		return 0, fmt.Errorf("tensor %q: its data is in another file; call LoadExternal first", t.Name)
	}
	if err := t.checkSize(); err != nil {
		return 0, fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	n, _ := t.Len()
	return int(n), nil
}

// Float64s returns a copy of the elements as float64. Every real and integer
// type and bool converts; integers beyond 2⁵³ are rounded.
func (t *Tensor) Float64s() ([]float64, error) { return convert(t, t.floatAt(), "numbers") }

// Float32s returns a copy of the elements as float32, rounded where needed.
func (t *Tensor) Float32s() ([]float32, error) {
	if t.Type == Float {
		return decodeRaw[float32](t)
	}
	at := t.floatAt()
	if at == nil {
		return convert[float32](t, nil, "numbers")
	}
	return convert(t, func(i int) float32 { return float32(at(i)) }, "numbers")
}

// Int64s returns a copy of the elements of an integer or bool tensor as int64;
// a uint64 beyond the range wraps.
func (t *Tensor) Int64s() ([]int64, error) {
	if t.Type == Int64 {
		return decodeRaw[int64](t)
	}
	return convert(t, t.intAt(), "integers")
}

// Texts returns the elements of a string tensor.
func (t *Tensor) Texts() ([]string, error) {
	if t.Type != String {
		return nil, fmt.Errorf("tensor %q holds %s, not strings", t.Name, t.Type)
	}
	if _, err := t.elements(); err != nil {
		return nil, err
	}
	out := make([]string, len(t.Strings))
	for i, s := range t.Strings {
		out[i] = string(s)
	}
	return out, nil
}

func decodeRaw[T Element](t *Tensor) ([]T, error) {
	n, err := t.elements()
	if err != nil {
		return nil, err
	}
	out := make([]T, n)
	if _, err := binary.Decode(t.Raw, binary.LittleEndian, out); err != nil {
		return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	return out, nil
}

func convert[T any](t *Tensor, at func(int) T, what string) ([]T, error) {
	if at == nil {
		return nil, fmt.Errorf("tensor %q holds %s, not %s", t.Name, t.Type, what)
	}
	n, err := t.elements()
	if err != nil {
		return nil, err
	}
	out := make([]T, n)
	for i := range out {
		out[i] = at(i)
	}
	return out, nil
}

// floatAt returns a reader of element i, nil when the type does not convert.
func (t *Tensor) floatAt() func(int) float64 {
	b := t.Raw
	switch t.Type {
	case Float:
		return func(i int) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))) }
	case Double:
		return func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])) }
	case Float16:
		return func(i int) float64 { return float64(Float16ToFloat(binary.LittleEndian.Uint16(b[2*i:]))) }
	case BFloat16:
		return func(i int) float64 { return float64(BFloat16ToFloat(binary.LittleEndian.Uint16(b[2*i:]))) }
	case Uint64:
		return func(i int) float64 { return float64(binary.LittleEndian.Uint64(b[8*i:])) }
	}
	if at := t.intAt(); at != nil {
		return func(i int) float64 { return float64(at(i)) }
	}
	return nil
}

func (t *Tensor) intAt() func(int) int64 {
	b := t.Raw
	switch t.Type {
	case Int64, Uint64:
		return func(i int) int64 { return int64(binary.LittleEndian.Uint64(b[8*i:])) }
	case Int32:
		return func(i int) int64 { return int64(int32(binary.LittleEndian.Uint32(b[4*i:]))) }
	case Uint32:
		return func(i int) int64 { return int64(binary.LittleEndian.Uint32(b[4*i:])) }
	case Int16:
		return func(i int) int64 { return int64(int16(binary.LittleEndian.Uint16(b[2*i:]))) }
	case Uint16:
		return func(i int) int64 { return int64(binary.LittleEndian.Uint16(b[2*i:])) }
	case Int8:
		return func(i int) int64 { return int64(int8(b[i])) }
	case Uint8, Bool:
		return func(i int) int64 { return int64(b[i]) }
	case Uint4:
		return func(i int) int64 { return int64(nibble(b, i)) }
	case Int4:
		return func(i int) int64 { return int64(int8(nibble(b, i)<<4) >> 4) }
	}
	return nil
}

// nibble returns 4-bit element i; the first of a pair is in the low bits.
func nibble(b []byte, i int) byte { return b[i/2] >> (4 * (i % 2)) & 0xf }
