package ui

import (
	"log/slog"

	"fyne.io/fyne/v2"
)

// smallest is the size the screens are made for at least.
func smallest() fyne.Size { return fyne.NewSize(1024, 700) }

// keep writes settings and the window's place down. That they cannot be written
// must not stop what a person does.
func (s *Studio) keep() {
	if size := s.window.Canvas().Size(); size.Width > 1 {
		s.prefs.Window.Width, s.prefs.Window.Height = int(size.Width), int(size.Height)
	}
	if err := s.prefs.Save(s.opts.Paths.Settings()); err != nil {
		slog.Warn("keep the settings", "error", err)
	}
}
