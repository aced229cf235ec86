package table

import "bytes"

// quoted parses a record that holds a quote and moves behind it. It reports
// false, with nothing consumed, where a quote is never closed.
func (s *separated) quoted() bool {
	reach := quoteReach
	if s.problems.Count[OpenQuote] > 50 {
		reach /= 64 // quotes mean nothing here: do not look far for each
	}
	for {
		ok, more := s.tryQuoted()
		if ok {
			return true
		}
		if !more || s.end || s.to-s.from > reach {
			s.row.Cells = s.row.Cells[:0]
			return false
		}
		if s.more() != nil {
			return false
		}
	}
}

// tryQuoted parses the record at the start of the unread bytes; more says that
// it failed because they end too early.
func (s *separated) tryQuoted() (ok, more bool) {
	b := s.buf[s.from:s.to]
	s.row.Cells = s.row.Cells[:0]
	s.scratch = s.scratch[:0]
	if cap(s.scratch) < len(b) {
		// Cells point into scratch, so it must not move while a record is read.
		s.scratch = make([]byte, 0, len(b)+len(b)/2)
	}
	at := 0
	for {
		text, next, end := s.field(b[at:])
		if next < 0 {
			return false, true
		}
		s.row.Cells = append(s.row.Cells, Cell{Text: text})
		at += next
		if end {
			break
		}
	}
	if at > len(b) {
		at = len(b)
	}
	s.line += bytes.Count(b[:at], []byte{'\n'})
	if at == len(b) && (at == 0 || b[at-1] != '\n') {
		s.line++
	}
	s.from += at
	return true, false
}

// field reads one field at the start of b: its text, where the next one begins
// and whether the record ends. next is -1 where b ends before the field does.
func (s *separated) field(b []byte) (text []byte, next int, end bool) {
	if len(b) > 0 && b[0] == quote {
		return s.quotedField(b)
	}
	for i, c := range b {
		if c == s.dialect.Separator && c != 0 {
			return b[:i], i + 1, false
		}
		if c == '\n' {
			return bytes.TrimSuffix(b[:i], []byte{'\r'}), i + 1, true
		}
	}
	if !s.end {
		return nil, -1, false
	}
	return bytes.TrimSuffix(b, []byte{'\r'}), len(b) + 1, true
}

// quotedField reads a field that opens with a quote. A quote inside that is
// neither doubled nor before a separator or line end is a character.
func (s *separated) quotedField(b []byte) (text []byte, next int, end bool) {
	if text, next, end = s.plainQuoted(b); next > 0 {
		return text, next, end
	}
	start := len(s.scratch)
	for i := 1; ; i++ {
		q := bytes.IndexByte(b[i:], quote)
		if q < 0 || !s.end && i+q+2 >= len(b) {
			return nil, -1, false
		}
		s.scratch = append(s.scratch, b[i:i+q]...)
		i += q
		after := b[i+1:]
		if len(after) > 0 && after[0] == quote {
			s.scratch = append(s.scratch, quote)
			i++
			continue
		}
		if n, stop, closed := s.closes(after); closed {
			return s.scratch[start:len(s.scratch):len(s.scratch)], i + 1 + n, stop
		}
		s.scratch = append(s.scratch, quote)
	}
}

// plainQuoted reads a field without quotes inside where it lies; next is 0 where
// it is not that plain, or may go on behind b.
func (s *separated) plainQuoted(b []byte) (text []byte, next int, end bool) {
	q := bytes.IndexByte(b[1:], quote)
	if q < 0 || q+4 > len(b) {
		return nil, 0, false
	}
	n, stop, closed := s.closes(b[q+2:])
	if !closed {
		return nil, 0, false
	}
	return b[1 : q+1 : q+1], q + 2 + n, stop
}

// closes tells whether what follows a quote makes it a closing one: how many
// bytes to pass and whether the record ends.
func (s *separated) closes(after []byte) (n int, end, closed bool) {
	switch {
	case len(after) == 0:
		return 1, true, true
	case after[0] == s.dialect.Separator && s.dialect.Separator != 0:
		return 1, false, true
	case after[0] == '\n':
		return 1, true, true
	case after[0] == '\r' && (len(after) == 1 || after[1] == '\n'):
		return min(2, len(after)), true, true
	}
	return 0, false, false
}
