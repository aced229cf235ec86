package table

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Charset names how characters are stored.
type Charset string

// Character sets that are told apart.
const (
	UTF8    Charset = "UTF-8"
	UTF8BOM Charset = "UTF-8 with BOM"
	UTF16LE Charset = "UTF-16 LE"
	UTF16BE Charset = "UTF-16 BE"
	GB18030 Charset = "GB18030"
	Latin1  Charset = "Windows-1252"
)

// Charsets are the character sets that may be asked for.
func Charsets() []Charset { return []Charset{UTF8, UTF8BOM, UTF16LE, UTF16BE, GB18030, Latin1} }

// DetectCharset guesses the character set of a file from its first bytes. The
// last, possibly cut character of sample is forgiven.
func DetectCharset(sample []byte) Charset {
	switch {
	case bytes.HasPrefix(sample, []byte{0xef, 0xbb, 0xbf}):
		return UTF8BOM
	case bytes.HasPrefix(sample, []byte{0xff, 0xfe}):
		return UTF16LE
	case bytes.HasPrefix(sample, []byte{0xfe, 0xff}):
		return UTF16BE
	}
	if c, ok := utf16WithoutMark(sample); ok {
		return c
	}
	if utf8.Valid(cutTail(sample)) {
		return UTF8
	}
	if mostlyUTF8(sample) {
		return UTF8
	}
	if looksGB18030(sample) {
		return GB18030
	}
	return Latin1
}

// cutTail removes a character that the end of the sample may have cut.
func cutTail(b []byte) []byte {
	for i := 1; i <= min(3, len(b)); i++ {
		c := b[len(b)-i]
		if utf8.RuneStart(c) {
			if c >= 0x80 && !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}

// utf16WithoutMark finds UTF-16 by zero bytes on one side of nearly all pairs.
func utf16WithoutMark(b []byte) (Charset, bool) {
	n := len(b) / 2
	if n < 8 {
		return "", false
	}
	var even, odd int
	for i := range n {
		if b[2*i] == 0 {
			even++
		}
		if b[2*i+1] == 0 {
			odd++
		}
	}
	switch {
	case odd > n/3 && even < n/50+1:
		return UTF16LE, true
	case even > n/3 && odd < n/50+1:
		return UTF16BE, true
	}
	return "", false
}

// looksGB18030 decodes the sample as GB18030: right when nearly nothing is
// replaced, most of the characters beyond ASCII are common Chinese ones, and they
// stand side by side as in no text of another script misread.
func looksGB18030(b []byte) bool {
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	if err != nil {
		return false
	}
	var bad, han, runs, other int
	last := false
	for _, r := range string(out) {
		chinese := r >= 0x4e00 && r <= 0x9fff || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
		switch {
		case r == utf8.RuneError:
			bad++
		case chinese:
			han++
			if last {
				runs++
			}
		case r >= 0x80:
			other++
		}
		last = chinese
	}
	return han > 0 && bad <= 1+han/200 && han > 3*other && 3*runs >= han
}

// mostlyUTF8 forgives single damaged bytes in what is UTF-8 otherwise.
func mostlyUTF8(b []byte) bool {
	var bad, good int
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else if n > 1 {
			good++
		}
		b = b[n:]
	}
	return good > 10*bad
}

// Decode returns r's text as UTF-8 without a byte order mark.
func (c Charset) Decode(r io.Reader) io.Reader {
	var e encoding.Encoding
	switch c {
	case UTF16LE:
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case UTF16BE:
		e = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case GB18030:
		e = simplifiedchinese.GB18030
	case Latin1:
		e = charmap.Windows1252
	case UTF8BOM:
		return transform.NewReader(r, unicode.BOMOverride(encoding.Nop.NewDecoder()))
	default:
		return r
	}
	return transform.NewReader(r, e.NewDecoder())
}

// Text decodes a whole text.
func (c Charset) Text(b []byte) (string, error) {
	out, err := io.ReadAll(c.Decode(bytes.NewReader(b)))
	if err != nil {
		return "", fmt.Errorf("decode %s: %w", c, err)
	}
	return string(out), nil
}

// Encode returns text in the character set, for tests and exports.
func (c Charset) Encode(text string) ([]byte, error) {
	switch c {
	case UTF8BOM:
		return append([]byte{0xef, 0xbb, 0xbf}, text...), nil
	case UTF16LE, UTF16BE:
		out := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(text)) {
			out = append(out, byte(u), byte(u>>8))
		}
		if c == UTF16BE {
			for i := 0; i+1 < len(out); i += 2 {
				out[i], out[i+1] = out[i+1], out[i]
			}
		}
		return out, nil
	case GB18030:
		return simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	case Latin1:
		return charmap.Windows1252.NewEncoder().Bytes([]byte(text))
	}
	return []byte(text), nil
}
