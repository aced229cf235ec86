package evaluation

import (
	"cmp"
	"fmt"
	"slices"

	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/pipeline/evaluate"
)

// Plots are the charts of an outcome that have a meaning for it.
type Plots struct{ ROC, PR, Reliability, Residuals, Errors *chart.Spec }

// curvesDrawn is how many classes a chart shows: the worst ones.
const curvesDrawn = 8

// Charts draws nothing yet: it says what there is to draw. The words are the
// axes' labels in the reader's language.
func (o *Outcome) Charts(theme chart.Theme, word func(string) string) Plots {
	var p Plots
	if c := o.Classification; c != nil {
		p.Reliability = reliability(*c, theme, word)
		if c.Detail != nil && len(c.Detail.Curves) > 0 {
			p.ROC, p.PR = rankings(*c, theme, word)
		}
	}
	if r := o.Regression; r != nil && r.Residuals != nil {
		p.Residuals, p.Errors = residuals(*r.Residuals, theme, word)
	}
	return p
}

func share(label string) chart.Axis {
	return chart.Axis{Label: label, Kind: chart.Percent, Min: 0, Max: 1}
}

// dotRoom is what an axis needs beyond its outermost dots, as a part of its length:
// half a dot, which the edge would cut off.
const dotRoom = 0.04

// around is an axis on which dots from low to high are seen whole.
func around(label string, low, high float64) chart.Axis {
	room := dotRoom * (high - low)
	return chart.Axis{Label: label, Min: low - room, Max: high + room}
}

func line(points [][2]float64) curve.Samples {
	x, y := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		x[i], y[i] = p[0], p[1]
	}
	return curve.NewPoints(x, y)
}

func diagonal(theme chart.Theme) chart.Line {
	return chart.Line{Samples: line([][2]float64{{0, 0}, {1, 1}}), Faint: true, Colour: theme.Text, Dash: chart.DashPattern(1)}
}

func reliability(c evaluate.Classification, theme chart.Theme, word func(string) string) *chart.Spec {
	var points [][2]float64
	var dots []curve.Point
	for _, b := range c.Reliability {
		if b.Samples > 0 {
			points = append(points, [2]float64{b.Confidence, b.Accuracy})
			dots = append(dots, curve.Point{X: b.Confidence, Y: b.Accuracy})
		}
	}
	x, y := share(word("confidence")), share(word("accuracy"))
	x.Max, y.Min, y.Max = 1+dotRoom, -dotRoom, 1+dotRoom
	return &chart.Spec{
		Theme: theme, X: x, Y: y, NoLegend: true,
		Lines: []chart.Line{diagonal(theme), {Name: word("accuracy"), Samples: line(points), Dots: dots, Colour: theme.Colour(0)}},
	}
}

func rankings(c evaluate.Classification, theme chart.Theme, word func(string) string) (roc, pr *chart.Spec) {
	curves := slices.Clone(c.Detail.Curves)
	slices.SortFunc(curves, func(a, b evaluate.Curve) int { return cmp.Compare(a.AUC, b.AUC) })
	roc = &chart.Spec{Theme: theme, X: share(word("false positive rate")), Y: share(word("true positive rate")), Lines: []chart.Line{diagonal(theme)}}
	pr = &chart.Spec{Theme: theme, X: share(word("recall")), Y: share(word("precision"))}
	for i, k := range curves[:min(len(curves), curvesDrawn)] {
		name := c.PerClass[k.Class].Name
		l := chart.Line{Colour: theme.Colour(i), Dash: chart.DashPattern(i / len(theme.Palette))}
		l.Name, l.Samples = fmt.Sprintf("%s  %.4f", name, k.AUC), line(k.ROC)
		roc.Lines = append(roc.Lines, l)
		l.Name, l.Samples = fmt.Sprintf("%s  %.4f", name, k.AP), line(k.PR)
		pr.Lines = append(pr.Lines, l)
	}
	return roc, pr
}

func residuals(r evaluate.Residuals, theme chart.Theme, word func(string) string) (scatter, histogram *chart.Spec) {
	low, high := r.Points[0][0], r.Points[0][0]
	var dots []curve.Point
	for _, p := range r.Points {
		low, high = min(low, p[0]), max(high, p[0])
		dots = append(dots, curve.Point{X: p[0], Y: p[1]})
	}
	if low == high {
		high = low + 1
	}
	scatter = &chart.Spec{
		Theme: theme, X: around(word("predicted"), low, high), Y: around(word("residual"), min(r.Low, -1e-9), max(r.High, 1e-9)), NoLegend: true,
		Lines: []chart.Line{{Samples: line([][2]float64{{low, 0}, {high, 0}}), Dots: dots, Colour: theme.Colour(0)}},
	}
	var steps [][2]float64
	width := (r.High - r.Low) / float64(len(r.Counts))
	for i, n := range r.Counts {
		steps = append(steps, [2]float64{r.Low + float64(i)*width, float64(n)}, [2]float64{r.Low + float64(i+1)*width, float64(n)})
	}
	base := make([][2]float64, len(steps))
	for i := range base {
		base[i] = [2]float64{steps[i][0], 0}
	}
	histogram = &chart.Spec{
		Theme: theme, X: chart.Axis{Label: word("residual")}, Y: chart.Axis{Label: word("samples")}, NoLegend: true,
		Lines: []chart.Line{{Samples: line(steps), Colour: theme.Colour(0)}},
	}
	return scatter, histogram
}
