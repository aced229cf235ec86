package curve_test

import (
	"math"
	"testing"

	"athanor/pipeline/curve"
)

func TestMeanIsEMAValueByValue(t *testing.T) {
	ys := []float64{3, 1, math.NaN(), 4, 1, 5, math.Inf(1), 9, 2, 6}
	for _, weight := range []float64{0, 0.5, 0.9, 0.999, 1} {
		want := make([]float64, len(ys))
		curve.EMA(want, ys, weight)
		var m curve.Mean
		for i, y := range ys {
			if got := m.Next(y, weight); got != want[i] && got == got {
				t.Errorf("weight %v: value %d is %v, want %v", weight, i, got, want[i])
			}
		}
	}
}
