package store

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Compare returns where two runs differ: recipe, then best values, then how long
// they took.
func Compare(a, b Info) []Difference {
	out := Diff(a.Recipe, b.Recipe)
	out = append(out, Diff(a.results(), b.results())...)
	return out
}

// results are a run's outcomes as text.
func (i Info) results() map[string]string {
	out := map[string]string{"state": string(i.Status.State), "epochs trained": strconv.Itoa(i.Status.Epoch), "steps": strconv.Itoa(i.Status.Step)}
	for _, k := range slices.Sorted(maps.Keys(i.Status.Best)) {
		if v := i.Status.Best[k]; !math.IsNaN(v) {
			out["best "+k] = strconv.FormatFloat(v, 'g', 6, 64)
		}
	}
	if !i.Status.Ended.IsZero() && !i.Status.Started.IsZero() {
		out["took"] = i.Status.Ended.Sub(i.Status.Started).Round(time.Second).String()
	}
	return out
}

// Sort orders runs by "started" (newest first), "name", or a metric's best value,
// the best first; runs without it come last.
func Sort(infos []Info, by string) {
	slices.SortStableFunc(infos, func(a, b Info) int {
		switch by {
		case "started", "":
			return b.Status.Started.Compare(a.Status.Started)
		case "name":
			return strings.Compare(a.Name, b.Name)
		}
		return compareMetric(a.Metric(by), b.Metric(by), HigherIsBetter(by))
	})
}

func compareMetric(a, b float64, higher bool) int {
	switch {
	case math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(a):
		return 1
	case math.IsNaN(b):
		return -1
	case higher:
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// Fact returns a recipe value or a result by the key Compare gave it.
func (i Info) Fact(key string) string {
	if v, ok := i.Recipe[key]; ok {
		return v
	}
	return i.results()[key]
}
