package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Segments is a row of choices of which one is on.
type Segments struct {
	widget.BaseWidget
	// OnChange is called with the index a person chose.
	OnChange func(int)
	presses  []*Press
	chosen   int
}

// NewSegments returns names with the chosen one on.
func NewSegments(names []string, chosen int, change func(int)) *Segments {
	s := &Segments{OnChange: change, chosen: chosen}
	for i, name := range names {
		text := container.New(layout.NewCustomPaddedLayout(6, 6, 12, 12), Body(name))
		s.presses = append(s.presses, NewPress(text, look.Raised, 6, func() { s.choose(i) }))
	}
	s.ExtendBaseWidget(s)
	s.mark()
	return s
}

// Chosen is the index that is on.
func (s *Segments) Chosen() int { return s.chosen }

// Choose switches without calling OnChange.
func (s *Segments) Choose(i int) {
	s.chosen = i
	s.mark()
}

func (s *Segments) choose(i int) {
	s.Choose(i)
	if s.OnChange != nil {
		s.OnChange(i)
	}
}

func (s *Segments) mark() {
	for i, p := range s.presses {
		p.Select(i == s.chosen)
	}
}

// CreateRenderer implements fyne.Widget.
func (s *Segments) CreateRenderer() fyne.WidgetRenderer {
	box := Row(4)
	for _, p := range s.presses {
		box.Add(p)
	}
	return widget.NewSimpleRenderer(box)
}
