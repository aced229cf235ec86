package curves_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"athanor/app/curves"
	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
	"athanor/pipeline/train"
)

// oddRun writes a run step by step.
func oddRun(t *testing.T, n int, at func(i int) (step int, loss float64, when time.Time)) *curves.Run {
	t.Helper()
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	r, err := store.CreateRun(t.TempDir(), "odd", start)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(r.Dir(), store.RecipeFile), []byte("seed = 1\n"), 0o644))
	must(t, r.AppendEvent(train.Mark{Kind: train.MarkStart, Time: start}))
	for i := range n {
		step, loss, when := at(i)
		must(t, r.AppendMetric(train.Metric{Step: step, Epoch: 1 + i/50, Time: when, Loss: loss, Accuracy: math.NaN()}))
	}
	must(t, r.Close())
	return openRun(t, r.Dir())
}

func second(i int) time.Time {
	return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Second)
}

// TestOddRunsAreDrawn builds and draws runs as no training should leave them, on
// every axis, linear and logarithmic, in every format.
func TestOddRunsAreDrawn(t *testing.T) {
	for name, c := range map[string]struct {
		n  int
		at func(i int) (int, float64, time.Time)
	}{
		"empty":     {0, nil},
		"one point": {1, func(i int) (int, float64, time.Time) { return 1, 0.5, second(i) }},
		"constant":  {300, func(i int) (int, float64, time.Time) { return i + 1, 3, second(i) }},
		"only NaN":  {300, func(i int) (int, float64, time.Time) { return i + 1, math.NaN(), second(i) }},
		"from 1e-300 to 1e300": {601, func(i int) (int, float64, time.Time) {
			return i + 1, math.Pow(10, float64(i-300)), second(i)
		}},
		"duplicated steps": {300, func(i int) (int, float64, time.Time) { return 1 + i/3, float64(i), second(i) }},
		"clock jumps": {300, func(i int) (int, float64, time.Time) {
			return i + 1, float64(i), second(i).Add(time.Duration(-7200*(i/100)) * time.Second)
		}},
		"steps go back": {300, func(i int) (int, float64, time.Time) { return 1 + i%100, float64(i), second(i) }},
	} {
		t.Run(name, func(t *testing.T) {
			r := oddRun(t, c.n, c.at)
			for _, axis := range []metrics.Axis{metrics.Step, metrics.Epoch, metrics.Wall, metrics.Elapsed, metrics.Active} {
				for _, log := range []bool{false, true} {
					o := curves.DefaultOptions()
					o.Axis, o.LogX, o.LogY, o.IgnoreOutliers = axis, log, log, log
					shown, err := curves.Build([]*curves.Run{r}, curves.Metrics([]*curves.Run{r}), o)
					must(t, err)
					p, err := chart.Render(shown.Spec, 600, 300, 1)
					must(t, err)
					if !(p.X.Min < p.X.Max) || !(p.Y.Min < p.Y.Max) {
						t.Errorf("%s: the picture spans %v…%v × %v…%v", axis, p.X.Min, p.X.Max, p.Y.Min, p.Y.Max)
					}
					for _, format := range []string{"svg", "pdf", "csv", "jsonl"} {
						must(t, chart.Write(&bytes.Buffer{}, shown.Spec, format, 600, 300))
					}
				}
			}
			if c.n > 0 {
				s, err := r.Curves.Series("loss", metrics.Step)
				must(t, err)
				if s.Len() != c.n {
					t.Errorf("%d points, want %d", s.Len(), c.n)
				}
			}
		})
	}
}

// TestSegments tells clock jumps and steps that go back from duplicated steps,
// which stay one line.
func TestSegments(t *testing.T) {
	for name, c := range map[string]struct {
		at   func(i int) (int, float64, time.Time)
		axis metrics.Axis
		want int
	}{
		"duplicated steps":   {func(i int) (int, float64, time.Time) { return 1 + i/3, 1, second(i) }, metrics.Step, 1},
		"steps go back":      {func(i int) (int, float64, time.Time) { return 1 + i%100, 1, second(i) }, metrics.Step, 3},
		"clock set back":     {func(i int) (int, float64, time.Time) { return i + 1, 1, second(i - 150*(i/200)) }, metrics.Wall, 2},
		"clock, by the step": {func(i int) (int, float64, time.Time) { return i + 1, 1, second(i - 150*(i/200)) }, metrics.Step, 1},
	} {
		s, err := oddRun(t, 300, c.at).Curves.Series("loss", c.axis)
		must(t, err)
		if got := len(s.Pieces()); got != c.want {
			t.Errorf("%s: %d segments, want %d", name, got, c.want)
		}
	}
}

// TestARunDeletedWhileOpenKeepsItsCurves removes the folder under a reader.
func TestARunDeletedWhileOpenKeepsItsCurves(t *testing.T) {
	r := oddRun(t, 5000, func(i int) (int, float64, time.Time) { return i + 1, float64(i), second(i) })
	before, err := r.Curves.Series("loss", metrics.Step)
	must(t, err)
	must(t, os.RemoveAll(r.Curves.Dir()))
	if _, err := r.Curves.Refresh(); err == nil {
		t.Log("a vanished run refreshes without an error")
	}
	shown, err := curves.Build([]*curves.Run{r}, []string{"loss"}, curves.DefaultOptions())
	must(t, err)
	if _, err := chart.Render(shown.Spec, 600, 300, 1); err != nil {
		t.Error(err)
	}
	if got := (curve.Line{Samples: before}).Value(4321); got != 4321 {
		t.Errorf("value %v of a run that was deleted while it was open, want 4321", got)
	}
	if _, err := curves.Open(r.Curves.Dir()); err == nil {
		t.Error("a deleted run opens again")
	}
}
