package curves

import (
	"math"
	"strconv"

	"athanor/app/metrics"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
)

// epochTicks are the ends of epochs on an axis.
func (r *Run) epochTicks(axis metrics.Axis) []float64 {
	s, err := r.Curves.Series("val_loss", axis)
	if err != nil || s.Len() > 10_000 {
		return nil
	}
	out := make([]float64, s.Len())
	for i := range out {
		out[i] = s.X(i)
	}
	return out
}

// marks are the run's events on an axis.
func (r *Run) marks(o Options) []chart.Mark {
	events, err := r.Curves.Events()
	if err != nil {
		return nil
	}
	place, err := r.place(o.Axis)
	if err != nil || place == nil {
		return nil
	}
	var out []chart.Mark
	for _, e := range events {
		m, ok := e.(train.Mark)
		if !ok || m.Kind == train.MarkStart {
			continue
		}
		label := o.label(string(m.Kind))
		if m.Kind == train.MarkLearningRate {
			label += " " + strconv.FormatFloat(m.Value, 'g', 4, 64)
		}
		out = append(out, chart.Mark{X: place(m.Step), Label: label})
	}
	return out
}

// place returns a function from steps to an axis, nil without points.
func (r *Run) place(axis metrics.Axis) (func(step int) float64, error) {
	names := r.Curves.Metrics()
	if len(names) == 0 {
		return nil, nil //nolint:nilnil // nothing measured yet
	}
	steps, err := r.Curves.Series(names[0], metrics.Step)
	if err != nil {
		return nil, err
	}
	on, err := r.Curves.Series(names[0], axis)
	if err != nil || steps.Len() == 0 || on.Len() != steps.Len() {
		return nil, err
	}
	return func(step int) float64 {
		p, ok := curve.Line{Samples: steps}.Nearest(float64(step))
		if !ok {
			return math.NaN()
		}
		return on.X(p.Row)
	}, nil
}
