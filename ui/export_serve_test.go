package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"athanor/inference/remote"
	view "athanor/ui/serve"
)

func (s *Studio) servePart() *servePart {
	p, _ := s.parts[placeServe].(*servePart)
	return p
}

// Servable is how many models the serve screen offers.
func (s *Studio) Servable() int { return len(s.servePart().models) }

// StartService presses Start with an address.
func (s *Studio) StartService(address string) { s.servePart().start(address) }

// StopService presses Stop.
func (s *Studio) StopService() { s.servePart().end() }

// ServiceURL is where the service runs, "" while it does not.
func (s *Studio) ServiceURL() string {
	if live := s.servePart().live; live != nil {
		return live.url
	}
	return ""
}

// ServePageSize turns to a page of the serve screen and tells how large the window
// must be for it.
func (s *Studio) ServePageSize(page int) fyne.Size {
	s.servePart().view.ShowPage(page)
	return s.window.Canvas().Content().MinSize()
}

// ServedName is what the first served model is called.
func (s *Studio) ServedName() string { return s.servePart().names.of(s.servePart().on[0]) }

// RunLoadTest asks the running service for so long.
func (s *Studio) RunLoadTest(d time.Duration) {
	s.servePart().loadTest(view.LoadWish{Model: s.ServedName(), LoadTest: remote.LoadTest{Workers: 2, Duration: d}})
}

// LoadTested is how many requests the load test on screen counts.
func (s *Studio) LoadTested() int {
	if m := s.servePart().view.Load.Result(); m != nil {
		return m.Requests
	}
	return 0
}

// SwapService puts the first served model in its own place.
func (s *Studio) SwapService() { s.servePart().swap(s.ServedName(), s.servePart().on[0]) }

// ServedVersion is the newest version of the first served model.
func (s *Studio) ServedVersion() string {
	p := s.servePart()
	if p.live == nil {
		return ""
	}
	for _, m := range p.live.Snapshot().Models {
		if m.Name == s.ServedName() && len(m.Versions) > 0 {
			return m.Versions[len(m.Versions)-1]
		}
	}
	return ""
}
