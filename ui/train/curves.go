package train

import (
	"math"
	"slices"

	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
	"athanor/ui/look"
)

// Curves are the points of a run so far. Slices only grow; Share hands out a
// view that later points do not change.
type Curves struct {
	steps, loss, accuracy      []float64
	smoothLoss, smoothAccuracy []float64
	lossMean, accuracyMean     curve.Mean
	ends, valLoss, valAccuracy []float64
	best                       curve.Point
	hasBest                    bool
	lowest                     float64
}

// Step adds one step's values.
func (c *Curves) Step(m train.Metric) {
	c.steps = append(c.steps, float64(m.Step))
	c.loss = append(c.loss, m.Loss)
	accuracy := m.Accuracy
	if math.IsNaN(accuracy) { // regression has none
		accuracy = 0
	}
	c.accuracy = append(c.accuracy, accuracy)
	c.smoothLoss = append(c.smoothLoss, c.lossMean.Next(m.Loss, smoothing))
	c.smoothAccuracy = append(c.smoothAccuracy, c.accuracyMean.Next(accuracy, smoothing))
}

// Epoch adds the validation at an epoch's end.
func (c *Curves) Epoch(e train.Epoch) {
	c.ends = append(c.ends, float64(e.Step))
	c.valLoss = append(c.valLoss, e.ValLoss)
	c.valAccuracy = append(c.valAccuracy, e.ValAccuracy)
	if !c.hasBest || e.ValLoss < c.lowest {
		c.best, c.lowest, c.hasBest = curve.Point{X: float64(e.Step), Y: e.ValLoss}, e.ValLoss, true
	}
}

// Points is how many steps there are.
func (c Curves) Points() int { return len(c.steps) }

// Share returns a view of the points so far.
func (c Curves) Share() Curves {
	for _, s := range []*[]float64{&c.steps, &c.loss, &c.accuracy, &c.smoothLoss, &c.smoothAccuracy, &c.ends, &c.valLoss, &c.valAccuracy} {
		*s = (*s)[:len(*s):len(*s)]
	}
	return c
}

// smoothing is the weight of TensorBoard's exponential mean for the solid line.
const smoothing = 0.9

// LossSpec describes the chart of the loss: every step faintly, their mean
// solid, validation dashed, the best epoch as a dot.
func (c Curves) LossSpec(names [2]string, theme chart.Theme) chart.Spec {
	spec := c.spec(c.loss, c.smoothLoss, c.valLoss, names, theme)
	if c.hasBest && len(spec.Lines) > 0 {
		spec.Lines[len(spec.Lines)-1].Dots = []curve.Point{c.best}
	}
	return spec
}

// AccuracySpec describes the chart of the accuracy.
func (c Curves) AccuracySpec(names [2]string, theme chart.Theme) chart.Spec {
	spec := c.spec(c.accuracy, c.smoothAccuracy, c.valAccuracy, names, theme)
	spec.Y.Kind = chart.Percent
	return spec
}

func (c Curves) spec(raw, smooth, validation []float64, names [2]string, theme chart.Theme) chart.Spec {
	solid, dashed := look.Series(0), look.Colour(look.Validation)
	lines := []chart.Line{
		{Samples: curve.NewPoints(c.steps, raw), Colour: solid, Faint: true},
		{Name: names[0], Samples: curve.NewPoints(c.steps, smooth), Colour: solid},
	}
	if len(validation) > 0 {
		lines = append(lines, chart.Line{
			Name: names[1], Samples: curve.NewPoints(c.ends, validation), Colour: dashed, Dash: chart.DashPattern(1), Width: 2,
		})
	}
	spec := chart.Spec{Lines: lines, EpochTicks: c.ends, NoLegend: true, Theme: theme}
	spec.Y.Min, spec.Y.Max = usualRange(raw, validation)
	return spec
}

// looked is how many values of a line the range of the axis is taken from at most:
// this is asked for five times a second, beside a network that learns.
const looked = 1024

// usualRange is where nearly all values lie, with some air: the 2nd to the 98th
// hundredth of those looked at, and all of the validation's. Without two values it is
// empty, and the chart takes what there is.
func usualRange(raw, validation []float64) (lo, hi float64) {
	stride := 1
	for len(raw)/stride > looked {
		stride *= 2 // the same values as the last time, most times: the axis stands still
	}
	var seen []float64
	for i := 0; i < len(raw); i += stride {
		if v := raw[i]; v-v == 0 {
			seen = append(seen, v)
		}
	}
	if len(seen) == 0 {
		return 0, 0
	}
	slices.Sort(seen)
	lo, hi = seen[len(seen)*2/100], seen[(len(seen)-1)*98/100]
	for _, v := range validation {
		if v-v == 0 {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	air := (hi - lo) * 0.04
	return lo - air, hi + air
}
