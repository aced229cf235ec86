package evaluate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Slice is the quality on the samples that share a value.
type Slice struct {
	By      string `json:"by"` // a column, or a measured trait such as brightness
	Value   string `json:"value"`
	Samples int    `json:"samples"`
	// Accuracy with its 95 % interval (Wilson), of classifiers.
	Accuracy float64 `json:"accuracy"`
	Low      float64 `json:"accuracy_low"`
	High     float64 `json:"accuracy_high"`
	Loss     float64 `json:"loss"`
	MAE      float64 `json:"mae"` // of regressors
}

// Slices measures each group of samples with the same value, the worst first:
// the one that is surely the worst, by the upper end of its interval, so that
// one wrong answer of one sample does not come first. Values holds one for
// each sample; wanted values without a sample come last, with zero samples.
func Slices(p Predictions, by string, values []string, wanted ...string) []Slice {
	found := map[string]*Slice{}
	right := map[string]int{}
	for _, v := range wanted {
		found[v] = &Slice{By: by, Value: v}
	}
	for i, v := range values {
		s := found[v]
		if s == nil {
			s = &Slice{By: by, Value: v}
			found[v] = s
		}
		s.Samples++
		s.Loss -= math.Log(clipped(float64(p.Scores[i*p.Classes+p.Labels[i]])))
		if p.Predicted(i) == p.Labels[i] {
			right[v]++
		}
	}
	out := make([]Slice, 0, len(found))
	for v, s := range found {
		if s.Samples > 0 {
			s.Loss /= float64(s.Samples)
			s.Accuracy = ratio(right[v], s.Samples)
			s.Low, s.High = Wilson(right[v], s.Samples)
		}
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Slice) int {
		return cmp.Or(emptyLast(a, b), cmp.Compare(a.High, b.High), cmp.Compare(b.Samples, a.Samples), cmp.Compare(a.Value, b.Value))
	})
	return out
}

func emptyLast(a, b Slice) int {
	return cmp.Compare(min(1, b.Samples), min(1, a.Samples))
}

// ValueSlices is Slices for a regression, the largest mean absolute error first.
func ValueSlices(predicted, actual []float32, by string, values []string, wanted ...string) []Slice {
	found := map[string]*Slice{}
	for _, v := range wanted {
		found[v] = &Slice{By: by, Value: v}
	}
	for i, v := range values {
		if found[v] == nil {
			found[v] = &Slice{By: by, Value: v}
		}
		found[v].Samples++
		found[v].MAE += math.Abs(float64(predicted[i]) - float64(actual[i]))
	}
	out := make([]Slice, 0, len(found))
	for _, s := range found {
		s.MAE /= float64(max(s.Samples, 1))
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Slice) int {
		return cmp.Or(emptyLast(a, b), cmp.Compare(b.MAE, a.MAE), cmp.Compare(a.Value, b.Value))
	})
	return out
}

// MaxGroups is how many values a column may have to be sliced value by value;
// numbers with more are cut into Quarters.
const MaxGroups = 50

// Quarters names for each number the quarter of all numbers it lies in, such as
// "12 … 20". Missing numbers (NaN) are "missing". Where fewer than four
// different quarters exist there are fewer groups.
func Quarters(numbers []float64) []string {
	sorted := make([]float64, 0, len(numbers))
	for _, v := range numbers {
		if !math.IsNaN(v) {
			sorted = append(sorted, v)
		}
	}
	slices.Sort(sorted)
	edges := make([]float64, 0, 5)
	for q := range 5 {
		edges = append(edges, Quantile(sorted, float64(q)/4))
	}
	edges = slices.Compact(edges)
	out := make([]string, len(numbers))
	for i, v := range numbers {
		out[i] = quarter(v, edges)
	}
	return out
}

func quarter(v float64, edges []float64) string {
	if math.IsNaN(v) {
		return "missing"
	}
	if len(edges) < 2 {
		return Short(v, 4)
	}
	at := 1
	for at < len(edges)-1 && v >= edges[at] {
		at++
	}
	return fmt.Sprintf("%s … %s", Short(edges[at-1], 4), Short(edges[at], 4))
}

// Short writes a number with so many significant digits; a large one is rounded, not
// written with a power of ten.
func Short(v float64, digits int) string {
	if a := math.Abs(v); a >= math.Pow10(digits) && a < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', digits, 64)
}
