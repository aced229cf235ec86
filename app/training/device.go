package training

import (
	"context"
	"fmt"
	"strings"
	"time"

	"athanor/app/device"
	"athanor/app/preflight"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// placed is where and in which type a run computes, and why.
type placed struct{ device, precision, note string }

// place decides where a resolved recipe is trained: on the device that it names,
// if that works; for "auto" where a few steps of this very run take least time.
// The same trial chooses the precision where that is left to it.
func place(ctx context.Context, r train.Recipe, set *dataset.Set) (placed, error) {
	var names []string
	var note string
	if r.Device == "auto" {
		cards, failed, err := device.Cards(ctx, device.Own())
		if err != nil {
			return placed{}, err
		}
		names, note = append([]string{runtime.CPU}, cards...), failed
	} else {
		choice, err := device.Choose(ctx, r.Device, device.Own())
		if err != nil {
			return placed{}, err
		}
		names, note = []string{choice.Device}, choice.Note
	}
	half := func(name string) bool { return runtime.TestHalf(ctx, name) == nil }
	best, err := fastest(ctx, choices(r, names, half), func(p placed) (time.Duration, error) { return stepTime(ctx, r, p, set) })
	best.note = strings.Join(nonEmpty(note, best.note), "; ")
	return best, err
}

func nonEmpty(texts ...string) (list []string) {
	for _, t := range texts {
		if t != "" {
			list = append(list, t)
		}
	}
	return list
}

// choices are the devices and types that a recipe leaves open, the first being
// what is taken where nothing can be tried. The processor has no kernels in
// float16, so it is tried on cards that have it. Networks from files are not tried.
func choices(r train.Recipe, devices []string, half func(string) bool) (list []placed) {
	open := r.Precision == train.AutoPrecision || r.Precision == "" && r.Device == "auto"
	precision := r.Precision
	if open {
		precision = ""
	}
	for _, d := range devices {
		list = append(list, placed{device: d, precision: precision})
		if open && !runtime.OnCPU(d) && half(d) {
			list = append(list, placed{device: d, precision: train.Float16})
		}
	}
	if r.Transfer != nil || r.Distill != nil {
		return list[:1]
	}
	return list
}

// fastest is the choice whose step takes least time; those that cannot be tried
// are passed over.
func fastest(ctx context.Context, list []placed, measure func(placed) (time.Duration, error)) (placed, error) {
	best := list[0]
	if len(list) == 1 {
		return best, ctx.Err()
	}
	least, err := measure(best)
	if err != nil {
		return best, ctx.Err()
	}
	for _, p := range list[1:] {
		if took, err := measure(p); err == nil && took < least {
			best, least = p, took
			best.note = fmt.Sprintf("%s is chosen: a step takes %v", strings.TrimSpace(p.device+" "+p.precision), took.Round(time.Microsecond))
		}
	}
	return best, ctx.Err()
}

func stepTime(ctx context.Context, r train.Recipe, p placed, set *dataset.Set) (time.Duration, error) {
	r.Device, r.Precision = p.device, p.precision
	e, err := preflight.Measure(ctx, r, set)
	return e.Step, err
}
