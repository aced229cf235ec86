package train

import (
	"errors"
	"fmt"
	"time"

	"athanor/inference/runtime"
)

// rows are how many samples a recipe computes at once.
func (r Recipe) rows() int {
	if r.Train.MicroBatch > 0 {
		return r.Train.MicroBatch
	}
	return r.Train.Batch
}

// halve lets a batch of so many samples be computed in parts of half the size
// after err, if that says that memory ran out. Any other error comes back, and so
// does this one when a single sample is too much.
func (r *run) halve(err error, batch int) error {
	at := min(r.rows, batch)
	if !errors.Is(err, runtime.ErrDeviceMemory) || at <= 1 {
		return err
	}
	if r.net.language() { // its guesses are over the whole batch
		return fmt.Errorf("%w: a batch that guesses is not cut; choose a smaller batch", err)
	}
	r.rows = (at + 1) / 2
	for _, s := range r.steppers {
		s.close()
	}
	r.steppers = map[int]*stepper{}
	return r.emit(Log{Time: time.Now(), Level: "warn", Text: fmt.Sprintf(
		"%d samples at once do not fit into the memory of %s: the batch of %d is computed in parts of %d, whose gradients are added up, so a step comes to the same (%v)",
		at, r.net.recipe.Device, r.recipe.Train.Batch, r.rows, err)})
}

// tellScale notes that the loss's scale was halved since it had been halved so
// many times.
func (r *run) tellScale(before int) error {
	if r.Scale.Halved == before {
		return nil
	}
	return r.emit(Log{Time: time.Now(), Level: "info", Text: fmt.Sprintf(
		"gradients of step %d overflowed in float16: the loss is scaled by %g from here on", r.Step+1, r.Scale.Factor)})
}
