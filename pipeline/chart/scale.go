package chart

import (
	"math"
	"slices"

	"athanor/pipeline/curve"
)

// Scale maps values of one axis onto pixels and back.
type Scale struct {
	Min, Max float64
	Log      bool
	from, to float64 // pixels of Min and Max
}

// Pixel is where a value lies; it may be outside of the picture.
func (s Scale) Pixel(v float64) float64 {
	return s.from + s.share(v)*(s.to-s.from)
}

// Value is what lies at a pixel.
func (s Scale) Value(pixel float64) float64 {
	f := (pixel - s.from) / (s.to - s.from)
	if s.Log {
		lo, hi := math.Log(s.Min), math.Log(s.Max)
		return math.Exp(lo + f*(hi-lo))
	}
	return s.Min*(1-f) + s.Max*f // without Max − Min, which can overflow
}

// share is how far a value lies between Min and Max.
func (s Scale) share(v float64) float64 {
	if s.Log {
		if v <= 0 {
			return math.Inf(-1)
		}
		lo, hi := math.Log(s.Min), math.Log(s.Max)
		return (math.Log(v) - lo) / (hi - lo)
	}
	if span := s.Max - s.Min; !math.IsInf(span, 0) {
		return (v - s.Min) / span
	}
	return (v/2 - s.Min/2) / (s.Max/2 - s.Min/2)
}

// fitX is the range of x that the axis asks for or the lines have.
func (s *Spec) fitX() (lo, hi float64) {
	if s.X.Min < s.X.Max && (!s.X.Log || s.X.Min > 0) {
		return s.X.Min, s.X.Max
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, l := range s.Lines {
		if l.Samples == nil {
			continue
		}
		a, b, ok := curve.Line{Samples: l.Samples}.Bounds()
		if ok {
			lo, hi = min(lo, a), max(hi, b)
		}
	}
	if s.X.Log && lo <= 0 {
		lo = min(1, hi/2)
	}
	return open(lo, hi, s.X.Log)
}

// fitY is the range of y that the axis asks for or the lines have between x0
// and x1, with a little air.
func (s *Spec) fitY(x0, x1 float64) (lo, hi float64) {
	if s.Y.Min < s.Y.Max && (!s.Y.Log || s.Y.Min > 0) {
		return s.Y.Min, s.Y.Max
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, l := range s.Lines {
		for _, samples := range []curve.Samples{l.Samples, l.Upper} {
			if samples != nil {
				a, b := s.rangeOf(curve.Line{Samples: samples}, x0, x1)
				lo, hi = min(lo, a), max(hi, b)
			}
		}
	}
	lo, hi = open(lo, hi, s.Y.Log)
	return pad(lo, hi, s.Y.Log)
}

// rangeOf is the range of one line's finite values, of positive ones on a
// logarithmic axis.
func (s *Spec) rangeOf(l curve.Line, x0, x1 float64) (lo, hi float64) {
	if s.IgnoreOutliers {
		return s.positive(l.Quantiles(x0, x1, 0.02, 0.98))
	}
	c := l.Summary(x0, x1)
	if c.N == 0 {
		return math.Inf(1), math.Inf(-1)
	}
	if s.Y.Log && c.Min <= 0 {
		return l.SmallestPositive(x0, x1), c.Max
	}
	return c.Min, c.Max
}

func (s *Spec) positive(lo, hi float64) (float64, float64) {
	if s.Y.Log && lo <= 0 && lo <= hi {
		return hi / 1e3, hi
	}
	return lo, hi
}

// open makes a range that has a width, whatever the values are.
func open(lo, hi float64, log bool) (float64, float64) {
	if log && lo <= hi { // beyond these, powers of ten are no numbers any more
		lo, hi = min(max(lo, 1e-306), 1e306), min(hi, 1e307)
	}
	switch {
	case log && (!(hi > 0) || math.IsInf(hi, 0)):
		return 0.1, 10
	case log && !(lo < hi):
		return lo / 10, lo * 10
	case log:
		return lo, hi
	case lo > hi || math.IsInf(lo, 0) || math.IsInf(hi, 0):
		return 0, 1
	case lo == hi:
		d := max(math.Abs(lo)*0.1, 0.5)
		if math.Abs(lo) < 1 && lo != 0 {
			d = math.Abs(lo) / 2
		}
		return lo - d, hi + d
	}
	return lo, hi
}

// pad gives a range air on both sides without leaving the numbers.
func pad(lo, hi float64, log bool) (float64, float64) {
	if log {
		d := math.Pow(hi/lo, 0.04)
		if math.IsInf(d, 0) || lo/d <= 0 || math.IsInf(hi*d, 0) {
			return lo, hi
		}
		return lo / d, hi * d
	}
	d := hi*0.04 - lo*0.04
	limit := math.MaxFloat64 / 2
	return max(lo-d, -limit), min(hi+d, limit)
}

// edges returns n+1 borders of pixel columns as values.
func (s Scale) edges(dst []float64, n int) []float64 {
	dst = slices.Grow(dst[:0], n+1)[:n+1]
	for i := range dst {
		dst[i] = s.Value(s.from + (s.to-s.from)*float64(i)/float64(n))
	}
	dst[0], dst[n] = s.Min, s.Max
	return dst
}
