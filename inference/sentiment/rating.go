package sentiment

import (
	"bytes"
	"strconv"
	"strings"
)

// best is the valence of a rating of everything.
const best = 3.2

// ofStars is the valence of v stars of most: the middle of the scale, where a star is
// the least, says nothing.
func ofStars(v, most float64) float64 {
	middle := (most + 1) / 2
	return max(-best, min(best, (v-middle)/(most-middle)*best))
}

// ratingAt reads a rating that begins at word i ("9/10", "8 out of 10", "2 stars",
// drawn stars were read as "4/5"): its words, 0 for none, and its valence.
func ratingAt(s *vaderScratch, i int) (n int, valence float64) {
	word := s.lowered(i)
	if v, most, ok := fraction(word); ok && !s.isOneOf(i-1, "on since from by until at between before after") && !s.isOneOf(i+1, "of") {
		return 1, ofStars(v, most)
	}
	v, ok := numeral(word)
	if !ok {
		return 0, 0
	}
	if s.isOneOf(i+1, "out") && s.isOneOf(i+2, "of") && i+3 < len(s.words) {
		if most, ok := numeral(s.lowered(i + 3)); ok && ofScale(v, most) {
			return 4, ofStars(v, most)
		}
	}
	if v <= 5 && s.isOneOf(i+1, "star stars") && s.rates(i, i+2) {
		return 2, ofStars(v, 5)
	}
	return 0, 0
}

// ofScale reports that v of most is a rating: of 5, 10 or 100.
func ofScale(v, most float64) bool {
	return v <= most && (most == 5 || most == 10 || most == 100)
}

// rates tells a rating in stars from stars of the sky, of hotels and of films.
func (s *vaderScratch) rates(first, next int) bool {
	if s.isOneOf(first-1, "the its his her their these those both our my all") || s.isOneOf(next, "hotel hotels resort resorts restaurant restaurants general admiral") {
		return false
	}
	return first == 0 || next >= len(s.words) || s.ends(next-1) || s.isOneOf(first-1, "a give gave giving given rate rated rating deserves deserve only just solid get gets") || s.isOneOf(next, "from for because if")
}

func (s *vaderScratch) isOneOf(i int, words string) bool {
	if i < 0 || i >= len(s.words) {
		return false
	}
	word := string(s.lowered(i))
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

// numeral reads a number in digits or words up to ten.
func numeral(word []byte) (v float64, ok bool) {
	if len(word) == 0 || len(word) > 5 {
		return 0, false
	}
	if word[0] >= '0' && word[0] <= '9' {
		v, err := strconv.ParseFloat(string(word), 64)
		return v, err == nil && v <= 100
	}
	i := 0
	for w := range strings.FieldsSeq("zero one two three four five six seven eight nine ten") {
		if w == string(word) {
			return float64(i), true
		}
		i++
	}
	return 0, false
}

// fraction reads 9/10, 4.5/5 and 80/100.
func fraction(word []byte) (v, most float64, ok bool) {
	left, right, cut := bytes.Cut(word, []byte("/"))
	if !cut || len(left) == 0 || left[0] < '0' || left[0] > '9' {
		return 0, 0, false
	}
	v, ok1 := numeral(left)
	most, ok2 := numeral(right)
	return v, most, ok1 && ok2 && ofScale(v, most)
}

func isStar(r rune) bool { return r == '★' || r == '☆' || r == '⭐' || r == '🌟' }

// drawnStars reads stars as they are drawn at the head of t, full ones and then empty
// ones: bytes, 0 for fewer than two, and how many of five are full. Without empty ones
// they count of five.
func drawnStars(t string) (size, full int) {
	empty := 0
	for i, r := range t {
		switch {
		case r == '☆':
			empty++
		case isStar(r) && empty == 0:
			full++
		case r == '\ufe0f':
		default:
			return starsOf(i, full, empty)
		}
	}
	return starsOf(len(t), full, empty)
}

func starsOf(bytes, full, empty int) (size, of5 int) {
	if full+empty < 2 || full+empty > 10 || empty > 0 && full+empty != 5 {
		return 0, 0
	}
	return bytes, min(5, full)
}
