package attribution

import (
	"context"
	"math"
)

// Completeness compares an attribution's sum with what it has to explain.
type Completeness struct {
	Output   float64 `json:"output"`   // the class's logit for the sample
	Baseline float64 `json:"baseline"` // and for the baseline: a black picture, no words, the usual row
	Sum      float64 `json:"sum"`      // of all attributions
	Steps    int     `json:"steps"`
}

// Error is the distance between the sum and the difference of outputs, relative
// to the difference.
func (c Completeness) Error() float64 {
	difference := c.Output - c.Baseline
	return math.Abs(c.Sum-difference) / max(math.Abs(difference), 1e-3)
}

const (
	// Steps is how many points of the path from baseline to sample are looked at
	// first; they double until the sum is complete.
	Steps     = 64
	mostSteps = 2048
	// Tolerance is the largest error of a complete attribution.
	Tolerance = 0.01
)

// integrate is integrated gradients (Sundararajan, Taly and Yan 2017) by the
// midpoint rule. along(scales) gives, for points of the path, the class's logit
// and the mean over the points of gradient·(x − baseline). Sample and baseline
// themselves are the first two points of the first run.
func (g *Graph) integrate(ctx context.Context, along func(ctx context.Context, scales []float32) (logits []float64, terms [][]float32, err error)) ([]float64, Completeness, error) {
	for steps := Steps; ; steps *= 2 {
		values, c, err := g.pass(ctx, steps, along)
		if err != nil || c.Error() <= Tolerance || steps >= mostSteps {
			return values, c, err
		}
	}
}

func (g *Graph) pass(ctx context.Context, steps int, along func(context.Context, []float32) ([]float64, [][]float32, error)) ([]float64, Completeness, error) {
	c := Completeness{Steps: steps}
	scales := []float32{1, 0}
	for i := range steps {
		scales = append(scales, (float32(i)+0.5)/float32(steps))
	}
	var values []float64
	for from := 0; from < len(scales); from += g.batch {
		part := scales[from:min(from+g.batch, len(scales))]
		logits, terms, err := along(ctx, part)
		if err != nil {
			return nil, c, err
		}
		for i, term := range terms {
			switch from + i {
			case 0:
				c.Output = logits[i]
			case 1:
				c.Baseline = logits[i]
			default:
				values = add(values, term, 1/float64(steps))
			}
		}
	}
	for _, v := range values {
		c.Sum += v
	}
	return values, c, nil
}

func add(to []float64, values []float32, by float64) []float64 {
	if to == nil {
		to = make([]float64, len(values))
	}
	for i, v := range values {
		to[i] += float64(v) * by
	}
	return to
}
