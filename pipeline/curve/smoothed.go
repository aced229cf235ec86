package curve

import (
	"math"
	"runtime"
	"sync"
)

// SmoothKind is a way to smooth.
type SmoothKind string

// The ways to smooth; Amount is the weight of EMA (0…1), sigma in rows for
// GaussianKind and rows for WindowKind.
const (
	NoSmoothing  SmoothKind = ""
	EMAKind      SmoothKind = "ema"
	GaussianKind SmoothKind = "gaussian"
	WindowKind   SmoothKind = "window"
)

// maxSigma bounds the Gaussian's width; wider ones say no more and cost much.
const maxSigma = 1000

// Smooth returns the samples smoothed. The exponential average keeps only its
// state at every bucket and computes values anew when they are asked for, so
// that ten million points take a few megabytes; the other kinds hold all values.
// The samples must not change; the result is safe for several readers.
func Smooth(s Samples, kind SmoothKind, amount float64) Samples {
	switch {
	case kind == EMAKind && smoothes(amount) && !constantSamples(s):
		return newSmoothed(s, amount)
	case kind == GaussianKind && amount > 0:
		return smoothAll(s, func(dst, ys []float64) { Gaussian(dst, ys, min(amount, maxSigma)) })
	case kind == WindowKind && amount > 1:
		return smoothAll(s, func(dst, ys []float64) { Window(dst, ys, int(amount)) })
	}
	return s
}

// constantSamples reports whether every value is the same finite one.
func constantSamples(s Samples) bool {
	l := Line{s}
	var c Column
	for i := 0; i*s.BucketRows() < s.Len(); i++ {
		c.Merge(l.Bucket(i))
		if c.Special() || c.N > 0 && c.Min != c.Max {
			return false
		}
	}
	return true
}

// smoothed is an exponential average over Samples. It implements Samples.
type smoothed struct {
	over
	weight  float64
	states  []emaState // before each bucket
	buckets []Column
}

func newSmoothed(s Samples, weight float64) *smoothed {
	n := (s.Len() + s.BucketRows() - 1) / s.BucketRows()
	out := &smoothed{over: over{s}, weight: weight, states: make([]emaState, n), buckets: make([]Column, n)}
	parts := max(1, min(runtime.GOMAXPROCS(0), n/partBuckets))
	var done sync.WaitGroup
	for k := range parts {
		done.Go(func() { out.fill(k*n/parts, (k+1)*n/parts) })
	}
	done.Wait()
	return out
}

// partBuckets is from how many buckets on a goroutine of its own is worth it.
const partBuckets = 1024

// fill smooths the buckets from..to. What lies so far back that nothing of it is
// left in a float64 is not looked at.
func (s *smoothed) fill(from, to int) {
	state := emaState{debias: 1}
	b := s.BucketRows()
	ys := make([]float64, b)
	for i := s.reach(from); i < to; i++ {
		part := ys[:min(b, s.Len()-i*b)]
		s.Samples.Y(i*b, part)
		if i >= from {
			s.states[i] = state
		}
		state.run(part, s.weight)
		if i >= from {
			s.buckets[i].AddAll(part)
		}
	}
}

// reach is the bucket from which on the values before bucket from still count:
// the largest of all times weightⁿ is smaller than the smallest float64 by then.
func (s *smoothed) reach(from int) int {
	if s.weight >= 1 {
		return 0
	}
	huge := 1.0
	for i := range from {
		c := s.Samples.Bucket(i)
		huge = max(huge, math.Abs(c.Min), math.Abs(c.Max))
	}
	wanted := (math.Log(huge) - math.Log(math.SmallestNonzeroFloat64)) / -math.Log(s.weight)
	for from > 0 && wanted > 0 {
		from--
		wanted -= float64(s.Samples.Bucket(from).N)
	}
	return from
}

// run smooths ys in place.
func (s *emaState) run(ys []float64, weight float64) {
	if s.debias != 0 || weight == 1 {
		for i, y := range ys {
			ys[i] = s.next(y, weight)
		}
		return
	}
	last, keep := s.last, 1-weight
	for len(ys) >= 4 {
		if !finite4(ys) {
			last = blend(ys[:4], last, weight)
		} else {
			last = blend4(ys, last, weight, keep)
		}
		ys = ys[4:]
	}
	s.last = blend(ys, last, weight)
}

// blend4 smooths four finite values in place after last and returns the newest. Each
// is worked out from last directly, so that four wait for one multiplication.
func blend4(ys []float64, last, weight, keep float64) float64 {
	_ = ys[3]
	w2 := weight * weight
	a := keep * ys[0]
	b := a*weight + keep*ys[1]
	c := b*weight + keep*ys[2]
	d := c*weight + keep*ys[3]
	ys[0], ys[1], ys[2] = last*weight+a, last*w2+b, last*(w2*weight)+c
	ys[3] = last*(w2*w2) + d
	return ys[3]
}

// blend smooths ys in place, one value after the other.
func blend(ys []float64, last, weight float64) float64 {
	for i, y := range ys {
		if y-y != 0 {
			continue
		}
		last = last*weight + (1-weight)*y
		ys[i] = last
	}
	return last
}

// Bucket returns the summary of the smoothed values of bucket i.
func (s *smoothed) Bucket(i int) Column { return s.buckets[i] }

// Y computes smoothed values from a row on.
func (s *smoothed) Y(from int, dst []float64) {
	b := s.BucketRows()
	for len(dst) > 0 && from < s.Len() {
		skip := from % b
		n := min(len(dst), b-skip, s.Len()-from)
		if skip > 0 {
			s.inside(from, skip, dst[:n])
		} else {
			s.Samples.Y(from, dst[:n])
			state := s.states[from/b]
			state.run(dst[:n], s.weight)
		}
		dst, from = dst[n:], from+n
	}
}

// inside computes values that begin skip rows after the start of their bucket.
func (s *smoothed) inside(from, skip int, dst []float64) {
	var buf [pointsBucket]float64
	part := buf[:min(skip+len(dst), len(buf))]
	s.Samples.Y(from-skip, part)
	state := s.states[from/s.BucketRows()]
	state.run(part, s.weight)
	copy(dst, part[skip:])
}

// over is other values at the positions of Samples, with their faster ways to find
// rows.
type over struct{ Samples }

// Find implements Finder.
func (o over) Find(from, to int, x float64) int { return Line(o).at(Span{from, to}, from, x) }

// Xs implements Positioner.
func (o over) Xs(from int, dst []float64) { Line(o).positions(from, dst) }

// Locate implements Locator.
func (o over) Locate(in []Span, xs []float64, rows []int) { Line(o).locate(in, xs, rows) }

// held is smoothed values kept as a whole. It implements Samples.
type held struct {
	over
	y       []float64
	buckets []Column
}

func smoothAll(s Samples, smooth func(dst, ys []float64)) *held {
	ys, h := make([]float64, s.Len()), &held{over: over{s}, y: make([]float64, s.Len())}
	s.Y(0, ys)
	smooth(h.y, ys)
	for i := 0; i < len(h.y); i += s.BucketRows() {
		var c Column
		c.AddAll(h.y[i:min(i+s.BucketRows(), len(h.y))])
		h.buckets = append(h.buckets, c)
	}
	return h
}

// Bucket returns the summary of the smoothed values of bucket i.
func (h *held) Bucket(i int) Column { return h.buckets[i] }

// Y copies smoothed values from a row on.
func (h *held) Y(from int, dst []float64) { copy(dst, h.y[from:]) }
