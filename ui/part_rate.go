package ui

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2/widget"

	"athanor/app/message"
	"athanor/app/training"
	"athanor/pipeline/train"
	"athanor/ui/shell"
	uitrain "athanor/ui/train"
	"athanor/ui/widgets"
)

// rateSteps is how many rates a search tries.
const rateSteps = 120

// rateSearch is a search for a learning rate that is on screen.
type rateSearch struct {
	s      *Studio
	finder *uitrain.Finder
	popup  *widget.PopUp
	use    *widgets.Button
	cancel context.CancelFunc
	rate   float64
}

// findRate looks for a learning rate for the settings as they are and shows how.
func (p *trainPart) findRate() {
	s, j := p.s, p.s.jobs
	if j.data == nil {
		s.Go(placeData)
		return
	}
	if j.live() {
		s.toasts.Show(shell.Plain, s.book.T("rate.busy"), "", nil)
		return
	}
	p.endTrial()
	r := &rateSearch{s: s, finder: uitrain.NewFinder(s.book, s.post)}
	p.search = r
	r.use = widgets.NewButton(s.book.T("rate.use"), func() { r.take(p) })
	r.use.Importance = widget.HighImportance
	r.use.Disable()
	closing := widgets.NewButton(s.book.T("common.close"), r.close)
	r.popup = shell.Modal(s.window, "wand", s.book.T("rate.title"), widgets.Width(r.finder, 620), closing, r.use)
	r.popup.Show()
	r.begin(j.recipe)
}

func (r *rateSearch) begin(recipe train.Recipe) {
	s := r.s
	r.cancel = async(s, func(ctx context.Context) (train.Rates, error) {
		var points []train.RatePoint
		last := time.Now()
		return training.FindRate(ctx, recipe, train.RateSearch{Steps: rateSteps}, func(p train.RatePoint) {
			points = append(points, p)
			if time.Since(last) < 150*time.Millisecond {
				return
			}
			last = time.Now()
			shown := slices.Clip(points)
			s.post(func() { r.show(shown) })
		})
	}, func(found train.Rates, err error) {
		if err != nil {
			r.finder.Done(found, message.Of(err, string(s.book.Language())).What)
			return
		}
		r.rate = found.Suggested
		r.finder.Done(found, "")
		r.use.Enable()
	})
}

// show brings points to the screen; a search whose dialog was closed by Esc ends.
func (r *rateSearch) show(points []train.RatePoint) {
	if !r.popup.Visible() {
		r.cancel()
		return
	}
	r.finder.Apply(points, rateSteps)
}

func (r *rateSearch) close() {
	r.cancel()
	r.popup.Hide()
}

// take makes the suggested rate the next run's.
func (r *rateSearch) take(p *trainPart) {
	r.close()
	r.s.jobs.recipe.Optimizer.LearningRate = train.RoundRate(r.rate)
	p.setup()
}
