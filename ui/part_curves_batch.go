package ui

import (
	"context"
	"errors"
	"image"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"athanor/app/curves"
	"athanor/app/datasets"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/train"
	uicurves "athanor/ui/curves"
	"athanor/ui/data"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// batchOf is the samples of a step with their pictures, and what a person
// changed about them.
type batchOf struct {
	curves.Batch
	run      *curves.Run
	pictures []image.Image
	changed  map[int]string // by place: what became of the sample
	steps    [][]int        // places that were changed together
}

// maxThumbs bounds how many samples of a batch are shown; the worst come first.
const maxThumbs = 64

// pick shows the samples of a step, the worst first.
func (p *curvesPart) pick(r *curves.Run, step int) {
	if p.picking != nil {
		p.picking()
	}
	p.picking = async(p.s, func(ctx context.Context) (*batchOf, error) {
		b, err := curves.BatchOf(ctx, r, step)
		if err != nil {
			return nil, err
		}
		out := &batchOf{Batch: b, run: r, changed: map[int]string{}}
		for _, s := range b.Samples[:min(len(b.Samples), maxThumbs)] {
			picture, err := data.Picture(ctx, b.Set.Train, s.Row, -1)
			if err != nil && !errors.Is(err, data.ErrNoPicture) {
				return nil, err
			}
			out.pictures = append(out.pictures, picture)
		}
		return out, nil
	}, func(b *batchOf, err error) {
		if errors.Is(err, curves.ErrBatch) {
			p.s.toasts.Show(shell.Bad, p.s.book.T("curves.batch.none"), "", nil)
			return
		}
		if err != nil {
			p.s.fail(err)
			return
		}
		p.batch = b
		p.showBatch()
	})
}

// showBatch brings the batch to the screen.
func (p *curvesPart) showBatch() {
	b, book := p.batch, p.s.book
	v := uicurves.BatchView{
		Title: book.T("curves.batch", book.Count(b.Step), b.Epoch, book.Number(b.Loss)), Classes: b.Set.Classes,
		Pending: len(b.steps), Live: p.liveRun(b.run) != nil,
	}
	if b.Judge != nil {
		v.Title += " · " + book.T("curves.batch.judge", b.Judge.Epoch)
	}
	for i, picture := range b.pictures {
		s := b.Samples[i]
		view := uicurves.SampleView{Picture: picture, Caption: s.Class, Below: book.Number(s.Loss)}
		if s.Class == "" || picture == nil {
			view.Caption = "#" + s.Name + " " + s.Class
		}
		if s.Says != "" && s.Says != s.Class {
			view.Caption += " › " + s.Says
		}
		if what, ok := b.changed[i]; ok {
			view.Changed, view.Below = true, what
		}
		v.Samples = append(v.Samples, view)
	}
	p.view.ApplyBatch(v)
}

// liveRun is the session's run if it is the one on screen and still goes.
func (p *curvesPart) liveRun(r *curves.Run) *activeRun {
	run := p.s.jobs.run
	if run == nil || run.job == nil || !p.s.jobs.live() || run.job.Snapshot().Value.dir != r.Curves.Dir() {
		return nil
	}
	return run
}

// change keeps a change of the data set and shows it.
func (p *curvesPart) change(places []int, o operation.Operation, what string) {
	b := p.batch
	if b == nil {
		return
	}
	for _, i := range places {
		o.Samples = append(o.Samples, b.Samples[i].Name)
	}
	o.Why = p.s.book.T("curves.why", b.run.Info.Name, b.Step)
	folder, path := p.s.opts.Paths.Datasets(), b.Recipe.Data.Path
	async(p.s, func(context.Context) (struct{}, error) {
		kept, err := datasets.Open(folder, path)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, kept.Add(operation.List{o})
	}, func(_ struct{}, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		b.steps = append(b.steps, places)
		for _, i := range places {
			b.changed[i] = what
		}
		p.undos = append(p.undos, p.unchange)
		p.showBatch()
	})
}

func (p *curvesPart) relabel(places []int, class string) {
	p.change(places, operation.Operation{Kind: operation.Relabel, To: class}, p.s.book.T("curves.sample.now", class))
}

// exclude leaves samples out: of the data set, and of the run at once where it
// still goes.
func (p *curvesPart) exclude(places []int) {
	if b := p.batch; b != nil {
		if run := p.liveRun(b.run); run != nil {
			for _, i := range places {
				run.control.Exclude(b.Samples[i].Number)
			}
			p.s.toasts.Show(shell.Good, p.s.book.T("curves.sample.live"), "", nil)
		}
	}
	p.change(places, operation.Operation{Kind: operation.Drop}, p.s.book.T("curves.sample.out"))
}

// unchange takes the last change of the batch back.
func (p *curvesPart) unchange() {
	b := p.batch
	if b == nil || len(b.steps) == 0 {
		return
	}
	folder, path := p.s.opts.Paths.Datasets(), b.Recipe.Data.Path
	async(p.s, func(context.Context) (struct{}, error) {
		kept, err := datasets.Open(folder, path)
		if err == nil {
			_, err = kept.Undo()
		}
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		last := b.steps[len(b.steps)-1]
		b.steps = b.steps[:len(b.steps)-1]
		for _, i := range last {
			if !slices.ContainsFunc(b.steps, func(s []int) bool { return slices.Contains(s, i) }) {
				delete(b.changed, i)
			}
		}
		p.showBatch()
	})
}

// goOn forks the run before the batch with the data set as it is now.
func (p *curvesPart) goOn() {
	b := p.batch
	if b == nil || b.Judge == nil {
		return
	}
	p.forkForm(b.run, *b.Judge, func(r train.Recipe) train.Recipe {
		r.Data.Operations = "" // what is kept about the data set applies
		return r
	})
}

// openSample shows one sample large.
func (p *curvesPart) openSample(places []int) {
	b, book := p.batch, p.s.book
	if b == nil || len(places) == 0 || places[0] >= len(b.Samples) {
		return
	}
	s := b.Samples[places[0]]
	lines := []fyne.CanvasObject{
		widgets.Body(book.T("curves.sample.name", s.Name)), widgets.Body(book.T("curves.sample.loss", book.Number(s.Loss))),
	}
	if s.Class != "" {
		lines = append(lines, widgets.Body(book.T("curves.sample.class", s.Class)))
	}
	if s.Says != "" {
		lines = append(lines, widgets.Body(book.T("curves.sample.says", s.Says)))
	}
	body := widgets.Column(4, lines...)
	if picture := b.pictures[places[0]]; picture != nil {
		img := canvas.NewImageFromImage(picture)
		img.FillMode, img.ScaleMode = canvas.ImageFillContain, canvas.ImageScalePixels
		img.SetMinSize(fyne.NewSquareSize(300))
		body.Objects = append([]fyne.CanvasObject{img}, body.Objects...)
	}
	var pop *widget.PopUp
	closing := widgets.NewButton(book.T("common.close"), func() { pop.Hide() })
	pop = shell.Modal(p.s.window, "eye", book.T("curves.sample.title"), body, closing)
	pop.Show()
	p.s.window.Canvas().Focus(closing)
}
