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
	shrink   bool
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

// Shrink lets the line be narrower than its text by taking a smaller size
// before it cuts anything, and returns it.
func (t *Text) Shrink() *Text {
	t.shrink, t.truncate = true, true
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
	r := &textRenderer{t: t, line: newLine(t.text, t.size, t.style, t.colour)}
	r.style()
	return r
}

type textRenderer struct {
	t     *Text
	line  *canvas.Text
	width float32
	least fyne.Size // of the text in of; the canvas asks in every frame, once for each box around it
	of    string
}

func (r *textRenderer) style() {
	r.line.TextSize, r.line.TextStyle, r.line.Alignment = r.t.size, r.t.style, r.t.align
	r.line.Color = look.Colour(r.t.colour)
	r.line.TextSize = r.scaled(r.width)
	r.line.Text = r.fit(r.width)
}

// scaled is the size at which the whole text fits into width, but at least the
// text size.
func (r *textRenderer) scaled(width float32) float32 {
	if !r.t.shrink || width <= 0 {
		return r.t.size
	}
	size := r.t.size // glyphs have whole widths, so that a text does not shrink evenly
	for size > look.TextBody && measure(r.t.text, size, r.t.style).Width > width {
		size--
	}
	return max(size, look.TextBody)
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
	return measure(s, r.line.TextSize, r.t.style).Width
}

func (r *textRenderer) Layout(size fyne.Size) {
	r.width = size.Width
	if scaled := r.scaled(size.Width); scaled != r.line.TextSize {
		r.line.TextSize = scaled
		r.line.Refresh()
	}
	if fitted := r.fit(size.Width); fitted != r.line.Text {
		r.line.Text = fitted
		r.line.Refresh()
	}
	r.line.Resize(size)
}

func (r *textRenderer) MinSize() fyne.Size {
	if r.of == r.t.text && r.least.Height > 0 {
		return r.least
	}
	r.least, r.of = measure(r.t.text, r.t.size, r.t.style), r.t.text
	if r.t.truncate {
		r.least.Width = min(r.least.Width, 24)
	}
	return r.least
}

func (r *textRenderer) Refresh() {
	r.least = fyne.Size{} // style or font may be others
	r.style()
	r.line.Refresh()
}

func (r *textRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.line} }
func (r *textRenderer) Destroy()                     {}

// Prose is wrapped text. Unlike Fyne's it has no margin of its own, so that it
// stands in line with everything else.
type Prose struct {
	widget.BaseWidget
	rich  *widget.RichText
	text  string
	width float32 // that the lines of Chinese are broken for
}

// Paragraph returns wrapped text in the text size, in a colour of the theme.
func Paragraph(text string, colour fyne.ThemeColorName) *Prose {
	return prose(text, colour, theme.SizeNameText)
}

// SmallParagraph returns wrapped text in the small size, muted.
func SmallParagraph(text string) *Prose { return prose(text, look.Muted, theme.SizeNameCaptionText) }

func prose(text string, colour fyne.ThemeColorName, size fyne.ThemeSizeName) *Prose {
	style := widget.RichTextStyle{ColorName: colour, SizeName: size}
	p := &Prose{text: text, rich: widget.NewRichText(&widget.TextSegment{Text: text, Style: style})}
	p.rich.Wrapping = fyne.TextWrapWord
	p.ExtendBaseWidget(p)
	return p
}

// Centre sets the text in the middle and returns it.
func (p *Prose) Centre() *Prose {
	p.segment().Style.Alignment = fyne.TextAlignCenter
	return p
}

// Set changes the text; it draws only if something changed.
func (p *Prose) Set(text string) {
	if p.text == text {
		return
	}
	p.text = text
	p.flow(p.width)
	p.rich.Refresh()
}

// flow breaks the text's lines for a width; it reports whether they are others now.
func (p *Prose) flow(width float32) bool {
	p.width = width
	flowed := p.text
	if width > 0 && hasCJK(p.text) {
		size := fyne.CurrentApp().Settings().Theme().Size(p.segment().Style.SizeName)
		flowed = broken(p.text, width, func(s string) float32 { return fyne.MeasureText(s, size, fyne.TextStyle{}).Width })
	}
	changed := flowed != p.segment().Text
	p.segment().Text = flowed
	return changed
}

// Tinted gives the text a colour of the theme and returns it.
func (p *Prose) Tinted(colour fyne.ThemeColorName) *Prose {
	p.segment().Style.ColorName = colour
	return p
}

// SetTint changes the colour; it draws only if something changed.
func (p *Prose) SetTint(colour fyne.ThemeColorName) {
	if p.segment().Style.ColorName == colour {
		return
	}
	p.segment().Style.ColorName = colour
	p.rich.Refresh()
}

// Text is the whole text.
func (p *Prose) Text() string { return p.text }

func (p *Prose) segment() *widget.TextSegment {
	s, _ := p.rich.Segments[0].(*widget.TextSegment)
	return s
}

// CreateRenderer implements fyne.Widget.
func (p *Prose) CreateRenderer() fyne.WidgetRenderer { return &proseRenderer{p} }

type proseRenderer struct{ p *Prose }

// margin is what Fyne leaves free around rich text.
func margin() float32 { return fyne.CurrentApp().Settings().Theme().Size(theme.SizeNameInnerPadding) }

func (r *proseRenderer) Layout(size fyne.Size) {
	m := margin()
	r.fit(size.Width)
	r.p.rich.Move(fyne.NewPos(-m, -m))
	r.p.rich.Resize(fyne.NewSize(size.Width+2*m, size.Height+2*m))
}

// fit breaks lines for a new width.
func (r *proseRenderer) fit(width float32) {
	if width > 0 && width != r.p.width && r.p.flow(width) {
		r.p.rich.Refresh()
	}
}

func (r *proseRenderer) MinSize() fyne.Size {
	m := margin()
	r.fit(r.p.Size().Width)
	if width := r.p.Size().Width; width > 0 && r.p.rich.Size().Width != width+2*m {
		r.p.rich.Resize(fyne.NewSize(width+2*m, r.p.rich.Size().Height))
	}
	size := r.p.rich.MinSize()
	return fyne.NewSize(max(size.Width-2*m, 0), max(size.Height-2*m, 0))
}

func (r *proseRenderer) Refresh() {
	r.p.flow(r.p.width) // the size of letters may be another
	r.p.rich.Refresh()
}

func (r *proseRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.p.rich} }
func (r *proseRenderer) Destroy()                     {}
