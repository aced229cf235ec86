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

// addRest is AddAll for a summary that has a finite value already. Four values are
// taken at once where all are finite: a sum alone would wait for its last addition
// at every value.
func (c *Column) addRest(ys []float64) {
	for len(ys) >= 4 {
		n := c.addFinite(ys)
		ys = ys[n:]
		for range min(4, len(ys)) {
			c.Add(ys[0])
			ys = ys[1:]
		}
	}
	for _, y := range ys {
		c.Add(y)
	}
}

// addFinite takes values by fours up to a value that is not finite, and returns how
// many.
func (c *Column) addFinite(ys []float64) int {
	lo, hi := c.Min, c.Max
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(ys); i += 4 {
		four := ys[i : i+4 : i+4]
		if !finite4(four) {
			break
		}
		if four[0] < lo {
			lo = four[0]
		}
		if four[0] > hi {
			hi = four[0]
		}
		if four[1] < lo {
			lo = four[1]
		}
		if four[1] > hi {
			hi = four[1]
		}
		if four[2] < lo {
			lo = four[2]
		}
		if four[2] > hi {
			hi = four[2]
		}
		if four[3] < lo {
			lo = four[3]
		}
		if four[3] > hi {
			hi = four[3]
		}
		s0, s1, s2, s3 = s0+four[0], s1+four[1], s2+four[2], s3+four[3]
	}
	if i > 0 {
		c.Min, c.Max, c.Sum, c.N, c.Last = lo, hi, c.Sum+(s0+s1+(s2+s3)), c.N+i, ys[i-1]
	}
	return i
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
