// Package device decides where models run: it tests a device before anything
// is trusted to it, in a process of its own, so that a driver that crashes
// takes nothing else with it.
package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"athanor/inference/model"
	"athanor/inference/runtime"
)

// Choice is the device to use and, where it is not the one asked for, why.
type Choice struct {
	Device string
	Note   string
}

// Test starts a device, compares its answers with the processor's and measures
// it for so long.
type Test func(ctx context.Context, device string, length time.Duration) (runtime.Speed, error)

// probe is how long a device is measured before a run.
const probe = 100 * time.Millisecond

// Choose tests the device asked for and falls back to the processor, with a
// note, where it does not work. Only a ctx that ends is an error. What "auto"
// means depends on the work: see Cards.
func Choose(ctx context.Context, wanted string, test Test) (Choice, error) {
	if runtime.OnCPU(wanted) {
		return Choice{Device: runtime.CPU}, nil
	}
	if _, err := test(ctx, wanted, probe); err != nil {
		if ctx.Err() != nil {
			return Choice{}, ctx.Err()
		}
		return Choice{runtime.CPU, fmt.Sprintf("%s cannot be used, so the processor is: %v", wanted, err)}, nil
	}
	return Choice{Device: wanted}, nil
}

// Options test the device that a model is to run on. told, where there is one,
// hears why the processor takes its place, now or whenever the device fails later.
func Options(ctx context.Context, name string, threads int, told func(note string)) (model.Options, error) {
	choice, err := Choose(ctx, name, Own())
	if err == nil && choice.Note != "" && told != nil {
		told(choice.Note)
	}
	return model.Options{Threads: threads, Device: choice.Device, Told: told}, err
}

// Cards are the real graphics processors that pass the test, the best provider
// first, and a note about those that fail it. Devices computed in software are
// none.
func Cards(ctx context.Context, test Test) (names []string, note string, err error) {
	devices, err := runtime.Devices()
	if err != nil {
		return nil, "", nil //nolint:nilerr // opening the model says what is wrong with the library
	}
	var failed []string
	for _, d := range devices {
		if d.Name == runtime.CPU || d.Software {
			continue
		}
		if _, err := test(ctx, d.Name, probe); err != nil {
			failed = append(failed, fmt.Sprintf("%s (%s) cannot be used: %v", d.Name, d.Title, err))
			continue
		}
		names = append(names, d.Name)
	}
	return names, strings.Join(failed, "; "), ctx.Err()
}

// Measured is a self-test's result as the child process prints it.
type Measured struct {
	GFLOPS  float64 `json:"gflops"`
	StartMS float64 `json:"start_ms"`
	Error   string  `json:"error,omitempty"`
}

// Command is the subcommand, hidden from help, that InChild calls.
const Command = "device-test"

// InChild is the Test that runs `athanor device-test` of the given program.
func InChild(program string) Test {
	return func(ctx context.Context, device string, length time.Duration) (runtime.Speed, error) {
		out, err := exec.CommandContext(ctx, program, Command, device, length.String()).Output()
		var m Measured
		if json.Unmarshal(out, &m) == nil && m.Error != "" {
			return runtime.Speed{}, fmt.Errorf("%w: %s", runtime.ErrDevice, m.Error)
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) && ctx.Err() == nil { // it ended without an answer
			return runtime.Speed{}, fmt.Errorf("%w: its driver crashed (%w); renew it", runtime.ErrDevice, exit)
		}
		if err != nil {
			return runtime.Speed{}, fmt.Errorf("test %s: %w", device, err)
		}
		return runtime.Speed{GFLOPS: m.GFLOPS, Start: time.Duration(m.StartMS * float64(time.Millisecond))}, nil
	}
}

// Own is InChild with this program, or the test in this process where its own
// file is not known or is a test's, which has no subcommands.
func Own() Test {
	program, err := os.Executable()
	if err != nil || strings.HasSuffix(program, ".test") {
		return InProcess
	}
	return InChild(program)
}

// InProcess is the Test that risks this process.
func InProcess(ctx context.Context, device string, length time.Duration) (runtime.Speed, error) {
	return runtime.SelfTest(ctx, device, 0, length)
}
