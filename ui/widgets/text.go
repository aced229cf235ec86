// Package widgets holds the parts that several screens share. Widgets know no
// screen; they belong to the UI goroutine.
package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Text is one line in a size and a colour of the theme; where it does not fit
// it ends in an ellipsis.
type Text struct {
	widget.BaseWidget
	text     string
	size     float32
	colour   fyne.ThemeColorName
	style    fyne.TextStyle
	align    fyne.TextAlign
	truncate bool
}

// Body returns a line in the text size.
func Body(text string) *Text { return newText(text, look.TextBody, theme.ColorNameForeground) }

// Strong returns a bold line in the text size.
func Strong(text string) *Text { return Body(text).Bold() }

// Note returns a line in the small size, muted.
func Note(text string) *Text { return newText(text, look.TextNote, look.Muted) }

// Head returns a screen's title.
func Head(text string) *Text { return newText(text, look.TextHead, theme.ColorNameForeground).Bold() }

// Big returns a big number.
func Big(text string) *Text { return newText(text, look.TextBig, theme.ColorNameForeground) }

func newText(text string, size float32, colour fyne.ThemeColorName) *Text {
	t := &Text{text: text, size: size, colour: colour}
	t.ExtendBaseWidget(t)
	return t
}

// Bold makes the line bold and returns it.
func (t *Text) Bold() *Text {
	t.style.Bold = true
	return t
}

// Mono sets the line in the fixed-width face and returns it.
func (t *Text) Mono() *Text {
	t.style.Monospace = true
	return t
}

// Tint gives the line a colour of the theme and returns it.
func (t *Text) Tint(colour fyne.ThemeColorName) *Text {
	t.colour = colour
	return t
}

// Align sets the line's alignment and returns it.
func (t *Text) Align(align fyne.TextAlign) *Text {
	t.align = align
	return t
}

// Truncate lets the line be narrower than its text and returns it.
func (t *Text) Truncate() *Text {
	t.truncate = true
	return t
}

// Set changes the line; it draws only if something changed.
func (t *Text) Set(text string) {
	if t.text == text {
		return
	}
	t.text = text
	t.Refresh()
}

// SetTint changes the colour; it draws only if something changed.
func (t *Text) SetTint(colour fyne.ThemeColorName) {
	if t.colour == colour {
		return
	}
	t.colour = colour
	t.Refresh()
}

// Text returns the whole line, also where an ellipsis hides its end.
func (t *Text) Text() string { return t.text }

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	line := canvas.NewText(t.text, look.Colour(t.colour))
	r := &textRenderer{t: t, line: line}
	r.style()
	return r
}

type textRenderer struct {
	t     *Text
	line  *canvas.Text
	width float32
}

func (r *textRenderer) style() {
	r.line.TextSize, r.line.TextStyle, r.line.Alignment = r.t.size, r.t.style, r.t.align
	r.line.Color = look.Colour(r.t.colour)
	r.line.Text = r.fit(r.width)
}

// fit shortens the text to width by bisection over its runes.
func (r *textRenderer) fit(width float32) string {
	text := r.t.text
	if !r.t.truncate || width <= 0 || r.measure(text) <= width {
		return text
	}
	runes := []rune(text)
	low, high := 0, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if r.measure(string(runes[:mid])+"…") <= width {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return string(runes[:low]) + "…"
}

func (r *textRenderer) measure(s string) float32 {
	return fyne.MeasureText(s, r.t.size, r.t.style).Width
}

func (r *textRenderer) Layout(size fyne.Size) {
	r.width = size.Width
	if fitted := r.fit(size.Width); fitted != r.line.Text {
		r.line.Text = fitted
		r.line.Refresh()
	}
	r.line.Resize(size)
}

func (r *textRenderer) MinSize() fyne.Size {
	size := fyne.MeasureText(r.t.text, r.t.size, r.t.style)
	if r.t.truncate {
		size.Width = min(size.Width, 24)
	}
	return size
}

func (r *textRenderer) Refresh() {
	r.style()
	r.line.Refresh()
}

func (r *textRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.line} }
func (r *textRenderer) Destroy()                     {}

// Paragraph returns wrapped text in the text size, in a colour of the theme.
func Paragraph(text string, colour fyne.ThemeColorName) *widget.RichText {
	return paragraph(text, colour, theme.SizeNameText)
}

// SmallParagraph returns wrapped text in the small size, muted.
func SmallParagraph(text string) *widget.RichText {
	return paragraph(text, look.Muted, theme.SizeNameCaptionText)
}

func paragraph(text string, colour fyne.ThemeColorName, size fyne.ThemeSizeName) *widget.RichText {
	style := widget.RichTextStyle{ColorName: colour, SizeName: size, Inline: false}
	rich := widget.NewRichText(&widget.TextSegment{Text: text, Style: style})
	rich.Wrapping = fyne.TextWrapWord
	return rich
}

// SetParagraph changes the text of a Paragraph; it draws only if something changed.
func SetParagraph(rich *widget.RichText, text string) {
	segment, ok := rich.Segments[0].(*widget.TextSegment)
	if !ok || segment.Text == text {
		return
	}
	segment.Text = text
	rich.Refresh()
}
