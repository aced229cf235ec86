package oip

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON in one pass, straight into its destination: a tensor of
// numbers is never held as a tree of values.
type scanner struct {
	b     []byte
	i     int
	depth int
	limit int
}

func (s *scanner) fault(format string, args ...any) error {
	return fmt.Errorf("%w: %s at byte %d", ErrRequest, fmt.Sprintf(format, args...), s.i)
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) expect(c byte) error {
	if s.peek() != c {
		return s.fault("wanted %q", c)
	}
	s.i++
	return nil
}

func (s *scanner) enter() error {
	s.depth++
	if s.depth > s.limit {
		return s.fault("nested deeper than %d", s.limit)
	}
	return nil
}

// end wants nothing but white space to be left.
func (s *scanner) end() error {
	if s.peek() != 0 || s.i < len(s.b) {
		return s.fault("something follows the message")
	}
	return nil
}

// object calls member for each key; member reads the value. A key that occurs
// twice is a fault.
func (s *scanner) object(member func(key string) error) error {
	seen := make([]string, 0, 8)
	return s.list('{', '}', func() error {
		key, err := s.text()
		if err != nil {
			return err
		}
		if slices.Contains(seen, key) {
			return s.fault("key %q occurs twice", key)
		}
		if len(seen) < 64 {
			seen = append(seen, key)
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return member(key)
	})
}

func (s *scanner) array(element func() error) error { return s.list('[', ']', element) }

func (s *scanner) list(opening, closing byte, element func() error) error {
	if err := s.expect(opening); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer func() { s.depth-- }()
	if s.peek() == closing {
		s.i++
		return nil
	}
	return s.rest(closing, element)
}

// rest reads elements up to the end of a list; one must follow.
func (s *scanner) rest(closing byte, element func() error) error {
	for {
		if err := element(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.i++
		case closing:
			s.i++
			return nil
		default:
			return s.fault("wanted ',' or %q", closing)
		}
	}
}

// skip passes over any value.
func (s *scanner) skip() error {
	switch c := s.peek(); {
	case c == '{':
		return s.list('{', '}', func() error {
			if _, err := s.raw(); err != nil {
				return err
			}
			if err := s.expect(':'); err != nil {
				return err
			}
			return s.skip()
		})
	case c == '[':
		return s.array(s.skip)
	case c == '"':
		_, err := s.raw()
		return err
	default:
		_, err := s.token()
		return err
	}
}

// token returns a number or a literal as it stands.
func (s *scanner) token() ([]byte, error) {
	s.space()
	start := s.i
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ',', ']', '}', ' ', '\n', '\r', '\t', ':', '"', '[', '{':
			if s.i == start {
				return nil, s.fault("wanted a value")
			}
			return s.b[start:s.i], nil
		}
		s.i++
	}
	if s.i == start {
		return nil, s.fault("the message ends where a value should be")
	}
	return s.b[start:s.i], nil
}

// raw returns the inside of a string with its escapes.
func (s *scanner) raw() ([]byte, error) {
	if err := s.expect('"'); err != nil {
		return nil, err
	}
	start := s.i
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[start : s.i-1], nil
		case c == '\\':
			s.i += 2
		case c < ' ':
			return nil, s.fault("a control character in a string")
		default:
			s.i++
		}
	}
	s.i = len(s.b)
	return nil, s.fault("a string without its end")
}

// text reads a string.
func (s *scanner) text() (string, error) {
	raw, err := s.raw()
	if err != nil {
		return "", err
	}
	if !utf8.Valid(raw) {
		return "", s.fault("a string is not valid UTF-8")
	}
	if slices.Contains(raw, '\\') {
		return s.unescape(raw)
	}
	return string(raw), nil
}

func (s *scanner) unescape(raw []byte) (string, error) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++ // raw() made sure that something follows
		if raw[i] == 'u' {
			r, n := unicodeEscape(raw[i+1:])
			if n == 0 {
				return "", s.fault("a broken \\u escape")
			}
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		c, ok := escaped(raw[i])
		if !ok {
			return "", s.fault("unknown escape \\%c", raw[i])
		}
		out = append(out, c)
	}
	return string(out), nil
}

func escaped(c byte) (byte, bool) {
	switch c {
	case '"', '\\', '/':
		return c, true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

// unicodeEscape reads the digits after \u, and a second half of a pair; n is
// how many bytes it took, 0 when they are broken.
func unicodeEscape(b []byte) (r rune, n int) {
	first, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(first) {
		return first, 4
	}
	if len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
		if second, ok := hex4(b[6:]); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[:4]), 16, 16)
	return rune(v), err == nil
}

// CheckJSON says whether b is one JSON value nested no deeper than depth: for
// messages that are then read by encoding/json.
func CheckJSON(b []byte, depth int) error {
	s := &scanner{b: b, limit: depth}
	if err := s.skip(); err != nil {
		return err
	}
	return s.end()
}
