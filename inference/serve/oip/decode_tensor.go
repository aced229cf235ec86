package oip

import (
	"encoding/binary"
	"fmt"
	"math"

	"athanor/inference/onnx"
)

// pending is a tensor whose parts may come in any order.
type pending struct {
	Tensor
	params   Params
	typed    bool
	shaped   bool
	data     int // where "data" begins, -1 when there is none
	finished bool
}

func (s *scanner) tensor(rest *tail, l Limits) (Tensor, error) {
	p := pending{data: -1}
	if err := s.object(func(key string) error { return s.member(&p, key, l) }); err != nil {
		return p.Tensor, err
	}
	if !p.typed || !p.shaped {
		return p.Tensor, s.fault("tensor %q lacks its datatype or shape", p.Name)
	}
	size, binary, err := p.params.size("binary_data_size")
	switch {
	case err != nil:
		return p.Tensor, err
	case binary && p.data >= 0:
		return p.Tensor, s.fault("tensor %q has both data and binary_data_size", p.Name)
	case binary:
		part, err := rest.take(size)
		if err != nil {
			return p.Tensor, err
		}
		return p.Tensor, p.setBinary(part)
	case p.data < 0:
		return p.Tensor, s.fault("tensor %q has no data", p.Name)
	case !p.finished:
		return p.Tensor, s.again(&p)
	}
	return p.Tensor, nil
}

func (s *scanner) member(p *pending, key string, l Limits) (err error) {
	switch key {
	case "name":
		p.Name, err = s.text()
	case "datatype":
		var name string
		if name, err = s.text(); err == nil {
			p.Type, err = ParseType(name)
			p.typed = true
		}
	case "shape":
		p.Shape, err = s.shape(l)
		p.shaped = true
	case "parameters":
		p.params, err = s.params()
	case "data":
		s.space()
		p.data = s.i
		if p.typed && p.shaped {
			p.finished = true
			return s.data(&p.Tensor)
		}
		err = s.skip()
	default:
		err = s.skip()
	}
	return err
}

// again reads data that came before its type or shape.
func (s *scanner) again(p *pending) error {
	end := s.i
	s.i = p.data
	err := s.data(&p.Tensor)
	s.i = end
	return err
}

func (s *scanner) shape(l Limits) (shape []int64, err error) {
	shape = make([]int64, 0, 4)
	err = s.array(func() error {
		tok, err := s.token()
		if err != nil {
			return err
		}
		var word [8]byte
		if err := putInteger(word[:], onnx.Int64, tok); err != nil {
			return s.fault("shape: %v", err)
		}
		n := int64(word[0]) | int64(word[1])<<8 | int64(word[2])<<16 | int64(word[3])<<24 |
			int64(word[4])<<32 | int64(word[5])<<40 | int64(word[6])<<48 | int64(word[7])<<56
		if n < 0 {
			return s.fault("shape: dimension %d is negative", n)
		}
		if len(shape) == l.Rank {
			return fmt.Errorf("%w: more than %d dimensions", ErrTooLarge, l.Rank)
		}
		shape = append(shape, n)
		return nil
	})
	return shape, err
}

// data reads the elements, flat or nested, into memory made for them at once.
func (s *scanner) data(t *Tensor) error {
	n, err := t.Len()
	if err != nil {
		return err
	}
	if n > int64(len(s.b)-s.i) { // an element takes a byte at least
		return t.fault("shape %v wants %d elements, the message is too short for them", t.Shape, n)
	}
	if t.Type == onnx.String {
		t.Texts = make([]string, 0, n)
		if err := s.texts(t, n); err != nil {
			return err
		}
		return t.Check()
	}
	size := t.Type.Size()
	t.Data = make([]byte, int(n)*size)
	filled, err := s.numbers(t, 0, size)
	if err == nil && filled != len(t.Data) {
		err = t.fault("shape %v wants %d elements, got %d", t.Shape, n, filled/size)
	}
	return err
}

// numbers reads a list of numbers, or of such lists, and returns how many bytes
// of the tensor are filled then.
func (s *scanner) numbers(t *Tensor, at, size int) (int, error) {
	if err := s.expect('['); err != nil {
		return at, err
	}
	if err := s.enter(); err != nil {
		return at, err
	}
	defer func() { s.depth-- }()
	begun := s.i
	at = s.plainFloats(t, at)
	if s.i == begun && s.peek() == ']' {
		s.i++
		return at, nil
	}
	err := s.rest(']', func() (err error) {
		at, err = s.number(t, at, size)
		return err
	})
	return at, err
}

// number reads one element, or a list of them.
func (s *scanner) number(t *Tensor, at, size int) (int, error) {
	if s.peek() == '[' {
		return s.numbers(t, at, size)
	}
	tok, err := s.token()
	if err != nil {
		return at, err
	}
	if at == len(t.Data) {
		return at, t.fault("more than the %d elements of shape %v", at/size, t.Shape)
	}
	if err := put(t.Data[at:], t.Type, tok); err != nil {
		return at, t.fault("element %d: %v", at/size, err)
	}
	return at + size, nil
}

// plainFloats reads the usual flat list of plain float32 numbers, each with the
// comma after it, as far as it goes; the rest is for the general way.
func (s *scanner) plainFloats(t *Tensor, at int) int {
	for t.Type == onnx.Float && at < len(t.Data) {
		i := s.i
		for i < len(s.b) && s.b[i] == ' ' {
			i++
		}
		v, end, ok := exactFloat(s.b, i)
		if !ok || end >= len(s.b) || s.b[end] != ',' || !singlyRounded(v) {
			break
		}
		binary.LittleEndian.PutUint32(t.Data[at:], math.Float32bits(float32(v)))
		at += 4
		s.i = end + 1
	}
	return at
}

func (s *scanner) texts(t *Tensor, n int64) error {
	return s.array(func() error {
		if s.peek() == '[' {
			return s.texts(t, n)
		}
		if int64(len(t.Texts)) == n {
			return t.fault("more than the %d elements of shape %v", n, t.Shape)
		}
		text, err := s.text()
		t.Texts = append(t.Texts, text)
		return err
	})
}
