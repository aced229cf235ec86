package onnx

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxSkim is the most that Skim keeps of a file, and skipFrom the size from which
// on a tensor's numbers are left out.
const (
	maxSkim  = 64 << 20
	skipFrom = 4096
)

// Skim reads a model file without the numbers of its larger tensors: their
// shapes, types and names are there, Raw is empty. It takes at most about 64 MiB
// whatever the file's size. The result describes the model and cannot run.
func Skim(path string) (*Model, error) {
	data, err := skimFile(path)
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	m, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("read model %s: %w", filepath.Base(path), err)
	}
	return m, nil
}

func skimFile(path string) ([]byte, error) {
	f, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := skimmer{r: bufio.NewReaderSize(f, 1<<16), f: f, size: info.Size()}
	data, err := s.message(modelMessage, s.size)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	return data, nil
}

// kind is a message of the ONNX format on the way to a tensor's numbers.
type kind int

const (
	otherMessage kind = iota
	modelMessage
	graphMessage
	nodeMessage
	attributeMessage
	sparseMessage
	tensorMessage
	numbers // of a tensor
)

// inside is what a field of a message holds.
func (k kind) inside(n protowire.Number) kind {
	switch k {
	case modelMessage:
		return map[protowire.Number]kind{7: graphMessage}[n]
	case graphMessage:
		return map[protowire.Number]kind{1: nodeMessage, 5: tensorMessage, 15: sparseMessage}[n]
	case nodeMessage:
		return map[protowire.Number]kind{5: attributeMessage}[n]
	case attributeMessage:
		return map[protowire.Number]kind{5: tensorMessage, 6: graphMessage, 22: sparseMessage}[n]
	case sparseMessage:
		return map[protowire.Number]kind{1: tensorMessage, 2: tensorMessage}[n]
	case tensorMessage:
		return map[protowire.Number]kind{4: numbers, 5: numbers, 7: numbers, 9: numbers, 10: numbers, 11: numbers}[n]
	}
	return otherMessage
}

// skimmer copies a file's messages without the numbers of tensors.
type skimmer struct {
	r     *bufio.Reader
	f     *os.File
	at    int64 // bytes read
	size  int64
	kept  int
	depth int
}

// ReadByte implements io.ByteReader.
func (s *skimmer) ReadByte() (byte, error) {
	b, err := s.r.ReadByte()
	if err == nil {
		s.at++
	}
	return b, err
}

// message returns the message that reaches to end, shortened.
func (s *skimmer) message(k kind, end int64) (out []byte, err error) {
	if s.depth++; s.depth > maxDepth {
		return nil, fmt.Errorf("%w: nested deeper than %d messages", ErrMalformed, maxDepth)
	}
	defer func() { s.depth-- }()
	for s.at < end {
		if out, err = s.field(k, end, out); err != nil {
			return nil, err
		}
	}
	if s.at > end {
		return nil, fmt.Errorf("%w: a field reaches beyond its message", ErrMalformed)
	}
	return out, nil
}

// field appends one field of a message to out.
func (s *skimmer) field(k kind, end int64, out []byte) ([]byte, error) {
	tag, err := s.varint()
	if err != nil {
		return nil, err
	}
	num, typ := protowire.DecodeTag(tag)
	if num < 1 {
		return nil, fmt.Errorf("%w: field number %d", ErrMalformed, num)
	}
	out = protowire.AppendTag(out, num, typ)
	switch typ {
	case protowire.VarintType:
		v, err := s.varint()
		return protowire.AppendVarint(out, v), err
	case protowire.Fixed32Type:
		return s.take(out, 4, end)
	case protowire.Fixed64Type:
		return s.take(out, 8, end)
	case protowire.BytesType:
		return s.bytes(k.inside(num), num, end, out)
	}
	return nil, fmt.Errorf("%w: wire type %d", ErrMalformed, typ)
}

// bytes appends a field of bytes whose tag is in out already.
func (s *skimmer) bytes(inside kind, num protowire.Number, end int64, out []byte) ([]byte, error) {
	n, err := s.varint()
	switch {
	case err != nil:
		return nil, err
	case n > uint64(end-s.at):
		return nil, fmt.Errorf("%w: a field of %d bytes reaches beyond its message", ErrMalformed, n)
	case inside == numbers && n > skipFrom:
		bare := out[:len(out)-protowire.SizeTag(num)]
		return bare, s.skip(int64(n))
	case inside == otherMessage || inside == numbers || n <= skipFrom:
		return s.take(protowire.AppendVarint(out, n), int64(n), end)
	}
	short, err := s.message(inside, s.at+int64(n))
	return protowire.AppendBytes(out, short), err
}

// take copies n bytes.
func (s *skimmer) take(out []byte, n, end int64) ([]byte, error) {
	if n > end-s.at {
		return nil, fmt.Errorf("%w: it ends in the middle", ErrMalformed)
	}
	if s.kept += int(n); s.kept > maxSkim {
		return nil, fmt.Errorf("%w: over %d bytes beside the weights", ErrTooLarge, maxSkim)
	}
	from := len(out)
	out = append(out, make([]byte, n)...)
	s.at += n
	if _, err := io.ReadFull(s.r, out[from:]); err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	return out, nil
}

// skip passes over n bytes without reading them.
func (s *skimmer) skip(n int64) error {
	s.at += n
	if n <= int64(s.r.Buffered()) {
		_, err := s.r.Discard(int(n))
		return err
	}
	if _, err := s.f.Seek(s.at, io.SeekStart); err != nil {
		return err
	}
	s.r.Reset(s.f)
	return nil
}

func (s *skimmer) varint() (v uint64, err error) {
	for shift := 0; shift < 70; shift += 7 {
		b, err := s.ReadByte()
		if err != nil {
			return 0, fmt.Errorf("%w: it ends in the middle", ErrMalformed)
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%w: a number of more than %d bits", ErrMalformed, 64)
}
