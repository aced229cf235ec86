package ui

import (
	"context"
	"errors"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/curves"
	"athanor/app/project"
	"athanor/app/store"
	"athanor/pipeline/train"
	uicurves "athanor/ui/curves"
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
	batch   *batchOf
	forking []forking
	undos   []func() // what Ctrl+Z takes back, the last one first
	board   *curves.Board
}

func (p *curvesPart) build() fyne.CanvasObject {
	p.view = uicurves.New(p.s.book, p.s.post)
	p.view.OnSelect = p.selectRuns
	p.view.OnOptions = func(curves.Options) { p.redraw() }
	p.view.OnFilter = func(filter, sort string) {
		p.filter, p.sort = filter, sort
		p.refresh()
	}
	p.view.OnNotes = p.note
	p.view.OnDelete = p.remove
	p.view.OnExport = p.export
	p.view.OnImport = func() { p.s.chooseFile(nil, p.bring) }
	p.view.OnPick = p.pick
	p.view.OnTrain = func() { p.s.Go(placeTrain) }
	p.wire()
	return p.view
}

// note changes a run's star, archive mark, tags, colour, title or note; it can be
// taken back.
func (p *curvesPart) note(dir string, n store.Notes) {
	before, err := store.ReadInfo(dir)
	if err != nil {
		p.s.fail(err)
		return
	}
	p.undos = append(p.undos, func() { p.keepNotes(dir, before.Notes) })
	p.keepNotes(dir, n)
}

func (p *curvesPart) keepNotes(dir string, n store.Notes) {
	if err := store.WriteNotes(dir, n); err != nil {
		p.s.fail(err)
	}
	p.refresh()
	p.reopen(dir)
}

// wire connects what the screen wishes beyond looking at runs.
func (p *curvesPart) wire() {
	v := p.view
	v.OnCurrent, v.OnFork = p.listSnapshots, p.askFork
	v.OnTry = func(r *curves.Run, s train.Snapshot) { p.rewind(r, s, p.s.tryModel) }
	v.OnEvaluate = func(r *curves.Run, s train.Snapshot) { p.rewind(r, s, p.s.evaluateModel) }
	v.OnBoard, v.OnCombine = p.rearranged, p.combine
	v.OnWrite = p.write
	v.OnSide = p.exportSide
	v.OnSampleOpen, v.OnSampleExclude, v.OnSampleRelabel = p.openSample, p.exclude, p.relabel
	v.OnSampleUndo, v.OnContinue = p.undo, p.goOn
	if p.board == nil {
		b, err := curves.LoadBoard(p.boardPath())
		if err != nil {
			p.s.fail(err)
		}
		p.board = &b
	}
	v.SetBoard(*p.board)
}

// followEvery is how often running runs are asked for new points.
const followEvery = 500 * time.Millisecond

func (p *curvesPart) shown() {
	if len(p.view.Selected()) == 0 && len(p.open) > 0 { // the screen was made anew
		var dirs []string
		for _, r := range p.open {
			dirs = append(dirs, r.Curves.Dir())
		}
		p.view.Select(dirs...)
	}
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
			p.showForks()
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
			p.listSnapshots(p.view.Current())
		}
	})
}

// reopen reads a run anew whose notes were changed.
func (p *curvesPart) reopen(dir string) {
	if !slices.ContainsFunc(p.open, func(r *curves.Run) bool { return r.Curves.Dir() == dir }) {
		return
	}
	before := slices.Clone(p.open)
	p.draw(func() ([]*curves.Run, error) {
		runs := slices.Clone(before)
		for i, r := range runs {
			if r.Curves.Dir() != dir {
				continue
			}
			again, err := curves.Open(dir)
			if err != nil {
				return before, err
			}
			runs[i] = again
			_ = r.Close() // it was only read
		}
		return runs, nil
	})
}

// drawn is what a request for charts brings.
type drawn struct {
	runs   []*curves.Run
	charts []uicurves.Chart
}

// draw opens runs and builds their charts off the UI goroutine; a newer request
// replaces an older one.
func (p *curvesPart) draw(open func() ([]*curves.Run, error)) {
	if p.asking != nil {
		p.asking()
	}
	options, board := p.view.Options(), p.view.Board()
	p.asking = async(p.s, func(ctx context.Context) (drawn, error) {
		runs, err := open()
		if err != nil {
			return drawn{runs: runs}, err
		}
		return buildCharts(ctx, runs, options, board)
	}, func(d drawn, err error) {
		p.open = d.runs
		if err != nil {
			p.s.fail(err)
			return
		}
		p.view.Apply(d.runs, d.charts)
	})
}

// maxCharts bounds how many charts are built at once: a run that was brought in
// can have thousands of metrics.
const maxCharts = 24

func buildCharts(ctx context.Context, runs []*curves.Run, o curves.Options, b curves.Board) (drawn, error) {
	d := drawn{runs: runs}
	build := func(of []*curves.Run, names []string, title string) error {
		if ctx.Err() != nil || len(d.charts) == maxCharts {
			return ctx.Err()
		}
		shown, err := curves.Build(of, names, o)
		if err == nil && len(shown.Spec.Lines) > 0 {
			d.charts = append(d.charts, uicurves.Chart{Names: names, Title: title, Shown: shown})
		}
		return err
	}
	for _, names := range b.Arrange(curves.Metrics(runs)) {
		if !b.ByRun {
			if err := build(runs, names, curves.ChartKey(names)); err != nil {
				return d, err
			}
			continue
		}
		for _, r := range runs {
			if err := build([]*curves.Run{r}, names, r.Info.Name+" · "+curves.ChartKey(names)); err != nil {
				return d, err
			}
		}
	}
	return d, ctx.Err()
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
