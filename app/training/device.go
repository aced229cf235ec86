package training

import (
	"context"
	"fmt"
	"time"

	"athanor/app/device"
	"athanor/app/preflight"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// place decides where a resolved recipe is trained: on the device that it names,
// if that works; for "auto" where a few steps of this very run take least time.
func place(ctx context.Context, r train.Recipe, set *dataset.Set) (device.Choice, error) {
	if r.Device != "auto" {
		return device.Choose(ctx, r.Device, device.Own())
	}
	cards, note, err := device.Cards(ctx, device.Own())
	if err != nil || len(cards) == 0 || r.Transfer != nil {
		return device.Choice{Device: runtime.CPU, Note: note}, err
	}
	best, err := stepTime(ctx, r, runtime.CPU, set)
	if err != nil {
		return device.Choice{Device: runtime.CPU}, ctx.Err()
	}
	choice := device.Choice{Device: runtime.CPU, Note: note}
	for _, card := range cards {
		if took, err := stepTime(ctx, r, card, set); err == nil && took < best {
			best = took
			choice = device.Choice{Device: card, Note: fmt.Sprintf("%s is chosen: a step takes %v", card, took.Round(time.Microsecond))}
		}
	}
	return choice, ctx.Err()
}

func stepTime(ctx context.Context, r train.Recipe, name string, set *dataset.Set) (time.Duration, error) {
	r.Device = name
	e, err := preflight.Measure(ctx, r, set)
	return e.Step, err
}
