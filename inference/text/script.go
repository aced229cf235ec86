package text

import (
	"unicode"
)

// Script is a writing system as far as the studio tells them apart.
type Script uint8

// Scripts.
const (
	Common  Script = iota // digits, marks, emoji: no script of their own
	Latin                 // read as English
	Chinese               // Han characters outside Japanese
	Foreign               // every other script, Japanese among them
)

// String returns the script's short name.
func (s Script) String() string {
	return [...]string{"common", "latin", "chinese", "foreign"}[s]
}

// Span is a stretch of text in one script, in bytes of the original.
type Span struct {
	Script     Script
	Start, End int
}

// Spans cuts text into stretches of one script that cover all of it. Marks,
// digits and emoji go with the stretch before them, or at the start with the
// one after. Han characters count as Japanese where a tenth of the characters
// around them, or more, are kana.
func Spans(text string) []Span {
	japanese := isJapanese(text)
	var spans []Span
	for i, r := range text {
		script := scriptOf(r)
		if script == Chinese && japanese {
			script = Foreign
		}
		last := len(spans) - 1
		switch {
		case last < 0:
			spans = append(spans, Span{Script: script, Start: i})
		case script == Common || script == spans[last].Script:
		case spans[last].Script == Common:
			spans[last].Script = script
		default:
			spans[last].End = i
			spans = append(spans, Span{Script: script, Start: i})
		}
	}
	if len(spans) > 0 {
		spans[len(spans)-1].End = len(text)
	}
	return spans
}

// Shares counts the letters of each script in text.
func Shares(text string) (counts [4]int) {
	japanese := isJapanese(text)
	for _, r := range text {
		script := scriptOf(r)
		if script == Chinese && japanese {
			script = Foreign
		}
		counts[script]++
	}
	return counts
}

func isJapanese(text string) bool {
	kana, han := 0, 0
	for _, r := range text {
		switch {
		case r < 0x3040:
		case isKana(r):
			kana++
		case isHan(r):
			han++
		}
	}
	return kana > 0 && kana*10 >= han+kana
}

func isKana(r rune) bool { return (r >= 0x3040 && r <= 0x30FF) || (r >= 0xFF66 && r <= 0xFF9D) }

func isHan(r rune) bool {
	return (r >= 0x4E00 && r <= 0x9FFF) || (r >= 0x3400 && unicode.Is(unicode.Han, r))
}

func scriptOf(r rune) Script {
	switch {
	case r < 0x80:
		if asciiClass(r) == Word {
			return Latin
		}
		return Common
	case isHan(r) && unicode.IsLetter(r):
		return Chinese
	case !unicode.IsLetter(r):
		return Common
	case unicode.Is(unicode.Latin, r):
		return Latin
	}
	return Foreign
}
