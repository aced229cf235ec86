package metrics_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"athanor/app/metrics"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
)

// series writes n noisy points into a table of its own and opens it.
func series(b *testing.B, dir, name string, n int) curve.Samples {
	b.Helper()
	w, err := metrics.Create(dir, name, []string{"loss"})
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	row := metrics.Row{Values: make([]float64, 1)}
	for i := range n {
		row.Step, row.Values[0] = int64(i+1), rng.Float64()
		if err := w.Append(row); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	t, err := metrics.Open(dir, name)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = t.Close() })
	s, err := t.View().Series("loss", metrics.Step)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func draw(b *testing.B, s chart.Spec, points float64) {
	rng := rand.New(rand.NewPCG(3, 4))
	for b.Loop() {
		width := points * (0.01 + 0.99*rng.Float64())
		s.X.Min = rng.Float64() * (points - width)
		s.X.Max = s.X.Min + width
		if _, err := chart.Render(s, 1280, 700, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPanLong(b *testing.B) {
	const n = 2_000_000
	s := series(b, b.TempDir(), "long", n)
	draw(b, chart.Spec{Theme: chart.Dark(), Lines: []chart.Line{{Name: "loss", Samples: s}}}, n)
}

func BenchmarkPanMany(b *testing.B) {
	const n = 100_000
	dir := b.TempDir()
	spec := chart.Spec{Theme: chart.Dark()}
	for i := range 50 {
		spec.Lines = append(spec.Lines, chart.Line{Name: "run", Samples: series(b, dir, strconv.Itoa(i), n), Dash: chart.DashPattern(i / 8)})
	}
	draw(b, spec, n)
}
