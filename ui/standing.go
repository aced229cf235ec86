package ui

import (
	"fmt"

	"fyne.io/fyne/v2"

	"athanor/ui/widgets"
)

// standing is what is on screen now.
func (s *Studio) standing() Standing {
	now := Standing{
		Place: s.place, Language: string(s.book.Language()), Look: s.prefs.Theme,
		Palette: s.palette != nil && s.palette.Visible(), Dialog: s.window.Canvas().Overlays().Top() != nil,
	}
	focused := s.window.Canvas().Focused()
	if field, ok := focused.(*widgets.Entry); ok {
		now.Field = field.Text
	}
	if o, ok := focused.(fyne.CanvasObject); ok {
		now.Focus, now.InView = fmt.Sprintf("%T %[1]p", o), widgets.InView(o)
	}
	return now
}
