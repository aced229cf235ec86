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
				go func() {
					runtime.Trim()
					s.meter.trimmed()
				}()
			}
		})
	})
}

// Fyne lets go of what it drew of a screen 20 seconds after that was left
// (app/locale), when the window is drawn next: of textures then, and of renderers at
// most ten seconds later. A window at rest is not drawn, so it is asked to be.
const (
	forgets   = 21 * time.Second
	forgotten = 32 * time.Second
)

// settle gives back what was kept for the screens that were left, once Fyne has let
// go of it, unless another screen comes before.
func (s *Studio) settle() {
	s.moves++
	move := s.moves
	for _, after := range []time.Duration{forgets, forgotten} {
		time.AfterFunc(after, func() {
			s.post(func() {
				if s.moves == move && s.ctx.Err() == nil {
					s.status.Refresh()
					s.rest()
				}
			})
		})
	}
}

// leftAfter is how long a screen must have been left before what it keeps open for
// its work is closed.
const leftAfter = 20 * time.Second

// sleeper is a part that keeps models open. sleep closes them, unless they still
// work; shown or the next question opens them anew.
type sleeper interface{ sleep() }

// restPart closes what a part keeps open once its screen has been left for a while.
func (s *Studio) restPart(place string) {
	p, ok := s.parts[place].(sleeper)
	if !ok {
		return
	}
	left := s.left.note(place)
	s.meter.held.Add(1)
	time.AfterFunc(leftAfter, func() {
		s.post(func() {
			s.meter.held.Add(-1)
			if s.place != place && s.left[place] == left && s.ctx.Err() == nil {
				p.sleep()
				s.rest()
			}
		})
	})
}

// leaves counts how often each screen was left.
type leaves map[string]int

func (l leaves) note(place string) int {
	l[place]++
	return l[place]
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
