package ui

import (
	"context"
	"path/filepath"

	"athanor/app/evaluation"
	"athanor/ui/shell"
)

// compare measures models on the same samples.
func (p *evaluatePart) compare(ids []string) {
	if p.running != nil {
		p.running()
	}
	text := p.s.book.T("evaluate.comparing")
	p.view.ApplyBusy(text, 0, 1)
	request := evaluation.Request{Device: p.s.prefs.Device}
	p.running = async(p.s, func(ctx context.Context) (evaluation.Comparison, error) {
		return evaluation.Compare(ctx, ids, request, func(done, total int) {
			p.s.post(func() { p.view.ApplyBusy(text, done, total) })
		})
	}, func(c evaluation.Comparison, err error) {
		p.view.ApplyBusy("", 0, 1)
		if err != nil {
			p.s.fail(err)
			return
		}
		p.view.ApplyComparison(&c)
	})
}

// report leaves the outcome as one page beside the model.
func (p *evaluatePart) report() {
	o := p.outcome
	if o == nil {
		return
	}
	path := filepath.Join(filepath.Dir(o.Model), "evaluation.html")
	language := string(p.s.book.Language())
	async(p.s, func(ctx context.Context) (struct{}, error) { return struct{}{}, o.WriteReport(ctx, path, language) }, func(_ struct{}, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.s.toasts.Show(shell.Good, p.s.book.T("evaluate.report.done"), path, nil)
	})
}
