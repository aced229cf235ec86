package curve

import "math"

// FindingKind is what a curve does.
type FindingKind string

// The kinds of findings, the most urgent first.
const (
	NotANumber  FindingKind = "nan"       // the newest value is not a number
	Overfitting FindingKind = "overfit"   // validation has got worse for Since values
	Diverging   FindingKind = "diverging" // the values rise far above where they began
	Stalled     FindingKind = "stalled"   // no better value for Since values
	Improving   FindingKind = "improving" // the newest value is the best
	TooFew      FindingKind = "few"       // fewer than two values
	Wavering    FindingKind = "wavering"  // neither better nor clearly worse
)

// Finding is what one sentence under a curve says.
type Finding struct {
	Kind  FindingKind
	Best  Point // the best value so far
	Last  Point
	Since int // values since the best one
}

// stalledAfter is after how many values without a better one a curve stands still.
const stalledAfter = 3

// Describe says what a series of validation values does; lower is better unless
// higher is set. Absent values are left out.
func Describe(points []Point, higher bool) Finding {
	f := Finding{Kind: TooFew}
	count, worse, previous := 0, 0, math.NaN()
	var first float64
	for _, p := range points {
		if IsAbsent(p.Y) {
			continue
		}
		f.Last = p
		if p.Y-p.Y != 0 {
			continue
		}
		count++
		if count == 1 {
			first = p.Y
		}
		worse = worsened(worse, previous, p.Y, higher)
		previous = p.Y
		if count == 1 || better(p.Y, f.Best.Y, higher) {
			f.Best, f.Since = p, 0
		} else {
			f.Since++
		}
	}
	f.Kind = f.kind(count, worse, first, higher)
	return f
}

func better(a, b float64, higher bool) bool {
	if higher {
		return a > b
	}
	return a < b
}

// worsened counts how many values in a row were worse than the one before.
func worsened(n int, before, now float64, higher bool) int {
	if better(before, now, higher) {
		return n + 1
	}
	return 0
}

func (f Finding) kind(count, worse int, first float64, higher bool) FindingKind {
	switch {
	case f.Last.Y-f.Last.Y != 0:
		return NotANumber
	case count < 2:
		return TooFew
	case f.Since == 0:
		return Improving
	case !higher && f.Last.Y > 3*max(first, f.Best.Y) && f.Last.Y > 0:
		return Diverging
	case worse >= stalledAfter && f.Since >= stalledAfter:
		return Overfitting
	case f.Since >= stalledAfter:
		return Stalled
	}
	return Wavering
}
