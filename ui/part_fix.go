package ui

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"athanor/app/datasets"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/health"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
	"athanor/ui/data"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// showChanges says what can be changed about the open data.
func (p *dataPart) showChanges() {
	o, r := p.s.jobs.data, p.s.jobs.recipe
	c := data.Changes{
		Undo: len(o.kept.Operations()) > 0, Redo: len(o.kept.Undone()) > 0,
		Columns: o.set.Task != dataset.Image && !isFolder(o.path),
	}
	if o.path != source.Digits || o.set.Test != nil {
		c.Validation = r.Data.Validation
	}
	p.view.ApplyChanges(c)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// fix applies what mends a finding, and offers to take it back. The source stays
// as it is.
func (p *dataPart) fix(f health.Finding) {
	s, o := p.s, p.s.jobs.data
	if err := o.kept.Add(f.Fix); err != nil {
		s.fail(err)
		return
	}
	p.reopen(func() {
		s.toasts.Show(shell.Good, s.book.T("data.fixed", f.Title(string(s.book.Language()))), s.book.T("common.undo"), p.undo)
	})
}

// undo takes the last change of the data back.
func (p *dataPart) undo() { p.takeBack((*datasets.Kept).Undo, "data.undone") }

// redo applies it again.
func (p *dataPart) redo() { p.takeBack((*datasets.Kept).Redo, "data.redone") }

func (p *dataPart) takeBack(back func(*datasets.Kept) (operation.List, error), said string) {
	s, o := p.s, p.s.jobs.data
	if o == nil {
		return
	}
	_, err := back(o.kept)
	if errors.Is(err, datasets.ErrNothing) {
		return
	}
	if err != nil {
		s.fail(err)
		return
	}
	p.reopen(func() { s.toasts.Show(shell.Plain, s.book.T(said), "", nil) })
}

// reopen reads the data again, as they are decided about now; the settings of
// the next run stay.
func (p *dataPart) reopen(then func()) {
	j := p.s.jobs
	recipe := j.recipe
	j.open(j.data.path, func() {
		kept := j.recipe.Data
		j.recipe = recipe
		j.recipe.Data.Operations, j.recipe.Data.Label, j.recipe.Data.Text, j.recipe.Data.Group = kept.Operations, kept.Label, kept.Text, kept.Group
		j.recipe.Data.Roles, j.recipe.Data.Separator, j.recipe.Data.Charset, j.recipe.Data.Header = kept.Roles, kept.Separator, kept.Charset, kept.Header
		if string(j.data.set.Task) != recipe.Task {
			j.recipe = j.defaults // other columns made another task of it
		}
		p.s.trainPart().setup()
		then()
	})
}

// columns asks again how the table is read.
func (p *dataPart) columns() {
	if o := p.s.jobs.data; o != nil {
		p.s.askColumns(o.path, true, func() { p.reopen(func() {}) })
	}
}

// split changes how many samples validate.
func (p *dataPart) split(validation float64) {
	if p.s.jobs.data == nil || p.s.jobs.recipe.Data.Validation == validation {
		return
	}
	p.s.jobs.recipe.Data.Validation = validation
	p.reopen(func() {})
}

// samples shows what a finding names: pictures where they are files, else names.
func (p *dataPart) samples(f health.Finding) {
	s, o := p.s, p.s.jobs.data
	var popup *widget.PopUp
	closing := widgets.NewButton(s.book.T("common.close"), func() { popup.Hide() })
	content, wide := namesOf(f.Samples), float32(560)
	switch numbers, ok := numbersOf(f.Samples); {
	case o.set.Task == dataset.Image && isFolder(o.path):
		content = p.thumbs(o.path, f.Samples)
	case o.set.Task == dataset.Image && ok:
		content = p.numbered(numbers)
	case ok:
		if config, err := o.kept.Config(); err == nil {
			content, wide = s.rowsView(config, numbers), 760
		}
	}
	popup = shell.Modal(s.window, "data", f.Title(string(s.book.Language())), widgets.Width(widgets.Height(content, 320), wide), closing)
	popup.Show()
	s.window.Canvas().Focus(closing)
}

func namesOf(list []string) fyne.CanvasObject {
	return widgets.NewList(func() int { return len(list) }, func() fyne.CanvasObject { return widgets.Note("").Mono().Truncate() },
		func(i int, o fyne.CanvasObject) {
			if t, ok := o.(*widgets.Text); ok {
				t.Set(list[i])
			}
		})
}

// thumbs shows files of a folder as pictures; what cannot be read shows its name.
func (p *dataPart) thumbs(folder string, list []string) fyne.CanvasObject {
	grid := widgets.NewGrid(84)
	grid.Load = func(i int) {
		name := list[i]
		async(p.s, func(context.Context) (image.Image, error) {
			picture, err := readPicture(filepath.Join(folder, filepath.FromSlash(name)))
			if err != nil {
				return nil, err
			}
			return data.Thumbnail(picture, thumbSide), nil
		}, func(picture image.Image, err error) {
			grid.Put(i, widgets.Thumb{Picture: picture, Caption: name, Bad: err != nil})
		})
	}
	grid.SetCount(len(list))
	return grid
}

// numbered shows samples by their numbers in the source as pictures.
func (p *dataPart) numbered(numbers []int) fyne.CanvasObject {
	type place struct {
		feed dataset.Feed
		row  int
	}
	set, places := p.s.jobs.data.set, map[int]place{}
	for _, feed := range []dataset.Feed{set.Train, set.Validation, set.Test} {
		for row := range length(feed) {
			places[feed.Row(row)] = place{feed, row}
		}
	}
	grid := widgets.NewGrid(84)
	grid.Load = func(i int) {
		at, ok := places[numbers[i]]
		async(p.s, func(ctx context.Context) (image.Image, error) {
			if !ok {
				return nil, errors.ErrUnsupported // a sample that was left out
			}
			return data.Picture(ctx, at.feed, at.row, -1)
		}, func(picture image.Image, err error) {
			grid.Put(i, widgets.Thumb{Picture: picture, Caption: "#" + p.s.book.Count(numbers[i]+1), Bad: err != nil})
		})
	}
	grid.SetCount(len(numbers))
	return grid
}
