package ui

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2/widget"

	"athanor/app/training"
	"athanor/pipeline/train"
	"athanor/ui/shell"
	uitrain "athanor/ui/train"
	"athanor/ui/widgets"
)

// remark says beside the settings what they choose of a network from a file.
func (p *trainPart) remark() {
	j, b := p.s.jobs, p.s.book
	pupil := j.looked()
	if p.view == nil || pupil == nil {
		return
	}
	t := *j.recipe.Transfer
	features := b.T("layers.features", pupil.Head.Width, pupil.Head.Feature)
	if t.Head {
		p.view.ApplyRemark(features, b.T("layers.head", pupil.Head.Outputs, len(j.data.set.Classes)), false)
		return
	}
	c, err := pupil.Choose(t)
	if err != nil {
		p.view.ApplyRemark(features, b.T("form.pattern"), true)
		return
	}
	first := b.T("layers.chosen", len(c.Chosen), c.Of, b.Count(c.Numbers))
	second, wrong := features, false
	switch {
	case len(c.Chosen) == 0:
		second, wrong = b.T("layers.nothing"), true
	case len(c.Idle) > 0:
		second, wrong = b.T("layers.idle", strings.Join(c.Idle, ", ")), true
	case len(c.Blocked) > 0:
		second, wrong = b.T("layers.blocked.by", strings.Join(c.Blocked, ", ")), true
	}
	p.view.ApplyRemark(first, second, wrong)
}

// showLayers lists the weights of the network that is taught, and takes patterns and
// a first layer from there.
func (p *trainPart) showLayers() {
	s, b := p.s, p.s.book
	pupil := s.jobs.looked()
	if pupil == nil {
		return
	}
	h := pupil.Head
	about := b.T("layers.about", h.Feature, h.Width, h.Node, h.Outputs)
	p.layers = uitrain.NewLayerList(b, about, p.weights(pupil))
	p.layers.OnOnly = func(pattern string) {
		p.teachLayers(func(t *train.Transfer) { t.From, t.Train = "", splitNames(pattern) })
	}
	p.layers.OnFreeze = func(pattern string) {
		p.teachLayers(func(t *train.Transfer) { t.Freeze = append(append([]string{}, t.Freeze...), splitNames(pattern)...) })
	}
	p.layers.OnFrom = func(node string) { p.teachLayers(func(t *train.Transfer) { t.From, t.Rank, t.Alpha = node, 0, 0 }) }
	var pop *widget.PopUp
	done := widgets.NewButton(b.T("common.close"), func() { pop.Hide() })
	done.Importance = widget.HighImportance
	pop = shell.Modal(s.window, "models", b.T("layers.title", filepath.Base(pupil.Path)), p.layers, done)
	pop.Show()
	s.window.Canvas().Focus(p.layers.First())
}

func splitNames(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", ，、", r) })
}

// teachLayers changes which layers are taught; a head alone becomes layers.
func (p *trainPart) teachLayers(change func(*train.Transfer)) {
	j := p.s.jobs
	pupil := j.looked()
	if pupil == nil {
		return
	}
	t := *j.recipe.Transfer
	t.Head, t.Hidden = false, nil
	change(&t)
	next := j.recipe
	next.Transfer = &t
	if j.recipe.Transfer.Head { // a head alone learns at another pace
		next.Optimizer, next.Train.Batch = train.Optimizer{}, 0
	}
	next, err := next.Resolve()
	if err != nil {
		p.s.fail(err)
		return
	}
	j.recipe = next
	p.setup()
	p.layers.Apply(p.weights(pupil))
}

// weights are those of the network that is taught, as the settings choose them.
func (p *trainPart) weights(pupil *training.Pupil) (list []uitrain.Weight) {
	t := *p.s.jobs.recipe.Transfer
	c, err := pupil.Choose(t)
	if t.Head || err != nil {
		c = training.Choice{}
	}
	for _, l := range pupil.Layers {
		for _, w := range l.Parts {
			list = append(list, uitrain.Weight{
				Name: w.Name, Node: l.Node, Kind: l.Operator, Shape: w.Shape, Numbers: w.Numbers, Trained: c.Chosen[w.Name], Blocked: l.Blocked,
			})
		}
	}
	return list
}
