package ui

import (
	"bytes"
	"context"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/pipeline/train"
	"athanor/ui/shell"
	uitrain "athanor/ui/train"
	"athanor/ui/widgets"
)

// trainPart is the train screen's link to the studio.
type trainPart struct {
	s        *Studio
	view     *uitrain.View
	loss     *uitrain.Plot
	accuracy *uitrain.Plot
	points   int
	charted  bool
	bundle   *bundle   // charts and figures of one moment
	told     bool      // with the moment before, figures were told, too
	next     time.Time // when the next moment may be shown
	trial    context.CancelFunc
	search   *rateSearch // the newest search for a learning rate
	writing  context.CancelFunc
	layers   *uitrain.LayerList // the newest
}

func (p *trainPart) build() fyne.CanvasObject {
	j := p.s.jobs
	p.view = uitrain.New(p.s.book)
	p.view.OnStart = func(r train.Recipe) {
		j.recipe = r
		j.begin()
	}
	p.view.OnFile, p.view.OnExplain, p.view.OnLayers = j.chooseSettingFile, p.s.tips.Show, p.showLayers
	p.view.OnPause, p.view.OnStop, p.view.OnDiscard = j.pause, j.stop, j.discard
	p.view.OnResume = func() { p.s.resumeRun(p.s.jobs.snapshotDir()) }
	p.view.OnModel = j.choose
	p.view.OnChange = func(r train.Recipe) {
		j.recipe = r
		p.view.SetCommand(p.command())
		if r.Transfer != nil {
			p.weigh()
			p.remark()
		}
		p.preflight()
		j.refreshStatus()
	}
	p.view.OnCopy = p.copyCommand
	p.view.OnData = func() { p.s.Go(placeData) }
	p.view.OnTry = func() { p.s.Go(placeTry) }
	p.view.OnFind, p.view.OnCell = p.findRate, p.openCell
	p.view.OnMove = func(id, place int) { j.queue.Move(id, place) }
	p.view.OnRemove = func(id int) { j.queue.Remove(id) }
	p.bundle = &bundle{post: p.s.post}
	p.loss, p.accuracy = uitrain.NewPlot(p.bundle.add), uitrain.NewPlot(p.bundle.add)
	p.loss.View.OnDrawn = p.s.meter.drawn
	uitrain.Link(p.loss, p.accuracy)
	for _, plot := range []*uitrain.Plot{p.loss, p.accuracy} {
		plot.OnSave, plot.OnCopy = p.savePlot, p.copyPlot
	}
	p.charted, p.points = false, 0
	p.setup()
	p.apply(j.snapshot, j.curves)
	p.applyQueue(j.waiting)
	return p.view
}

func (p *trainPart) shown()  { p.redraw() }
func (p *trainPart) hidden() {}

// opening says that data are on their way.
func (p *trainPart) opening(path string) {
	if p.view != nil {
		p.view.ApplyOpening(p.s.book.T("data.opening", filepath.Base(path)))
	}
}

// setup shows what can be trained and how.
func (p *trainPart) setup() {
	if p.view == nil {
		return
	}
	j := p.s.jobs
	p.view.ApplySetup(uitrain.Setup{
		Data: j.title(), Models: j.models(), Recipe: j.recipe, Defaults: j.defaults, Command: p.command(), Layers: j.starts(), Matrices: j.matrices(),
	})
	p.remark()
	p.weigh()
	p.preflight()
	j.refreshStatus()
}

// apply shows a run; off screen nothing is drawn.
func (p *trainPart) apply(s uitrain.Snapshot, c uitrain.Curves) {
	if p.view == nil {
		p.s.jobs.refreshStatus()
		return
	}
	between := p.pace()
	p.next = p.next.Add(between)
	if now := time.Now(); p.next.Before(now.Add(-between)) || p.next.After(now.Add(between)) {
		p.next = now.Add(between) // after a break it begins anew
	}
	if !p.charted && s.Phase != uitrain.Idle {
		p.charted = true
		p.view.SetCharts(p.loss, p.accuracy)
	}
	if c.Points() == p.points || p.s.place != placeTrain {
		p.tell()
		return
	}
	p.points = c.Points()
	p.bundle.begin(2, p.tellInTurn)
	p.redraw()
}

// tellInTurn tells the news with every second moment of a run that goes: nobody reads
// figures five times a second, and each of their texts is written anew.
func (p *trainPart) tellInTurn() {
	if p.told = !p.told || p.s.jobs.snapshot.Phase != uitrain.Running; p.told {
		p.tell()
	}
}

// tell shows the newest news of the run in figures and in the status bar.
func (p *trainPart) tell() {
	p.view.Apply(p.s.jobs.snapshot)
	p.s.jobs.refreshStatus()
}

// pace is the time from one moment of a run on screen to the next, on average:
// every one draws the whole window anew, at the cost of the network that learns.
// Other screens only show it in the status bar.
func (p *trainPart) pace() time.Duration {
	if p.s.place != placeTrain {
		return 500 * time.Millisecond
	}
	return 170 * time.Millisecond
}

// due reports whether another moment of a run may be shown.
func (p *trainPart) due() bool { return !time.Now().Before(p.next) }

// applyQueue shows the waiting runs.
func (p *trainPart) applyQueue(list []uitrain.Waiting) {
	if p.view != nil {
		p.view.ApplyQueue(list)
	}
}

// redraw draws the curves of the run.
func (p *trainPart) redraw() {
	c := p.s.jobs.curves
	if p.view == nil || c.Points() == 0 {
		return
	}
	b, theme := p.s.book, widgets.ChartTheme()
	names := [2]string{b.T("train.on_train"), b.T("train.on_validation")}
	p.loss.Draw(c.LossSpec(names, theme))
	p.accuracy.Draw(c.AccuracySpec(names, theme))
}

// command is the command line that does the same run. Where flags cannot say
// everything it names a recipe, which is written so that the line works as it stands.
func (p *trainPart) command() string {
	j := p.s.jobs
	if j.data == nil {
		return ""
	}
	recipe, path := j.recipe, recipePath(p.s.opts.Paths.Data)
	c := commandLine(recipe, j.data.kept, j.looked(), path)
	if p.writing != nil {
		p.writing()
	}
	if !c.whole {
		p.writing = async(p.s, func(ctx context.Context) (struct{}, error) { return struct{}{}, writeSoon(ctx, path, recipe) },
			func(_ struct{}, err error) { p.s.fail(err) })
	}
	return c.line
}

// writeSoon writes a recipe unless another is to be written first.
func writeSoon(ctx context.Context, path string, r train.Recipe) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(300 * time.Millisecond):
	}
	return writeRecipe(path, r)
}

// copyCommand copies the command, and writes the recipe that it names first.
func (p *trainPart) copyCommand(string) {
	j, path := p.s.jobs, recipePath(p.s.opts.Paths.Data)
	if j.data != nil && !commandLine(j.recipe, j.data.kept, j.looked(), path).whole {
		if err := writeRecipe(path, j.recipe); err != nil {
			p.s.fail(err)
			return
		}
	}
	p.s.copyText(p.command())
}

// savePlot asks where a chart shall be written, and writes it.
func (p *trainPart) savePlot(spec chart.Spec, format string) {
	s := p.s
	name := spec.Title
	if run := s.jobs.run; run != nil {
		name = run.name + " " + name
	}
	s.chooseSave(store.SafeName(name)+"."+format, func(path string) {
		async(s, func(context.Context) (struct{}, error) {
			var out bytes.Buffer
			if err := chart.Write(&out, spec, format, 1000, 560); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, store.WriteFile(path, out.Bytes())
		}, func(_ struct{}, err error) {
			if err != nil {
				s.fail(err)
				return
			}
			s.toasts.Show(shell.Good, s.book.T("curves.saved", path), "", nil)
		})
	})
}

// copyPlot puts every point of a chart on the clipboard.
func (p *trainPart) copyPlot(spec chart.Spec) {
	async(p.s, func(context.Context) (string, error) {
		var out bytes.Buffer
		err := chart.Write(&out, spec, "csv", 0, 0)
		return out.String(), err
	}, func(text string, err error) {
		if err != nil {
			p.s.fail(err)
			return
		}
		p.s.copyText(text)
	})
}
