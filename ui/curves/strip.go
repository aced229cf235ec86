package curves

import (
	"math"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"athanor/app/curves"
	"athanor/pipeline/train"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// strip shows the kept snapshots of one run: a slider goes through them, and one
// can be tried, measured or forked.
type strip struct {
	v      *View
	box    fyne.CanvasObject
	slider *widgets.Slider
	tells  *widgets.Text
	run    *curves.Run
	list   []train.Snapshot
	quiet  bool // the slider is moved by the program
}

func newStrip(v *View) *strip {
	s := &strip{v: v, slider: widgets.NewSlider(0, 1), tells: widgets.Body("").Truncate()}
	s.slider.Step = 1
	s.slider.OnChanged = func(float64) { s.moved() }
	act := func(key, icon string, do func(*curves.Run, train.Snapshot)) *widgets.Button {
		return widgets.NewButtonWithIcon(v.book.T(key), look.Icon(icon), func() {
			if snapshot, ok := s.chosen(); ok {
				do(s.run, snapshot)
			}
		})
	}
	call := func(f *func(*curves.Run, train.Snapshot)) func(*curves.Run, train.Snapshot) {
		return func(r *curves.Run, snapshot train.Snapshot) {
			if *f != nil {
				(*f)(r, snapshot)
			}
		}
	}
	fork := act("curves.fork", "split", call(&v.OnFork))
	buttons := widgets.Row(look.Gap/2, act("curves.rewind.try", "try", call(&v.OnTry)), act("curves.rewind.evaluate", "evaluate", call(&v.OnEvaluate)), fork)
	s.box = container.NewStack(widgets.NewFill(look.Surface, look.Radius),
		widgets.Pad(container.NewBorder(nil, nil, nil, container.NewCenter(buttons), widgets.Column(0, s.tells, s.slider)), look.Gap))
	s.box.Hide()
	return s
}

// apply shows the snapshots of a run; nil hides the strip.
func (s *strip) apply(run *curves.Run, list []train.Snapshot) {
	other := s.run == nil || run == nil || s.run.Curves.Dir() != run.Curves.Dir()
	at := s.slider.Value
	s.run, s.list = run, list
	widgets.SetVisible(s.box, run != nil && len(list) > 0)
	if run == nil || len(list) == 0 {
		return
	}
	s.quiet = true
	s.slider.Max = float64(max(len(list)-1, 1))
	if other || int(at) >= len(list) {
		at = float64(len(list) - 1)
	}
	s.slider.SetValue(at)
	s.slider.Refresh()
	s.quiet = false
	s.tell()
}

// chosen is the snapshot at the slider.
func (s *strip) chosen() (train.Snapshot, bool) {
	i := int(math.Round(s.slider.Value))
	if s.run == nil || i < 0 || i >= len(s.list) {
		return train.Snapshot{}, false
	}
	return s.list[i], true
}

// moved tells about the snapshot and puts the charts' upright line there.
func (s *strip) moved() {
	s.tell()
	snapshot, ok := s.chosen()
	if !ok || s.quiet {
		return
	}
	x, ok := s.run.PlaceOf(s.v.options.Axis, snapshot.Step)
	for _, p := range s.v.charts {
		p.view.SetCross(x, ok)
	}
}

// near moves the slider to the last snapshot up to a step.
func (s *strip) near(run *curves.Run, step int) {
	if s.run == nil || run == nil || s.run.Curves.Dir() != run.Curves.Dir() || len(s.list) == 0 {
		return
	}
	i, found := slices.BinarySearchFunc(s.list, step, func(x train.Snapshot, want int) int { return x.Step - want })
	if !found {
		i = max(i-1, 0)
	}
	s.quiet = true
	s.slider.SetValue(float64(i))
	s.quiet = false
	s.tell()
}

func (s *strip) tell() {
	snapshot, ok := s.chosen()
	if !ok {
		return
	}
	b := s.v.book
	text := b.T("curves.snapshot", s.run.Info.Name, snapshot.Epoch, b.Count(snapshot.Step))
	if snapshot.ValAccuracy > 0 {
		text += " · " + b.T("curves.snapshot.accuracy", b.Percent(snapshot.ValAccuracy))
	}
	if snapshot.ValLoss > 0 {
		text += " · " + b.T("curves.snapshot.loss", b.Number(snapshot.ValLoss))
	}
	s.tells.Set(text)
}

// ApplySnapshots shows the snapshots that a run keeps; nil hides them.
func (v *View) ApplySnapshots(run *curves.Run, list []train.Snapshot) {
	v.strip.apply(run, list)
	if v.body != nil {
		v.body.Refresh()
	}
}

// Current is the run that rewinding and forking is about: the one touched last,
// or the first.
func (v *View) Current() *curves.Run {
	for _, r := range v.runs {
		if r.Curves.Dir() == v.list.last {
			return r
		}
	}
	if len(v.runs) > 0 {
		return v.runs[0]
	}
	return nil
}
