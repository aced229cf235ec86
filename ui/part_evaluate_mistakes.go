package ui

import (
	"cmp"
	"context"
	"image"
	"slices"

	"athanor/app/datasets"
	"athanor/app/evaluation"
	"athanor/inference/model"
	"athanor/pipeline/dataset/operation"
	"athanor/ui/evaluate"
	"athanor/ui/shell"
)

// mostShown is how many samples the gallery lists: more than a person looks at.
const mostShown = 600

// gallery is the samples that are shown, with what was done about them.
type gallery struct {
	set     *evaluation.Samples
	at      []int // sample of each place
	samples []evaluate.Sample
	steps   []int // places in the order they were changed
	doubts  []evaluation.Doubt
	doubted *evaluation.Samples
	fixable bool // the samples are of the part that training uses
}

// order fills the gallery.
func (p *evaluatePart) order(o evaluate.Order) {
	if p.outcome == nil {
		return
	}
	if o == evaluate.BySuspicion {
		p.suspect()
		return
	}
	losses, sure := p.outcome.Losses(), p.outcome.Confidences()
	list := make([]int, len(losses))
	for i := range list {
		list[i] = i
	}
	slices.SortStableFunc(list, func(a, b int) int {
		if o == evaluate.ByConfidence && sure != nil {
			return cmp.Compare(sure[b], sure[a])
		}
		return cmp.Compare(losses[b], losses[a])
	})
	g := gallery{set: p.outcome.Set(), doubts: p.gallery.doubts, doubted: p.gallery.doubted, fixable: p.outcome.Part != "test"}
	for _, i := range list {
		m := p.outcome.Mistake(i)
		if m.Label == m.Predicted || len(g.at) == mostShown {
			continue
		}
		g.at = append(g.at, i)
		note := p.s.book.Percent(m.Confidence)
		if sure == nil {
			note = p.s.book.Number(m.Loss)
		}
		g.samples = append(g.samples, evaluate.Sample{Label: m.Label, Answer: m.Predicted, Note: note, Text: m.Text})
	}
	p.gallery = g
	p.showGallery()
}

// suspect looks for wrong labels, once for a model.
func (p *evaluatePart) suspect() {
	if p.gallery.doubts != nil {
		p.showDoubts()
		return
	}
	text := p.s.book.T("evaluate.suspecting")
	p.view.ApplyBusy(text, 0, 1)
	if p.running != nil {
		p.running()
	}
	request := p.request()
	type found struct {
		list []evaluation.Doubt
		set  *evaluation.Samples
	}
	p.running = async(p.s, func(ctx context.Context) (found, error) {
		list, set, err := evaluation.Suspects(ctx, request, func(done, total int) {
			p.s.post(func() { p.view.ApplyBusy(text, done, total) })
		})
		return found{list[:min(len(list), mostShown)], set}, err
	}, func(f found, err error) {
		p.view.ApplyBusy("", 0, 1)
		if err != nil {
			p.s.fail(err)
			return
		}
		p.gallery.doubts, p.gallery.doubted = f.list, f.set
		p.showDoubts()
	})
}

func (p *evaluatePart) showDoubts() {
	g := gallery{set: p.gallery.doubted, doubts: p.gallery.doubts, doubted: p.gallery.doubted, fixable: true}
	for _, d := range g.doubts {
		g.at = append(g.at, d.Sample)
		g.samples = append(g.samples, evaluate.Sample{Label: d.Labelled, Answer: d.LooksLike, Note: p.s.book.Number(-d.Margin), Text: d.Text})
	}
	p.gallery = g
	p.showGallery()
}

func (p *evaluatePart) showGallery() {
	if p.gallery.set == nil || p.outcome == nil {
		return
	}
	g := &p.gallery
	p.view.ApplyMistakes(slices.Clone(g.samples), p.outcome.Labels(), p.outcome.Task == string(model.Image), len(g.steps))
}

// picture brings a sample's picture to the gallery.
func (p *evaluatePart) picture(place int) {
	g := p.gallery
	if place >= len(g.at) {
		return
	}
	async(p.s, func(ctx context.Context) (image.Image, error) { return g.set.Picture(ctx, g.at[place]) }, func(img image.Image, err error) {
		if err == nil && img != nil && p.gallery.set == g.set && place < len(p.gallery.at) && p.gallery.at[place] == g.at[place] {
			p.view.ApplyPicture(place, img)
		}
	})
}

// change keeps another label for a sample, or leaves it out, in what the studio
// keeps about its data; the data itself stays as it is.
func (p *evaluatePart) change(place int, class string) {
	g := &p.gallery
	if place >= len(g.at) {
		return
	}
	if !g.fixable {
		p.s.toasts.Show(shell.Plain, p.s.book.T("evaluate.test.fixed"), p.s.book.T("evaluate.test.fixed.why"), nil)
		return
	}
	op := operation.Operation{Kind: operation.Drop, Samples: []string{g.set.Name(g.at[place])}, Why: p.s.book.T("evaluate.why")}
	said := p.s.book.T("curves.sample.out")
	if class != "" {
		op.Kind, op.To, said = operation.Relabel, class, p.s.book.T("curves.sample.now", class)
	}
	p.keep(func(k *datasets.Kept) error { return k.Add(operation.List{op}) }, func() {
		g.samples[place].Changed = said
		g.steps = append(g.steps, place)
		p.view.ApplyChange(place, said, len(g.steps))
	})
}

// undo takes the last change back.
func (p *evaluatePart) undo() {
	g := &p.gallery
	if len(g.steps) == 0 {
		return
	}
	p.keep(func(k *datasets.Kept) error { _, err := k.Undo(); return err }, func() {
		place := g.steps[len(g.steps)-1]
		g.steps = g.steps[:len(g.steps)-1]
		g.samples[place].Changed = ""
		p.view.ApplyChange(place, "", len(g.steps))
	})
}

// keep changes what is kept about the data of the measured model.
func (p *evaluatePart) keep(change func(*datasets.Kept) error, then func()) {
	folder, path := p.s.opts.Paths.Datasets(), p.outcome.Data
	async(p.s, func(context.Context) (struct{}, error) {
		kept, err := datasets.Open(folder, path)
		if err == nil {
			err = change(kept)
		}
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		then()
	})
}

// retrain opens the data with the changes and goes to the training.
func (p *evaluatePart) retrain() {
	path := p.outcome.Data
	p.s.jobs.open(path, func() {
		p.s.Go(placeTrain)
		p.s.toasts.Show(shell.Good, p.s.book.T("evaluate.retrain.ready"), "", nil)
	})
}
