// Package oipgrpc holds the messages of the Open Inference Protocol version 2
// in their gRPC form: a small codec of our own over protowire, to the published
// field numbers of inference.GRPCInferenceService, so that existing clients
// work.
package oipgrpc

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"athanor/inference/serve/oip"
)

// Service is the full name of the gRPC service.
const Service = "inference.GRPCInferenceService"

// ErrMessage is wrapped by every error about bytes that are no such message.
var ErrMessage = errors.New("malformed message")

// Frame is a message as bytes; Codec passes it through.
type Frame struct{ Bytes []byte }

// Codec hands messages to the handlers undecoded. It takes the name of the
// ordinary codec, so that clients need not know.
type Codec struct{}

// Name is the content subtype.
func (Codec) Name() string { return "proto" }

// Marshal returns the bytes of a *Frame.
func (Codec) Marshal(v any) ([]byte, error) {
	if f, ok := v.(*Frame); ok {
		return f.Bytes, nil
	}
	return nil, fmt.Errorf("%w: cannot encode %T", ErrMessage, v)
}

// Unmarshal keeps the bytes in a *Frame.
func (Codec) Unmarshal(data []byte, v any) error {
	f, ok := v.(*Frame)
	if !ok {
		return fmt.Errorf("%w: cannot decode into %T", ErrMessage, v)
	}
	f.Bytes = data
	return nil
}

// field is one field of a message.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	value uint64
	bytes []byte
}

// fields calls fn for each field of b.
func fields(b []byte, fn func(field) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrMessage, protowire.ParseError(n))
		}
		f := field{num: num, typ: typ}
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
		default:
			m = protowire.ConsumeFieldValue(num, typ, b[n:])
		}
		if m < 0 {
			return fmt.Errorf("%w: %w", ErrMessage, protowire.ParseError(m))
		}
		if err := fn(f); err != nil {
			return err
		}
		b = b[n+m:]
	}
	return nil
}

// message reads a nested message.
func (f field) message(fn func(field) error) error {
	if f.typ != protowire.BytesType {
		return fmt.Errorf("%w: field %d is no message", ErrMessage, f.num)
	}
	return fields(f.bytes, fn)
}

func appendText(b []byte, num protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), s)
}

func appendBytes(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func appendInt(b []byte, num protowire.Number, v int64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
}

func appendInts(b []byte, num protowire.Number, list []int64) []byte {
	if len(list) == 0 {
		return b
	}
	var packed []byte
	for _, v := range list {
		packed = protowire.AppendVarint(packed, uint64(v))
	}
	return appendBytes(b, num, packed)
}

// varints reads a repeated integer, packed or not.
func (f field) varints(each func(uint64) error) error {
	if f.typ == protowire.VarintType {
		return each(f.value)
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrMessage, protowire.ParseError(n))
		}
		if err := each(v); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// parameters reads one entry of a map<string, InferParameter>.
func (f field) parameter(p oip.Params) error {
	var key string
	var value any
	err := f.message(func(f field) error {
		switch f.num {
		case 1:
			key = string(f.bytes)
		case 2:
			return f.message(func(f field) error {
				value = f.scalar()
				return nil
			})
		}
		return nil
	})
	if value != nil {
		p[key] = value
	}
	return err
}

// scalar is the value of an InferParameter; numbers are float64, as in JSON.
func (f field) scalar() any {
	switch f.num {
	case 1:
		return f.value != 0
	case 2:
		return float64(int64(f.value))
	case 3:
		return string(f.bytes)
	case 4:
		return math.Float64frombits(f.value)
	case 5:
		return float64(f.value)
	}
	return nil
}

func appendParameter(b []byte, num protowire.Number, key string, value any) []byte {
	var v []byte
	switch value := value.(type) {
	case bool:
		n := uint64(0)
		if value {
			n = 1
		}
		v = protowire.AppendVarint(protowire.AppendTag(v, 1, protowire.VarintType), n)
	case string:
		v = protowire.AppendString(protowire.AppendTag(v, 3, protowire.BytesType), value)
	case float64:
		if value == math.Trunc(value) && math.Abs(value) < 1<<53 {
			v = protowire.AppendVarint(protowire.AppendTag(v, 2, protowire.VarintType), uint64(int64(value)))
		} else {
			v = protowire.AppendFixed64(protowire.AppendTag(v, 4, protowire.Fixed64Type), math.Float64bits(value))
		}
	default:
		return b
	}
	return appendBytes(b, num, appendBytes(appendText(nil, 1, key), 2, v))
}
