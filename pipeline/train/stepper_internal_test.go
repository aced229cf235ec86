package train

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestDropoutMasks: the share of zeros is the rate, and the mean stays 1.
func TestDropoutMasks(t *testing.T) {
	for _, rate := range []float64{0.1, 0.5, 0.75} {
		mask := make([]float32, 200_003)
		drawMask(rand.NewPCG(1, 2), rate, mask)
		zeros, sum := 0, 0.0
		for _, m := range mask {
			if m == 0 {
				zeros++
			}
			sum += float64(m)
		}
		n := float64(len(mask))
		if share := float64(zeros) / n; math.Abs(share-rate) > 5*math.Sqrt(rate*(1-rate)/n) {
			t.Errorf("rate %g: %g of the mask is zero", rate, share)
		}
		if mean := sum / n; math.Abs(mean-1) > 0.02 {
			t.Errorf("rate %g: the mask's mean is %g", rate, mean)
		}
	}
}
