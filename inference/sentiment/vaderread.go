package sentiment

import (
	"unicode"
	"unicode/utf8"
)

// vaderScratch is the memory one call works in.
type vaderScratch struct {
	text         string  // what is scored: the original, or buf where it has emoji
	buf          []byte  // the text with emoji spelled out
	origin       []int32 // for each byte of buf, its place in the original; with places only
	spelled      bool
	places       bool
	words        []vaderWord
	valences     []float64
	marks        []int32 // places of ! and ?; with places only
	exclamations int
	questions    int
	mixedCase    bool // some words are in capitals, and some are not
	lower        []byte
	originalEnd  int
}

// vaderWord is a word of the text, with its entry.
type vaderWord struct {
	entry
	start, end int32
	upper      bool // in capitals
}

// read cuts text into words and looks them up.
func (v *VADER) read(s *vaderScratch, text string) {
	s.words, s.marks, s.exclamations, s.questions = s.words[:0], s.marks[:0], 0, 0
	s.text, s.spelled, s.originalEnd = text, false, len(text)
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			v.spell(s, text)
			break
		}
	}
	if s.spelled {
		v.readWords(s, s.buf)
	} else {
		s.buf = append(s.buf[:0], text...)
		v.readWords(s, s.buf)
	}
	upper := 0
	for i := range s.words {
		if s.words[i].upper {
			upper++
		}
	}
	s.mixedCase = upper > 0 && upper < len(s.words)
}

// spell writes the text with every emoji's description in its place, apart
// from the word before it and, as in the reference, not from the one after.
func (v *VADER) spell(s *vaderScratch, text string) {
	s.buf, s.origin, s.spelled = s.buf[:0], s.origin[:0], true
	space := true
	for i, r := range text {
		from := len(s.buf)
		if description, ok := v.emoji[r]; ok && r >= utf8.RuneSelf {
			if !space {
				s.buf = append(s.buf, ' ')
			}
			s.buf = append(s.buf, description...)
			space = false
		} else {
			s.buf = utf8.AppendRune(s.buf, r)
			space = r == ' '
		}
		if s.places {
			for range len(s.buf) - from {
				s.origin = append(s.origin, int32(i))
			}
		}
	}
}

// place maps a stretch of what was scored to the original.
func (s *vaderScratch) place(start, end int32) (from, to int) {
	if !s.spelled {
		return int(start), int(end)
	}
	to = s.originalEnd
	from = int(s.origin[start])
	for last := s.origin[end-1]; int(end) < len(s.origin); end++ {
		if s.origin[end] != last {
			to = int(s.origin[end])
			break
		}
	}
	return from, to
}

func (v *VADER) readWords(s *vaderScratch, b []byte) {
	for i := 0; i < len(b); {
		size, space := spaceAt(b, i)
		if space {
			i += size
			continue
		}
		start := i
		for i < len(b) {
			if size, space = spaceAt(b, i); space {
				break
			}
			s.mark(b[i], i)
			i += size
		}
		v.add(s, b, start, i)
	}
}

func (s *vaderScratch) mark(c byte, at int) {
	switch c {
	case '!':
		s.exclamations++
	case '?':
		s.questions++
	default:
		return
	}
	if s.places {
		s.marks = append(s.marks, int32(at))
	}
}

// spaceAt reports whether Python's str.split cuts at i, and the rune's size.
func spaceAt(b []byte, i int) (size int, space bool) {
	c := b[i]
	if c < utf8.RuneSelf {
		return 1, c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F)
	}
	r, size := utf8.DecodeRune(b[i:])
	return size, unicode.IsSpace(r)
}

// add strips the marks around a word, unless two letters or fewer would be
// left (an emoticon, most likely), and looks it up.
func (v *VADER) add(s *vaderScratch, b []byte, start, end int) {
	lo, hi := start, end
	for lo < hi && isMark(b[lo]) {
		lo++
	}
	for hi > lo && isMark(b[hi-1]) {
		hi--
	}
	if hi-lo <= 2 || (hi-lo <= 8 && utf8.RuneCount(b[lo:hi]) <= 2) {
		lo, hi = start, end
	}
	w := vaderWord{start: int32(lo), end: int32(hi)}
	w.entry, w.upper = v.look(s, b[lo:hi])
	s.words = append(s.words, w)
}

// isMark reports that c is in Python's string.punctuation.
func isMark(c byte) bool {
	return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~')
}

// look finds a word's entry by its lower case, and whether it is in capitals.
func (v *VADER) look(s *vaderScratch, word []byte) (e entry, upper bool) {
	s.lower = s.lower[:0]
	hasUpper, hasLower, apostrophe := false, false, false
	for i := 0; i < len(word); i++ {
		c := word[i]
		switch {
		case c >= 'A' && c <= 'Z':
			hasUpper = true
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z':
			hasLower = true
		case c == '\'':
			apostrophe = true
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(word[i:])
			up, low := casing(r)
			hasUpper, hasLower = hasUpper || up, hasLower || low
			s.lower = appendLower(s.lower, r)
			i += size - 1
			continue
		}
		s.lower = append(s.lower, c)
	}
	if len(s.lower) <= v.longest {
		e = v.words[string(s.lower)]
	}
	if apostrophe && !e.negates {
		e.negates = containsNt(s.lower)
	}
	return e, hasUpper && !hasLower
}

func containsNt(w []byte) bool {
	for i := 0; i+2 < len(w); i++ {
		if w[i] == 'n' && w[i+1] == '\'' && w[i+2] == 't' {
			return true
		}
	}
	return false
}

// casing tells cased letters as Python's str.isupper does: title case counts
// against it.
func casing(r rune) (upper, lower bool) {
	upper = unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r)
	lower = unicode.IsLower(r) || unicode.IsTitle(r) || unicode.Is(unicode.Other_Lowercase, r)
	return upper, lower
}

// appendLower is Python's str.lower of one character.
func appendLower(b []byte, r rune) []byte {
	if r == 'İ' {
		return append(b, "i\u0307"...)
	}
	return utf8.AppendRune(b, unicode.ToLower(r))
}
