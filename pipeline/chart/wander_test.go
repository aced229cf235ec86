package chart_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
)

// BenchmarkWander draws frames of a person zooming and moving in long series.
func BenchmarkWander(b *testing.B) {
	for _, c := range []struct{ lines, n int }{{1, 10_000_000}, {50, 100_000}} {
		b.Run(strconv.Itoa(c.lines), func(b *testing.B) {
			s := chart.Spec{Theme: chart.Dark(), X: chart.Axis{Label: "step"}, Y: chart.Axis{Label: "loss"}}
			for i := range c.lines {
				w := wave(c.n, func(j int) float64 { return 2*math.Exp(-5*float64(j)/float64(c.n)) + 0.2*noise(j) + float64(i)/20 })
				if c.lines == 1 {
					s.Lines = append(s.Lines, chart.Line{Samples: w, Faint: true})
					w2 := curve.Smooth(w, curve.EMAKind, 0.99)
					s.Lines = append(s.Lines, chart.Line{Name: "run", Samples: w2})
					continue
				}
				s.Lines = append(s.Lines, chart.Line{Name: "run " + strconv.Itoa(i), Samples: w, Dash: chart.DashPattern(i / 8)})
			}
			rng := rand.New(rand.NewPCG(3, 4))
			for b.Loop() {
				width := float64(c.n) * math.Pow(10, -4*rng.Float64())
				s.X.Min = rng.Float64() * (float64(c.n) - width)
				s.X.Max = s.X.Min + width
				if _, err := chart.Render(s, 1280, 700, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
