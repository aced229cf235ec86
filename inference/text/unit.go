package text

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Class is the kind of a unit.
type Class uint8

// Classes of units.
const (
	Space  Class = iota // never a unit: separates them
	Word                // letters and digits, lower case
	Number              // digits only
	Han                 // one Chinese character, or kana
	Punct               // a punctuation mark, repeats gathered to at most three
	Emoji               // one emoji with its modifiers, or another symbol
)

// Unit is the smallest thing a text is cut into: a word, a Chinese character,
// a mark or an emoji.
type Unit struct {
	Text       string // normalised, lower case
	Class      Class
	Start, End int // bytes of the original
}

// Units cuts text into units. Contractions are cut as the Penn Treebank does
// (do|n't, it|'s), HTML tags separate, entities are read.
func Units(text string) []Unit {
	var s scanner
	s.scan(text, true)
	units := make([]Unit, len(s.units))
	for i, u := range s.units {
		units[i] = Unit{Text: string(s.buf[u.lo:u.hi]), Class: u.class, Start: int(u.start), End: int(u.end)}
	}
	return units
}

// unit is a Unit whose text is buf[lo:hi] of its scanner.
type unit struct {
	lo, hi, start, end int32
	class              Class
}

// scanner cuts a text into units in memory it uses again.
type scanner struct {
	buf    []byte  // normalised text of all units
	origin []int32 // for each byte of buf, where it came from
	units  []unit
	open   bool // the last unit may still grow
	join   bool // the last emoji ended in a joiner
	repeat int  // marks gathered in the open unit
}

func (s *scanner) scan(text string, lower bool) {
	s.buf, s.origin, s.units, s.open, s.join = s.buf[:0], s.origin[:0], s.units[:0], false, false
	c := cursor{s: text, html: true}
	for form, start, end, ok := c.next(); ok; form, start, end, ok = c.next() {
		for _, r := range form {
			s.add(r, int32(start), int32(end), lower)
		}
	}
	s.close()
}

// add takes one normalised rune that came from [start, end) of the original.
func (s *scanner) add(r rune, start, end int32, lower bool) {
	if r == '\u2019' {
		r = '\''
	}
	class := classOf(r)
	if s.grow(r, class, start, end, lower) {
		return
	}
	s.close()
	if class == Space {
		return
	}
	lo := int32(len(s.buf))
	s.write(r, start, lower)
	s.units = append(s.units, unit{lo: lo, hi: int32(len(s.buf)), start: start, end: end, class: class})
	s.open, s.join, s.repeat = class != Han, false, 1
}

// grow appends r to the open unit where it belongs there.
func (s *scanner) grow(r rune, class Class, start, end int32, lower bool) bool {
	if !s.open {
		return false
	}
	u := &s.units[len(s.units)-1]
	write := true
	switch {
	case class == Punct && u.class == Punct && s.first(u) == r && r != '\'':
		s.repeat++
		write = s.repeat <= 3
	case wordy(u.class) && (wordy(class) || r == '\''):
		if class == Word {
			u.class = Word
		}
	case u.class == Punct && s.first(u) == '\'' && wordy(class):
		u.class = Word
	case u.class == Emoji && (isJoiner(r) || isModifier(r) || (s.join && class == Emoji) || s.flag(u, r)):
		s.join = r == zeroWidthJoiner
	default:
		return false
	}
	if write {
		s.write(r, start, lower)
	}
	u.hi, u.end = int32(len(s.buf)), end
	return true
}

func (s *scanner) write(r rune, from int32, lower bool) {
	if lower && r >= 'A' {
		r = unicode.ToLower(r)
	}
	n := len(s.buf)
	s.buf = utf8.AppendRune(s.buf, r)
	for range len(s.buf) - n {
		s.origin = append(s.origin, from)
	}
}

func (s *scanner) first(u *unit) rune {
	r, _ := utf8.DecodeRune(s.buf[u.lo:u.hi])
	return r
}

// flag reports that r completes a flag of two regional indicators.
func (s *scanner) flag(u *unit, r rune) bool {
	return isRegional(r) && isRegional(s.first(u)) && u.hi-u.lo == 4
}

// close ends the open unit: quotes around a word fall away, contractions part.
func (s *scanner) close() {
	if !s.open {
		return
	}
	s.open = false
	u := &s.units[len(s.units)-1]
	if !wordy(u.class) {
		return
	}
	for u.hi > u.lo+1 && s.buf[u.hi-1] == '\'' {
		u.hi--
		u.end = s.origin[u.hi]
	}
	if s.buf[u.lo] == '\'' && !contraction(s.buf[u.lo:u.hi]) {
		u.lo++
		u.start = s.origin[u.lo]
	}
	if cut := clitic(s.buf[u.lo:u.hi]); cut > 0 {
		tail := *u
		tail.lo = u.lo + int32(cut)
		tail.start = s.origin[tail.lo]
		tail.class = Word
		u.hi, u.end = tail.lo, tail.start
		s.units = append(s.units, tail)
	}
}

// clitic returns where a contraction's second word begins, 0 if w is none.
func clitic(w []byte) int {
	i := bytes.LastIndexByte(w, '\'')
	if i <= 0 || !contraction(w[i:]) {
		return 0
	}
	if string(w[i:]) == "'t" {
		if i > 1 && w[i-1] == 'n' {
			return i - 1
		}
		return 0
	}
	return i
}

func contraction(w []byte) bool {
	switch string(w) {
	case "'s", "'t", "'re", "'ve", "'ll", "'d", "'m":
		return true
	}
	return false
}

func wordy(c Class) bool { return c == Word || c == Number }

const zeroWidthJoiner = '\u200D'

func isJoiner(r rune) bool   { return r == zeroWidthJoiner || r == '\uFE0F' || r == '\u20E3' }
func isModifier(r rune) bool { return r >= 0x1F3FB && r <= 0x1F3FF }
func isRegional(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

func classOf(r rune) Class {
	switch {
	case r < utf8.RuneSelf:
		return asciiClass(r)
	case r >= 0x4E00 && r <= 0x9FFF:
		return Han
	case unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hiragana, r) || unicode.Is(unicode.Katakana, r):
		return Han
	case unicode.IsLetter(r) || unicode.Is(unicode.M, r):
		return Word
	case unicode.IsNumber(r):
		return Number
	case unicode.IsPunct(r):
		return Punct
	case r == utf8.RuneError:
		return Space
	case unicode.IsSymbol(r) || isModifier(r):
		return Emoji
	}
	return Space // separators, controls, formats, unassigned
}

func asciiClass(r rune) Class {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return Word
	case r >= '0' && r <= '9':
		return Number
	case r > ' ' && r < 0x7F:
		return Punct
	}
	return Space
}
