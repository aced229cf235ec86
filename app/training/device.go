package training

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"athanor/app/device"
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
	list := choices(r, names, half)
	if len(list) == 1 {
		list[0].note = note
		return list[0], ctx.Err()
	}
	measure, err := trials(ctx, r, set)
	if err != nil {
		return placed{}, err
	}
	best, err := fastest(ctx, list, measure)
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
// float16, so it is tried on cards that have it.
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
	return list
}

// cost is what a choice takes in a trial, and the words for it.
type cost struct {
	time time.Duration
	text string
}

// fastest is the choice that takes least time; those that cannot be tried are
// passed over. The note says what was tried, and how long it took.
func fastest(ctx context.Context, list []placed, measure func(placed) (cost, error)) (placed, error) {
	best, least, tried := list[0], time.Duration(math.MaxInt64), map[placed]cost{}
	for _, p := range list {
		took, err := measure(p)
		if ctx.Err() != nil {
			return best, ctx.Err()
		}
		if err != nil {
			continue
		}
		if tried[p] = took; took.time < least {
			best, least = p, took.time
		}
	}
	var others []string
	for _, p := range list {
		if took, ok := tried[p]; ok && p != best {
			others = append(others, fmt.Sprintf("%s with %s", took.text, p))
		}
	}
	if len(others) > 0 {
		best.note = fmt.Sprintf("%s is chosen: %s, %s", best, tried[best].text, strings.Join(others, ", "))
	}
	return best, nil
}

// String names the device, and the type where it is not the usual one.
func (p placed) String() string { return strings.TrimSpace(p.device + " " + p.precision) }
