package onnx

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"
)

// typedData collects the typed data fields of a TensorProto in packed form.
type typedData struct {
	float, int32, int64, double, uint64 []byte
}

func (d *decoder) tensor(b []byte) *Tensor {
	t := &Tensor{}
	var typed typedData
	var location int32
	t.Unknown = d.message("tensor", b, func(f field) bool {
		if to := typed.slot(f.num); to != nil {
			*to = f.packed(*to)
			return true
		}
		switch f.num {
		case 1:
			t.Dims = f.int64s(t.Dims)
		case 2:
			t.Type = DataType(f.int32())
		case 3:
			t.Segment = d.segment(f.raw())
		case 6:
			t.Strings = append(t.Strings, f.raw())
		case 8:
			t.Name = f.str()
		case 9:
			t.Raw = f.raw()
		case 12:
			t.Doc = f.str()
		case 13:
			t.External = append(t.External, d.pair(f.raw()))
		case 14:
			location = f.int32()
		case 16:
			t.Metadata = append(t.Metadata, d.pair(f.raw()))
		default:
			return false
		}
		return true
	})
	d.normalise(t, typed)
	d.place(t, location)
	return t
}

// place makes External non-nil exactly when the data lies outside.
func (d *decoder) place(t *Tensor, location int32) {
	switch {
	case location == 0:
		t.External = nil
	case t.External == nil:
		d.fail("tensor %q: its data is external but no location is given", t.Name)
	}
}

func (p *typedData) slot(num protowire.Number) *[]byte {
	switch num {
	case 4:
		return &p.float
	case 5:
		return &p.int32
	case 7:
		return &p.int64
	case 10:
		return &p.double
	case 11:
		return &p.uint64
	}
	return nil
}

// packed appends a repeated number field to its packed form. One packed field,
// the usual case, is aliased.
func (f field) packed(to []byte) []byte {
	switch f.typ {
	case protowire.BytesType:
		if to == nil {
			return f.bytes
		}
		return append(to, f.bytes...)
	case protowire.Fixed32Type:
		return binary.LittleEndian.AppendUint32(to, uint32(f.value))
	case protowire.Fixed64Type:
		return binary.LittleEndian.AppendUint64(to, f.value)
	default:
		return protowire.AppendVarint(to, f.value)
	}
}

// normalise moves typed data into Raw.
func (d *decoder) normalise(t *Tensor, p typedData) {
	for _, s := range []struct {
		name  string
		data  []byte
		width func(DataType) int // bytes in Raw for one number, 0: not of this field
		fixed bool
	}{
		{"float_data", p.float, floatWidth, true},
		{"int32_data", p.int32, int32Width, false},
		{"int64_data", p.int64, int64Width, false},
		{"double_data", p.double, doubleWidth, true},
		{"uint64_data", p.uint64, uint64Width, false},
	} {
		if len(s.data) == 0 {
			continue
		}
		width := s.width(t.Type)
		switch {
		case width == 0:
			d.fail("tensor %q: %s cannot hold %s", t.Name, s.name, t.Type)
		case len(t.Raw) > 0 || len(t.Strings) > 0:
			d.fail("tensor %q: more than one data field", t.Name)
		case s.fixed:
			d.fixed(t, s.name, s.data, width)
		default:
			t.Raw = d.narrow(t.Name, s.data, width)
		}
	}
	if len(t.Raw) > 0 && len(t.Strings) > 0 {
		d.fail("tensor %q: more than one data field", t.Name)
	}
}

func (d *decoder) fixed(t *Tensor, name string, data []byte, width int) {
	if len(data)%width != 0 {
		d.fail("tensor %q: %d bytes of %s", t.Name, len(data), name)
	}
	t.Raw = data
}

// narrow turns packed varints into little-endian numbers of width bytes.
func (d *decoder) narrow(name string, b []byte, width int) []byte {
	out := make([]byte, 0, countVarints(b)*width)
	var word [8]byte
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			d.fail("tensor %q: broken packed numbers", name)
			return nil
		}
		binary.LittleEndian.PutUint64(word[:], v)
		out = append(out, word[:width]...)
		b = b[n:]
	}
	return out
}

// countVarints counts the bytes that end a varint.
func countVarints(b []byte) (n int) {
	for _, c := range b {
		if c < 0x80 {
			n++
		}
	}
	return n
}

func floatWidth(t DataType) int {
	if t == Float || t == Complex64 {
		return 4
	}
	return 0
}

func doubleWidth(t DataType) int {
	if t == Double || t == Complex128 {
		return 8
	}
	return 0
}

func int64Width(t DataType) int {
	if t == Int64 {
		return 8
	}
	return 0
}

func uint64Width(t DataType) int {
	switch t {
	case Uint32:
		return 4
	case Uint64:
		return 8
	}
	return 0
}

// int32Width covers the types stored one to an int32, and the 4-bit types,
// stored two to an int32.
func int32Width(t DataType) int {
	switch t {
	case Int32:
		return 4
	case Uint16, Int16, Float16, BFloat16:
		return 2
	case Uint8, Int8, Bool, Uint4, Int4, Float4E2M1,
		Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0:
		return 1
	}
	return 0
}

func (d *decoder) segment(b []byte) *Segment {
	s := &Segment{}
	d.message("segment", b, func(f field) bool {
		switch f.num {
		case 1:
			s.Begin = f.int64()
		case 2:
			s.End = f.int64()
		}
		return true
	})
	return s
}

func (d *decoder) sparse(b []byte) *SparseTensor {
	s := &SparseTensor{}
	d.message("sparse tensor", b, func(f field) bool {
		switch f.num {
		case 1:
			s.Values = d.tensor(f.raw())
		case 2:
			s.Indices = d.tensor(f.raw())
		case 3:
			s.Dims = f.int64s(s.Dims)
		}
		return true
	})
	return s
}
