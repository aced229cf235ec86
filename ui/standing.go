package ui

import "athanor/ui/widgets"

// standing is what is on screen now.
func (s *Studio) standing() Standing {
	now := Standing{
		Place: s.place, Language: string(s.book.Language()), Look: s.prefs.Theme,
		Palette: s.palette != nil && s.palette.Visible(), Dialog: s.window.Canvas().Overlays().Top() != nil,
	}
	if field, ok := s.window.Canvas().Focused().(*widgets.Entry); ok {
		now.Field = field.Text
	}
	return now
}
