package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wave(n int, f func(i int) float64) *curve.Points {
	y := make([]float64, n)
	for i := range y {
		y[i] = f(i)
	}
	return curve.NewPoints(nil, y)
}

func noise(i int) float64 { return math.Mod(math.Sin(float64(i)*12.9898)*43758.5453, 1) }

// demo is a training as people see it: n steps and ten epochs.
func demo(theme chart.Theme, n int) chart.Spec {
	loss := wave(n, func(i int) float64 {
		if i == 9*n/20 {
			return math.NaN()
		}
		f := float64(i) / float64(n)
		return 2.3*math.Exp(-5*f) + 0.08 + 0.15*noise(i)*math.Exp(-2*f)
	})
	x, y := []float64{}, []float64{}
	for e := 1; e <= 10; e++ {
		x = append(x, float64(e*n/10))
		y = append(y, 2.2*math.Exp(-float64(e)/2)+0.2)
	}
	return chart.Spec{
		Title: "数字 digits", Theme: theme,
		X: chart.Axis{Label: "step"}, Y: chart.Axis{Label: "loss"},
		Lines: []chart.Line{
			{Samples: loss, Faint: true},
			{Name: "loss (train)", Samples: curve.Smooth(loss, curve.EMAKind, 0.99), Colour: theme.Colour(0)},
			{Name: "loss (validation)", Samples: curve.NewPoints(x, y), Dash: chart.DashPattern(1), Dots: []curve.Point{{X: x[8], Y: y[8]}}},
		},
		Marks: []chart.Mark{{X: 0.3 * float64(n), Label: "pause"}}, EpochTicks: x,
	}
}

// TestPictures draws a gallery; with CHART_LOOK set to a folder it is kept there.
func TestPictures(t *testing.T) {
	log := demo(chart.Light(), 20_000)
	log.X.Log, log.Y.Log, log.X.Label = true, true, "step (log)"
	band := chart.Spec{Theme: chart.Dark(), X: chart.Axis{Kind: chart.Duration}, Y: chart.Axis{Kind: chart.Percent}}
	for i := range 3 {
		band.Lines = append(band.Lines,
			chart.Line{
				Samples: wave(4000, func(j int) float64 { return 1 - math.Exp(-float64(j)/500)/float64(i+1) - 0.05 }),
				Upper:   wave(4000, func(j int) float64 { return 1 - math.Exp(-float64(j)/500)/float64(i+1) + 0.05 }), Colour: chart.Dark().Colour(i),
			},
			chart.Line{
				Name: "seeds of " + strconv.Itoa(i), Samples: wave(4000, func(j int) float64 { return 1 - math.Exp(-float64(j)/500)/float64(i+1) }),
				Colour: chart.Dark().Colour(i), Dash: chart.DashPattern(i),
			})
	}
	few := chart.Spec{Theme: chart.Light(), Lines: []chart.Line{{Name: "few", Samples: curve.NewPoints(nil, []float64{1, 3, math.Inf(1), 2, math.NaN(), 4, math.Inf(-1), 3})}}}
	for name, s := range map[string]chart.Spec{"light": demo(chart.Light(), 20_000), "dark": demo(chart.Dark(), 500), "log": log, "band": band, "few": few} {
		p, err := chart.Render(s, 1280, 700, 1)
		must(t, err)
		if n := ink(p); n < 2000 {
			t.Errorf("%s: only %d pixels are drawn", name, n)
		}
		if dir := os.Getenv("CHART_LOOK"); dir != "" {
			f, err := os.Create(filepath.Join(dir, name+".png"))
			must(t, err)
			must(t, png.Encode(f, p.Image))
			must(t, f.Close())
		}
	}
}

// ink counts the pixels of the plot that are not its ground.
func ink(p *chart.Picture) int {
	n := 0
	ground := p.Image.RGBAAt(0, 0)
	for y := p.Plot.Min.Y; y < p.Plot.Max.Y; y++ {
		for x := p.Plot.Min.X; x < p.Plot.Max.X; x++ {
			if p.Image.RGBAAt(x, y) != ground {
				n++
			}
		}
	}
	return n
}

// bare is a chart of one red line on white without legend.
func bare(s curve.Samples) chart.Spec {
	return chart.Spec{Theme: chart.Light(), NoLegend: true, Lines: []chart.Line{{Samples: s, Colour: color.NRGBA{R: 255, A: 255}, Width: 2}}}
}

func red(c color.RGBA) bool { return c.R > 200 && c.G < 120 && c.B < 120 }

func TestEveryExtremeIsInThePicture(t *testing.T) {
	const n = 300_000
	for _, spike := range []int{0, 123_456, n - 1} {
		s := wave(n, func(i int) float64 {
			if i == spike {
				return 10
			}
			return 0
		})
		p, err := chart.Render(bare(s), 900, 400, 1)
		must(t, err)
		x, y := int(p.X.Pixel(float64(spike))), int(p.Y.Pixel(9.9))
		found := false
		for dx := -2; dx <= 2; dx++ {
			found = found || red(p.Image.RGBAAt(x+dx, y))
		}
		if !found {
			t.Errorf("the spike at %d of all points is not at (%d, %d)", spike, x, y)
		}
		if p.Shown != n || p.Total != n {
			t.Errorf("%d of %d points", p.Shown, p.Total)
		}
	}
}

// A spike that falls between two dashes is pale, not gone.
func TestDashesHideNoExtreme(t *testing.T) {
	for _, n := range []int{500, 100_000} {
		for at := range 12 {
			spike := n/2 + at*n/800
			s := bare(wave(n, func(i int) float64 {
				if i == spike {
					return 10
				}
				return 0
			}))
			s.Lines[0].Dash = []float64{4, 8}
			p, err := chart.Render(s, 900, 400, 1)
			must(t, err)
			x, y, found := int(p.X.Pixel(float64(spike))), int(p.Y.Pixel(9.8)), false
			for dx := -2; dx <= 2; dx++ {
				c := p.Image.RGBAAt(x+dx, y)
				found = found || c.R > c.G+30
			}
			if !found {
				t.Errorf("%d points: the spike at %d is not at (%d, %d)", n, spike, x, y)
			}
		}
	}
}

// What a drawer draws into memory that is used again is the same picture.
func TestADrawerDrawsTheSameAgain(t *testing.T) {
	var d chart.Drawer
	for i, n := range []int{20_000, 300, 20_000, 5000} {
		size := [2]int{900 + 100*(i%2), 400}
		s := demo(chart.Dark(), n)
		want, err := chart.Render(s, size[0], size[1], 1)
		must(t, err)
		for range 2 {
			got, err := d.Render(s, size[0], size[1], 1)
			must(t, err)
			if !bytes.Equal(got.Image.Pix, want.Image.Pix) {
				t.Errorf("picture %d of %d points differs", i, n)
			}
			d.Recycle(got)
		}
	}
}

func TestPointsAndColumnsDrawTheSame(t *testing.T) {
	// A straight line goes through the same pixels whether it is drawn point by
	// point or column by column.
	few, err := chart.Render(bare(wave(1000, func(i int) float64 { return float64(i) / 999 })), 900, 400, 1)
	must(t, err)
	many, err := chart.Render(bare(wave(100_000, func(i int) float64 { return float64(i) / 99_999 })), 900, 400, 1)
	must(t, err)
	for f := 0.05; f < 1; f += 0.1 {
		for _, p := range []*chart.Picture{few, many} {
			x := int(p.X.Pixel(p.X.Min + f*(p.X.Max-p.X.Min)))
			if c := p.Image.RGBAAt(x, int(p.Y.Pixel(f))); !red(c) {
				t.Errorf("at %v the pixel is %v", f, c)
			}
		}
	}
}

func TestScalesGoBothWays(t *testing.T) {
	s := demo(chart.Light(), 5000)
	for _, log := range []bool{false, true} {
		s.X.Log, s.Y.Log = log, log
		p, err := chart.Render(s, 1000, 500, 1.5)
		must(t, err)
		for px := p.Plot.Min.X + 1; px < p.Plot.Max.X; px += 97 {
			if got := p.X.Pixel(p.X.Value(float64(px))); math.Abs(got-float64(px)) > 1e-6 {
				t.Errorf("log %v: pixel %d comes back as %v", log, px, got)
			}
		}
	}
}

func TestNearestLineComesFirst(t *testing.T) {
	s := chart.Spec{Lines: []chart.Line{
		{Name: "low", Samples: wave(100, func(int) float64 { return 1 })},
		{Name: "raw", Samples: wave(100, func(int) float64 { return 8 }), Faint: true},
		{Name: "high", Samples: wave(100, func(i int) float64 { return 9 })},
	}}
	p, err := chart.Render(s, 600, 400, 1)
	must(t, err)
	hits := p.Near(image.Pt(int(p.X.Pixel(42)), int(p.Y.Pixel(7))))
	if len(hits) != 2 || hits[0].Line != 2 || hits[0].Point.X != 42 || hits[1].Line != 0 {
		t.Errorf("hits %+v", hits)
	}
}

func TestOddSeriesAreDrawn(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, ys := range map[string][]float64{
		"nothing": {}, "one point": {5}, "constant": {3, 3, 3}, "zero": {0, 0}, "only NaN": {nan, nan},
		"huge and tiny": {1e-300, 1e300}, "both ends": {-math.MaxFloat64, math.MaxFloat64},
		"infinite": {inf, -inf, 1}, "negative": {-3, -2, -1}, "smallest": {math.SmallestNonzeroFloat64, 0},
		"absent": {curve.Absent(), 1, curve.Absent()},
	} {
		for _, log := range []bool{false, true} {
			for _, outliers := range []bool{false, true} {
				s := bare(curve.NewPoints(nil, ys))
				s.Y.Log, s.X.Log, s.IgnoreOutliers = log, log, outliers
				p, err := chart.Render(s, 500, 300, 1)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if lo, hi := p.Y.Min, p.Y.Max; !(lo < hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) || log && lo <= 0 {
					t.Errorf("%s (log %v): range %v…%v", name, log, lo, hi)
				}
				for _, format := range []string{"svg", "pdf", "csv"} {
					must(t, chart.Write(io.Discard, s, format, 500, 300))
				}
			}
		}
	}
}

func TestSizesThatHoldNoChart(t *testing.T) {
	for _, size := range [][2]int{{0, 0}, {-5, 100}, {10, 10}, {100_000, 100_000}} {
		if _, err := chart.Render(chart.Spec{}, size[0], size[1], 1); !errors.Is(err, chart.ErrSize) {
			t.Errorf("%v: error %v, want ErrSize", size, err)
		}
	}
}

func TestFormats(t *testing.T) {
	s := demo(chart.Light(), 20_000)
	s.Title = "plain & <simple>"
	var out bytes.Buffer
	must(t, chart.Write(&out, s, "svg", 800, 400))
	d := xml.NewDecoder(&out)
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the SVG is not well-formed: %v", err)
		}
	}
	out.Reset()
	must(t, chart.Write(&out, s, "pdf", 800, 400))
	if !bytes.HasPrefix(out.Bytes(), []byte("%PDF-")) {
		t.Error("that is no PDF")
	}
	out.Reset()
	must(t, chart.Write(&out, s, "png", 800, 400))
	if img, err := png.Decode(&out); err != nil || img.Bounds().Dx() != 1600 {
		t.Errorf("the PNG: %v", err)
	}
	out.Reset()
	must(t, chart.Write(&out, s, "csv", 0, 0))
	if n := strings.Count(out.String(), "\n"); n != 1+20_000+10 {
		t.Errorf("%d lines of CSV, want 20011", n)
	}
	if err := chart.Write(&out, s, "bmp", 800, 400); !errors.Is(err, chart.ErrFormat) {
		t.Errorf("error %v, want ErrFormat", err)
	}
}

func BenchmarkRender(b *testing.B) {
	for _, n := range []int{500, 20_000, 10_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := demo(chart.Dark(), n)
			for b.Loop() {
				if _, err := chart.Render(s, 1280, 700, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
