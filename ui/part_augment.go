package ui

import (
	"context"
	"image"
	"math/rand/v2"

	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/augment"
	"athanor/ui/data"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// augmenting is the choice of augmentation on screen.
type augmenting struct {
	p      *dataPart
	set    *dataset.Set
	view   *data.Augmenter
	row    int
	cancel context.CancelFunc
}

// chooseAugment shows the switches with a live preview.
func (p *dataPart) chooseAugment() {
	s, o := p.s, p.s.jobs.data
	if o == nil || o.set.Task != dataset.Image {
		return
	}
	now, err := augment.Parse(s.jobs.recipe.Data.Augment)
	if err != nil {
		s.fail(err)
	}
	if now == nil {
		now = &augment.Picture{}
	}
	a := &augmenting{p: p, set: o.set, view: data.NewAugmenter(s.book, *now)}
	a.view.OnChange, a.view.OnNext = a.preview, func() { a.next(a.changes()) }
	var popup *widget.PopUp
	cancel := widgets.NewButton(s.book.T("common.cancel"), func() { popup.Hide() })
	use := widgets.NewButton(s.book.T("augment.use"), func() {
		popup.Hide()
		p.setAugment(a.view.List())
	})
	use.Importance = widget.HighImportance
	popup = shell.Modal(s.window, "wand", s.book.T("augment.title"), widgets.Width(a.view, 700), cancel, use)
	popup.Show()
	a.next(*now)
}

func (a *augmenting) changes() augment.Picture {
	p, err := augment.Parse(a.view.List())
	if err != nil || p == nil {
		return augment.Picture{}
	}
	return *p
}

// next takes another sample.
func (a *augmenting) next(p augment.Picture) {
	a.row = rand.IntN(max(a.set.Train.Len(), 1))
	a.preview(p)
}

// preview draws the sample nine times; a newer request cancels an older one.
func (a *augmenting) preview(p augment.Picture) {
	if a.cancel != nil {
		a.cancel()
	}
	feed, row := a.set.Train, a.row
	a.cancel = async(a.p.s, func(ctx context.Context) ([]image.Image, error) { return data.Augmented(ctx, feed, row, p) },
		func(versions []image.Image, err error) {
			if err != nil {
				a.p.s.fail(err)
				return
			}
			a.view.Apply(versions)
		})
}

// setAugment makes list the next run's augmentation.
func (p *dataPart) setAugment(list string) {
	p.s.jobs.recipe.Data.Augment = orNone(list) // nothing at all would mean the usual changes
	p.showAugment()
	p.s.trainPart().setup()
}

// showAugment says what the next run does to its samples.
func (p *dataPart) showAugment() {
	if p.view == nil || p.s.jobs.data == nil {
		return
	}
	text := p.s.book.T("augment.off")
	if list := p.s.jobs.recipe.Data.Augment; list != "" && list != "none" {
		text = p.s.book.T("augment.on", p.augmentWords(list))
	}
	p.view.ApplyAugment(text, p.s.jobs.data.set.Task == dataset.Image)
}

// augmentWords names the changes of a list in the person's language.
func (p *dataPart) augmentWords(list string) string {
	now, err := augment.Parse(list)
	if err != nil || now == nil {
		return list
	}
	text := ""
	for _, s := range now.Settings() {
		if s.Value == 0 {
			continue
		}
		if text != "" {
			text += p.s.book.T("common.comma")
		}
		text += p.s.book.T("augment.by." + s.Name)
	}
	return text
}
