package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Level is one row of Bars.
type Level struct {
	Name  string
	Share float64 // of the bar, in [0, 1]
	Note  string  // the number as text
	Lit   bool    // shown in ember
	// Colour of the bar; empty: muted, or ember where it is lit.
	Colour fyne.ThemeColorName
}

// Bars shows named shares below each other: class balance, probabilities.
// Rows are reused, so that updating many times a second is cheap.
type Bars struct {
	widget.BaseWidget
	rows      []*level
	box       *fyne.Container
	nameWidth float32
	noteWidth float32
}

type level struct {
	name, note *Text
	bar        *Bar
	row        *fyne.Container
}

// NewBars returns an empty list; names and numbers get columns of these widths.
func NewBars(nameWidth, noteWidth float32) *Bars {
	b := &Bars{box: Column(6), nameWidth: nameWidth, noteWidth: noteWidth}
	b.ExtendBaseWidget(b)
	return b
}

// Set shows levels; the rows are laid out anew only where their number changes.
func (b *Bars) Set(levels []Level) {
	for len(b.rows) < len(levels) {
		b.add()
	}
	moved := false
	for i, row := range b.rows {
		moved = moved || row.row.Visible() != (i < len(levels))
		SetVisible(row.row, i < len(levels))
		if i < len(levels) {
			row.show(levels[i])
		}
	}
	if moved {
		b.box.Refresh()
	}
}

func (b *Bars) add() {
	l := &level{name: Body("").Truncate(), note: Note("").Align(fyne.TextAlignTrailing), bar: NewBar(look.Muted, 6)}
	l.row = container.NewBorder(nil, nil, Width(l.name, b.nameWidth), Width(l.note, b.noteWidth), Pad(l.bar, 0))
	l.row.Hide()
	b.rows = append(b.rows, l)
	b.box.Add(l.row)
}

func (l *level) show(v Level) {
	l.name.Set(v.Name)
	l.note.Set(v.Note)
	l.bar.colour = look.Muted
	switch {
	case v.Colour != "":
		l.bar.colour = v.Colour
	case v.Lit:
		l.bar.colour = look.Ember
	}
	l.bar.share = v.Share
	l.bar.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *Bars) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(b.box) }
