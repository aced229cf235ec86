// Package curve holds what can be said about a measured series without drawing
// it: summaries over stretches, smoothing, ranges, and the sentence that tells
// what the curve does. It is pure: no files, no pictures.
package curve

import "math"

// absentBits is a quiet NaN that no computation produces; it says "this row has
// no value of this metric", as opposed to a value that is not a number.
const absentBits = 0x7ff8_0000_0a75_0001

// Absent returns the value that marks a row without a value.
func Absent() float64 { return math.Float64frombits(absentBits) }

// IsAbsent reports whether y is the mark of a row without a value.
func IsAbsent(y float64) bool { return math.Float64bits(y) == absentBits }

// Column summarises the points of one stretch of a series. Min, Max, Sum, First
// and Last are of its finite values and mean nothing while N is 0.
type Column struct {
	Min, Max, Sum       float64
	First, Last         float64
	N                   int // finite values
	NaN, PosInf, NegInf int
}

// Add takes one more value into the summary; absent values are passed over.
func (c *Column) Add(y float64) {
	if y-y != 0 { // neither NaN nor infinite values survive this
		c.addSpecial(y)
		return
	}
	if c.N == 0 {
		c.Min, c.Max, c.First = y, y, y
	}
	c.N++
	c.Min = min(c.Min, y)
	c.Max = max(c.Max, y)
	c.Sum += y
	c.Last = y
}

// AddAll takes all values of ys into the summary, in order.
func (c *Column) AddAll(ys []float64) {
	for i, y := range ys {
		if c.N > 0 {
			c.addRest(ys[i:])
			return
		}
		c.Add(y)
	}
}

// addRest is AddAll for a summary that has a finite value already. Stretches of
// finite values, which are nearly all, are taken as a whole.
func (c *Column) addRest(ys []float64) {
	for len(ys) > 0 {
		part := ys[:min(len(ys), finiteAtOnce)]
		if !c.addFinite(part) {
			for _, y := range part {
				c.Add(y)
			}
		}
		ys = ys[len(part):]
	}
}

// finiteAtOnce is how many values are taken together; where one of them is not
// finite, they are taken one by one.
const finiteAtOnce = 64

// addFinite takes values that are all finite and reports whether they were: what
// is not finite leaves its trace in the sum. Four sums run beside one another, as
// one alone would wait for its last addition at every value.
func (c *Column) addFinite(ys []float64) bool {
	lo, hi := c.Min, c.Max
	var s0, s1, s2, s3 float64
	rest := ys
	for ; len(rest) >= 4; rest = rest[4:] {
		a, b, d, e := rest[0], rest[1], rest[2], rest[3]
		if a < lo {
			lo = a
		}
		if a > hi {
			hi = a
		}
		if b < lo {
			lo = b
		}
		if b > hi {
			hi = b
		}
		if d < lo {
			lo = d
		}
		if d > hi {
			hi = d
		}
		if e < lo {
			lo = e
		}
		if e > hi {
			hi = e
		}
		s0, s1, s2, s3 = s0+a, s1+b, s2+d, s3+e
	}
	for _, y := range rest {
		lo, hi, s0 = min(lo, y), max(hi, y), s0+y
	}
	sum := s0 + s1 + (s2 + s3)
	if sum-sum != 0 {
		return false
	}
	c.Min, c.Max, c.Sum, c.N, c.Last = lo, hi, c.Sum+sum, c.N+len(ys), ys[len(ys)-1]
	return true
}

// finite4 reports whether four values are neither NaN nor infinite.
func finite4(y []float64) bool {
	_ = y[3]
	return (y[0]-y[0])+(y[1]-y[1])+((y[2]-y[2])+(y[3]-y[3])) == 0
}

func (c *Column) addSpecial(y float64) {
	switch {
	case math.IsInf(y, 1):
		c.PosInf++
	case math.IsInf(y, -1):
		c.NegInf++
	case !IsAbsent(y):
		c.NaN++
	}
}

// Merge appends the summary of the stretch that follows.
func (c *Column) Merge(next Column) {
	c.NaN += next.NaN
	c.PosInf += next.PosInf
	c.NegInf += next.NegInf
	if next.N == 0 {
		return
	}
	if c.N == 0 {
		c.Min, c.Max, c.First = next.Min, next.Max, next.First
	}
	c.N += next.N
	c.Min = min(c.Min, next.Min)
	c.Max = max(c.Max, next.Max)
	c.Sum += next.Sum
	c.Last = next.Last
}

// Mean is the mean of the finite values, NaN without any.
func (c Column) Mean() float64 { return c.Sum / float64(c.N) }

// Points is how many values were seen, finite or not.
func (c Column) Points() int { return c.N + c.NaN + c.PosInf + c.NegInf }

// Special reports whether a value was NaN or infinite.
func (c Column) Special() bool { return c.NaN+c.PosInf+c.NegInf > 0 }
