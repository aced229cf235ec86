package train

import (
	"time"
)

// clock measures a run's own time, pauses left out.
type clock struct {
	before   float64 // seconds of earlier sittings
	spent    time.Duration
	since    time.Time // zero while stopped
	epochAt  time.Duration
	savedAt  time.Duration
	shownAt  time.Duration
	samples  int
	trained  int           // samples since the epoch began, in this sitting
	measured time.Duration // own time when samples was last cleared
	rate     float64
}

func (c *clock) start() {
	if c.since.IsZero() {
		c.since = time.Now()
	}
}

func (c *clock) stop() {
	if !c.since.IsZero() {
		c.spent += time.Since(c.since)
		c.since = time.Time{}
	}
}

// own is the time of this sitting.
func (c *clock) own() time.Duration {
	if c.since.IsZero() {
		return c.spent
	}
	return c.spent + time.Since(c.since)
}

// elapsed is the time of all sittings.
func (c *clock) elapsed() time.Duration {
	return c.own() + time.Duration(c.before*float64(time.Second))
}

func (c *clock) add(samples int) {
	c.samples += samples
	c.trained += samples
}

// epochSpeed is samples a second since the epoch began, in this sitting.
func (c *clock) epochSpeed() float64 {
	return float64(c.trained) / max((c.own()-c.epochAt).Seconds(), 1e-9)
}

// speed is samples a second since it was last measured, at least half a second ago.
func (c *clock) speed() float64 {
	passed := c.own() - c.measured
	if passed >= 500*time.Millisecond || c.rate == 0 {
		c.rate = float64(c.samples) / max(passed.Seconds(), 1e-9)
		c.samples, c.measured = 0, c.own()
	}
	return c.rate
}

// left estimates the time for the remaining steps.
func (c *clock) left(steps, batch int) time.Duration {
	return time.Duration(float64(steps*batch) / max(c.speed(), 1e-9) * float64(time.Second))
}

// epoch is the seconds since it was last asked.
func (c *clock) epoch() float64 {
	now := c.own()
	passed := now - c.epochAt
	c.epochAt, c.trained = now, 0
	return passed.Seconds()
}

// dueProgress is true at most ten times a second.
func (c *clock) dueProgress() bool {
	now := c.own()
	if now-c.shownAt < 100*time.Millisecond && c.shownAt > 0 {
		return false
	}
	c.shownAt = now
	return true
}

func (c *clock) dueCheckpoint(seconds int) bool {
	return c.own()-c.savedAt >= time.Duration(seconds)*time.Second
}

func (c *clock) checkpointed() { c.savedAt = c.own() }
