package evaluate

import (
	"fmt"
	"math"
)

// bins is how many equal bins of confidence a reliability diagram has.
const bins = 10

// Bin is one bar of a reliability diagram: samples whose best class got a
// probability in [Low, High).
type Bin struct {
	Low, High  float64
	Samples    int
	Confidence float64 // mean probability of the answers
	Accuracy   float64 // share of right answers
}

// Reliability sorts the answers into n equal bins of confidence (Guo et al.
// 2017). Bins without a sample are there with zeros.
func (p Predictions) Reliability(n int) []Bin {
	out := make([]Bin, n)
	for i := range out {
		out[i].Low, out[i].High = float64(i)/float64(n), float64(i+1)/float64(n)
	}
	for i, label := range p.Labels {
		best := p.Predicted(i)
		confidence := float64(p.Scores[i*p.Classes+best])
		b := &out[min(max(int(confidence*float64(n)), 0), n-1)]
		b.Samples++
		b.Confidence += confidence
		if best == label {
			b.Accuracy++
		}
	}
	for i := range out {
		if m := float64(out[i].Samples); m > 0 {
			out[i].Confidence /= m
			out[i].Accuracy /= m
		}
	}
	return out
}

// calibrationError is the mean distance between confidence and accuracy,
// weighted by samples.
func calibrationError(diagram []Bin, samples int) float64 {
	total := 0.0
	for _, b := range diagram {
		total += math.Abs(b.Confidence-b.Accuracy) * float64(b.Samples)
	}
	return total / float64(samples)
}

// Temperature is a fitted temperature and what it did to the samples it was
// fitted on.
type Temperature struct {
	Value       float64 `json:"temperature"` // logits are divided by it; above 1 the model was too sure
	LossBefore  float64 `json:"loss_before"`
	LossAfter   float64 `json:"loss_after"`
	ErrorBefore float64 `json:"calibration_error_before"`
	ErrorAfter  float64 `json:"calibration_error_after"`
}

// FitTemperature finds the temperature with the smallest mean loss (Guo et al.
// 2017). Fit it on samples that neither training nor the final measurement
// used. Which class is best never changes.
func FitTemperature(p Predictions) (Temperature, error) {
	if len(p.Labels) == 0 {
		return Temperature{}, ErrNothing
	}
	logs, err := p.logarithms()
	if err != nil {
		return Temperature{}, err
	}
	loss := func(lnT float64) float64 { return tempered(logs, p.Classes, p.Labels, math.Exp(-lnT)) }
	lnT := goldenSection(loss, math.Log(0.05), math.Log(20))
	t := Temperature{Value: math.Exp(lnT), LossBefore: loss(0), LossAfter: loss(lnT)}
	if t.LossAfter >= t.LossBefore {
		t.Value, t.LossAfter = 1, t.LossBefore
	}
	t.ErrorBefore = calibrationError(p.Reliability(bins), len(p.Labels))
	after := Predictions{Classes: p.Classes, Labels: p.Labels, Scores: Temper(p.Scores, p.Classes, t.Value)}
	t.ErrorAfter = calibrationError(after.Reliability(bins), len(p.Labels))
	return t, nil
}

// logarithms are logits up to a constant a row: the logarithms of the scores.
func (p Predictions) logarithms() ([]float64, error) {
	logs := make([]float64, len(p.Scores))
	for i, s := range p.Scores {
		if !(s >= 0) {
			return nil, fmt.Errorf("sample %d has the score %v; a temperature needs probabilities", i/p.Classes, s)
		}
		logs[i] = math.Log(max(float64(s), 1e-30))
	}
	return logs, nil
}

// tempered is the mean loss with logits multiplied by b.
func tempered(logs []float64, classes int, labels []int, b float64) float64 {
	total := 0.0
	for i, label := range labels {
		row := logs[i*classes : (i+1)*classes]
		top, sum := math.Inf(-1), 0.0
		for _, v := range row {
			top = max(top, v*b)
		}
		for _, v := range row {
			sum += math.Exp(v*b - top)
		}
		total += math.Log(sum) + top - row[label]*b
	}
	return total / float64(len(labels))
}

// goldenSection finds the minimum of a function with one valley (Kiefer 1953).
func goldenSection(f func(float64) float64, low, high float64) float64 {
	const ratio = 0.6180339887498949
	a, b := high-ratio*(high-low), low+ratio*(high-low)
	fa, fb := f(a), f(b)
	for high-low > 1e-4 {
		if fa < fb {
			high, b, fb = b, a, fa
			a = high - ratio*(high-low)
			fa = f(a)
		} else {
			low, a, fa = a, b, fb
			b = low + ratio*(high-low)
			fb = f(b)
		}
	}
	return (low + high) / 2
}

// Temper divides the logits behind probabilities by t.
func Temper(scores []float32, classes int, t float64) []float32 {
	out := make([]float32, len(scores))
	for at := 0; at < len(scores); at += classes {
		sum := 0.0
		for k := range classes {
			v := math.Pow(max(float64(scores[at+k]), 1e-30), 1/t)
			out[at+k] = float32(v)
			sum += v
		}
		for k := range classes {
			out[at+k] = float32(float64(out[at+k]) / max(sum, 1e-300))
		}
	}
	return out
}
