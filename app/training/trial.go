package training

import (
	"context"
	"fmt"
	"time"

	"athanor/app/preflight"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// trials makes the measure of a choice for a recipe on a data set: how long a step
// takes; of a head alone, what all features and all steps come to.
func trials(ctx context.Context, r train.Recipe, set *dataset.Set) (func(placed) (cost, error), error) {
	if r.Transfer != nil && r.Transfer.Head {
		return func(p placed) (cost, error) { return headCost(ctx, p.in(r), set) }, nil
	}
	r.Device = runtime.CPU // where features are sampled
	learnt, networks, err := openNetworks(ctx, r, set, "", nil)
	if err != nil {
		return nil, err
	}
	deps := train.Deps{Set: learnt, Given: networks.given, Teacher: networks.teacher}
	return func(p placed) (cost, error) {
		took, err := preflight.Step(ctx, p.in(r), deps)
		return cost{took, fmt.Sprintf("a step takes %v", took.Round(time.Microsecond))}, err
	}, nil
}

// in is a recipe at this place for a trial, which a device that fails must end.
func (p placed) in(r train.Recipe) train.Recipe {
	r.Device, r.Precision, r.Train.DeviceLoss = p.device, p.precision, train.LossStop
	return r
}

// sampledFeatures are so many training samples whose features a trial computes.
const sampledFeatures = 512

// repeats is how often they are gone through in an epoch of the trial, so that steps
// are measured and not what an epoch ends with.
const repeats = 8

// again is a feed several times over.
type again struct {
	dataset.Feed
	times int
}

// Len is that of the whole.
func (a again) Len() int { return a.times * a.Feed.Len() }

// Class is that of the sample that comes again.
func (a again) Class(row int) int { return a.Feed.Class(row % a.Feed.Len()) }

// Target is that of the sample that comes again.
func (a again) Target(row int) float32 { return a.Feed.Target(row % a.Feed.Len()) }

// Row is that of the sample that comes again.
func (a again) Row(row int) int { return a.Feed.Row(row % a.Feed.Len()) }

// Fill reads samples again.
func (a again) Fill(ctx context.Context, dst [][]byte, epoch int, rows []int) error {
	among := make([]int, len(rows))
	for i, row := range rows {
		among[i] = row % a.Feed.Len()
	}
	return a.Feed.Fill(ctx, dst, epoch, among)
}

// headCost tries a head alone on some of the samples.
func headCost(ctx context.Context, r train.Recipe, set *dataset.Set) (cost, error) {
	part := transfer.Sample(set, max(sampledFeatures, r.Train.Batch))
	var first, last time.Time
	var from, to int
	learnt, given, err := taught(ctx, r, part, "", func(done, _ int) { // the first call is behind the first batch
		if last, to = time.Now(), done; first.IsZero() {
			first, from = last, to
		}
	})
	if err != nil {
		return cost{}, err
	}
	learnt.Train = again{learnt.Train, repeats}
	sample := last.Sub(first) / time.Duration(max(to-from, 1))
	step, err := preflight.Step(ctx, r, train.Deps{Set: learnt, Given: given})
	if err != nil {
		return cost{}, err
	}
	steps := (set.Train.Len() + r.Train.Batch - 1) / r.Train.Batch * r.Train.Epochs
	return cost{
		time: sample*time.Duration(set.Train.Len()) + step*time.Duration(steps),
		text: fmt.Sprintf("a sample's features take %v and a step %v", sample.Round(time.Microsecond), step.Round(time.Microsecond)),
	}, nil
}
