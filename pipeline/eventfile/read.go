package eventfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Scalar is one value of one tag.
type Scalar struct {
	Tag   string
	Step  int64
	Time  float64 // seconds since 1970
	Value float64
}

// Read calls each for every scalar in the file, in order, and stops at the end
// or at the first damage, which it returns as ErrDamaged: what came before it is
// whole. Records of other kinds are passed over.
func Read(r io.Reader, each func(Scalar) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	var buf []byte
	for {
		data, kept, err := readRecord(in, buf)
		buf = kept
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := parseEvent(data, each); err != nil {
			return err
		}
	}
}

// Files returns the event files under a path: the path itself, or all files with
// "tfevents" in their name in a folder and its folders, in the order of their
// names, which begin with their time.
func Files(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("find event files: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var out []string
	err = filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && strings.Contains(e.Name(), "tfevents") {
			out = append(out, p)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find event files: %w", err)
	}
	slices.Sort(out)
	return out, nil
}

// ReadFile reads one file. The path of a damaged one is in the error.
func ReadFile(path string, each func(Scalar) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read event file: %w", err)
	}
	defer f.Close()
	if err := Read(f, each); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// field is one field of a protocol buffer.
type field struct {
	number protowire.Number
	kind   protowire.Type
	bits   uint64 // of varint, fixed32 and fixed64
	bytes  []byte
}

// fields calls each for every field of a message.
func fields(b []byte, each func(field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrDamaged, protowire.ParseError(n))
		}
		b = b[n:]
		f := field{number: number, kind: kind}
		switch kind {
		case protowire.VarintType:
			f.bits, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.bits = uint64(v)
		case protowire.Fixed64Type:
			f.bits, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrDamaged, protowire.ParseError(n))
		}
		if err := each(f); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// Numbers of the fields, from the .proto files.
const (
	eventTime, eventStep, eventVersion, eventSummary = 1, 2, 3, 5
	summaryValue                                     = 1
	valueTag, valueSimple, valueTensor               = 1, 2, 8
	tensorType, tensorShape, tensorContent           = 1, 2, 4
	tensorFloat, tensorDouble, tensorInt             = 5, 6, 7
	tensorInt64, tensorHalf                          = 10, 13
)

func parseEvent(b []byte, each func(Scalar) error) error {
	var s Scalar
	var summary []byte
	err := fields(b, func(f field) error {
		switch {
		case f.number == eventTime && f.kind == protowire.Fixed64Type:
			s.Time = math.Float64frombits(f.bits)
		case f.number == eventStep && f.kind == protowire.VarintType:
			s.Step = int64(f.bits)
		case f.number == eventSummary && f.kind == protowire.BytesType:
			summary = f.bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	return fields(summary, func(f field) error {
		if f.number != summaryValue || f.kind != protowire.BytesType {
			return nil
		}
		v, ok, err := parseValue(f.bytes)
		if err != nil || !ok {
			return err
		}
		s.Tag, s.Value = v.Tag, v.Value
		return each(s)
	})
}

// parseValue reads Summary.Value; ok is false for pictures, text and the like.
func parseValue(b []byte) (s Scalar, ok bool, err error) {
	err = fields(b, func(f field) error {
		switch {
		case f.number == valueTag && f.kind == protowire.BytesType:
			s.Tag = strings.ToValidUTF8(string(f.bytes), "�")
		case f.number == valueSimple && f.kind == protowire.Fixed32Type:
			s.Value, ok = float64(math.Float32frombits(uint32(f.bits))), true
		case f.number == valueTensor && f.kind == protowire.BytesType && !ok:
			var err error
			s.Value, ok, err = parseTensor(f.bytes)
			return err
		}
		return nil
	})
	return s, ok, err
}

// Data types of tensors, from types.proto.
const (
	typeFloat, typeDouble, typeInt32, typeInt64 = 1, 2, 3, 9
	typeBfloat16, typeHalf                      = 14, 19
)

// parseTensor reads the number of a tensor that holds exactly one.
func parseTensor(b []byte) (v float64, ok bool, err error) {
	kind, single := uint64(0), true
	var content []byte
	count := 0
	err = fields(b, func(f field) error {
		switch f.number {
		case tensorType:
			kind = f.bits
		case tensorShape:
			single = oneElement(f.bytes)
		case tensorContent:
			content = f.bytes
		case tensorFloat, tensorDouble, tensorInt, tensorInt64, tensorHalf:
			w, n := packed(f)
			v, count = w, count+n
		}
		return nil
	})
	if len(content) > 0 {
		v, count = raw(kind, content)
	} else if count == 1 {
		v = half(kind, v)
	}
	return v, err == nil && single && count == 1, err
}

// packed reads a repeated field of numbers, packed or single; n is how many.
func packed(f field) (v float64, n int) {
	b := f.bytes
	switch {
	case f.kind == protowire.Fixed32Type:
		return float64(math.Float32frombits(uint32(f.bits))), 1
	case f.kind == protowire.Fixed64Type:
		return math.Float64frombits(f.bits), 1
	case f.kind == protowire.VarintType:
		return float64(int64(f.bits)), 1
	case f.number == tensorFloat && len(b) >= 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), len(b) / 4
	case f.number == tensorDouble && len(b) >= 8:
		return math.Float64frombits(binary.LittleEndian.Uint64(b)), len(b) / 8
	case f.number == tensorFloat || f.number == tensorDouble:
		return 0, 0
	}
	first := 0.0
	for len(b) > 0 {
		u, size := protowire.ConsumeVarint(b)
		if size < 0 {
			return 0, 0
		}
		if n == 0 {
			first = float64(int64(u))
		}
		n++
		b = b[size:]
	}
	return first, n
}

// raw reads tensor_content.
func raw(kind uint64, b []byte) (float64, int) {
	le := binary.LittleEndian
	switch {
	case kind == typeFloat && len(b) == 4:
		return float64(math.Float32frombits(le.Uint32(b))), 1
	case kind == typeDouble && len(b) == 8:
		return math.Float64frombits(le.Uint64(b)), 1
	case kind == typeInt32 && len(b) == 4:
		return float64(int32(le.Uint32(b))), 1
	case kind == typeInt64 && len(b) == 8:
		return float64(int64(le.Uint64(b))), 1
	case (kind == typeHalf || kind == typeBfloat16) && len(b) == 2:
		return half(kind, float64(le.Uint16(b))), 1
	}
	return 0, 0
}

// half turns the bits of a 16-bit number, which half_val holds as integers, into
// the number; other kinds stay as they are.
func half(kind uint64, bits float64) float64 {
	u := uint32(uint16(int64(bits)))
	switch kind {
	case typeBfloat16:
		return float64(math.Float32frombits(u << 16))
	case typeHalf:
		sign, exponent, mantissa := 1-2*float64(u>>15), int(u>>10&31), float64(u&1023)
		switch exponent {
		case 0:
			return sign * math.Ldexp(mantissa, -24)
		case 31:
			if mantissa != 0 {
				return math.NaN()
			}
			return sign * math.Inf(1)
		}
		return sign * math.Ldexp(1024+mantissa, exponent-25)
	}
	return bits
}

// oneElement reports whether a shape holds exactly one number.
func oneElement(b []byte) bool {
	one := true
	err := fields(b, func(f field) error {
		if f.number != 2 { // dim
			return nil
		}
		return fields(f.bytes, func(d field) error {
			if d.number == 1 && d.bits != 1 { // size
				one = false
			}
			return nil
		})
	})
	return one && err == nil
}
