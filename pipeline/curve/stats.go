package curve

import "math"

// Stats tells about the values of a stretch of a series.
type Stats struct {
	Min, Max, Mean float64
	Start, End     float64
	// Change is End − Start; Slope the change per unit of x by least squares.
	Change, Slope       float64
	N                   int
	NaN, PosInf, NegInf int
}

// Stats describes the values with x0 ≤ x ≤ x1; its numbers are NaN when there
// are no finite ones. The slope of more than 262,144 rows is that of the buckets'
// means.
func (l Line) Stats(x0, x1 float64) Stats {
	c := l.Summary(x0, x1)
	s := Stats{N: c.N, NaN: c.NaN, PosInf: c.PosInf, NegInf: c.NegInf, Slope: math.NaN()}
	if c.N == 0 {
		nan := math.NaN()
		s.Min, s.Max, s.Mean, s.Start, s.End, s.Change = nan, nan, nan, nan, nan, nan
		return s
	}
	s.Min, s.Max, s.Mean, s.Start, s.End = c.Min, c.Max, c.Mean(), c.First, c.Last
	s.Change = s.End - s.Start
	var f fit
	exact := l.Count(x0, x1) <= exactQuantiles
	for _, p := range l.Pieces() {
		l.fitRows(&f, l.at(p, p.From, x0), l.after(p, x1), exact)
	}
	s.Slope = f.slope()
	return s
}

func (l Line) fitRows(f *fit, from, to int, exact bool) {
	b := l.BucketRows()
	var ys [pointsBucket]float64
	for from < to {
		n := min(to-from, b-from%b, len(ys))
		if !exact {
			if c := l.Bucket(from / b); c.N > 0 {
				f.add(l.X(from+n/2), c.Mean(), float64(n))
			}
			from += n
			continue
		}
		l.Y(from, ys[:n])
		for i, y := range ys[:n] {
			if y-y == 0 {
				f.add(l.X(from+i), y, 1)
			}
		}
		from += n
	}
}

// fit is a weighted straight line by least squares, updated point by point
// around running means so that large x do not cancel (West, 1979).
type fit struct{ w, mx, my, sxx, sxy float64 }

func (f *fit) add(x, y, w float64) {
	f.w += w
	dx := x - f.mx
	f.mx += dx * w / f.w
	f.my += (y - f.my) * w / f.w
	f.sxx += w * dx * (x - f.mx)
	f.sxy += w * dx * (y - f.my)
}

func (f *fit) slope() float64 {
	if f.sxx == 0 {
		return math.NaN()
	}
	return f.sxy / f.sxx
}
