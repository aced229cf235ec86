package shell

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Command is one thing the palette can do.
type Command struct {
	Icon, Name, Keys string
	Words            string // more words to find it by, in any language
	Run              func()
}

// Palette finds commands by typing.
type Palette struct {
	commands []Command
	found    []Command
	at       int
	entry    *widgets.Entry
	list     *widgets.List
	nothing  *widgets.Prose
	popup    *widget.PopUp
	window   fyne.Window
	more     func(query string) []Command
}

// OpenPalette shows the palette over w with the field focused; nothing is what it says
// where no command fits. more, which may be
// nil, adds commands that what was typed itself makes possible.
func OpenPalette(w fyne.Window, hint, nothing string, commands []Command, more func(query string) []Command) *Palette {
	p := &Palette{window: w, more: more, commands: commands, found: commands, entry: widgets.NewEntry()}
	p.entry.SetPlaceHolder(hint)
	p.entry.OnChanged = p.filter
	p.entry.OnKey = p.key
	p.entry.OnSubmitted = func(string) { p.run(p.at) }
	p.nothing = widgets.Paragraph(nothing, look.Muted).Centre()
	p.nothing.Hide()
	p.list = widgets.NewList(func() int { return len(p.found) }, makeCommand, p.fill)
	p.list.HideSeparators = true
	p.list.OnSelected = func(i int) { p.run(i) }
	box := container.NewBorder(widgets.Below(p.entry, look.Gap), nil, nil, nil, container.NewStack(widgets.Height(p.list, 320), container.NewBorder(widgets.Space(64), nil, nil, nil, p.nothing)))
	p.popup = widget.NewModalPopUp(widgets.Pad(widgets.Width(box, 480), 12), w.Canvas())
	p.popup.Show()
	w.Canvas().Focus(p.entry)
	return p
}

// Filter returns the commands whose name or words contain every word of query,
// in their order.
func Filter(commands []Command, query string) []Command {
	words := strings.Fields(strings.ToLower(query))
	var out []Command
	for _, c := range commands {
		text := strings.ToLower(c.Name + " " + c.Words)
		if containsAll(text, words) {
			out = append(out, c)
		}
	}
	return out
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// Hide closes the palette. The field gives the focus back first: a blinking
// cursor would keep the window drawing.
func (p *Palette) Hide() {
	p.window.Canvas().Unfocus()
	p.popup.Hide()
}

// Visible reports whether the palette is open.
func (p *Palette) Visible() bool { return p.popup.Visible() }

func (p *Palette) filter(query string) {
	p.found, p.at = Filter(p.commands, query), 0
	if p.more != nil {
		p.found = append(p.more(query), p.found...)
	}
	widgets.SetVisible(p.nothing, len(p.found) == 0)
	p.list.UnselectAll()
	p.list.Refresh()
}

func (p *Palette) key(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyEscape:
		p.Hide()
	case fyne.KeyDown:
		p.move(1)
	case fyne.KeyUp:
		p.move(-1)
	default:
		return false
	}
	return true
}

func (p *Palette) move(by int) {
	if len(p.found) == 0 {
		return
	}
	p.at = (p.at + by + len(p.found)) % len(p.found)
	p.list.ScrollTo(p.at)
	p.list.Refresh()
}

func (p *Palette) run(i int) {
	if i < 0 || i >= len(p.found) {
		return
	}
	p.Hide()
	p.found[i].Run()
}

func makeCommand() fyne.CanvasObject {
	icon := container.NewGridWrap(fyne.NewSquareSize(18), widget.NewIcon(nil))
	line := container.NewBorder(nil, nil, container.NewCenter(icon), container.NewCenter(widgets.Note("")), widgets.Body(""))
	return container.NewStack(widgets.NewFill(look.Surface, 6), container.New(layout.NewCustomPaddedLayout(6, 6, 8, 8), line))
}

func (p *Palette) fill(i int, o fyne.CanvasObject) {
	c := p.found[i]
	ground, texts, icon := parts(o)
	texts[0].Set(c.Name)
	texts[1].Set(c.Keys)
	icon.SetResource(look.Tinted(c.Icon, look.Muted))
	colour := look.Surface
	if i == p.at {
		colour = look.EmberSoft
	}
	ground.Set(colour)
	texts[0].SetTint(theme.ColorNameForeground)
}

// parts finds what makeCommand put into o: the name first, then the keys.
func parts(o fyne.CanvasObject) (*widgets.Fill, []*widgets.Text, *widget.Icon) {
	var ground *widgets.Fill
	var texts []*widgets.Text
	var icon *widget.Icon
	widgets.Visit(o, func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *widgets.Fill:
			ground = o
		case *widgets.Text:
			texts = append(texts, o)
		case *widget.Icon:
			icon = o
		}
	})
	return ground, texts, icon
}
