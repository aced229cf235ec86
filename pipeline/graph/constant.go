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
	var raw []byte
	for _, x := range values {
		switch kind {
		case onnx.Float:
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(x)))
		case onnx.Double:
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(x))
		case onnx.Int64:
			raw = binary.LittleEndian.AppendUint64(raw, uint64(int64(x)))
		case onnx.Int32:
			raw = binary.LittleEndian.AppendUint32(raw, uint32(int32(x)))
		case onnx.Uint8, onnx.Bool:
			raw = append(raw, byte(x))
		default:
			return nil, fmt.Errorf("constants of type %v are not made here", kind)
		}
	}
	return raw, nil
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
	if v == nil || v.Const == nil {
		return nil
	}
	var out []float64
	raw := v.Const.Raw
	switch v.Const.Type {
	case onnx.Float:
		for i := 0; i+4 <= len(raw); i += 4 {
			out = append(out, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[i:]))))
		}
	case onnx.Double:
		for i := 0; i+8 <= len(raw); i += 8 {
			out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(raw[i:])))
		}
	}
	return out
}
