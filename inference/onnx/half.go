package onnx

import "math"

// Float16ToFloat widens an IEEE 754 binary16.
func Float16ToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h>>10) & 0x1f
	frac := uint32(h & 0x3ff)
	switch {
	case exp == 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case exp != 0:
		return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
	}
	v := float32(frac) * (1.0 / (1 << 24)) // subnormal or zero
	return math.Float32frombits(sign | math.Float32bits(v))
}

// FloatToFloat16 rounds to the nearest binary16, ties to even; values beyond
// its range become infinite and a NaN stays one.
func FloatToFloat16(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits>>16) & 0x8000
	abs := bits & 0x7fffffff
	switch {
	case abs > 0x7f800000:
		return sign | 0x7e00
	case abs >= 0x477ff000: // 65520, halfway between the largest half and the next
		return sign | 0x7c00
	case abs < 0x38800000: // below 2⁻¹⁴: subnormal steps of 2⁻²⁴
		v := float64(math.Float32frombits(abs))
		return sign | uint16(math.RoundToEven(v*(1<<24)))
	}
	rounded := abs + 0xfff + abs>>13&1
	return sign | uint16((rounded-0x38000000)>>13)
}

// BFloat16ToFloat widens a bfloat16, the upper half of a float32.
func BFloat16ToFloat(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// FloatToBFloat16 rounds to the nearest bfloat16, ties to even; a NaN stays one.
func FloatToBFloat16(f float32) uint16 {
	bits := math.Float32bits(f)
	if bits&0x7fffffff > 0x7f800000 {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}
