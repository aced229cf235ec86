package evaluate

import (
	"fmt"
	"math"
	"slices"
)

// Regression is a regressor's quality.
type Regression struct {
	Samples int     `json:"samples"`
	MAE     float64 `json:"mae"`  // mean absolute error, in the target's unit
	RMSE    float64 `json:"rmse"` // root of the mean squared error
	// R2 is 1 − residual/total sum of squares; 0 is as good as the mean.
	R2        float64 `json:"r2"`
	MedianAE  float64 `json:"median_absolute_error"`
	MaxError  float64 `json:"max_error"`
	Explained float64 `json:"explained_variance"` // as R2, but blind to a constant error
	MAPE      float64 `json:"mape"`               // mean absolute error relative to the value
	// MeanMAE is the mean absolute error of always answering the mean.
	MeanMAE   float64    `json:"mean_mae"`
	Residuals *Residuals `json:"residuals,omitempty"`
}

// Residuals is predicted minus actual, as a histogram and as points for a plot.
type Residuals struct {
	Low    float64      `json:"low"` // of the first bin; bins are even
	High   float64      `json:"high"`
	Counts []int        `json:"counts"`
	Points [][2]float64 `json:"points"` // predicted, residual; at most residualPoints of the samples, evenly spread
}

const (
	residualBins   = 40
	residualPoints = 1000
)

// Regress measures predicted values against the true ones.
func Regress(predicted, actual []float32) (Regression, error) {
	n := len(actual)
	if n == 0 {
		return Regression{}, ErrNothing
	}
	if len(predicted) != n {
		return Regression{}, fmt.Errorf("%d predictions for %d samples", len(predicted), n)
	}
	mean, shift := 0.0, 0.0
	for i, y := range actual {
		mean += float64(y) / float64(n)
		shift += (float64(predicted[i]) - float64(y)) / float64(n)
	}
	r := Regression{Samples: n}
	var residual, total, centred float64
	for i, y := range actual {
		e, d := float64(predicted[i])-float64(y), float64(y)-mean
		r.MAE += math.Abs(e) / float64(n)
		r.MeanMAE += math.Abs(d) / float64(n)
		r.MAPE += math.Abs(e) / max(math.Abs(float64(y)), 0x1p-52) / float64(n)
		r.MaxError = max(r.MaxError, math.Abs(e))
		residual += e * e
		centred += (e - shift) * (e - shift)
		total += d * d
	}
	r.RMSE = math.Sqrt(residual / float64(n))
	if total > 0 {
		r.R2 = 1 - residual/total
		r.Explained = 1 - centred/total
	}
	return r, nil
}

// Rank adds what needs the errors sorted: the median and the residuals.
func (r *Regression) Rank(predicted, actual []float32) {
	n := len(actual)
	errors, sizes := make([]float64, n), make([]float64, n)
	for i, y := range actual {
		errors[i] = float64(predicted[i]) - float64(y)
		sizes[i] = math.Abs(errors[i])
	}
	slices.Sort(sizes)
	r.MedianAE = Quantile(sizes, 0.5)
	plot := &Residuals{Low: slices.Min(errors), High: slices.Max(errors), Counts: make([]int, residualBins)}
	width := max((plot.High-plot.Low)/residualBins, 1e-300)
	for i, e := range errors {
		plot.Counts[min(int((e-plot.Low)/width), residualBins-1)]++
		if stride := max(n/residualPoints, 1); i%stride == 0 && len(plot.Points) < residualPoints {
			plot.Points = append(plot.Points, [2]float64{float64(predicted[i]), e})
		}
	}
	r.Residuals = plot
}
