// Package evaluate measures how good a model is: metrics of its predictions and
// what it costs to run. It knows neither graphs nor training.
package evaluate

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrNothing says that there is no sample to measure.
var ErrNothing = errors.New("nothing to evaluate")

// Predictions are a classifier's answers for n samples.
type Predictions struct {
	Classes int
	// Scores is n×Classes, row-major: probabilities, or anything that orders classes.
	Scores []float32
	// Labels are the true classes.
	Labels []int
	// Losses is one loss a sample; nil takes −log of the true class's score.
	Losses []float32
}

// ClassReport is one class's quality.
type ClassReport struct {
	Name      string  `json:"name"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Support   int     `json:"support"` // samples that truly are of the class
}

// Classification is a classifier's quality.
type Classification struct {
	Samples  int     `json:"samples"`
	Accuracy float64 `json:"accuracy"`
	// Low and High bound the accuracy with 95 % confidence (Wilson 1927).
	Low  float64 `json:"accuracy_low"`
	High float64 `json:"accuracy_high"`
	// Majority is the accuracy of always answering the most frequent class.
	Majority   float64       `json:"majority_accuracy"`
	Loss       float64       `json:"loss"`
	PerClass   []ClassReport `json:"classes"`
	MacroF1    float64       `json:"macro_f1"`
	WeightedF1 float64       `json:"weighted_f1"`
	// Confusion counts samples by [true class][predicted class].
	Confusion [][]int `json:"confusion"`
	// Calibration is the expected calibration error over ten bins
	// (Guo et al. 2017).
	Calibration float64 `json:"calibration_error"`
	// Reliability are the ten bins of confidence behind Calibration.
	Reliability []Bin `json:"reliability,omitempty"`
	// Detail is what Rank adds.
	Detail *Detail `json:"detail,omitempty"`
}

// Predicted is the best class of sample i; the first of equals.
func (p Predictions) Predicted(i int) int {
	row := p.Scores[i*p.Classes : (i+1)*p.Classes]
	best := 0
	for k, s := range row {
		if s > row[best] {
			best = k
		}
	}
	return best
}

// Classify measures predictions; names are the classes' names.
func Classify(p Predictions, names []string) (Classification, error) {
	n := len(p.Labels)
	if n == 0 {
		return Classification{}, ErrNothing
	}
	if len(p.Scores) != n*p.Classes {
		return Classification{}, fmt.Errorf("%d scores do not make %d rows of %d", len(p.Scores), n, p.Classes)
	}
	c := Classification{Samples: n, Confusion: square(p.Classes)}
	for i, label := range p.Labels {
		if label < 0 || label >= p.Classes {
			return c, fmt.Errorf("sample %d has label %d of %d classes", i, label, p.Classes)
		}
		c.Confusion[label][p.Predicted(i)]++
	}
	c.Loss = p.meanLoss()
	c.Reliability = p.Reliability(bins)
	c.Calibration = calibrationError(c.Reliability, n)
	c.fromConfusion(names)
	return c, nil
}

func square(n int) [][]int {
	m := make([][]int, n)
	for i := range m {
		m[i] = make([]int, n)
	}
	return m
}

func (p Predictions) meanLoss() float64 {
	total := 0.0
	for i, label := range p.Labels {
		if p.Losses != nil {
			total += float64(p.Losses[i])
			continue
		}
		total -= math.Log(clipped(float64(p.Scores[i*p.Classes+label])))
	}
	return total / float64(len(p.Labels))
}

// fromConfusion fills in everything that the confusion matrix decides.
func (c *Classification) fromConfusion(names []string) {
	right, most := 0, 0
	for i, row := range c.Confusion {
		support, predicted := 0, 0
		for j := range row {
			support += row[j]
			predicted += c.Confusion[j][i]
		}
		right += row[i]
		most = max(most, support)
		c.PerClass = append(c.PerClass, classReport(name(names, i), row[i], predicted, support))
	}
	c.Accuracy = float64(right) / float64(c.Samples)
	c.Majority = float64(most) / float64(c.Samples)
	c.Low, c.High = Wilson(right, c.Samples)
	for _, r := range c.PerClass {
		c.MacroF1 += r.F1 / float64(len(c.PerClass))
		c.WeightedF1 += r.F1 * float64(r.Support) / float64(c.Samples)
	}
}

func classReport(name string, right, predicted, support int) ClassReport {
	r := ClassReport{Name: name, Support: support, Precision: ratio(right, predicted), Recall: ratio(right, support)}
	if r.Precision+r.Recall > 0 {
		r.F1 = 2 * r.Precision * r.Recall / (r.Precision + r.Recall)
	}
	return r
}

// ratio is 0 where the denominator is, as scikit-learn has it.
func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprint(i)
}

// Wilson is the 95 % score interval of a share of successes.
func Wilson(successes, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959963984540054 // the normal distribution's 97.5 % quantile
	p, m := float64(successes)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m)) / (1 + z*z/m)
	return max(centre-half, 0), min(centre+half, 1)
}

// epsilon is the smallest step of a float32 at 1; probabilities are kept that
// far from 0 and 1 in logarithms, as scikit-learn has it.
const epsilon = 0x1p-23

func clipped(p float64) float64 { return min(max(p, epsilon), 1-epsilon) }

// Worst lists the samples with the highest loss, at most limit, worst first.
func Worst(losses []float32, limit int) []int {
	order := make([]int, len(losses))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case losses[a] > losses[b]:
			return -1
		case losses[a] < losses[b]:
			return 1
		}
		return 0
	})
	return order[:min(limit, len(order))]
}
