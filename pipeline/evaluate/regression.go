package evaluate

import (
	"fmt"
	"math"
)

// Regression is a regressor's quality.
type Regression struct {
	Samples int     `json:"samples"`
	MAE     float64 `json:"mae"`  // mean absolute error, in the target's unit
	RMSE    float64 `json:"rmse"` // root of the mean squared error
	// R2 is 1 − residual/total sum of squares; 0 is as good as the mean.
	R2 float64 `json:"r2"`
}

// Regress measures predicted values against the true ones.
func Regress(predicted, actual []float32) (Regression, error) {
	n := len(actual)
	if n == 0 {
		return Regression{}, ErrNothing
	}
	if len(predicted) != n {
		return Regression{}, fmt.Errorf("%d predictions for %d samples", len(predicted), n)
	}
	mean := 0.0
	for _, y := range actual {
		mean += float64(y) / float64(n)
	}
	r := Regression{Samples: n}
	residual, total := 0.0, 0.0
	for i, y := range actual {
		e, d := float64(predicted[i])-float64(y), float64(y)-mean
		r.MAE += math.Abs(e) / float64(n)
		residual += e * e
		total += d * d
	}
	r.RMSE = math.Sqrt(residual / float64(n))
	if total > 0 {
		r.R2 = 1 - residual/total
	}
	return r, nil
}
