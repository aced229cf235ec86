// Package oip speaks the Open Inference Protocol version 2 in its HTTP/REST
// form, with the binary tensor extension: messages as Go values, decoded from
// bytes nobody trusts and encoded again. Server and client share it.
package oip

import (
	"encoding/binary"
	"errors"
	"fmt"

	"athanor/inference/onnx"
)

// HeaderLength is the HTTP header that says how many bytes of a body are JSON;
// binary tensors follow them.
const HeaderLength = "Inference-Header-Content-Length"

// Errors of decoding.
var (
	ErrRequest  = errors.New("malformed message")
	ErrTooLarge = errors.New("over the limit")
)

// Limits bound what decoding one message may take. Memory never exceeds a
// small multiple of the message's own size, whatever it claims.
type Limits struct {
	Depth   int // nesting of JSON
	Tensors int // inputs, and outputs
	Rank    int // dimensions of a tensor
}

// DefaultLimits suit any honest request.
func DefaultLimits() Limits { return Limits{Depth: 32, Tensors: 1024, Rank: 16} }

// Tensor is one named input or output.
type Tensor struct {
	Name   string
	Type   onnx.DataType
	Shape  []int64
	Data   []byte   // elements, little-endian and row-major; nil for strings
	Texts  []string // elements of a BYTES tensor, any bytes
	Binary bool     // travelled, or shall travel, as binary
}

// typeNames pairs element types with their names in the protocol.
var typeNames = [...]struct {
	kind onnx.DataType
	name string
}{
	{onnx.Float, "FP32"},
	{onnx.Uint8, "UINT8"},
	{onnx.Int64, "INT64"},
	{onnx.Bool, "BOOL"},
	{onnx.Int8, "INT8"},
	{onnx.Int16, "INT16"},
	{onnx.Int32, "INT32"},
	{onnx.Uint16, "UINT16"},
	{onnx.Uint32, "UINT32"},
	{onnx.Uint64, "UINT64"},
	{onnx.Float16, "FP16"},
	{onnx.Double, "FP64"},
	{onnx.BFloat16, "BF16"},
	{onnx.String, "BYTES"},
}

// TypeName returns the protocol's name of an element type, "" when it has none.
func TypeName(t onnx.DataType) string {
	for _, n := range typeNames {
		if n.kind == t {
			return n.name
		}
	}
	return ""
}

// ParseType returns the element type of a protocol name.
func ParseType(name string) (onnx.DataType, error) {
	for _, n := range typeNames {
		if n.name == name {
			return n.kind, nil
		}
	}
	return onnx.Undefined, fmt.Errorf("%w: datatype %q is unknown", ErrRequest, name)
}

// Len returns how many elements the shape asks for.
func (t *Tensor) Len() (int64, error) {
	n, err := onnx.NumElements(t.Shape)
	if err != nil {
		return 0, fmt.Errorf("%w: tensor %q: %w", ErrRequest, t.Name, err)
	}
	return n, nil
}

// Check compares the elements with type and shape.
func (t *Tensor) Check() error {
	n, err := t.Len()
	if err != nil {
		return err
	}
	if t.Type == onnx.String {
		if int64(len(t.Texts)) != n {
			return t.fault("shape %v wants %d elements, got %d", t.Shape, n, len(t.Texts))
		}
		return nil
	}
	want, err := t.Type.ByteSize(n)
	if err != nil {
		return fmt.Errorf("%w: tensor %q: %w", ErrRequest, t.Name, err)
	}
	if int64(len(t.Data)) != want {
		return t.fault("shape %v of %s wants %d bytes, got %d", t.Shape, TypeName(t.Type), want, len(t.Data))
	}
	return nil
}

func (t *Tensor) fault(format string, args ...any) error {
	return fmt.Errorf("%w: tensor %q: %s", ErrRequest, t.Name, fmt.Sprintf(format, args...))
}

// setBinary takes the elements from their binary form, which it keeps.
func (t *Tensor) setBinary(b []byte) error {
	t.Binary = true
	if t.Type != onnx.String {
		t.Data = b
		return t.Check()
	}
	n, err := t.Len()
	if err != nil {
		return err
	}
	if n > int64(len(b)/4) {
		return t.fault("shape %v wants %d strings, %d bytes cannot hold them", t.Shape, n, len(b))
	}
	t.Texts = make([]string, 0, n)
	for len(b) > 0 {
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return t.fault("string %d is cut off", len(t.Texts))
		}
		size := int(binary.LittleEndian.Uint32(b))
		if int64(len(t.Texts)) == n {
			return t.fault("more than %d strings", n)
		}
		t.Texts = append(t.Texts, string(b[4:4+size]))
		b = b[4+size:]
	}
	return t.Check()
}

// AppendBinary appends the elements in their binary form: strings each with a
// 4-byte length before it.
func (t *Tensor) AppendBinary(b []byte) []byte {
	if t.Type != onnx.String {
		return append(b, t.Data...)
	}
	for _, s := range t.Texts {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return b
}

// SetBinary fills the tensor from its binary form, which it keeps unless the
// elements are strings.
func (t *Tensor) SetBinary(b []byte) error { return t.setBinary(b) }

// BinarySize is the length of AppendBinary's result.
func (t *Tensor) BinarySize() int {
	if t.Type != onnx.String {
		return len(t.Data)
	}
	n := 0
	for _, s := range t.Texts {
		n += 4 + len(s)
	}
	return n
}
