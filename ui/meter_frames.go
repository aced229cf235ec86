package ui

import (
	"time"

	"fyne.io/fyne/v2"
)

// pulse measures how long a frame takes, from one tick of the toolkit's clock to the
// next: a tick comes before each frame is drawn, so what lies between two is one frame
// with its events and posted functions, and at rest the clock's own 17 ms. It belongs
// to the UI goroutine.
//
// A posted function does not tell that: where drawing takes longer than the clock's
// tick, Fyne's loop draws several frames before it takes the next function, by chance.
type pulse struct {
	last   time.Time // of the last tick
	worked time.Duration
}

// tick notes a tick at a time, when the UI's thread had worked that long.
func (m *meter) tick(at time.Time, worked time.Duration) {
	if p := m.pulse; !p.last.IsZero() {
		raise(&m.frame, at.Sub(p.last))
		raise(&m.frameCPU, worked-p.worked)
	}
	m.pulse = pulse{at, worked}
}

// beat hears the toolkit's clock as long as the window lives. It belongs to the UI
// goroutine.
func (m *meter) beat() {
	clock := fyne.NewAnimation(time.Hour, func(float32) { m.tick(time.Now(), threadTime()) })
	clock.RepeatCount = fyne.AnimationRepeatForever
	clock.Start()
}
