package onnx

import (
	"errors"
	"fmt"
	"math"
)

// ErrTooLarge says that a size does not fit its limit.
var ErrTooLarge = errors.New("too large")

// bitsOf is the width of one element; strings have none.
func bitsOf(t DataType) int {
	switch t {
	case Complex128:
		return 128
	case Int64, Uint64, Double, Complex64:
		return 64
	case Float, Int32, Uint32:
		return 32
	case Uint16, Int16, Float16, BFloat16:
		return 16
	case Uint8, Int8, Bool,
		Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0:
		return 8
	case Uint4, Int4, Float4E2M1:
		return 4
	}
	return 0
}

// Valid says whether t is an element type this package knows.
func (t DataType) Valid() bool { return t == String || bitsOf(t) > 0 }

// Bits returns the width of one element in bits, 0 for strings and unknown types.
func (t DataType) Bits() int { return bitsOf(t) }

// Size returns the width of one element in bytes: 0 for strings and unknown
// types, and 0 for the 4-bit types, of which two share a byte; see ByteSize.
func (t DataType) Size() int { return bitsOf(t) / 8 }

// ByteSize returns the bytes n densely packed elements take. It fails for
// strings, unknown types, a negative n and on overflow.
func (t DataType) ByteSize(n int64) (int64, error) {
	bits := int64(bitsOf(t))
	if bits == 0 {
		return 0, fmt.Errorf("elements of type %s have no fixed size", t)
	}
	if n < 0 || n > (math.MaxInt64-7)/bits {
		return 0, fmt.Errorf("%d elements of %s: %w", n, t, ErrTooLarge)
	}
	return (n*bits + 7) / 8, nil
}

// IsFloat says whether t is a real floating point type.
func (t DataType) IsFloat() bool {
	switch t {
	case Float, Double, Float16, BFloat16, Float4E2M1,
		Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0:
		return true
	}
	return false
}

// IsInteger says whether t is a signed or unsigned integer type.
func (t DataType) IsInteger() bool {
	switch t {
	case Int4, Int8, Int16, Int32, Int64, Uint4, Uint8, Uint16, Uint32, Uint64:
		return true
	}
	return false
}

// String returns the name ONNX documents use, such as float32 or uint8.
func (t DataType) String() string {
	names := [...]string{
		"undefined", "float32", "uint8", "int8", "uint16", "int16", "int32",
		"int64", "string", "bool", "float16", "float64", "uint32", "uint64",
		"complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz",
		"float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1", "float8e8m0",
	}
	if t >= 0 && int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("type(%d)", int32(t))
}

// NumElements multiplies dims. A negative dim or an overflow is an error; no
// dims make a scalar, one element.
func NumElements(dims []int64) (int64, error) {
	n, zero := int64(1), false
	for i, d := range dims {
		switch {
		case d < 0:
			return 0, fmt.Errorf("dimension %d of %v is negative", i, dims)
		case d == 0:
			zero = true
		case n > math.MaxInt64/d:
			return 0, fmt.Errorf("shape %v: %w", dims, ErrTooLarge)
		default:
			n *= d
		}
	}
	if zero {
		return 0, nil
	}
	return n, nil
}
