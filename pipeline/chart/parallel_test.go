package chart_test

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"testing"

	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
)

// threeRuns is a chart of three lines over three axes; the second line lacks the
// middle one.
func threeRuns() chart.Parallel {
	scale := chart.NewScale(1e-5, 1e-1, true)
	return chart.Parallel{
		Theme: chart.Light(),
		Axes: []chart.ParallelAxis{
			{Label: "learning rate", Ticks: scale.Marks(4)},
			{Label: "优化器", Ticks: []chart.ParallelTick{{At: 0.25, Label: "adam"}, {At: 0.75, Label: "sgd"}}},
			{Label: "val_accuracy", Ticks: chart.NewScale(0.9, 1, false).Marks(5)},
		},
		Lines: []chart.ParallelLine{
			{Name: "a", At: []float64{0.2, 0.25, 0.9}, Share: 0.9},
			{Name: "b", At: []float64{0.5, math.NaN(), 0.5}, Share: 0.5},
			{Name: "c", At: []float64{0.8, 0.75, 0.1}, Share: 0.1},
		},
	}
}

func TestParallelLinesAreFoundWhereTheyAreDrawn(t *testing.T) {
	p := threeRuns()
	pic, err := chart.RenderParallel(p, 900, 400, 1)
	must(t, err)
	if len(pic.X) != 3 || pic.Top >= pic.Bottom {
		t.Fatalf("axes at %v, from %v to %v", pic.X, pic.Top, pic.Bottom)
	}
	row := func(at float64) float64 { return pic.Bottom + at*(pic.Top-pic.Bottom) }
	mid := (pic.X[1] + pic.X[2]) / 2
	if got := p.Nearest(pic, mid, row((0.25+0.9)/2), 10); got != 0 {
		t.Errorf("line %d lies there, want 0", got)
	}
	if got := p.Nearest(pic, mid, row(0.5), 3); got == 1 {
		t.Error("a line is found where it has no value")
	}
	x, y := int(mid), int(row((0.25+0.9)/2))
	ground := pic.Image.RGBAAt(2, 2)
	found := false
	for dy := -2; dy <= 2; dy++ {
		found = found || pic.Image.RGBAAt(x, y+dy) != ground
	}
	if !found {
		t.Errorf("nothing is drawn at (%d, %d)", x, y)
	}
}

func TestStretchesOfAxesChooseLines(t *testing.T) {
	p := threeRuns()
	p.Axes[2].Low, p.Axes[2].High = 0.4, 1
	for i, want := range []bool{true, true, false} {
		if got := p.Chosen(p.Lines[i]); got != want {
			t.Errorf("line %d chosen: %v", i, got)
		}
	}
	p.Axes[1].Low, p.Axes[1].High = 0, 1
	if p.Chosen(p.Lines[1]) {
		t.Error("a line without a value on the axis is chosen")
	}
}

func TestParallelFormats(t *testing.T) {
	for _, format := range []string{"png", "svg", "pdf"} {
		var out bytes.Buffer
		must(t, chart.WriteParallel(&out, threeRuns(), format, 800, 400))
		if out.Len() < 1000 {
			t.Errorf("%s: %d bytes", format, out.Len())
		}
	}
	if err := chart.WriteParallel(&bytes.Buffer{}, threeRuns(), "csv", 800, 400); !errors.Is(err, chart.ErrFormat) {
		t.Errorf("error %v, want ErrFormat", err)
	}
	if _, err := chart.RenderParallel(chart.Parallel{}, 10, 10, 1); !errors.Is(err, chart.ErrSize) {
		t.Errorf("error %v, want ErrSize", err)
	}
	if _, err := chart.RenderParallel(chart.Parallel{}, 400, 300, 1); err != nil {
		t.Errorf("no axes at all: %v", err)
	}
}

// TestStripsDoNotShow compares the picture that several processors draw, each a
// strip of it, with that of one.
func TestStripsDoNotShow(t *testing.T) {
	odd := wave(9000, func(i int) float64 {
		switch {
		case i%977 == 0:
			return math.NaN()
		case i%1999 == 0:
			return math.Inf(1)
		}
		return 2*math.Exp(-float64(i)/2000) + noise(i)
	})
	few := wave(300, func(i int) float64 { return noise(i * 7) })
	s := chart.Spec{Theme: chart.Dark(), Marks: []chart.Mark{{X: 4500}}, EpochTicks: []float64{3000, 6000}, Lines: []chart.Line{
		{Samples: odd, Faint: true},
		{Name: "odd", Samples: curve.Smooth(odd, curve.EMAKind, 0.9), Dash: chart.DashPattern(1)},
		{Name: "few", Samples: few, Dots: []curve.Point{{X: 150, Y: 0.5}}},
	}}
	was := runtime.GOMAXPROCS(1)
	one, err := chart.Render(s, 1001, 500, 1.5)
	runtime.GOMAXPROCS(7)
	many, err2 := chart.Render(s, 1001, 500, 1.5)
	runtime.GOMAXPROCS(was)
	must(t, errors.Join(err, err2))
	differing := 0
	for i := range one.Image.Pix {
		if d := int(one.Image.Pix[i]) - int(many.Image.Pix[i]); d > 1 || d < -1 {
			differing++
		}
	}
	if differing > 0 {
		t.Errorf("%d values of pixels differ", differing)
	}
	if one.Hidden != many.Hidden || one.Shown != many.Shown {
		t.Errorf("%d/%d and %d/%d points", one.Shown, one.Hidden, many.Shown, many.Hidden)
	}
}

// TestABranchIsJoined looks for the line between a fork's first point and the
// point where it left its parent.
func TestABranchIsJoined(t *testing.T) {
	for _, n := range []int{20, 5000} {
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], y[i] = 100+float64(i)*100/float64(n), 1
		}
		s := bare(curve.NewPoints(x, y))
		s.X.Min, s.X.Max, s.Y.Min, s.Y.Max = 0, 200, 0, 2
		s.Lines[0].Joint = &curve.Point{X: 50, Y: 1}
		p, err := chart.Render(s, 900, 400, 1)
		must(t, err)
		if c := p.Image.RGBAAt(int(p.X.Pixel(75)), int(p.Y.Pixel(1))); !red(c) {
			t.Errorf("%d points: nothing joins the branch: %v", n, c)
		}
		s.X.Min, s.X.Max = 120, 200
		p, err = chart.Render(s, 900, 400, 1)
		must(t, err)
		if c := p.Image.RGBAAt(int(p.X.Pixel(140)), int(p.Y.Pixel(1))); !red(c) {
			t.Errorf("%d points: the line itself is gone: %v", n, c)
		}
	}
}
