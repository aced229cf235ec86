package curve

import (
	"math"
	"slices"
)

// exactQuantiles is up to how many values quantiles are exact; of more, every
// bucket gives its first value.
const exactQuantiles = 1 << 18

// Quantiles returns two quantiles of the finite values with x0 ≤ x ≤ x1, +Inf
// and −Inf when there are none. For more than 262,144 values it looks at one of
// each bucket.
func (l Line) Quantiles(x0, x1, qa, qb float64) (a, b float64) {
	var ys []float64
	exact := l.Count(x0, x1) <= exactQuantiles
	for _, p := range l.Pieces() {
		ys = l.gather(ys, l.at(p, p.From, x0), l.after(p, x1), exact)
	}
	if len(ys) == 0 {
		return math.Inf(1), math.Inf(-1)
	}
	slices.Sort(ys)
	return quantile(ys, qa), quantile(ys, qb)
}

func (l Line) gather(ys []float64, from, to int, exact bool) []float64 {
	if !exact {
		b := l.BucketRows()
		for i := from / b; i*b < to; i++ {
			if c := l.Bucket(i); c.N > 0 {
				ys = append(ys, c.First)
			}
		}
		return ys
	}
	all := make([]float64, max(to-from, 0))
	l.Y(from, all)
	for _, y := range all {
		if y-y == 0 {
			ys = append(ys, y)
		}
	}
	return ys
}

// quantile interpolates between sorted values.
func quantile(ys []float64, q float64) float64 {
	at := q * float64(len(ys)-1)
	i := int(at)
	if i+1 >= len(ys) {
		return ys[len(ys)-1]
	}
	f := at - float64(i)
	return ys[i]*(1-f) + ys[i+1]*f
}

// SmallestPositive returns the smallest finite value above zero with
// x0 ≤ x ≤ x1, +Inf when there is none.
func (l Line) SmallestPositive(x0, x1 float64) float64 {
	lo := math.Inf(1)
	for _, p := range l.Pieces() {
		from, to := l.at(p, p.From, x0), l.after(p, x1)
		for from < to {
			n := min(to-from, l.BucketRows()-from%l.BucketRows())
			lo = min(lo, l.smallestIn(from, n, lo))
			from += n
		}
	}
	return lo
}

// smallestIn looks into n rows of one bucket unless its summary says enough.
func (l Line) smallestIn(from, n int, below float64) float64 {
	c := l.Bucket(from / l.BucketRows())
	if c.N == 0 || c.Max <= 0 || c.Min >= below {
		return below
	}
	if c.Min > 0 && n == l.BucketRows() {
		return c.Min
	}
	ys := make([]float64, n)
	l.Y(from, ys)
	for _, y := range ys {
		if y > 0 && y < below {
			below = y
		}
	}
	return below
}
