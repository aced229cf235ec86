package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// fixedFace is the fixed-width face. It is named as a font and not asked for as a
// style: for every style Fyne reads the emoji, a face of the system's language and
// more into memory before the first letter is drawn, 34 MB where that language is
// Chinese. What the face lacks comes from the faces that other text has read.
func fixedFace() fyne.Resource { return theme.DefaultTextMonospaceFont() }

// measure is the size of one line in the face of a style.
func measure(text string, size float32, style fyne.TextStyle) fyne.Size {
	if !style.Monospace {
		return fyne.MeasureText(text, size, style)
	}
	least, _ := fyne.CurrentApp().Driver().RenderedTextSize(text, size, style, fixedFace())
	return least
}

// newLine returns one line in the face of a style.
func newLine(text string, size float32, style fyne.TextStyle, colour fyne.ThemeColorName) *canvas.Text {
	line := canvas.NewText(text, look.Colour(colour))
	line.TextSize, line.TextStyle = size, style
	if style.Monospace {
		line.FontSource = fixedFace()
	}
	return line
}

// Listing is text in the small size and the fixed-width face.
type Listing struct {
	widget.BaseWidget
	text   string
	colour fyne.ThemeColorName
	wraps  bool
}

// Code returns a muted text that is wrapped between its words.
func Code(text string) *Listing { return newListing(text, look.Muted, true) }

// Verbatim returns a text whose lines stay as they are.
func Verbatim(text string) *Listing { return newListing(text, theme.ColorNameForeground, false) }

func newListing(text string, colour fyne.ThemeColorName, wraps bool) *Listing {
	l := &Listing{text: text, colour: colour, wraps: wraps}
	l.ExtendBaseWidget(l)
	return l
}

// Set changes the text; it draws only if something changed.
func (l *Listing) Set(text string) {
	if l.text == text {
		return
	}
	l.text = text
	l.Refresh()
}

// Text is the whole text.
func (l *Listing) Text() string { return l.text }

// CreateRenderer implements fyne.Widget.
func (l *Listing) CreateRenderer() fyne.WidgetRenderer { return &listingRenderer{l: l} }

type listingRenderer struct {
	l     *Listing
	lines []fyne.CanvasObject // *canvas.Text
	of    string              // the text and the width that lines and least are for
	width float32
	least fyne.Size
}

func (r *listingRenderer) style() fyne.TextStyle { return fyne.TextStyle{Monospace: true} }

func (r *listingRenderer) across(s string) float32 {
	return measure(s, look.TextNote, r.style()).Width
}

// arrange makes the lines for a width, where they are not there yet.
func (r *listingRenderer) arrange(width float32) {
	if r.lines != nil && r.of == r.l.text && (r.width == width || !r.l.wraps) {
		return
	}
	r.of, r.width, r.lines, r.least = r.l.text, width, nil, fyne.Size{}
	height := measure("M", look.TextNote, r.style()).Height
	for text := range strings.SplitSeq(r.l.text, "\n") {
		for _, part := range r.wrap(text) {
			line := newLine(part, look.TextNote, r.style(), r.l.colour)
			line.Move(fyne.NewPos(0, r.least.Height))
			line.Resize(fyne.NewSize(r.across(part), height))
			r.least = fyne.NewSize(max(r.least.Width, line.Size().Width), r.least.Height+height)
			r.lines = append(r.lines, line)
		}
	}
	if r.l.wraps {
		r.least.Width = r.across("M")
	}
}

func (r *listingRenderer) wrap(text string) []string {
	if !r.l.wraps || r.width <= 0 {
		return []string{text}
	}
	return strings.Split(broken(text, r.width, r.across), "\n")
}

func (r *listingRenderer) Layout(size fyne.Size) { r.arrange(size.Width) }

func (r *listingRenderer) MinSize() fyne.Size {
	r.arrange(r.l.Size().Width)
	return r.least
}

func (r *listingRenderer) Refresh() {
	r.lines = nil
	r.arrange(r.l.Size().Width)
	canvas.Refresh(r.l)
}

func (r *listingRenderer) Objects() []fyne.CanvasObject { return r.lines }
func (r *listingRenderer) Destroy()                     {}
