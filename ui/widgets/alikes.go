package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Alike is a sample that is like another one.
type Alike struct {
	Picture image.Image // nil where the sample is none
	Label   string
	Note    string // how much alike, as text
	Text    string // of a text or a row
}

// MostAlike is how many samples Alikes shows.
const MostAlike = 5

// Alikes shows samples that are like another: pictures in a row, texts and rows
// below each other. Without any it takes no room.
type Alikes struct {
	widget.BaseWidget
	list  []Alike
	title *Text
	note  *Prose
	row   *fyne.Container
	lines *fyne.Container
	slots [MostAlike]*alikeSlot
}

type alikeSlot struct {
	picture           *canvas.Image
	name, share       *Text
	label, note, text *Text
	tile, line        *fyne.Container
}

// NewAlikes returns an empty list under a title.
func NewAlikes(title string) *Alikes {
	a := &Alikes{title: Note(title).Bold(), note: SmallParagraph(""), row: container.NewGridWithColumns(MostAlike), lines: Column(look.Gap)}
	for i := range a.slots {
		s := newAlikeSlot()
		a.slots[i] = s
		a.row.Add(s.tile)
		a.lines.Add(s.line)
	}
	a.ExtendBaseWidget(a)
	a.Set(nil, "")
	return a
}

func newAlikeSlot() *alikeSlot {
	s := &alikeSlot{
		picture: &canvas.Image{FillMode: canvas.ImageFillContain}, name: Note("").Tint(theme.ColorNameForeground).Truncate().Align(fyne.TextAlignCenter), share: Note("").Truncate().Align(fyne.TextAlignCenter),
		label: Body("").Truncate(), note: Note(""), text: Note("").Truncate(),
	}
	s.picture.SetMinSize(fyne.NewSquareSize(40))
	s.tile = Column(2, s.picture, s.name, s.share)
	s.line = Column(0, container.NewBorder(nil, nil, nil, s.note, s.label), s.text)
	return s
}

// Set shows at most MostAlike samples; note says how far the search is or why
// there are none.
func (a *Alikes) Set(list []Alike, note string) {
	a.list = list[:min(len(list), MostAlike)]
	a.note.Set(note)
	SetVisible(a.note, note != "")
	pictures := len(list) > 0 && list[0].Picture != nil
	SetVisible(a.row, pictures)
	SetVisible(a.lines, len(list) > 0 && !pictures)
	for i, s := range a.slots {
		on := i < len(a.list)
		SetVisible(s.line, on)
		SetVisible(s.tile, on)
		if on {
			s.show(a.list[i])
		}
	}
	SetVisible(a, note != "" || len(list) > 0)
	a.Refresh()
}

// small is the side up to which a picture's pixels are shown as squares.
const small = 64

func (s *alikeSlot) show(l Alike) {
	s.name.Set(l.Label)
	s.share.Set(l.Note)
	s.label.Set(l.Label)
	s.note.Set(l.Note)
	s.text.Set(l.Text)
	if l.Picture == nil {
		return
	}
	s.picture.ScaleMode = canvas.ImageScaleSmooth
	if b := l.Picture.Bounds(); max(b.Dx(), b.Dy()) <= small {
		s.picture.ScaleMode = canvas.ImageScalePixels
	}
	s.picture.Image = l.Picture
	s.picture.Refresh()
}

// List is what is shown.
func (a *Alikes) List() []Alike { return a.list }

// CreateRenderer implements fyne.Widget.
func (a *Alikes) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(Column(look.Gap, a.title, a.note, a.row, a.lines))
}
