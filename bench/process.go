package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// event is one line that an engine prints: an epoch, or the end of the run.
type event struct {
	Event            string  `json:"event"`
	Train            int     `json:"train"` // samples of the training part, told at the start
	Epoch            int     `json:"epoch"`
	Seconds          float64 `json:"seconds"`
	SamplesPerSecond float64 `json:"samples_per_second"`
	TestAccuracy     float64 `json:"test_accuracy"`
	ValAccuracy      float64 `json:"val_accuracy"`
	TrainSeconds     float64 `json:"train_seconds"`
	Model            string  `json:"model"`
	Version          string  `json:"version"`
}

// outcome is what a run came to.
type outcome struct {
	samples int // of an epoch, where told
	epochs  []event
	done    event
	wall    time.Duration
	peakRSS int64 // bytes, as the kernel counted
}

// samplesPerSecond is the median over all epochs but the first, which pays for
// building graphs and filling caches; an engine that prints no epochs tells it
// at the end.
func (o outcome) samplesPerSecond() float64 {
	if len(o.epochs) < 2 {
		return o.done.SamplesPerSecond
	}
	var rates []float64
	for _, e := range o.epochs[1:] {
		rate := e.SamplesPerSecond
		if o.samples > 0 && e.Seconds > 0 { // the whole epoch, not the speed at its end
			rate = float64(o.samples) / e.Seconds
		}
		rates = append(rates, rate)
	}
	return median(rates)
}

// launch runs an engine to its end.
func launch(ctx context.Context, name string, args ...string) (outcome, error) {
	command := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	began := time.Now()
	if err := command.Run(); err != nil {
		return outcome{}, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, tail(errs.String()))
	}
	o, err := readEvents(&out)
	if err != nil {
		return o, fmt.Errorf("%s: %w", name, err)
	}
	o.wall = time.Since(began)
	if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		o.peakRSS = usage.Maxrss << 10
	}
	return o, nil
}

// readEvents keeps the epochs and the end; lines that are no JSON are passed over.
func readEvents(in io.Reader) (outcome, error) {
	var o outcome
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		switch e.Event {
		case "start":
			o.samples = e.Train
		case "epoch":
			o.epochs = append(o.epochs, e)
		case "done":
			o.done = e
		}
	}
	if err := lines.Err(); err != nil {
		return o, fmt.Errorf("read events: %w", err)
	}
	if o.done.Event == "" {
		return o, fmt.Errorf("the run ended without a %q line", "done")
	}
	return o, nil
}

// tail is the end of a long message.
func tail(s string) string {
	const most = 2000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// writeFile is for small files of the benchmark's own folder.
func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }
