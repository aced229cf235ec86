package graph

import (
	"encoding/binary"
	"fmt"
	"math"

	"athanor/inference/onnx"
)

// Const makes a constant of a float or integer type from values; equal
// constants are stored once. Shape nil means a list of len(values).
func (b *Builder) Const(kind onnx.DataType, shape []int, values ...float64) *Value {
	if shape == nil {
		shape = []int{len(values)}
	}
	raw, err := encode(kind, values)
	if err != nil {
		b.Fail("constant: %w", err)
	}
	return b.constant(kind, shape, raw)
}

// Scalar is a one-element constant of v's type, shape [1], that broadcasts.
func (b *Builder) Scalar(like *Value, x float64) *Value {
	return b.Const(like.Type, []int{1}, x)
}

// Ints is an int64 list, as shapes and axes are given.
func (b *Builder) Ints(values ...int) *Value {
	raw := make([]byte, 8*len(values))
	for i, n := range values {
		binary.LittleEndian.PutUint64(raw[8*i:], uint64(int64(n)))
	}
	return b.constant(onnx.Int64, []int{len(values)}, raw)
}

func (b *Builder) constant(kind onnx.DataType, shape []int, raw []byte) *Value {
	key := fmt.Sprintf("%d%v%x", kind, shape, raw)
	if v := b.constants[key]; v != nil {
		return v
	}
	v := b.fresh("const", kind, shape)
	v.Const = &onnx.Tensor{Name: v.Name, Type: kind, Dims: int64s(shape), Raw: raw}
	b.inits = append(b.inits, v)
	b.constants[key] = v
	return v
}

// ConstInts are the elements of an integer value that is known while building.
func ConstInts(v *Value) ([]int, bool) {
	if v == nil || v.Const == nil {
		return nil, false
	}
	var out []int
	raw := v.Const.Raw
	switch v.Const.Type {
	case onnx.Int64:
		for i := 0; i+8 <= len(raw); i += 8 {
			out = append(out, int(int64(binary.LittleEndian.Uint64(raw[i:]))))
		}
	case onnx.Int32:
		for i := 0; i+4 <= len(raw); i += 4 {
			out = append(out, int(int32(binary.LittleEndian.Uint32(raw[i:]))))
		}
	default:
		return nil, false
	}
	return out, true
}

func encode(kind onnx.DataType, values []float64) ([]byte, error) {
	raw := make([]byte, 0, len(values)*max(kind.Size(), 1))
	for _, x := range values {
		switch kind {
		case onnx.Float:
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(x)))
		case onnx.Double:
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(x))
		case onnx.Float16:
			raw = binary.LittleEndian.AppendUint16(raw, onnx.FloatToFloat16(float32(x)))
		case onnx.BFloat16:
			raw = binary.LittleEndian.AppendUint16(raw, onnx.FloatToBFloat16(float32(x)))
		case onnx.Int64, onnx.Uint64:
			raw = binary.LittleEndian.AppendUint64(raw, uint64(whole(x)))
		case onnx.Int32, onnx.Uint32:
			raw = binary.LittleEndian.AppendUint32(raw, uint32(whole(x)))
		case onnx.Int16, onnx.Uint16:
			raw = binary.LittleEndian.AppendUint16(raw, uint16(whole(x)))
		case onnx.Uint8, onnx.Int8, onnx.Bool:
			raw = append(raw, byte(whole(x)))
		default:
			return nil, fmt.Errorf("constants of type %v are not made here", kind)
		}
	}
	return raw, nil
}

// whole is x as an integer, the largest where x is beyond it.
func whole(x float64) int64 {
	if x >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(x)
}

func int64s(shape []int) []int64 {
	out := make([]int64, len(shape))
	for i, d := range shape {
		out[i] = int64(d)
	}
	return out
}

// ConstFloats are the elements of a float value that is known while building.
func ConstFloats(v *Value) []float64 {
	if v == nil || v.Const == nil || !v.Const.Type.IsFloat() {
		return nil
	}
	values, err := v.Const.Float64s()
	if err != nil {
		return nil
	}
	return values
}
