package training

import (
	"context"
	"time"

	"athanor/app/preflight"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// Estimate tells what a resolved recipe will take on a data set, from a trial of a
// few steps with the networks from files that it names; what device auto comes to is
// tried by the run itself, here the processor stands for it. Of networks from files
// neither parameters nor memory are known. It works on the caller's goroutine until
// ctx ends.
func Estimate(ctx context.Context, r train.Recipe, set *dataset.Set) (preflight.Estimate, error) {
	if r.Transfer == nil && r.Distill == nil {
		return preflight.Measure(ctx, r, set)
	}
	if err := train.Check(r, set); err != nil {
		return preflight.Estimate{}, err
	}
	measure, err := trials(ctx, r, set)
	if err != nil {
		return preflight.Estimate{}, err
	}
	p := placed{device: r.Device, precision: r.Precision}
	if runtime.OnCPU(r.Device) {
		p.device = runtime.CPU
	}
	c, err := measure(p)
	if err != nil {
		return preflight.Estimate{}, err
	}
	e := preflight.Estimate{Steps: (set.Train.Len() + r.Train.Batch - 1) / max(r.Train.Batch, 1)}
	if r.Transfer != nil && r.Transfer.Head {
		e.Total = c.time
		e.Epoch = e.Total / time.Duration(max(r.Train.Epochs, 1))
		return e, nil
	}
	e.Step, e.Epoch = c.time, c.time*time.Duration(e.Steps)
	e.Total = e.Epoch * time.Duration(r.Train.Epochs)
	return e, nil
}
