package curve_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"athanor/pipeline/curve"
)

// reference is TensorBoard's classicSmoothing, written as it stands there.
func reference(ys []float64, weight float64) []float64 {
	constant := !slices.ContainsFunc(ys, func(y float64) bool { return y != ys[0] })
	last, n := 0.0, 0.0
	out := make([]float64, len(ys))
	for i, y := range ys {
		if constant || math.IsNaN(y) || math.IsInf(y, 0) {
			out[i] = y
			continue
		}
		last = last*weight + (1-weight)*y
		n++
		debias := 1.0
		if weight != 1 {
			debias = 1 - math.Pow(weight, n)
		}
		out[i] = last / debias
	}
	return out
}

func noisy(n int) []float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	ys := make([]float64, n)
	for i := range ys {
		ys[i] = math.Exp(-float64(i)/1000) + 0.1*rng.NormFloat64()
		if i%97 == 96 {
			ys[i] = math.NaN()
		}
		if i%501 == 500 {
			ys[i] = math.Inf(1)
		}
	}
	return ys
}

func same(a, b float64) bool {
	return math.Abs(a-b) <= 1e-9 || math.IsNaN(a) && math.IsNaN(b) || a == b
}

func TestSmoothingIsTensorBoards(t *testing.T) {
	ys := noisy(5000)
	for _, weight := range []float64{0, 0.1, 0.6, 0.9, 0.99, 0.999} {
		want := reference(ys, weight)
		got := make([]float64, len(ys))
		curve.EMA(got, ys, weight)
		lazy := curve.Smooth(curve.NewPoints(nil, ys), curve.EMAKind, weight)
		other := make([]float64, 777)
		lazy.Y(1234, other)
		for i := range want {
			if !same(got[i], want[i]) {
				t.Fatalf("weight %v: value %d is %v, want %v", weight, i, got[i], want[i])
			}
			if i >= 1234 && i < 2011 && !same(other[i-1234], want[i]) {
				t.Fatalf("weight %v: lazy value %d is %v, want %v", weight, i, other[i-1234], want[i])
			}
		}
		var c curve.Column
		c.AddAll(want)
		all := curve.Line{Samples: lazy}.Summary(math.Inf(-1), math.Inf(1))
		if !same(all.Min, c.Min) || !same(all.Max, c.Max) || all.N != c.N || all.NaN != c.NaN {
			t.Errorf("weight %v: summary %+v, want %+v", weight, all, c)
		}
	}
}

// TestPartsOfASeriesAreSmoothedAsOne compares the average that several processors
// compute, each a part of the series, with that of one, over values of all sizes.
// They may differ by a billionth of what was averaged: where values of both signs
// nearly cancel, that is more than a billionth of the average.
func TestPartsOfASeriesAreSmoothedAsOne(t *testing.T) {
	ys := make([]float64, 900_000)
	for i := range ys {
		ys[i] = math.Sin(float64(i)) * math.Pow(10, 300*math.Cos(float64(i)/70_000))
		if i%1001 == 0 {
			ys[i] = math.NaN()
		}
	}
	sizes := make([]float64, len(ys))
	for i, y := range ys {
		sizes[i] = math.Abs(y)
	}
	was := runtime.GOMAXPROCS(3)
	defer runtime.GOMAXPROCS(was)
	for _, weight := range []float64{0.5, 0.9, 0.99, 0.999} {
		want, size := make([]float64, len(ys)), make([]float64, len(ys))
		curve.EMA(want, ys, weight)
		curve.EMA(size, sizes, weight)
		got := curve.Smooth(curve.NewPoints(nil, ys), curve.EMAKind, weight)
		values := make([]float64, len(ys))
		got.Y(0, values)
		for i := range ys {
			if want[i] == want[i] && math.Abs(values[i]-want[i]) > 1e-9*size[i] {
				t.Fatalf("weight %v: value %d is %v, want %v", weight, i, values[i], want[i])
			}
		}
	}
}

func TestConstantSeriesStaysAsItIs(t *testing.T) {
	ys := slices.Repeat([]float64{0.1}, 1000)
	got := make([]float64, len(ys))
	curve.EMA(got, ys, 0.9)
	lazy := make([]float64, len(ys))
	curve.Smooth(curve.NewPoints(nil, ys), curve.EMAKind, 0.9).Y(0, lazy)
	if !slices.Equal(got, ys) || !slices.Equal(lazy, ys) {
		t.Error("a constant series was changed")
	}
}

func TestWindowAndGaussian(t *testing.T) {
	ys := noisy(2000)
	window := make([]float64, len(ys))
	curve.Window(window, ys, 50)
	bell := make([]float64, len(ys))
	curve.Gaussian(bell, ys, 5)
	for i, y := range ys {
		if y-y != 0 {
			if !same(window[i], y) || !same(bell[i], y) {
				t.Fatalf("value %d did not pass through", i)
			}
			continue
		}
		sum, n := 0.0, 0.0
		for _, v := range ys[max(i-49, 0) : i+1] {
			if v-v == 0 {
				sum += v
				n++
			}
		}
		if math.Abs(window[i]-sum/n) > 1e-9 {
			t.Fatalf("window %d is %v, want %v", i, window[i], sum/n)
		}
		weights, total := 0.0, 0.0
		for j := max(i-15, 0); j <= min(i+15, len(ys)-1); j++ {
			if v := ys[j]; v-v == 0 {
				w := math.Exp(-float64((i-j)*(i-j)) / 50)
				weights += w
				total += w * v
			}
		}
		if math.Abs(bell[i]-total/weights) > 1e-9 {
			t.Fatalf("bell %d is %v, want %v", i, bell[i], total/weights)
		}
	}
}

func TestColumnsHoldEveryPoint(t *testing.T) {
	ys := noisy(100_000)
	p := curve.NewPoints(nil, ys)
	l := curve.Line{Samples: p}
	for _, window := range [][2]float64{{0, 99_999}, {500, 700}, {-1000, 1e6}, {99_990, 99_999}, {12_345.5, 80_000.25}} {
		edges := make([]float64, 801)
		for i := range edges {
			edges[i] = window[0] + (window[1]-window[0])*float64(i)/800
		}
		edges[800] = window[1]
		columns := make([]curve.Column, 800)
		l.Columns(p.Pieces()[0], edges, columns)
		var got curve.Column
		for _, c := range columns {
			got.Merge(c)
		}
		want := l.Summary(window[0], window[1])
		if got.N != want.N || got.Min != want.Min || got.Max != want.Max || got.NaN != want.NaN || got.PosInf != want.PosInf {
			t.Errorf("window %v: columns hold %+v, want %+v", window, got, want)
		}
		if n := l.Count(window[0], window[1]); got.Points() != n {
			t.Errorf("window %v: %d points in columns, %d counted", window, got.Points(), n)
		}
	}
}

func TestStepsThatGoBackAreSegments(t *testing.T) {
	p := curve.NewPoints([]float64{1, 2, 3, 2, 3, 4, 4, 5}, []float64{1, 2, 3, 20, 30, 40, 41, 50})
	want := []curve.Span{{From: 0, To: 3}, {From: 3, To: 8}}
	if !slices.Equal(p.Pieces(), want) {
		t.Errorf("pieces %v, want %v", p.Pieces(), want)
	}
	if q, ok := (curve.Line{Samples: p}).Nearest(2.9); !ok || q.Y != 30 {
		t.Errorf("nearest to 2.9 is %+v, want the later run's 30", q)
	}
}

func TestStats(t *testing.T) {
	n := 1000
	ys := make([]float64, n)
	for i := range ys {
		ys[i] = 3 - 0.5*float64(i)
	}
	ys[500] = math.NaN()
	s := curve.Line{Samples: curve.NewPoints(nil, ys)}.Stats(100, 899)
	if s.N != 799 || s.NaN != 1 || s.Start != -47 || s.End != 3-0.5*899 || math.Abs(s.Slope+0.5) > 1e-12 || s.Change != -399.5 {
		t.Errorf("stats %+v", s)
	}
	empty := curve.Line{Samples: curve.NewPoints(nil, nil)}.Stats(0, 1)
	if empty.N != 0 || !math.IsNaN(empty.Mean) || !math.IsNaN(empty.Slope) {
		t.Errorf("stats of nothing %+v", empty)
	}
}

func TestQuantiles(t *testing.T) {
	ys := make([]float64, 1001)
	for i := range ys {
		ys[i] = float64((i * 7919) % 1001)
	}
	ys[3] = math.Inf(1)
	a, b := curve.Line{Samples: curve.NewPoints(nil, ys)}.Quantiles(0, 1e9, 0.05, 0.95)
	if math.Abs(a-50) > 1.5 || math.Abs(b-950) > 1.5 {
		t.Errorf("quantiles %v and %v, want 50 and 950", a, b)
	}
}

func TestSmallestPositive(t *testing.T) {
	ys := noisy(3000)
	want := math.Inf(1)
	for _, y := range ys[100:2001] {
		if y > 0 {
			want = min(want, y)
		}
	}
	if got := (curve.Line{Samples: curve.NewPoints(nil, ys)}).SmallestPositive(100, 2000); got != want {
		t.Errorf("smallest is %v, want %v", got, want)
	}
}

func points(ys ...float64) []curve.Point {
	var out []curve.Point
	for i, y := range ys {
		out = append(out, curve.Point{X: float64(i + 1), Y: y})
	}
	return out
}

func TestDescribe(t *testing.T) {
	for name, c := range map[string]struct {
		points []curve.Point
		higher bool
		kind   curve.FindingKind
		best   float64
		since  int
	}{
		"nothing":     {kind: curve.TooFew},
		"one":         {points: points(1), kind: curve.TooFew, best: 1},
		"improving":   {points: points(3, 2, 1), kind: curve.Improving, best: 3},
		"overfitting": {points: points(3, 1, 1.1, 1.2, 1.3, 1.4), kind: curve.Overfitting, best: 2, since: 4},
		"stalled":     {points: points(3, 1, 1.2, 1.1, 1.3, 1.2), kind: curve.Stalled, best: 2, since: 4},
		"wavering":    {points: points(3, 1, 1.2), kind: curve.Wavering, best: 2, since: 1},
		"nan":         {points: points(3, 1, math.NaN()), kind: curve.NotANumber, best: 2},
		"diverging":   {points: points(1, 0.9, 10), kind: curve.Diverging, best: 2, since: 1},
		"accuracy":    {points: points(0.5, 0.9, 0.8, 0.7, 0.6), higher: true, kind: curve.Overfitting, best: 2, since: 3},
	} {
		f := curve.Describe(c.points, c.higher)
		if f.Kind != c.kind || f.Best.X != c.best || f.Since != c.since {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func FuzzColumns(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 5}, -1.0, 300.0, uint8(7))
	f.Fuzz(func(t *testing.T, data []byte, lo, hi float64, n uint8) {
		if !(lo < hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) || n == 0 || math.IsInf(hi-lo, 0) {
			return
		}
		x, y := make([]float64, len(data)), make([]float64, len(data))
		for i, b := range data {
			x[i], y[i] = float64(b), float64(i)
		}
		p := curve.NewPoints(x, y)
		l := curve.Line{Samples: p}
		edges := make([]float64, int(n)+1)
		for i := range edges {
			edges[i] = lo + (hi-lo)*float64(i)/float64(n)
		}
		edges[n] = hi
		total := 0
		columns := make([]curve.Column, n)
		for _, piece := range p.Pieces() {
			l.Columns(piece, edges, columns)
			for _, c := range columns {
				total += c.N
			}
		}
		if total != l.Count(lo, hi) {
			t.Errorf("%d points in columns, %d counted", total, l.Count(lo, hi))
		}
	})
}

func BenchmarkSmooth(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	ys := make([]float64, 10_000_000)
	for i := range ys {
		ys[i] = 0.1 * rng.NormFloat64()
	}
	s := curve.NewPoints(nil, ys)
	for b.Loop() {
		curve.Smooth(s, curve.EMAKind, 0.99)
	}
}
