package curves

import (
	"image"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// BatchView is the samples of a step as the screen shows them, the worst first.
type BatchView struct {
	Title   string
	Samples []SampleView
	Classes []string // that a sample can be relabelled to; empty in regression
	// Pending is how many changes wait to be trained with.
	Pending int
	// Live says that the run goes: what is excluded is left out from its next
	// epoch on.
	Live bool
}

// SampleView is one sample; Picture is nil for what is no picture.
type SampleView struct {
	Picture        image.Image
	Caption, Below string
	Changed        bool // relabelled or excluded already
}

// batchPanel shows a BatchView and what can be done with its samples.
type batchPanel struct {
	v      *View
	batch  BatchView
	chosen []int
	cells  []*widgets.Press
	relabel, exclude,
	open, undo, again *widgets.Button
}

// ApplyBatch shows the samples of a step below the charts.
func (v *View) ApplyBatch(b BatchView) {
	p := v.batch
	keep := p != nil && p.batch.Pending == b.Pending && p.batch.Title == b.Title && len(p.batch.Samples) == len(b.Samples)
	next := newBatchPanel(v, b)
	if keep {
		next.chosen = p.chosen
	}
	v.batch = next
	v.table.put(next.build())
	next.mark()
	v.body.Refresh()
}

func newBatchPanel(v *View, b BatchView) *batchPanel {
	p := &batchPanel{v: v, batch: b}
	button := func(key, icon string, do func()) *widgets.Button {
		return widgets.NewButtonWithIcon(v.book.T(key), look.Icon(icon), do)
	}
	p.open = button("curves.sample.open", "eye", func() { p.call(v.OnSampleOpen) })
	p.relabel = button("curves.sample.relabel", "text", p.classes)
	p.exclude = button("curves.sample.exclude", "minus", func() { p.call(v.OnSampleExclude) })
	p.undo = button("common.undo", "undo", func() {
		if v.OnSampleUndo != nil {
			v.OnSampleUndo()
		}
	})
	p.again = button("curves.sample.continue", "play", func() {
		if v.OnContinue != nil {
			v.OnContinue()
		}
	})
	p.again.Importance = widget.HighImportance
	return p
}

func (p *batchPanel) call(do func([]int)) {
	if do != nil && len(p.chosen) > 0 {
		do(slices.Clone(p.chosen))
	}
}

// classes opens the menu of classes a sample can have.
func (p *batchPanel) classes() {
	var items []*fyne.MenuItem
	for _, c := range p.batch.Classes {
		items = append(items, fyne.NewMenuItem(c, func() {
			if p.v.OnSampleRelabel != nil {
				p.v.OnSampleRelabel(slices.Clone(p.chosen), c)
			}
		}))
	}
	widgets.Menu(p.relabel, items...)
}

func (p *batchPanel) build() fyne.CanvasObject {
	closing := quiet("close", func() {
		p.v.batch = nil
		p.v.refreshTable()
	})
	head := widgets.Border(nil, nil, nil, closing, widgets.Strong(p.batch.Title).Truncate())
	row := widgets.Row(look.Gap)
	for i, s := range p.batch.Samples {
		cell := widgets.NewPress(widgets.Pad(sampleCell(s), 4), look.Surface, 6, func() { p.toggle(i) })
		p.cells = append(p.cells, cell)
		row.Add(cell)
	}
	actions := container.NewHBox(p.open, p.relabel, p.exclude, p.undo, p.again)
	return widgets.Panel(widgets.Border(head, actions, nil, nil, container.NewHScroll(row)))
}

func sampleCell(s SampleView) fyne.CanvasObject {
	caption := widgets.Body(s.Caption).Align(fyne.TextAlignCenter)
	below := widgets.Note(s.Below).Align(fyne.TextAlignCenter)
	if s.Picture == nil {
		return container.NewVBox(caption, below)
	}
	img := canvas.NewImageFromImage(s.Picture)
	img.FillMode, img.ScaleMode = canvas.ImageFillContain, canvas.ImageScalePixels
	img.SetMinSize(fyne.NewSize(52, 52))
	if s.Changed {
		img.Translucency = 0.6
	}
	return container.NewVBox(img, caption, below)
}

func (p *batchPanel) toggle(i int) {
	if k := slices.Index(p.chosen, i); k >= 0 {
		p.chosen = slices.Delete(p.chosen, k, k+1)
	} else {
		p.chosen = append(p.chosen, i)
	}
	p.mark()
}

// mark shows what is chosen and what can be done with it.
func (p *batchPanel) mark() {
	for i, c := range p.cells {
		c.Select(slices.Contains(p.chosen, i))
	}
	enable := func(b *widgets.Button, on bool) {
		if on {
			b.Enable()
		} else {
			b.Disable()
		}
	}
	enable(p.open, len(p.chosen) == 1)
	enable(p.relabel, len(p.chosen) > 0 && len(p.batch.Classes) > 0)
	enable(p.exclude, len(p.chosen) > 0)
	enable(p.undo, p.batch.Pending > 0)
	enable(p.again, p.batch.Pending > 0 && !p.batch.Live)
}
