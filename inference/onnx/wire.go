package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrMalformed is wrapped by every error about bytes that are no ONNX model.
var ErrMalformed = errors.New("not a valid ONNX file")

// maxDepth is the deepest nesting of messages, the default of protobuf itself.
const maxDepth = 100

// minMessageBytes is the smallest size a message that becomes a struct has in
// an honest file, averaged over the file; it bounds what a hostile file of
// empty messages can make us allocate.
const (
	minMessageBytes = 6
	freeMessages    = 1024
)

// field is one protobuf field. bytes is set for length-delimited fields, value
// for all others.
type field struct {
	d     *decoder
	num   protowire.Number
	typ   protowire.Type
	value uint64
	bytes []byte
}

// decoder reads messages; the first error sticks and ends all loops.
type decoder struct {
	err    error
	depth  int
	budget int // structs that may still be allocated
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
	}
}

// message calls known for each field of b and returns the bytes of those that
// known did not accept.
func (d *decoder) message(what string, b []byte, known func(field) bool) (unknown []byte) {
	if !d.enter(what) {
		return nil
	}
	defer func() { d.depth-- }()
	for len(b) > 0 && d.err == nil {
		f, n := d.field(b)
		if n < 0 {
			d.fail("%s: %v", what, protowire.ParseError(n))
			return nil
		}
		if !known(f) {
			unknown = append(unknown, b[:n]...)
		}
		b = b[n:]
	}
	return unknown
}

// enter counts one nested message against the depth and the budget.
func (d *decoder) enter(what string) bool {
	d.depth++
	d.budget--
	if d.depth > maxDepth {
		d.depth--
		d.fail("%s: nested deeper than %d messages", what, maxDepth)
		return false
	}
	if d.budget < 0 {
		d.depth--
		d.fail("%s: more empty messages than any model has", what)
		return false
	}
	return d.err == nil
}

func (d *decoder) field(b []byte) (field, int) {
	num, typ, n := protowire.ConsumeTag(b)
	if n < 0 {
		return field{}, n
	}
	f := field{d: d, num: num, typ: typ}
	m := 0
	switch typ {
	case protowire.VarintType:
		f.value, m = protowire.ConsumeVarint(b[n:])
	case protowire.Fixed32Type:
		var v uint32
		v, m = protowire.ConsumeFixed32(b[n:])
		f.value = uint64(v)
	case protowire.Fixed64Type:
		f.value, m = protowire.ConsumeFixed64(b[n:])
	case protowire.BytesType:
		f.bytes, m = protowire.ConsumeBytes(b[n:])
		f.bytes = slices.Clip(f.bytes)
	default:
		m = protowire.ConsumeFieldValue(num, typ, b[n:])
	}
	if m < 0 {
		return field{}, m
	}
	return f, n + m
}

func (f field) is(typ protowire.Type) {
	if f.typ != typ {
		f.d.fail("field %d has wire type %d, wanted %d", f.num, f.typ, typ)
	}
}

func (f field) str() string {
	f.is(protowire.BytesType)
	return string(f.bytes)
}

func (f field) raw() []byte {
	f.is(protowire.BytesType)
	return f.bytes
}

func (f field) int64() int64 {
	f.is(protowire.VarintType)
	return int64(f.value)
}

func (f field) int32() int32 { return int32(f.int64()) }

func (f field) float() float32 {
	f.is(protowire.Fixed32Type)
	return math.Float32frombits(uint32(f.value))
}

// int64s appends a repeated integer, packed or not.
func (f field) int64s(to []int64) []int64 {
	if f.typ != protowire.BytesType {
		return append(to, f.int64())
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			f.d.fail("field %d: broken packed integers", f.num)
			return to
		}
		to, b = append(to, int64(v)), b[n:]
	}
	return to
}

// floats appends a repeated float, packed or not.
func (f field) floats(to []float32) []float32 {
	if f.typ != protowire.BytesType {
		return append(to, f.float())
	}
	if len(f.bytes)%4 != 0 {
		f.d.fail("field %d: %d bytes of packed floats", f.num, len(f.bytes))
		return to
	}
	for b := f.bytes; len(b) > 0; b = b[4:] {
		v, _ := protowire.ConsumeFixed32(b)
		to = append(to, math.Float32frombits(v))
	}
	return to
}

// writer appends protobuf fields.
type writer struct{ b []byte }

// message writes a length-delimited field whose content body appends.
func (w *writer) message(num protowire.Number, body func()) {
	w.b = protowire.AppendTag(w.b, num, protowire.BytesType)
	start := len(w.b)
	body()
	size := len(w.b) - start
	w.b = protowire.AppendVarint(w.b, uint64(size)) // grows by the prefix
	prefix := len(w.b) - start - size
	copy(w.b[start+prefix:], w.b[start:start+size])
	protowire.AppendVarint(w.b[:start], uint64(size))
}

// bytes writes the field even when it is empty.
func (w *writer) bytes(num protowire.Number, v []byte) {
	w.b = protowire.AppendTag(w.b, num, protowire.BytesType)
	w.b = protowire.AppendBytes(w.b, v)
}

// text writes the field even when it is empty.
func (w *writer) text(num protowire.Number, v string) {
	w.b = protowire.AppendTag(w.b, num, protowire.BytesType)
	w.b = protowire.AppendString(w.b, v)
}

// str writes the field unless it is empty.
func (w *writer) str(num protowire.Number, v string) {
	if v != "" {
		w.text(num, v)
	}
}

// int writes the field even when it is zero.
func (w *writer) int(num protowire.Number, v int64) {
	w.b = protowire.AppendTag(w.b, num, protowire.VarintType)
	w.b = protowire.AppendVarint(w.b, uint64(v))
}

// num writes the field unless it is zero.
func (w *writer) num(num protowire.Number, v int64) {
	if v != 0 {
		w.int(num, v)
	}
}

func (w *writer) float(num protowire.Number, v float32) {
	w.b = protowire.AppendTag(w.b, num, protowire.Fixed32Type)
	w.b = protowire.AppendFixed32(w.b, math.Float32bits(v))
}

func (w *writer) unknown(b []byte) { w.b = append(w.b, b...) }
