package ui

import (
	"testing"
	"time"
)

// TestAFrameIsWhatLiesBetweenTwoTicks: of several frames in a row the longest counts,
// not their sum, however long a posted function waits meanwhile; after clearing the
// first tick begins anew.
func TestAFrameIsWhatLiesBetweenTwoTicks(t *testing.T) {
	const ms = time.Millisecond
	m := newMeter(func(f func()) { f() })
	at, worked := time.Now(), time.Duration(0)
	ticks := func(gaps ...time.Duration) {
		for _, gap := range gaps {
			at, worked = at.Add(gap), worked+gap/4
			m.tick(at, worked)
		}
	}
	frame := func(want, cpu float64) {
		t.Helper()
		if c := m.counters(); c.FrameMS != want || c.FrameCPU != cpu {
			t.Errorf("the longest frame is %.1f ms with %.1f of the thread, not %.1f and %.1f", c.FrameMS, c.FrameCPU, want, cpu)
		}
	}
	ticks(0, 16*ms, 20*ms, 40*ms, 24*ms, 28*ms)
	frame(40, 10)
	m.clear()
	frame(0, 0)
	ticks(90*ms, 16*ms)
	frame(16, 4)
}
