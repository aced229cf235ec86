package ui

import (
	"context"
	"image"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/operation"
	"athanor/ui/data"
	"athanor/ui/look"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// sampleDialog shows one sample large, with what can be done about it.
type sampleDialog struct {
	p       *dataPart
	name    string // of the sample, as operations name it
	class   int
	picture *canvas.Image
	popup   *widget.PopUp
}

// openSample shows cell i of the grid.
func (p *dataPart) openSample(i int) {
	o := p.s.jobs.data
	if o == nil || i >= len(p.rows) {
		return
	}
	feed, row := p.feed(), p.rows[i]
	d := &sampleDialog{p: p, name: strconv.Itoa(feed.Row(row)), class: feed.Class(row)}
	d.picture = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScalePixels}
	d.picture.SetMinSize(fyne.NewSquareSize(300))
	closing := widgets.NewButton(p.s.book.T("common.close"), d.close)
	d.popup = shell.Modal(p.s.window, "image", p.s.book.T("sample.title", p.s.book.Count(feed.Row(row)+1)), d.content(o), closing)
	d.popup.Show()
	p.s.window.Canvas().Focus(closing)
	async(p.s, func(ctx context.Context) (image.Image, error) { return data.Picture(ctx, feed, row, -1) }, func(img image.Image, err error) {
		if err == nil { // else the frame stays empty: Health says why
			d.picture.Image = img
			d.picture.Refresh()
		}
	})
}

func (d *sampleDialog) close() {
	d.popup.Hide()
	d.p.view.Grid().Unselect()
}

// content is the picture and, where samples have numbers, what changes them. The
// samples of a folder are files: their names are not known here.
func (d *sampleDialog) content(o *opened) fyne.CanvasObject {
	b := d.p.s.book
	label := ""
	if d.class >= 0 && d.class < len(o.set.Classes) {
		label = o.set.Classes[d.class]
	}
	facts := widgets.Column(look.Gap, widgets.NewFigureOf(b.T("sample.class"), label))
	if !isFolder(o.path) && o.set.Task == dataset.Image {
		classes := widgets.NewSelect(o.set.Classes, nil)
		classes.SetSelectedIndex(d.class)
		classes.OnChanged = func(to string) {
			d.change(operation.Operation{Kind: operation.Relabel, Samples: []string{d.name}, To: to})
		}
		drop := widgets.NewButtonWithIcon(b.T("sample.drop"), look.Icon("trash"), func() {
			d.change(operation.Operation{Kind: operation.Drop, Samples: []string{d.name}})
		})
		facts.Add(widgets.Column(2, widgets.Note(b.T("sample.relabel")), classes))
		facts.Add(drop)
		facts.Add(widgets.SmallParagraph(b.T("sample.about")))
	}
	return container.NewBorder(nil, nil, d.picture, nil, widgets.Pad(widgets.Width(facts, 180), 2*look.Gap))
}

// change keeps an operation and reads the data again.
func (d *sampleDialog) change(o operation.Operation) {
	d.close()
	s := d.p.s
	if err := s.jobs.data.kept.Add(operation.List{o}); err != nil {
		s.fail(err)
		return
	}
	d.p.reopen(func() { s.toasts.Show(shell.Good, s.book.T("sample.changed"), s.book.T("common.undo"), d.p.undo) })
}
