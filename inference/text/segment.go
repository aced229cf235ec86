package text

import (
	"html"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fullWidth holds the ASCII forms of U+FF01 to U+FF5E, in order.
const fullWidth = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// maxTag is the longest HTML tag, in bytes, that is taken for one.
const maxTag = 512

// cursor walks a text in the smallest stretches that normalise on their own.
type cursor struct {
	s    string
	pos  int
	html bool // tags read as a space, entities as what they mean
}

// next returns the NFKC form of the next stretch and where it lies in the
// original. Bytes that are no UTF-8 become U+FFFD. ok is false at the end.
func (c *cursor) next() (form string, start, end int, ok bool) {
	if c.pos >= len(c.s) {
		return "", c.pos, c.pos, false
	}
	start = c.pos
	form = c.form()
	return form, start, c.pos, true
}

func (c *cursor) form() string {
	start, lead := c.pos, c.s[c.pos]
	switch {
	case c.html && (lead == '<' || lead == '&'):
		if form, n := markup(c.s[start:]); n > 0 {
			c.pos += n
			return form
		}
		fallthrough
	case lead < utf8.RuneSelf:
		if c.closed(start + 1) {
			c.pos++
			return c.s[start:c.pos]
		}
	case lead >= 0xE4 && lead <= 0xE9: // U+4000 to U+9FFF: Han is its own NFKC form
		if start+3 <= len(c.s) && utf8.ValidString(c.s[start:start+3]) && c.closed(start+3) {
			c.pos += 3
			return c.s[start:c.pos]
		}
	}
	return c.slow()
}

// closed reports that no combining mark can stand at i, judged by its first
// bytes: ASCII, Han, or full-width ASCII.
func (c *cursor) closed(i int) bool {
	if i >= len(c.s) {
		return true
	}
	b := c.s[i]
	return b < utf8.RuneSelf || (b >= 0xE4 && b <= 0xE9) || (b == 0xEF && i+1 < len(c.s) && c.s[i+1] == 0xBC)
}

// slow handles everything else, one rune or one base with its marks at a time.
func (c *cursor) slow() string {
	start := c.pos
	r, size := utf8.DecodeRuneInString(c.s[start:])
	if r == utf8.RuneError && size <= 1 {
		c.pos++
		return "\uFFFD"
	}
	if r >= 0xFF01 && r <= 0xFF5E && c.closed(start+size) {
		c.pos += size
		return fullWidth[r-0xFF01 : r-0xFF01+1]
	}
	n := max(size, norm.NFKC.NextBoundaryInString(c.s[start:], true))
	for i := start + size; i < start+n; { // a broken byte ends the stretch
		r, size := utf8.DecodeRuneInString(c.s[i:])
		if r == utf8.RuneError && size <= 1 {
			n = i - start
			break
		}
		i += size
	}
	c.pos += n
	part := c.s[start:c.pos]
	if norm.NFKC.IsNormalString(part) {
		return part
	}
	return norm.NFKC.String(part)
}

// markup reads an HTML tag or entity at the start of s; n is 0 where there is none.
func markup(s string) (form string, n int) {
	if s[0] == '<' {
		if n = tag(s); n > 0 {
			return " ", n
		}
		return "", 0
	}
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	if end < 2 {
		return "", 0
	}
	form = html.UnescapeString(s[:end+1])
	if form == s[:end+1] {
		return "", 0
	}
	return norm.NFKC.String(form), end + 1
}

// tag returns the length of the HTML tag or comment s begins with, 0 if none.
func tag(s string) int {
	if len(s) < 3 {
		return 0
	}
	c := s[1] | 0x20
	if s[1] != '/' && s[1] != '!' && (c < 'a' || c > 'z') {
		return 0
	}
	end := strings.IndexAny(s[1:min(len(s), maxTag)], "<>")
	if end < 0 || s[end+1] != '>' {
		return 0
	}
	return end + 2
}

// Normalize returns text in Unicode's compatibility form NFKC (full-width and
// half-width forms become the usual ones; traditional and simplified Chinese
// stay as they are), with bytes that are no UTF-8 as U+FFFD.
func Normalize(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	c := cursor{s: text}
	for form, _, _, ok := c.next(); ok; form, _, _, ok = c.next() {
		b.WriteString(form)
	}
	return b.String()
}
