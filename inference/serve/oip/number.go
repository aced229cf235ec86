package oip

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"unsafe"

	"athanor/inference/onnx"
)

// view sees bytes as a string without a copy; the bytes must not change while
// it is used.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// parseFloat reads a JSON number, or NaN, Infinity and -Infinity as Python
// writes them.
func parseFloat(tok []byte, bits int) (float64, error) {
	if v, end, ok := exactFloat(tok, 0); ok && end == len(tok) && (bits == 64 || singlyRounded(v)) {
		return v, nil
	}
	switch view(tok) {
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	if !isNumber(tok) {
		return 0, fmt.Errorf("%q is not a number", clip(tok))
	}
	v, err := strconv.ParseFloat(view(tok), bits)
	if err != nil {
		return 0, fmt.Errorf("%q does not fit a %d-bit float", clip(tok), bits)
	}
	return v, nil
}

// exactFloat reads -?digits[.digits] of at most 15 digits from b[i:], nearly
// every number there is, and says where it ends. Digits and power of ten are
// exact in float64, so their quotient is correctly rounded (Clinger 1990).
func exactFloat(b []byte, i int) (v float64, end int, ok bool) {
	powers := [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
	negative := i < len(b) && b[i] == '-'
	if negative {
		i++
	}
	start, mantissa := i, uint64(0)
	for i < len(b) && b[i]-'0' <= 9 && i-start <= 16 {
		mantissa = mantissa*10 + uint64(b[i]-'0')
		i++
	}
	count := i - start
	if count == 0 || (count > 1 && b[start] == '0') {
		return 0, i, false
	}
	fraction := 0
	if i < len(b) && b[i] == '.' {
		i++
		for i < len(b) && b[i]-'0' <= 9 && fraction <= 16 {
			mantissa = mantissa*10 + uint64(b[i]-'0')
			i++
			fraction++
		}
		if fraction == 0 {
			return 0, i, false
		}
	}
	if count+fraction > 15 {
		return 0, i, false
	}
	v = float64(mantissa) / powers[fraction]
	if negative {
		v = -v
	}
	return v, i, true
}

// singlyRounded says whether rounding v on to float32 gives what rounding the
// decimal number at once would: unless v lies exactly between two of them, or
// among the subnormal ones.
func singlyRounded(v float64) bool {
	const half = 1 << 28 // the bits that float32 lacks are 29
	bits := math.Float64bits(v)
	return bits&(2*half-1) != half && (v == 0 || math.Abs(v) >= 0x1p-126)
}

// isNumber checks the grammar of JSON numbers, which strconv does not.
func isNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole, b := digits(b)
	if len(whole) == 0 || (len(whole) > 1 && whole[0] == '0') {
		return false
	}
	if len(b) > 0 && b[0] == '.' {
		var part []byte
		if part, b = digits(b[1:]); len(part) == 0 {
			return false
		}
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		var part []byte
		if part, b = digits(b); len(part) == 0 {
			return false
		}
	}
	return len(b) == 0
}

func digits(b []byte) (run, rest []byte) {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return b[:n], b[n:]
}

func clip(tok []byte) []byte { return tok[:min(len(tok), 40)] }

// put writes one element of a tensor of numbers from its JSON token.
func put(dst []byte, kind onnx.DataType, tok []byte) error {
	switch kind {
	case onnx.Float:
		v, err := parseFloat(tok, 32)
		binary.LittleEndian.PutUint32(dst, math.Float32bits(float32(v)))
		return err
	case onnx.Double:
		v, err := parseFloat(tok, 64)
		binary.LittleEndian.PutUint64(dst, math.Float64bits(v))
		return err
	case onnx.Float16:
		v, err := parseFloat(tok, 32)
		binary.LittleEndian.PutUint16(dst, onnx.FloatToFloat16(float32(v)))
		return err
	case onnx.BFloat16:
		v, err := parseFloat(tok, 32)
		binary.LittleEndian.PutUint16(dst, onnx.FloatToBFloat16(float32(v)))
		return err
	case onnx.Bool:
		return putBool(dst, tok)
	}
	return putInteger(dst, kind, tok)
}

func putBool(dst, tok []byte) error {
	switch view(tok) {
	case "true", "1":
		dst[0] = 1
	case "false", "0":
		dst[0] = 0
	default:
		return fmt.Errorf("%q is not true or false", clip(tok))
	}
	return nil
}

func putInteger(dst []byte, kind onnx.DataType, tok []byte) error {
	bits := kind.Bits()
	var v uint64
	var err error
	if !isNumber(tok) {
		return fmt.Errorf("%q is not a number", clip(tok))
	}
	switch kind {
	case onnx.Int8, onnx.Int16, onnx.Int32, onnx.Int64:
		var signed int64
		signed, err = strconv.ParseInt(view(tok), 10, bits)
		v = uint64(signed)
	default:
		v, err = strconv.ParseUint(view(tok), 10, bits)
	}
	if err != nil {
		return fmt.Errorf("%q is not a value of %s", clip(tok), TypeName(kind))
	}
	var word [8]byte
	binary.LittleEndian.PutUint64(word[:], v)
	copy(dst[:bits/8], word[:])
	return nil
}

// appendElement writes one element as JSON; false when JSON cannot carry it.
func appendElement(b []byte, kind onnx.DataType, data []byte) ([]byte, bool) {
	switch kind {
	case onnx.Float:
		return appendFloat(b, float64(math.Float32frombits(binary.LittleEndian.Uint32(data))), 32)
	case onnx.Double:
		return appendFloat(b, math.Float64frombits(binary.LittleEndian.Uint64(data)), 64)
	case onnx.Float16:
		return appendFloat(b, float64(onnx.Float16ToFloat(binary.LittleEndian.Uint16(data))), 32)
	case onnx.BFloat16:
		return appendFloat(b, float64(onnx.BFloat16ToFloat(binary.LittleEndian.Uint16(data))), 32)
	case onnx.Bool:
		return strconv.AppendBool(b, data[0] != 0), true
	case onnx.Int8:
		return strconv.AppendInt(b, int64(int8(data[0])), 10), true
	case onnx.Int16:
		return strconv.AppendInt(b, int64(int16(binary.LittleEndian.Uint16(data))), 10), true
	case onnx.Int32:
		return strconv.AppendInt(b, int64(int32(binary.LittleEndian.Uint32(data))), 10), true
	case onnx.Int64:
		return strconv.AppendInt(b, int64(binary.LittleEndian.Uint64(data)), 10), true
	}
	var word [8]byte
	copy(word[:], data)
	return strconv.AppendUint(b, binary.LittleEndian.Uint64(word[:]), 10), true
}

func appendFloat(b []byte, v float64, bits int) ([]byte, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return b, false
	}
	return strconv.AppendFloat(b, v, 'g', -1, bits), true
}
