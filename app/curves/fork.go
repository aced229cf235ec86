package curves

import (
	"math"

	"athanor/app/metrics"
	"athanor/pipeline/curve"
)

// branch joins the lines of a fork that were added last to its parent's at the
// step where it left them.
func (s *Shown) branch(parent, child *Run, name string, o Options) {
	if o.Axis == metrics.Elapsed { // both clocks begin at zero: nothing lies there
		return
	}
	of, err := parent.series(name, o)
	if err != nil || of == nil {
		return
	}
	row, ok := parent.rowAt(name, child.Info.Status.ForkStep)
	if !ok || row >= of.Len() {
		return
	}
	for i := len(s.Spec.Lines) - 1; i >= 0 && s.Of[i] == (Source{child, name}); i-- {
		l := &s.Spec.Lines[i]
		first, ok := curve.Line{Samples: l.Samples}.Nearest(math.Inf(-1))
		if !ok {
			continue
		}
		from := curve.Samples(of)
		if !l.Faint && !perEpoch(name) {
			from = parent.smooth(name, of, o)
		}
		l.Joint = &curve.Point{X: of.X(row), Y: curve.Line{Samples: from}.Value(row), Row: first.Row}
	}
}

// rowAt is the row of a metric's last value up to a step.
func (r *Run) rowAt(name string, step int) (int, bool) {
	s, err := r.series(name, Options{Axis: metrics.Step})
	if err != nil || s == nil {
		return 0, false
	}
	p, ok := curve.Line{Samples: s}.Nearest(float64(step))
	return p.Row, ok && p.X <= float64(step)
}

// StepAt is the step of a run at a place of an axis; false without points.
func (r *Run) StepAt(axis metrics.Axis, x float64) (int, bool) {
	for _, name := range r.Curves.Metrics() {
		s, err := r.Curves.Series(name, axis)
		if err != nil || s.Len() == 0 {
			continue
		}
		p, ok := curve.Line{Samples: s}.Nearest(x)
		if !ok {
			continue
		}
		step, _ := s.Step(p.Row)
		return int(step), true
	}
	return 0, false
}

// PlaceOf is where a step of a run lies on an axis; false without points.
func (r *Run) PlaceOf(axis metrics.Axis, step int) (float64, bool) {
	place, err := r.place(axis)
	if err != nil || place == nil {
		return 0, false
	}
	x := place(step)
	return x, x == x
}
