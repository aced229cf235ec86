package sentiment

import (
	"math"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/sentiment"
	"athanor/ui/look"
)

// mostWords is how many pieces of a text are coloured; longer texts end there.
const mostWords = 400

// Words shows a text with every word on a ground of its share.
type Words struct {
	widget.BaseWidget
	pieces []Piece
	most   float64
	height float32
}

// Piece is a stretch of the text with its share in the score.
type Piece struct {
	Text   string
	Share  float64
	Scored bool
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
// overlap or lie outside are left out.
func Pieces(text string, tokens []sentiment.Token) []Piece {
	var pieces []Piece
	at := 0
	for _, t := range tokens {
		if t.Start < at || t.End > len(text) || t.End <= t.Start || len(pieces) >= mostWords {
			continue
		}
		if gap := strings.TrimSpace(text[at:t.Start]); gap != "" {
			pieces = append(pieces, Piece{Text: gap})
		}
		pieces = append(pieces, Piece{Text: text[t.Start:t.End], Share: t.Share, Scored: true})
		at = t.End
	}
	if rest := strings.TrimSpace(text[min(at, len(text)):]); rest != "" && len(pieces) < mostWords {
		pieces = append(pieces, Piece{Text: rest})
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

// CreateRenderer implements fyne.Widget.
func (w *Words) CreateRenderer() fyne.WidgetRenderer { return &wordsRenderer{w: w} }

type wordsRenderer struct {
	w       *Words
	grounds []*canvas.Rectangle
	texts   []*canvas.Text
}

// lineHeight is one line of words with the room around it.
const lineHeight float32 = 24

func (r *wordsRenderer) Layout(size fyne.Size) {
	x, y := float32(0), float32(0)
	for i, t := range r.texts {
		width := t.MinSize().Width + 4
		if x > 0 && x+width > size.Width {
			x, y = 0, y+lineHeight
		}
		r.grounds[i].Move(fyne.NewPos(x, y))
		r.grounds[i].Resize(fyne.NewSize(width, lineHeight-3))
		t.Move(fyne.NewPos(x+2, y+1))
		t.Resize(t.MinSize())
		x += width + 3
	}
	r.w.height = y + lineHeight
}

func (r *wordsRenderer) MinSize() fyne.Size { return fyne.NewSize(100, max(r.w.height, lineHeight)) }

func (r *wordsRenderer) Refresh() {
	r.grounds, r.texts = nil, nil
	for _, p := range r.w.pieces {
		ground := canvas.NewRectangle(WordColour(p.Share, r.w.most))
		ground.CornerRadius = 4
		t := canvas.NewText(p.Text, look.Colour(theme.ColorNameForeground))
		t.TextSize = look.TextBody
		if !p.Scored {
			t.Color = look.Colour(look.Muted)
		}
		r.grounds, r.texts = append(r.grounds, ground), append(r.texts, t)
	}
	r.Layout(r.w.Size())
	canvas.Refresh(r.w)
}

func (r *wordsRenderer) Objects() []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for i := range r.texts {
		out = append(out, r.grounds[i], r.texts[i])
	}
	return out
}

func (r *wordsRenderer) Destroy() {}
