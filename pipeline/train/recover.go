package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"athanor/inference/runtime"
)

// What a run does when its device fails while it trains.
const (
	// LossContinue goes on with the processor from the newest checkpoint.
	LossContinue = "continue"
	// LossStop ends the run, which can be resumed.
	LossStop = "stop"
)

// deviceFailed tells whether err is of a device, and the run may go on without it.
func (r *run) deviceFailed(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !runtime.OnCPU(r.net.recipe.Device) && r.recipe.Train.DeviceLoss != LossStop &&
		(errors.Is(err, runtime.ErrDevice) || errors.Is(err, runtime.ErrDeviceMemory))
}

// leaveDevice moves the run to the processor. What the device's memory held is
// lost with it: the newest checkpoint, or the first weights, are where it goes on.
func (r *run) leaveDevice(ctx context.Context, cause error) error {
	lost := r.net.recipe.Device
	if err := r.collect(true); err != nil {
		return errors.Join(cause, err)
	}
	text := fmt.Sprintf("%s failed at step %d, the run goes on with the processor from the newest checkpoint: %v", lost, r.Step, cause)
	if err := r.emit(Log{Time: time.Now(), Level: "warn", Text: text}); err != nil {
		return errors.Join(cause, err)
	}
	r.closeDevice()
	r.net.recipe.Device = runtime.CPU
	if err := r.openDevice(ctx); err != nil {
		return errors.Join(cause, err)
	}
	r.position, r.best, r.excluded = position{Factor: r.Factor}, nil, map[int]bool{}
	return r.resume(ctx)
}

// openAnyDevice opens the recipe's device, or the processor where that one fails
// and the recipe allows it; the run's log says so.
func (r *run) openAnyDevice(ctx context.Context) error {
	r.settlePrecision(ctx)
	err := r.openDevice(ctx)
	if err == nil || !r.deviceFailed(ctx, err) {
		return err
	}
	r.note(fmt.Sprintf("%s cannot hold this run, so the processor computes it: %v", r.net.recipe.Device, err))
	r.closeDevice()
	r.net.recipe.Device = runtime.CPU
	return r.openDevice(ctx)
}

// settlePrecision leaves float16 to devices that have it.
func (r *run) settlePrecision(ctx context.Context) {
	if !r.net.half() || runtime.OnCPU(r.net.recipe.Device) {
		return
	}
	if err := runtime.TestHalf(ctx, r.net.recipe.Device); err != nil && ctx.Err() == nil {
		r.note(fmt.Sprintf("%s does not compute in float16, so the run computes in float32: %v", r.net.recipe.Device, err))
		r.net.recipe.Precision = Float32
	}
}

// note adds a sentence to what the run's log says at its beginning.
func (r *run) note(text string) {
	if r.deps.DeviceNote != "" {
		text = r.deps.DeviceNote + "; " + text
	}
	r.deps.DeviceNote = text
}

// openDevice allocates the state and opens the evaluation where the network runs.
func (r *run) openDevice(ctx context.Context) error {
	var err error
	if r.state, err = newState(ctx, r.net); err != nil {
		return err
	}
	r.eval, err = newEvaluator(r.net)
	return err
}

// closeDevice frees what openDevice and the steps hold.
func (r *run) closeDevice() {
	for _, s := range r.steppers {
		s.close()
	}
	r.steppers = map[int]*stepper{}
	r.eval.close()
	r.state.close()
	r.eval, r.state = nil, nil
}

// tellDevice notes where the run is computed, where that is not as asked for,
// and which operators the device leaves to the processor.
func (r *run) tellDevice(s *stepper) error {
	if r.told || runtime.OnCPU(r.net.recipe.Device) {
		return nil
	}
	r.told = true
	left, err := s.main().LeftBehind()
	if err != nil || len(left) == 0 {
		return err
	}
	return r.emit(Log{Time: time.Now(), Level: "info", Text: fmt.Sprintf(
		"%s has no kernel of its own for %s: the processor runs them at every step", r.net.recipe.Device, counted(left))})
}

// counted writes operators with how often they stand in the graph.
func counted(operators map[string]int) string {
	var parts []string
	for _, op := range slices.Sorted(maps.Keys(operators)) {
		parts = append(parts, fmt.Sprintf("%s (%d)", op, operators[op]))
	}
	return strings.Join(parts, ", ")
}
