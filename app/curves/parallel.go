package curves

import (
	"math"
	"slices"
	"strconv"

	"athanor/app/store"
	"athanor/pipeline/chart"
)

const (
	maxParallelAxes = 9
	// maxCategories is up to how many words an axis has; keys with more, such as
	// names, say nothing side by side.
	maxCategories = 12
	// logSpread is from which ratio on positive numbers lie on a logarithmic axis.
	logSpread = 50
)

// builder puts a chart.Parallel together.
type builder struct {
	chart.Parallel
	infos []store.Info
}

// Parallel puts runs side by side: an axis for each recipe key in which they
// differ, then their results. Metric is the result that colours the lines and is
// the last axis.
func Parallel(infos []store.Info, metric string, theme chart.Theme) chart.Parallel {
	b := builder{Parallel: chart.Parallel{Theme: theme, Lines: make([]chart.ParallelLine, len(infos))}, infos: infos}
	for i, info := range infos {
		b.Lines[i].Name, b.Lines[i].Share = info.Name, math.NaN()
	}
	for _, key := range parallelKeys(infos) {
		if len(b.Axes) < maxParallelAxes-2 {
			b.add(key, func(i store.Info) string { return i.Recipe[key] })
		}
	}
	for _, name := range []string{"val_loss", "val_accuracy", "val_r2"} {
		if name != metric {
			b.addMetric(name)
		}
	}
	b.addMetric(metric)
	return b.Parallel
}

// parallelKeys are the recipe keys in which runs differ, in order; names and
// numbers of threads tell nothing about a result.
func parallelKeys(infos []store.Info) []string {
	seen := map[string]bool{}
	for _, i := range infos {
		for _, d := range store.Diff(infos[0].Recipe, i.Recipe) {
			seen[d.Key] = true
		}
	}
	for _, key := range []string{"name", "threads", "data.operations", "train.keep_snapshots", "train.keep_checkpoints", "train.checkpoint_seconds"} {
		delete(seen, key)
	}
	return sortedKeys(seen)
}

func (b *builder) addMetric(name string) {
	before := len(b.Axes)
	b.add(name, func(i store.Info) string {
		if v := i.Metric(name); v-v == 0 {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return ""
	})
	if len(b.Axes) == before {
		return
	}
	for i := range b.Lines { // the last metric colours
		at := b.Lines[i].At[len(b.Axes)-1]
		if !store.HigherIsBetter(name) {
			at = 1 - at
		}
		b.Lines[i].Share = at
	}
}

// add adds an axis for a value of the runs, unless it tells nothing.
func (b *builder) add(label string, of func(store.Info) string) {
	words := make([]string, len(b.infos))
	numbers := make([]float64, 0, len(b.infos))
	for i, info := range b.infos {
		words[i] = of(info)
		if v, err := strconv.ParseFloat(words[i], 64); err == nil && v-v == 0 {
			numbers = append(numbers, v)
		}
	}
	named := 0
	for _, w := range words {
		if w != "" {
			named++
		}
	}
	switch {
	case named == 0:
	case len(numbers) == named:
		b.addNumbers(label, words, numbers)
	default:
		b.addWords(label, words)
	}
}

func (b *builder) addNumbers(label string, words []string, numbers []float64) {
	lo, hi := slices.Min(numbers), slices.Max(numbers)
	scale := chart.NewScale(lo, hi, lo > 0 && hi/lo >= logSpread)
	b.Axes = append(b.Axes, chart.ParallelAxis{Label: label, Ticks: scale.Marks(5)})
	for i, w := range words {
		at := math.NaN()
		if v, err := strconv.ParseFloat(w, 64); err == nil {
			at = scale.Share(v)
		}
		b.Lines[i].At = append(b.Lines[i].At, at)
		b.Lines[i].Texts = append(b.Lines[i].Texts, w)
	}
}

func (b *builder) addWords(label string, words []string) {
	all := slices.Compact(slices.Sorted(slices.Values(words)))
	if len(all) > maxCategories {
		return
	}
	axis := chart.ParallelAxis{Label: label}
	place := func(k int) float64 { return (float64(k) + 0.5) / float64(len(all)) }
	for k, w := range all {
		axis.Ticks = append(axis.Ticks, chart.ParallelTick{At: place(k), Label: w})
	}
	b.Axes = append(b.Axes, axis)
	for i, w := range words {
		b.Lines[i].At = append(b.Lines[i].At, place(slices.Index(all, w)))
		b.Lines[i].Texts = append(b.Lines[i].Texts, w)
	}
}
