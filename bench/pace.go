package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"athanor/app/training"
	"athanor/pipeline/train"
)

const (
	// stretch is how long steps, or the products, are timed in one go.
	stretch = 60 * time.Millisecond
	// settle is how long either runs untimed before it: the threads of the one
	// that waits go on spinning for a while.
	settle = 60 * time.Millisecond
	// fewestSteps is what a stretch holds of slow steps.
	fewestSteps = 6
	// paceRounds is how often steps and products take turns.
	paceRounds = 30
	// endless is more epochs than are ever trained.
	endless = 10000
)

// pacer times a training from inside: its steps and the products take turns in
// stretches that are too short for the machine to change between them.
type pacer struct {
	products func() error
	rounds   int
	enough   context.CancelFunc
	now      func() time.Time

	began        time.Time // of the steps now running untimed or timed
	timed        bool
	count        int
	steps, alone []float64 // seconds, one a round
	failed       error
}

// observe is called behind every event of the training, on its goroutine.
func (p *pacer) observe(e train.Event) {
	switch e.(type) {
	case train.Epoch: // what an epoch's end does belongs to no step
		p.restart()
	case train.Metric:
		p.step(p.now())
	}
}

func (p *pacer) restart() { p.began, p.timed, p.count = p.now(), false, 0 }

func (p *pacer) step(now time.Time) {
	p.count++
	passed := now.Sub(p.began)
	switch {
	case p.failed != nil || p.began.IsZero(): // before the first epoch's end
	case !p.timed && passed >= settle && p.count >= fewestSteps/2:
		p.began, p.timed, p.count = now, true, 0
	case p.timed && passed >= stretch && p.count >= fewestSteps:
		p.round(passed.Seconds() / float64(p.count))
		p.restart()
	}
}

// round times the products behind a stretch of steps.
func (p *pacer) round(step float64) {
	var alone float64
	if _, p.failed = p.repeat(settle); p.failed == nil {
		alone, p.failed = p.repeat(stretch)
	}
	if p.failed != nil {
		p.enough()
		return
	}
	p.steps, p.alone = append(p.steps, step), append(p.alone, alone)
	if len(p.steps) == p.rounds {
		p.enough()
	}
}

// repeat is how many seconds work takes in the mean over a time.
func (p *pacer) repeat(long time.Duration) (float64, error) {
	began, n := p.now(), 0
	for p.now().Sub(began) < long || n < fewestSteps/2 {
		if err := p.products(); err != nil {
			return 0, err
		}
		n++
	}
	return p.now().Sub(began).Seconds() / float64(n), nil
}

// ratios are the rounds' steps in multiples of their products.
func (p *pacer) ratios() []float64 {
	list := make([]float64, len(p.steps))
	for i, s := range p.steps {
		list[i] = s / p.alone[i]
	}
	return list
}

// pace trains as the program does, with the run's record and the feeding of
// samples, until there are enough rounds.
func (b *bench) pace(ctx context.Context, r race, products func() error) (*pacer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var recipe train.Recipe
	recipe.Task, recipe.Seed, recipe.Device, recipe.Threads = "image", 1, "cpu", b.threads
	recipe.Data.Path, recipe.Model.Name = b.mnist, r.model
	recipe.Train.Epochs, recipe.Train.Batch = endless, r.batch
	p := &pacer{products: products, rounds: paceRounds, enough: cancel, now: time.Now}
	_, err := training.Run(ctx, training.Request{Recipe: recipe, Runs: b.work, Version: "bench"}, p.observe)
	if p.failed != nil {
		return nil, p.failed
	}
	if len(p.steps) < p.rounds {
		return nil, fmt.Errorf("%s ended after %d of %d rounds: %w", r.name(), len(p.steps), p.rounds, err)
	}
	return p, nil
}

// quarters are the first and the third quartile.
func quarters(values []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/4], sorted[len(sorted)*3/4]
}
