package ui

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"fyne.io/fyne/v2/widget"

	"athanor/app/curves"
	"athanor/app/training"
	"athanor/pipeline/train"
	uicurves "athanor/ui/curves"
	"athanor/ui/shell"
	"athanor/ui/widgets"
)

// listSnapshots shows what the run on screen keeps.
func (p *curvesPart) listSnapshots(r *curves.Run) {
	if r == nil {
		p.view.ApplySnapshots(nil, nil)
		return
	}
	async(p.s, func(context.Context) ([]train.Snapshot, error) { return train.Snapshots(r.Curves.Dir()) },
		func(list []train.Snapshot, err error) {
			if err == nil && p.view.Current() == r { // a run that was deleted keeps nothing
				p.view.ApplySnapshots(r, list)
			}
		})
}

// rewind makes a model of a snapshot and hands it on.
func (p *curvesPart) rewind(r *curves.Run, snapshot train.Snapshot, then func(path string)) {
	s, b := p.s, p.s.book
	var cancel context.CancelFunc
	wait := shell.ShowWait(s.window, b, b.T("curves.rewind.wait", r.Info.Name, snapshot.Epoch), func() { cancel() })
	progress := func(done, total int) {
		s.post(func() {
			wait.Set(float64(done)/float64(max(total, 1)), b.T("data.opening", r.Info.Recipe["data.path"]))
		})
	}
	dir, version := r.Curves.Dir(), s.opts.Version
	cancel = async(s, func(ctx context.Context) (string, error) {
		return training.Rewind(ctx, dir, snapshot, version, progress)
	},
		func(path string, err error) {
			wait.Hide()
			if err != nil {
				s.fail(err)
				return
			}
			then(path)
		})
}

// askFork asks with which settings a run goes on from a snapshot.
func (p *curvesPart) askFork(r *curves.Run, snapshot train.Snapshot) {
	p.forkForm(r, snapshot, func(recipe train.Recipe) train.Recipe { return recipe })
}

// forkForm shows the form with a recipe that was prepared, and starts the fork.
func (p *curvesPart) forkForm(r *curves.Run, snapshot train.Snapshot, prepare func(train.Recipe) train.Recipe) {
	s, b := p.s, p.s.book
	recipe, err := training.ForkRecipe(r.Curves.Dir())
	if err != nil {
		s.fail(err)
		return
	}
	name := r.Info.Name + "@" + strconv.Itoa(snapshot.Epoch)
	form := uicurves.NewForkForm(b, prepare(recipe), snapshot, name)
	var pop *widget.PopUp
	cancel := widgets.NewButton(b.T("common.cancel"), func() { pop.Hide() })
	begin := widgets.NewButton(b.T("curves.fork.begin"), func() {
		if recipe, ok := form.Recipe(); ok {
			pop.Hide()
			p.fork(r, snapshot, recipe)
		}
	})
	begin.Importance = widget.HighImportance
	pop = shell.Modal(s.window, "split", b.T("curves.fork.title", r.Info.Name), form.Content(), cancel, begin)
	pop.Show()
	s.window.Canvas().Focus(form.First())
}

// fork asks for the run and offers to take it back.
func (p *curvesPart) fork(r *curves.Run, snapshot train.Snapshot, recipe train.Recipe) {
	s, b := p.s, p.s.book
	parent := r.Curves.Dir()
	run := s.jobs.enqueue(training.Request{Recipe: recipe, Fork: &training.Fork{Run: parent, Snapshot: snapshot.Path}}, recipe.Name)
	if run == nil {
		return
	}
	p.forking = append(p.forking, forking{run, parent})
	back := func() {
		s.jobs.withdraw(run)
		p.view.Select(parent)
	}
	p.undos = append(p.undos, back)
	s.toasts.Show(shell.Good, b.T("curves.fork.started", recipe.Name), b.T("common.undo"), func() { p.takeBack(len(p.undos), back) })
}

// forking is a fork whose folder is not known yet.
type forking struct {
	run    *activeRun
	parent string
}

// showForks draws forks that have begun beside their parents.
func (p *curvesPart) showForks() {
	p.forking = slices.DeleteFunc(p.forking, func(f forking) bool {
		if f.run.job == nil {
			return false
		}
		snap := f.run.job.Snapshot()
		dir := snap.Value.dir
		if dir == "" {
			return !snap.Ended.IsZero()
		}
		if !f.run.thrown {
			p.view.Select(f.parent, dir)
		}
		return true
	})
}

// undo takes the last thing back that was done on the screen.
func (p *curvesPart) undo() {
	if n := len(p.undos); n > 0 {
		p.takeBack(n, p.undos[n-1])
	}
}

// takeBack does an undo that was the n-th, if it was not done yet.
func (p *curvesPart) takeBack(n int, do func()) {
	if len(p.undos) < n {
		return
	}
	p.undos = p.undos[:n-1]
	do()
}

// exportPath is where the screen saves pictures.
func (p *curvesPart) exportPath(what, format string) string {
	name := fmt.Sprintf("%s-%s.%s", what, time.Now().Format("20060102-150405.000"), format)
	return filepath.Join(p.s.opts.Paths.Data, "exports", name)
}
