package ui

import (
	"context"
	"time"

	"athanor/app/preflight"
	"athanor/app/training"
	"athanor/pipeline/train"
	uitrain "athanor/ui/train"
)

// preflight shows what the run would take: first what is known at once, then
// what a trial of a few steps measures.
func (p *trainPart) preflight() {
	p.endTrial()
	j := p.s.jobs
	if p.view == nil || j.data == nil {
		return
	}
	set, recipe := j.data.set, j.recipe
	known := uitrain.Preflight{Samples: set.Train.Len(), Validation: length(set.Validation), TestSamples: length(set.Test)}
	if n, err := preflight.Parameters(recipe, set); err == nil {
		known.Parameters = n
	}
	if recipe.Transfer != nil {
		known.Parameters = j.trained()
	}
	p.view.ApplyPreflight(known, j.device())
	if j.live() {
		return // a trial beside a run would slow it and measure nothing
	}
	p.trial = async(p.s, func(ctx context.Context) (preflight.Estimate, error) {
		select { // a person who still types shall not start one trial a key
		case <-ctx.Done():
			return preflight.Estimate{}, ctx.Err()
		case <-time.After(400 * time.Millisecond):
		}
		return training.Estimate(ctx, recipe, set)
	}, func(e preflight.Estimate, err error) {
		p.trial = nil
		p.s.rest()
		if err != nil {
			return // the run itself will say what is wrong
		}
		known.Memory, known.Epoch, known.Total = e.Memory, e.Epoch, e.Total
		p.view.ApplyPreflight(known, j.device())
	})
}

// weigh counts the parameters of every model that fits the data.
func (p *trainPart) weigh() {
	j := p.s.jobs
	if p.view == nil || j.data == nil {
		return
	}
	set, recipe, models := j.data.set, j.recipe, j.models()
	async(p.s, func(context.Context) ([]uitrain.Model, error) {
		for i := range models {
			if models[i].Name == train.GivenName {
				continue
			}
			r := recipe
			if models[i].Name != r.Model.Name {
				var err error
				if r, err = (train.Recipe{Task: recipe.Task, Model: train.Model{Name: models[i].Name}}).Resolve(); err != nil {
					return nil, err
				}
			}
			n, err := preflight.Parameters(r, set)
			if err != nil {
				return nil, err
			}
			models[i].Parameters = n
		}
		return models, nil
	}, func(models []uitrain.Model, err error) {
		if err == nil && p.s.jobs.data != nil && p.s.jobs.data.set == set {
			p.view.ApplyParameters(models)
		}
	})
}

// endTrial stops a trial that is under way.
func (p *trainPart) endTrial() {
	if p.trial != nil {
		p.trial()
		p.trial = nil
	}
}
