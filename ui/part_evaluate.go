package ui

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"

	"athanor/app/evaluation"
	"athanor/inference/model"
	"athanor/inference/remote"
	"athanor/ui/evaluate"
	"athanor/ui/try"
)

// evaluatePart is the evaluate screen's link to the studio.
type evaluatePart struct {
	s       *Studio
	view    *evaluate.View
	chosen  string
	data    string // chosen by a person, where the model does not name its own
	outcome *evaluation.Outcome
	running context.CancelFunc
	gallery gallery
	open    *openModel // for what is alike to a sample
	kin     context.CancelFunc
}

func (p *evaluatePart) build() fyne.CanvasObject {
	p.view = evaluate.New(p.s.book, p.s.post)
	p.view.OnModel = func(id string) {
		p.take(id)
		p.view.Apply(nil)
	}
	p.view.OnRun, p.view.OnReport, p.view.OnCompare = p.run, p.report, p.compare
	p.view.OnOrder, p.view.OnPicture = p.order, p.picture
	p.view.OnChange, p.view.OnUndo, p.view.OnRetrain = p.change, p.undo, p.retrain
	p.view.OnChoose, p.view.OnTemper = p.alike, p.temper
	p.view.Apply(p.outcome)
	p.showGallery()
	return p.view
}

// take makes another model the one to measure.
func (p *evaluatePart) take(path string) {
	p.sleep()
	p.chosen, p.data, p.outcome, p.gallery = path, "", nil, gallery{}
}

// sleep closes what explains the model; the next question opens it anew.
func (p *evaluatePart) sleep() {
	go p.open.close()
	p.open = nil
}

func (p *evaluatePart) shown() {
	p.s.listModels(func(list []try.Choice) {
		choices := make([]evaluate.Choice, 0, len(list))
		for _, c := range list {
			if c.Task != "" { // others do not say how samples enter
				choices = append(choices, evaluate.Choice{ID: c.ID, Name: c.Name})
			}
		}
		if len(choices) > 0 && !slices.ContainsFunc(choices, func(c evaluate.Choice) bool { return c.ID == p.chosen }) {
			p.chosen = choices[0].ID
		}
		p.view.ApplyModels(choices, p.chosen)
	})
}

func (p *evaluatePart) hidden() {}

// run measures the chosen model on the data it was trained with, on the part it
// never saw; of one that does not say what that was, a person chooses the data.
func (p *evaluatePart) run() {
	path := p.chosen
	if path == "" {
		return
	}
	async(p.s, func(context.Context) (model.Info, error) { return describeFile(path) }, func(info model.Info, err error) {
		switch {
		case err != nil:
			p.s.fail(err)
		case info.Recipe != "" || p.data != "":
			p.measure()
		case info.Task == model.Image:
			p.s.pickFolder(p.measureOn)
		default:
			p.s.chooseFile(nil, p.measureOn)
		}
	})
}

// measureOn measures on data that a person chose.
func (p *evaluatePart) measureOn(data string) {
	p.data = data
	p.measure()
}

// measure runs; a newer request cancels an older one.
func (p *evaluatePart) measure() {
	if p.running != nil {
		p.running()
	}
	text := p.s.book.T("evaluate.running")
	p.view.ApplyBusy(text, 0, 1)
	request := p.request()
	p.running = async(p.s, func(ctx context.Context) (evaluation.Outcome, error) {
		return evaluation.Run(ctx, request, func(done, total int) {
			p.s.post(func() { p.view.ApplyBusy(text, done, total) })
		})
	}, func(o evaluation.Outcome, err error) {
		p.view.ApplyBusy("", 0, 1)
		if err != nil {
			p.data = "" // perhaps it was the wrong one
			p.s.fail(err)
			return
		}
		p.outcome = &o
		p.view.Apply(p.outcome)
		p.order(evaluate.ByLoss)
	})
}

// request is what to measure, and with what.
func (p *evaluatePart) request() evaluation.Request {
	q := evaluation.Request{Model: p.chosen, Data: p.data, Device: p.s.prefs.Device}
	if chosen := p.chosen; remote.IsRef(chosen) {
		q.Open = func(ctx context.Context) (*model.Model, error) { return remote.OpenFile(ctx, chosen, model.Options{}) }
	}
	return q
}

// evaluateModel opens the evaluate screen with a model and measures it.
func (s *Studio) evaluateModel(path string) {
	if p, ok := s.parts[placeEvaluate].(*evaluatePart); ok {
		p.take(path)
		s.Go(placeEvaluate)
		p.run()
	}
}
