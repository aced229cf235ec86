package ui

import (
	"log/slog"
	"time"

	"fyne.io/fyne/v2"

	"athanor/inference/runtime"
)

// smallest is the size the screens are made for at least.
func smallest() fyne.Size { return fyne.NewSize(1024, 700) }

// restAfter is how long the window is left alone before it gives memory back.
const restAfter = 3 * time.Second

// rest gives memory back that is no longer used, once nothing has happened for a
// while; while a network learns nothing is given back.
func (s *Studio) rest() {
	if s.resting != nil {
		s.resting.Reset(restAfter)
		return
	}
	s.resting = time.AfterFunc(restAfter, func() {
		s.post(func() {
			if !s.jobs.live() {
				go runtime.Trim()
			}
		})
	})
}

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
