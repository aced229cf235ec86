package widgets

import (
	"strings"
	"unicode"
)

// firstCJK begins the blocks of Chinese, Japanese and Korean characters.
const firstCJK = 0x2e80

// Signs that do not begin a line, and those that do not end one (GB/T 15834, 5.1).
const (
	closers = "。，、；：？！）》」』】〉”’…—·％,.;:?!)%"
	openers = "（《「『【〈“‘("
)

func hasCJK(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r >= firstCJK })
}

// broken is a text with its lines broken for a width: between Chinese characters, which
// Fyne keeps together up to the next space, and else at spaces; what is wider than a
// line by itself is cut within.
func broken(text string, width float32, measure func(string) float32) string {
	var out strings.Builder
	line, space := float32(0), ""
	for _, unit := range units(text) {
		switch {
		case unit == "\n":
			out.WriteString(unit)
			line, space = 0, ""
			continue
		case strings.TrimSpace(unit) == "":
			space += unit
			continue
		}
		before, long := measure(space), measure(unit)
		if line+before > 0 && line+before+long > width {
			out.WriteByte('\n')
			line, space, before = 0, "", 0
		}
		full, rest := cut(unit, width, measure)
		out.WriteString(space + full + rest)
		if full != "" {
			line, before, long = 0, 0, measure(rest)
		}
		line, space = line+before+long, ""
	}
	return out.String()
}

// cut cuts a unit that is wider than a line into full lines and what is left of it.
func cut(unit string, width float32, measure func(string) float32) (full, rest string) {
	if measure(unit) <= width {
		return "", unit
	}
	used := float32(0)
	for _, r := range unit {
		wide := measure(string(r))
		if used+wide > width && rest != "" {
			full, rest, used = full+rest+"\n", "", 0
		}
		rest, used = rest+string(r), used+wide
	}
	return full, rest
}

// units are what a line is not broken within: a word, a Chinese character, each with
// the signs that belong to it; between them spaces and ends of lines.
func units(text string) []string {
	var list []string
	last := ' ' // character of the unit before
	for _, r := range text {
		joined := !unicode.IsSpace(r) && !unicode.IsSpace(last) &&
			(strings.ContainsRune(closers, r) || strings.ContainsRune(openers, last) || r < firstCJK && last < firstCJK && r != '“' && r != '‘')
		if joined {
			list[len(list)-1] += string(r)
		} else {
			list = append(list, string(r))
		}
		last = r
	}
	return list
}
