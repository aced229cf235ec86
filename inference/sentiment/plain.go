package sentiment

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// markRead is what a character is read as: Chinese marks, which end a word beside
// Chinese, as an ASCII mark and a space, typographic quotes as plain ones.
func markRead(r rune) (ascii string, ok bool) {
	const chinese, western = "，。！？；：、（）…", ",.!?;:,()."
	switch r {
	case '’', '‘', 'ʼ':
		return "'", true
	case '“', '”':
		return `"`, true
	case '\u3000', '\u200d':
		return " ", true
	case '\ufe0f', '\ufe0e':
		return "", true
	}
	at := 0
	for _, c := range chinese {
		if c == r {
			return western[at:at+1] + " ", true
		}
		at++
	}
	return "", false
}

// plainEnglish writes t with ASCII marks and letters where others stand for them,
// emoji apart, tags as spaces and drawn stars as "4/5". origin is each byte's place in t, where places
// asks for it; nil where nothing changed.
func plainEnglish(t string, places bool) (plain string, origin []int32) {
	if isASCII(t) && !strings.ContainsAny(t, "<&") {
		return t, nil
	}
	w := plainWriter{places: places}
	w.b.Grow(len(t) + 8)
	skip, star := 0, false // star: the rune before is one, so that its run was looked at
	for i, r := range t {
		if i < skip {
			continue
		}
		if n, read := markup(t[i:]); n > 0 {
			w.write(read, i)
			skip = i + n
			continue
		}
		size, stars := 0, 0
		if isStar(r) && !star {
			size, stars = drawnStars(t[i:])
		}
		star = isStar(r) || star && r == '\ufe0f'
		if size > 0 {
			w.write(" "+strconv.Itoa(stars)+"/5 ", i)
			skip = i + size
			continue
		}
		w.rune(t, i, r)
	}
	return w.b.String(), w.origin
}

// longestTag is how long a tag is at most, in bytes.
const longestTag = 200

// markup reads the HTML tag or entity at the head of t: its bytes, 0 for none, and what
// it is read as. "<3" is no tag.
func markup(t string) (n int, read string) {
	if len(t) > 1 && t[0] == '<' && (t[1] == '/' || t[1]|0x20 >= 'a' && t[1]|0x20 <= 'z') {
		if end := strings.IndexByte(t[:min(len(t), longestTag)], '>'); end > 0 {
			return end + 1, " "
		}
	}
	if t[0] == '&' {
		for _, e := range [...][2]string{{"&amp;", "&"}, {"&nbsp;", " "}, {"&quot;", `"`}, {"&#39;", "'"}, {"&apos;", "'"}, {"&lt;", "<"}, {"&gt;", ">"}} {
			if strings.HasPrefix(t, e[0]) {
				return len(e[0]), e[1]
			}
		}
	}
	return 0, ""
}

// plainWriter gathers plain text, and where each byte came from.
type plainWriter struct {
	b      strings.Builder
	places bool
	origin []int32
}

func (w *plainWriter) write(s string, at int) {
	w.b.WriteString(s)
	for range len(s) {
		if w.places {
			w.origin = append(w.origin, int32(at))
		}
	}
}

// rune writes what r, at i of t, is read as.
func (w *plainWriter) rune(t string, i int, r rune) {
	if r < utf8.RuneSelf {
		w.write(t[i:i+1], i)
		return
	}
	if read, known := markRead(r); known {
		w.write(read, i)
		return
	}
	switch {
	case r > 0xFF00 && r < 0xFF5F: // full width
		w.write(string(r-0xFEE0), i)
	case r >= 0x1F3FB && r <= 0x1F3FF: // a skin's tone
	case isPictograph(r):
		w.write(" "+string(r)+" ", i)
	default:
		_, n := utf8.DecodeRuneInString(t[i:])
		w.write(t[i:i+n], i)
	}
}

func isASCII(t string) bool {
	for i := range len(t) {
		if t[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isPictograph tells emoji and the symbols beside them.
func isPictograph(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF || r >= 0x2B00 && r <= 0x2BFF || r >= 0x2190 && r <= 0x21FF
}
