package ui

import (
	"context"
	"fmt"
	"path/filepath"

	"athanor/app/evaluation"
	"athanor/app/explanation"
	"athanor/inference/model"
	"athanor/inference/serve"
	"athanor/pipeline/evaluate"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// alike looks for the training samples that are most alike, to the model, to the
// sample of the gallery that was chosen.
func (p *evaluatePart) alike(place int) {
	if p.kin != nil {
		p.kin()
	}
	g := p.gallery
	if place >= len(g.at) || g.set == nil {
		return
	}
	if p.open == nil {
		p.open = newOpenModel(p.s, p.chosen)
	}
	i, open := g.at[place], p.open
	k := kin{open: open, except: g.set.Name(i), encode: func(ctx context.Context, e *explanation.Explainer) ([]model.Sample, error) {
		return g.set.Encode(ctx, e.Model, i)
	}}
	tell := func(done, total int) {
		p.s.post(func() {
			if p.open == open {
				p.view.ApplyAlike(nil, p.s.book.T("try.alike.reading", p.s.book.Count(done), p.s.book.Count(total)))
			}
		})
	}
	p.kin = async(p.s, func(ctx context.Context) ([]widgets.Alike, error) { return k.alike(ctx, p.s, tell) }, func(list []widgets.Alike, err error) {
		note := ""
		if err != nil {
			note = describe(err, p.s.book).What
		}
		p.view.ApplyAlike(list, note)
	})
}

// temper fits a temperature on the validation part and keeps a copy of the model
// that divides by it.
func (p *evaluatePart) temper() {
	folder, request, b := p.s.opts.Paths.Models(), p.request(), p.s.book
	text := b.T("evaluate.tempering")
	p.view.ApplyBusy(text, 0, 1)
	if p.running != nil {
		p.running()
	}
	to := filepath.Join(folder, serve.NameOf(p.chosen)+"-calibrated.onnx")
	p.running = async(p.s, func(ctx context.Context) (evaluate.Temperature, error) {
		if err := makeFolder(folder); err != nil {
			return evaluate.Temperature{}, err
		}
		to = freeName(to)
		return evaluation.Calibrate(ctx, request, to, func(done, total int) { p.s.post(func() { p.view.ApplyBusy(text, done, total) }) })
	}, func(t evaluate.Temperature, err error) {
		p.view.ApplyBusy("", 0, 1)
		if err != nil {
			p.s.fail(err)
			return
		}
		p.s.toasts.Show(shell.Good, b.T("evaluate.tempered", fmt.Sprintf("%.2f", t.Value), b.Percent(t.ErrorBefore), b.Percent(t.ErrorAfter)), filepath.Base(to), nil)
		p.shown()
	})
}
