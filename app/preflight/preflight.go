// Package preflight says what a run will take before it starts: parameters from
// the graph, time and memory from a trial of a few steps.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"athanor/pipeline/dataset"
	"athanor/pipeline/graph"
	"athanor/pipeline/nn"
	"athanor/pipeline/train"
)

// ErrShort says that a trial ended before it had measured anything.
var ErrShort = errors.New("the trial was too short to measure")

// A trial measures so many steps, of slow networks and devices fewer: it ends after
// trialTime once it has the fewest that tell anything.
const (
	trialSteps  = 24
	fewestSteps = 4
	trialTime   = 2 * time.Second
)

// Estimate is what a run will take.
type Estimate struct {
	Parameters int
	Steps      int           // of an epoch
	Step       time.Duration // of one training step
	Epoch      time.Duration // training only, without validation
	Total      time.Duration
	Memory     int64 // bytes the process needs at its peak
}

// Parameters counts the trained numbers of the recipe's network on a data set.
func Parameters(r train.Recipe, set *dataset.Set) (int, error) {
	a, err := nn.Find(r.Model.Name, r.Task)
	if err != nil {
		return 0, fmt.Errorf("count parameters: %w", err)
	}
	b := graph.New("survey")
	c := nn.NewContext(b, false, nil)
	var inputs []*graph.Value
	for _, col := range set.Train.Columns() {
		inputs = append(inputs, b.Input(col.Name, col.Type, append([]int{1}, col.Shape...)...))
	}
	m := r.Model
	a.Build(c, inputs, nn.Config{
		Outputs: max(len(set.Classes), 1), Hidden: m.Hidden, Channels: m.Channels, Dropout: m.Dropout,
		Embed: m.Embed, Buckets: m.Buckets, Layers: m.Layers, Heads: m.Heads,
	})
	if err := b.Err(); err != nil {
		return 0, fmt.Errorf("count parameters: %w", err)
	}
	total := 0
	for _, p := range c.Parameters() {
		n := 1
		for _, d := range p.Shape {
			n *= d
		}
		total += n
	}
	return total, nil
}

// Measure trains a few steps in a temporary folder and measures them. Nothing
// that is kept changes. It works on the caller's goroutine until ctx ends.
func Measure(ctx context.Context, r train.Recipe, set *dataset.Set) (Estimate, error) {
	parameters, err := Parameters(r, set)
	if err != nil {
		return Estimate{}, err
	}
	e := Estimate{Parameters: parameters, Steps: (set.Train.Len() + r.Train.Batch - 1) / max(r.Train.Batch, 1)}
	if e.Step, e.Memory, err = trial(ctx, r, train.Deps{Set: set}); err != nil {
		return e, err
	}
	e.Epoch = e.Step * time.Duration(e.Steps)
	e.Total = e.Epoch * time.Duration(r.Train.Epochs)
	return e, nil
}

// Step is how long a step takes, of the network that deps give where the recipe
// names a file's. It takes the set and the networks of deps and leaves its store
// alone; ctx ends it.
func Step(ctx context.Context, r train.Recipe, deps train.Deps) (time.Duration, error) {
	step, _, err := trial(ctx, r, deps)
	return step, err
}

func trial(ctx context.Context, r train.Recipe, deps train.Deps) (step time.Duration, memory int64, err error) {
	dir, err := os.MkdirTemp("", "athanor-trial-")
	if err != nil {
		return 0, 0, fmt.Errorf("prepare a trial: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	deps.Store = scratch(dir)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var times []time.Time
	_, err = train.Run(ctx, r, deps, func(e train.Event) {
		switch e := e.(type) {
		case train.Metric:
			times = append(times, time.Now())
			if n := len(times); n >= trialSteps || n >= fewestSteps && times[n-1].Sub(times[0]) > trialTime {
				cancel()
			}
		case train.Progress:
			memory = max(memory, e.PeakRSS)
		}
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		return 0, 0, fmt.Errorf("trial: %w", err)
	}
	if len(times) < 2 {
		return 0, 0, ErrShort
	}
	half := len(times) / 2 // the first steps still warm up
	span := times[len(times)-1].Sub(times[half-1])
	return span / time.Duration(len(times)-half), memory, nil
}

// scratch is a run store that keeps nothing but its folder.
type scratch string

func (s scratch) Dir() string                   { return string(s) }
func (scratch) AppendMetric(train.Metric) error { return nil }
func (scratch) AppendEvent(train.Event) error   { return nil }
func (scratch) Flush() error                    { return nil }
func (scratch) CutAfter(int) error              { return nil }
