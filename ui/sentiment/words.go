package sentiment

import (
	"image/color"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/sentiment"
	"athanor/ui/look"
)

// mostWords is how many pieces of a text are shown; longer texts end in an
// ellipsis there.
const mostWords = 400

// longestPiece is how many characters of a piece stand together: longer ones could
// not be wrapped.
const longestPiece = 12

// Words shows a text with every word on a ground of its share.
type Words struct {
	widget.BaseWidget
	pieces []Piece
	most   float64
}

// Piece is a stretch of the text with its share in the score.
type Piece struct {
	Text   string
	Share  float64
	Scored bool
	Apart  bool // a blank lies before it
}

// NewWords returns an empty line of words.
func NewWords() *Words {
	w := &Words{}
	w.ExtendBaseWidget(w)
	return w
}

// Set shows text with its tokens.
func (w *Words) Set(text string, tokens []sentiment.Token) {
	w.pieces = Pieces(text, tokens)
	w.most = 0
	for _, p := range w.pieces {
		w.most = max(w.most, math.Abs(p.Share))
	}
	w.Refresh()
}

// Pieces cuts a text into tokens and what lies between them; tokens that
// overlap or lie outside are left out. A text of more than mostWords pieces ends in
// an ellipsis.
func Pieces(text string, tokens []sentiment.Token) []Piece {
	var pieces []Piece
	at := 0
	for _, t := range tokens {
		if t.Start < at || t.End > len(text) || t.End <= t.Start {
			continue
		}
		if len(pieces) >= mostWords {
			break
		}
		pieces = cut(pieces, text, at, t.Start, Piece{})
		pieces = cut(pieces, text, t.Start, t.End, Piece{Share: t.Share, Scored: true})
		at = t.End
	}
	if len(pieces) < mostWords {
		pieces = cut(pieces, text, min(at, len(text)), len(text), Piece{})
	}
	if len(pieces) >= mostWords {
		pieces = append(pieces[:mostWords], Piece{Text: "…", Apart: true})
	}
	return pieces
}

// cut appends text[from:to] in parts that can be wrapped, each like p.
func cut(pieces []Piece, text string, from, to int, p Piece) []Piece {
	for at := from; at < to && len(pieces) <= mostWords; {
		r, size := utf8.DecodeRuneInString(text[at:])
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			at += size
			continue
		}
		end, n := at, 0
		for end < to && n < longestPiece {
			r, size := utf8.DecodeRuneInString(text[end:])
			if unicode.IsSpace(r) || unicode.IsControl(r) {
				break
			}
			end, n = end+size, n+1
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		p.Text, p.Apart = strings.ToValidUTF8(text[at:end], "\uFFFD"), at > 0 && unicode.IsSpace(before)
		pieces = append(pieces, p)
		at = end
	}
	return pieces
}

// signed writes a score with its sign.
func signed(v float64) string {
	if v > 0 {
		return "+" + strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// WordColour is the ground behind a word: green for what lifts the score, red
// for what lowers it, stronger with its share.
func WordColour(share, most float64) color.Color {
	name := look.Positive
	if share < 0 {
		name, share = look.Negative, -share
	}
	strength := 0.0
	if most > 0 {
		strength = min(share/most, 1)
	}
	r, g, b, _ := look.Colour(name).RGBA()
	return color.NRGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: uint8(150 * strength)}
}

// CreateRenderer implements fyne.Widget.
func (w *Words) CreateRenderer() fyne.WidgetRenderer {
	r := &wordsRenderer{w: w}
	r.fill()
	return r
}

// wordsRenderer keeps its grounds and texts and uses them again: a text is judged
// at every keystroke, and most of it stays as it was.
type wordsRenderer struct {
	w       *Words
	grounds []*canvas.Rectangle
	texts   []*canvas.Text
	shown   int
	height  float32
}

// The size of words, one line of them with the room around it, and what lies between words that a
// blank divides.
const (
	wordSize   float32 = 17
	lineHeight float32 = 29
	blank      float32 = 5
)

func (r *wordsRenderer) Layout(size fyne.Size) {
	x, y := float32(0), float32(0)
	for i := range r.shown {
		t := r.texts[i]
		width := t.MinSize().Width + 2
		if x > 0 && r.w.pieces[i].Apart {
			x += blank
		}
		if x > 0 && x+width > size.Width {
			x, y = 0, y+lineHeight
		}
		r.grounds[i].Move(fyne.NewPos(x, y))
		r.grounds[i].Resize(fyne.NewSize(width, lineHeight-3))
		t.Move(fyne.NewPos(x+1, y+1))
		t.Resize(t.MinSize())
		x += width
	}
	if height := y + lineHeight; height != r.height {
		r.height = height
		canvas.Refresh(r.w) // what scrolls it asks how high it is
	}
}

func (r *wordsRenderer) MinSize() fyne.Size { return fyne.NewSize(100, max(r.height, lineHeight)) }

// fill makes the objects like the pieces, and returns the texts that changed: those
// are drawn anew, which takes long.
func (r *wordsRenderer) fill() (changed []*canvas.Text) {
	for len(r.texts) < len(r.w.pieces) {
		ground := canvas.NewRectangle(color.Transparent)
		ground.CornerRadius = 3
		r.grounds, r.texts = append(r.grounds, ground), append(r.texts, canvas.NewText("", color.Black))
	}
	r.shown = len(r.w.pieces)
	plain, muted := look.Colour(theme.ColorNameForeground), look.Colour(look.Muted)
	for i, p := range r.w.pieces {
		t, colour := r.texts[i], plain
		r.grounds[i].FillColor = WordColour(p.Share, r.w.most)
		if !p.Scored {
			colour = muted
		}
		if t.Text != p.Text || t.Color != colour || t.TextSize != wordSize {
			t.Text, t.TextSize, t.Color = p.Text, wordSize, colour
			changed = append(changed, t)
		}
	}
	return changed
}

func (r *wordsRenderer) Refresh() {
	changed := r.fill()
	r.Layout(r.w.Size())
	for _, t := range changed {
		t.Refresh()
	}
	if r.shown == 0 {
		canvas.Refresh(r.w)
		return
	}
	r.grounds[0].Refresh() // has all of them drawn; of the widget itself it would make every text anew
}

func (r *wordsRenderer) Objects() []fyne.CanvasObject {
	out := make([]fyne.CanvasObject, 0, 2*r.shown)
	for i := range r.shown {
		out = append(out, r.grounds[i], r.texts[i])
	}
	return out
}

func (r *wordsRenderer) Destroy() {}
