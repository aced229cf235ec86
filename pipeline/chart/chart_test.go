package chart_test

import (
	"image/png"
	"math"
	"os"
	"testing"

	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
)

func wave(n int, f func(i int) float64) *curve.Points {
	y := make([]float64, n)
	for i := range y {
		y[i] = f(i)
	}
	return curve.NewPoints(nil, y)
}

func noise(i int) float64 { return math.Mod(math.Sin(float64(i)*12.9898)*43758.5453, 1) }

func demo(theme chart.Theme) chart.Spec {
	const n = 20_000
	loss := wave(n, func(i int) float64 {
		if i == 9000 {
			return math.NaN()
		}
		return 2.3*math.Exp(-float64(i)/4000) + 0.08 + 0.15*noise(i)*math.Exp(-float64(i)/9000)
	})
	x, y := []float64{}, []float64{}
	for e := 1; e <= 10; e++ {
		x = append(x, float64(e*n/10))
		y = append(y, 2.2*math.Exp(-float64(e)/2)+0.2)
	}
	val := curve.NewPoints(x, y)
	return chart.Spec{
		Title: "数字 digits", Theme: theme,
		X: chart.Axis{Label: "step"}, Y: chart.Axis{Label: "loss"},
		Lines: []chart.Line{
			{Name: "loss (train)", Samples: loss},
			{Name: "loss (validation)", Samples: val, Dash: chart.DashPattern(1), Dots: []curve.Point{{X: x[8], Y: y[8]}}},
		},
		Marks: []chart.Mark{{X: 6000, Label: "pause"}}, EpochTicks: x,
	}
}

func TestLook(t *testing.T) {
	dir := os.Getenv("CHART_LOOK")
	if dir == "" {
		t.Skip("set CHART_LOOK to a folder to look at the pictures")
	}
	for name, s := range map[string]chart.Spec{"light": demo(chart.Light()), "dark": demo(chart.Dark())} {
		p, err := chart.Render(s, 1280, 700, 1)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(dir + "/" + name + ".png")
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, p.Image); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

func BenchmarkRender(b *testing.B) {
	s := demo(chart.Dark())
	for b.Loop() {
		if _, err := chart.Render(s, 1280, 700, 1); err != nil {
			b.Fatal(err)
		}
	}
}
