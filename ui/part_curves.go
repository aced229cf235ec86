package ui

import (
	"bytes"
	"context"
	"errors"
	"image"
	"path/filepath"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/curves"
	"athanor/app/project"
	"athanor/app/store"
	"athanor/pipeline/chart"
	uicurves "athanor/ui/curves"
	"athanor/ui/data"
	"athanor/ui/shell"
)

// curvesPart is the curves screen's link to the studio.
type curvesPart struct {
	s       *Studio
	view    *uicurves.View
	filter  string
	sort    string
	open    []*curves.Run // those that are looked at, in the order of the list
	asking  context.CancelFunc
	list    context.CancelFunc
	picking context.CancelFunc
	follow  context.CancelFunc
}

func (p *curvesPart) build() fyne.CanvasObject {
	p.view = uicurves.New(p.s.book, p.s.post)
	p.view.OnSelect = p.selectRuns
	p.view.OnOptions = func(curves.Options) { p.redraw() }
	p.view.OnFilter = func(filter, sort string) {
		p.filter, p.sort = filter, sort
		p.refresh()
	}
	p.view.OnNotes = func(dir string, n store.Notes) {
		if err := store.WriteNotes(dir, n); err != nil {
			p.s.fail(err)
		}
		p.refresh()
	}
	p.view.OnDelete = p.remove
	p.view.OnExport = p.export
	p.view.OnImport = func() { p.s.chooseFile(nil, p.bring) }
	p.view.OnPick = p.pick
	p.view.OnTrain = func() { p.s.Go(placeTrain) }
	return p.view
}

// followEvery is how often running runs are asked for new points.
const followEvery = 500 * time.Millisecond

func (p *curvesPart) shown() {
	p.refresh()
	p.redraw()
	ctx, cancel := context.WithCancel(p.s.ctx)
	p.follow = cancel
	go p.tick(ctx)
}

// tick looks for new points and runs while the screen is on; it runs on a
// goroutine of its own.
func (p *curvesPart) tick(ctx context.Context) {
	ticks := time.NewTicker(followEvery)
	defer ticks.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		p.s.post(func() {
			if ctx.Err() != nil {
				return
			}
			p.update()
			if n%4 == 3 {
				p.refresh()
			}
		})
	}
}

func (p *curvesPart) hidden() {
	if p.follow != nil {
		p.follow()
	}
}

// listed is the list of runs as it is on the disk.
type listed struct {
	infos []store.Info
	err   error // of the filter
}

// refresh reads the list of runs anew.
func (p *curvesPart) refresh() {
	if p.view == nil {
		return
	}
	if p.list != nil {
		p.list()
	}
	filter, sort, paths := p.filter, p.sort, p.s.opts.Paths
	p.list = async(p.s, func(ctx context.Context) (listed, error) { return readRuns(ctx, paths, filter, sort) },
		func(l listed, err error) {
			if err != nil {
				p.s.fail(err)
				return
			}
			p.view.ApplyRuns(l.infos, len(l.infos), l.err)
			if len(p.view.Selected()) == 0 && len(l.infos) > 0 && p.filter == "" {
				p.view.Select(l.infos[0].Dir)
			}
		})
}

// readRuns brings the index up to date and asks it.
func readRuns(ctx context.Context, paths project.Paths, text, sort string) (listed, error) {
	filter, bad := store.ParseFilter(text)
	if bad != nil {
		return listed{err: bad}, nil //nolint:nilerr // a filter half typed is shown beside its field
	}
	folders, err := project.RunFolders(paths)
	if err != nil {
		return listed{}, err
	}
	index, err := store.OpenIndex(paths.Index())
	if err != nil {
		return listed{}, err
	}
	var out listed
	for _, folder := range folders {
		if _, err := index.Sync(ctx, folder); err != nil {
			return listed{}, errors.Join(err, index.Close())
		}
		infos, err := index.Runs(ctx, folder, filter)
		if err != nil {
			return listed{}, errors.Join(err, index.Close())
		}
		out.infos = append(out.infos, infos...)
	}
	if text == "" {
		out.infos = slices.DeleteFunc(out.infos, func(i store.Info) bool { return i.Notes.Archived })
	}
	store.Sort(out.infos, sort)
	slices.SortStableFunc(out.infos, func(a, b store.Info) int { return stars(b) - stars(a) })
	return out, index.Close()
}

func stars(i store.Info) int {
	if i.Notes.Star {
		return 1
	}
	return 0
}

// selectRuns looks at other runs; those that stay keep their files open.
func (p *curvesPart) selectRuns(dirs []string) {
	kept := map[string]*curves.Run{}
	for _, r := range p.open {
		if slices.Contains(dirs, r.Curves.Dir()) {
			kept[r.Curves.Dir()] = r
			continue
		}
		_ = r.Close() // it was only read
	}
	p.draw(func() ([]*curves.Run, error) {
		var out []*curves.Run
		for _, dir := range dirs {
			if r := kept[dir]; r != nil {
				out = append(out, r)
				continue
			}
			r, err := curves.Open(dir)
			if errors.Is(err, store.ErrNotRun) {
				continue // it was deleted a moment ago
			}
			if err != nil {
				return out, err
			}
			out = append(out, r)
		}
		return out, nil
	})
}

// redraw builds the charts of the open runs anew.
func (p *curvesPart) redraw() {
	if p.view == nil || len(p.open) == 0 {
		return
	}
	runs := p.open
	p.draw(func() ([]*curves.Run, error) { return runs, nil })
}

// update draws anew if a run has new points.
func (p *curvesPart) update() {
	runs := p.open
	async(p.s, func(context.Context) (bool, error) {
		news := false
		for _, r := range runs {
			changed, err := r.Curves.Refresh()
			news = news || err == nil && changed // a run that was deleted keeps its last picture
		}
		return news, nil
	}, func(news bool, _ error) {
		if news {
			p.redraw()
		}
	})
}

// drawn is what a request for charts brings.
type drawn struct {
	runs   []*curves.Run
	shown  []curves.Shown
	groups [][]string
}

// draw opens runs and builds their charts off the UI goroutine; a newer request
// replaces an older one.
func (p *curvesPart) draw(open func() ([]*curves.Run, error)) {
	if p.asking != nil {
		p.asking()
	}
	options := p.view.Options()
	p.asking = async(p.s, func(ctx context.Context) (drawn, error) {
		runs, err := open()
		if err != nil {
			return drawn{runs: runs}, err
		}
		return buildCharts(ctx, runs, options)
	}, func(d drawn, err error) {
		p.open = d.runs
		if err != nil {
			p.s.fail(err)
			return
		}
		p.view.Apply(d.runs, d.shown, d.groups)
	})
}

// maxCharts bounds how many charts are built at once: a run that was brought in
// can have thousands of metrics.
const maxCharts = 24

func buildCharts(ctx context.Context, runs []*curves.Run, o curves.Options) (drawn, error) {
	d := drawn{runs: runs}
	for _, names := range curves.Charts(curves.Metrics(runs)) {
		if ctx.Err() != nil || len(d.groups) == maxCharts {
			break
		}
		shown, err := curves.Build(runs, names, o)
		if err != nil {
			return d, err
		}
		if len(shown.Spec.Lines) > 0 {
			d.shown, d.groups = append(d.shown, shown), append(d.groups, names)
		}
	}
	return d, ctx.Err()
}

// remove deletes a run and offers to undo it.
func (p *curvesPart) remove(dir string) {
	trashed, err := store.DeleteRun(dir)
	if err != nil {
		p.s.fail(err)
		return
	}
	p.view.Select(slices.DeleteFunc(p.view.Selected(), func(d string) bool { return d == dir })...)
	p.refresh()
	p.s.toasts.Show(shell.Good, p.s.book.T("curves.deleted", filepath.Base(dir)), p.s.book.T("common.undo"), func() {
		if _, err := store.RestoreRun(trashed); err != nil {
			p.s.fail(err)
		}
		p.refresh()
	})
}

// export saves a chart into the folder of runs' pictures and says where.
func (p *curvesPart) export(s chart.Spec, format string) {
	path := filepath.Join(p.s.opts.Paths.Data, "exports", "curves-"+time.Now().Format("20060102-150405")+"."+format)
	async(p.s, func(context.Context) (string, error) {
		var out bytes.Buffer
		if err := chart.Write(&out, s, format, 1000, 560); err != nil {
			return "", err
		}
		return path, store.WriteNew(path, out.Bytes())
	}, func(path string, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.s.toasts.Show(shell.Good, p.s.book.T("curves.saved", path), "", nil)
	})
}

// bring takes in runs from a file of another program.
func (p *curvesPart) bring(path string) {
	to := p.s.opts.Paths.Runs()
	async(p.s, func(ctx context.Context) ([]store.Imported, error) {
		return store.ImportPath(ctx, to, path, time.Now())
	}, func(got []store.Imported, err error) {
		if err != nil {
			p.s.fail(err)
		}
		var dirs []string
		for _, i := range got {
			dirs = append(dirs, i.Dir)
		}
		p.refresh()
		if len(dirs) > 0 {
			p.view.Select(dirs...)
		}
	})
}

// drop takes a dropped event file or folder of them.
func (p *curvesPart) drop(uris []fyne.URI) bool {
	if p.view == nil || p.s.place != placeCurves {
		return false
	}
	for _, u := range uris {
		p.bring(u.Path())
	}
	return true
}

// batchOf is the samples of a step with their pictures.
type batchOf struct {
	curves.Batch
	pictures []image.Image
}

// maxThumbs bounds how many samples of a batch are shown; the worst come first.
const maxThumbs = 64

// pick shows the samples of a step, the worst first.
func (p *curvesPart) pick(r *curves.Run, step int) {
	if p.picking != nil {
		p.picking()
	}
	p.picking = async(p.s, func(ctx context.Context) (batchOf, error) {
		b, err := curves.BatchOf(ctx, r, step)
		if err != nil {
			return batchOf{}, err
		}
		out := batchOf{Batch: b}
		for _, s := range b.Samples[:min(len(b.Samples), maxThumbs)] {
			picture, err := data.Picture(ctx, b.Set.Train, s.Row, -1)
			if err != nil && !errors.Is(err, data.ErrNoPicture) {
				return out, err
			}
			out.pictures = append(out.pictures, picture)
		}
		return out, nil
	}, func(b batchOf, err error) {
		if errors.Is(err, curves.ErrBatch) {
			p.s.toasts.Show(shell.Bad, p.s.book.T("curves.batch.none"), "", nil)
			return
		}
		if err != nil {
			p.s.fail(err)
			return
		}
		book := p.s.book
		var thumbs []fyne.CanvasObject
		for i, picture := range b.pictures {
			thumbs = append(thumbs, uicurves.Thumb(picture, b.Samples[i].Class, book.Number(b.Samples[i].Loss)))
		}
		p.view.ApplyBatch(book.T("curves.batch", book.Count(b.Step), b.Epoch, book.Number(b.Loss)), thumbs)
	})
}
