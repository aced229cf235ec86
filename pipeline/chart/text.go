package chart

import (
	"io"
	"os"
	"path/filepath"
	"sync"
	"unicode"

	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	gonumtext "gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// labels writes text: in Liberation Sans, and in a font of the system where a
// label has characters that Liberation lacks, such as Chinese.
type labels struct {
	gonumtext.Plain
	latin *font.Cache
}

func newText() labels {
	latin := plot.DefaultTextHandler.Cache()
	return labels{Plain: gonumtext.Plain{Fonts: latin}, latin: latin}
}

// pick is the handler for one label.
func (t labels) pick(s string) gonumtext.Plain {
	if wide(s) {
		if c := cjkFonts(); c != nil {
			return gonumtext.Plain{Fonts: c}
		}
	}
	return t.Plain
}

// Box implements gonum's text.Handler.
func (t labels) Box(s string, f font.Font) (width, height, depth vg.Length) {
	return t.pick(s).Box(s, f)
}

// Draw implements gonum's text.Handler.
func (t labels) Draw(c vg.Canvas, s string, style gonumtext.Style, at vg.Point) {
	p := t.pick(s)
	style.Handler = p
	p.Draw(c, s, style, at)
}

// wide reports whether a label needs the system's font.
func wide(s string) bool {
	for _, r := range s {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r >= 0x3000 && r < 0x3040 || r >= 0xff00 && r < 0xfff0 {
			return true
		}
	}
	return false
}

// cjkFonts opens the first system font with Chinese characters, once; nil when
// there is none. Such a font has 20 MB and more: it stays in its file, which is
// open from then on, and only what a label needs is read.
//
//nolint:gochecknoglobals // a lazily computed constant of the machine
var cjkFonts = sync.OnceValue(func() *font.Cache {
	for _, path := range cjkPaths() {
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		if f := simplified(file); f != nil {
			return font.NewCache(font.Collection{{Font: font.Font{Typeface: "Liberation", Variant: "Sans"}, Face: f}})
		}
		_ = file.Close() // only read
	}
	return nil
})

// simplified returns the face for simplified Chinese of a font file; in the Noto
// collections that is the third.
func simplified(file io.ReaderAt) *opentype.Font {
	if c, err := opentype.ParseCollectionReaderAt(file); err == nil && c.NumFonts() > 0 {
		if f, err := c.Font(min(2, c.NumFonts()-1)); err == nil {
			return f
		}
	}
	return nil
}

func cjkPaths() []string {
	var out []string
	for _, pattern := range []string{
		"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
		"/usr/share/fonts/*/NotoSansCJK*Regular*.ttc",
		"/usr/share/fonts/*/*/NotoSansCJK*Regular*.ttc",
		"/usr/share/fonts/truetype/wqy/*.ttc",
		"/usr/share/fonts/*/*/*CJK*.ttc",
		"/System/Library/Fonts/PingFang.ttc",
		`C:\Windows\Fonts\msyh.ttc`,
	} {
		found, _ := filepath.Glob(pattern)
		out = append(out, found...)
	}
	return out
}
