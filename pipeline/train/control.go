package train

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Control is how a person steers a run while it goes. Its methods may be called
// from any goroutine; the run reads it between steps.
type Control struct {
	mu       sync.Mutex
	paused   chan struct{} // closed on resume; nil when not paused
	stopped  bool
	factor   float64 // learning-rate factor, 0 means 1
	excluded []int   // rows of the source, not yet taken over
}

// Pause holds the run before its next step.
func (c *Control) Pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused == nil {
		c.paused = make(chan struct{})
	}
}

// Resume lets a paused run go on.
func (c *Control) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused != nil {
		close(c.paused)
		c.paused = nil
	}
}

// Stop ends the run after the current step and keeps the model.
func (c *Control) Stop() {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	c.Resume()
}

// SetLearningRateFactor multiplies the schedule's learning rate from the next
// step on.
func (c *Control) SetLearningRateFactor(f float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.factor = f
}

// Exclude leaves samples out from the next epoch on; rows are those of
// dataset.Feed.Row.
func (c *Control) Exclude(rows ...int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.excluded = append(c.excluded, rows...)
}

// wait blocks while the run is paused and tells whether it was.
func (c *Control) wait(ctx context.Context, onPause func()) (bool, error) {
	c.mu.Lock()
	gate := c.paused
	c.mu.Unlock()
	if gate == nil {
		return false, nil
	}
	onPause()
	select {
	case <-gate:
		return true, nil
	case <-ctx.Done():
		return true, ctx.Err()
	}
}

func (c *Control) stopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopped
}

// takeFactor returns a changed learning-rate factor once.
func (c *Control) takeFactor() (float64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.factor
	c.factor = 0
	return f, f > 0
}

func (c *Control) takeExcluded() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := c.excluded
	c.excluded = nil
	return rows
}

// exclude leaves samples out from now on and notes which, so that the batches of
// every step can be found again.
func (r *run) exclude(rows []int) error {
	for _, row := range rows {
		r.excluded[row] = true
		r.Excluded = append(r.Excluded, row)
	}
	return r.tellExcluded(rows)
}

func (r *run) tellExcluded(rows []int) error {
	if len(rows) == 0 {
		return nil
	}
	note := make([]string, len(rows))
	for i, row := range rows {
		note[i] = strconv.Itoa(row)
	}
	return r.emit(Mark{Kind: MarkExclude, Step: r.Step, Time: time.Now(), Value: float64(len(rows)), Note: strings.Join(note, " ")})
}
