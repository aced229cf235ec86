// Package curves puts runs and metrics together into charts. The screen and the
// command draw from the same specs, so their pictures are the same.
package curves

import (
	"cmp"
	"fmt"
	"image/color"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
)

// Run is a run that is being looked at. It is safe for several goroutines.
type Run struct {
	Info   store.Info
	Curves *store.Curves

	mu       sync.Mutex
	smoothed map[string]smoothing
}

// smoothing is a smoothed series that is kept until the settings or the points
// change.
type smoothing struct {
	kind    curve.SmoothKind
	amount  float64
	rows    int
	samples curve.Samples
}

// Open opens a run folder.
func Open(dir string) (*Run, error) {
	info, err := store.ReadInfo(dir)
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	c, err := store.OpenCurves(dir)
	if err != nil {
		return nil, err
	}
	return &Run{Info: info, Curves: c, smoothed: map[string]smoothing{}}, nil
}

// Close closes the run's files.
func (r *Run) Close() error { return r.Curves.Close() }

// Options are how curves are drawn.
type Options struct {
	Axis       metrics.Axis
	LogX, LogY bool
	Smooth     curve.SmoothKind
	Amount     float64
	// Outliers draws y over the middle of the values only.
	IgnoreOutliers bool
	// MinX < MaxX is the part of x that is drawn; otherwise all.
	MinX, MaxX float64
	Theme      chart.Theme
	// Compact leaves out what stands beside small charts already: the metric's
	// name on y, and the legend when there are several runs.
	Compact bool
	// GroupBy is a recipe key: runs with the same value are drawn as their mean
	// and the band between their smallest and largest values. Empty draws each.
	GroupBy string
	// Labels are the words of axes and marks in the person's language.
	Labels map[string]string
}

// DefaultOptions are those of a first look: every step, TensorBoard's smoothing.
func DefaultOptions() Options {
	return Options{Axis: metrics.Step, Smooth: curve.EMAKind, Amount: 0.6, Theme: chart.Light()}
}

// Shown is a chart with what its lines are.
type Shown struct {
	Spec chart.Spec
	// Of says for every line of the spec which run and metric it draws.
	Of []Source
}

// Source is where a line's points come from.
type Source struct {
	Run    *Run
	Metric string
}

// Build makes the chart of some metrics of some runs. A run that lacks a metric
// is left out of it. Colours tell runs apart, or metrics when there is one run;
// dashes tell validation from training, and runs beyond the palette apart.
func Build(runs []*Run, names []string, o Options) (out Shown, err error) {
	out = Shown{Spec: chart.Spec{
		X:              chart.Axis{Label: o.label(string(o.Axis)), Log: o.LogX, Kind: axisKind(o.Axis), Min: o.MinX, Max: o.MaxX},
		Y:              chart.Axis{Label: yLabel(names), Log: o.LogY, Kind: valueKind(names)},
		IgnoreOutliers: o.IgnoreOutliers, NoLegend: o.Compact && len(runs) > 1, Theme: o.Theme,
	}}
	if o.Compact {
		defer func() { out.Spec.Y.Label = "" }()
	}
	if o.GroupBy != "" {
		return out, out.groups(runs, names, o)
	}
	byID := map[string]*Run{}
	for _, r := range runs {
		byID[r.Info.ID()] = r
	}
	for ri, r := range runs {
		for mi, name := range names {
			s, err := r.series(name, o)
			if err != nil {
				return out, err
			}
			if s == nil {
				continue
			}
			look := style{run: ri, metric: mi, runs: len(runs), validation: isValidation(name), theme: o.Theme}
			look.colour = ParseColour(r.Info.Notes.Colour)
			out.add(r, name, *s, look, o)
			if parent := byID[r.Info.Status.Parent]; parent != nil {
				out.branch(parent, r, name, o)
			}
		}
	}
	if len(runs) > 0 {
		out.Spec.EpochTicks = runs[0].epochTicks(o.Axis)
	}
	if len(runs) <= maxMarked {
		for _, r := range runs {
			out.Spec.Marks = append(out.Spec.Marks, r.marks(o)...)
		}
	}
	return out, nil
}

// maxMarked is up to how many runs the marks of all are shown.
const maxMarked = 3

func (o Options) label(key string) string {
	if l, ok := o.Labels[key]; ok {
		return l
	}
	return key
}

func axisKind(a metrics.Axis) chart.Kind {
	switch a {
	case metrics.Wall:
		return chart.Clock
	case metrics.Elapsed, metrics.Active:
		return chart.Duration
	}
	return chart.Number
}

func yLabel(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return ""
}

// valueKind is percent when every metric is a share.
func valueKind(names []string) chart.Kind {
	for _, n := range names {
		if !strings.HasSuffix(n, "accuracy") {
			return chart.Number
		}
	}
	return chart.Percent
}

func isValidation(name string) bool {
	return strings.HasPrefix(name, "val") || strings.Contains(name, "/val")
}

// perEpoch reports whether a metric has one value an epoch, which nobody wants
// smoothed.
func perEpoch(name string) bool {
	return isValidation(name) || slices.Contains(store.EpochColumns(), name)
}

// series is a metric of a run, nil when the run lacks it.
func (r *Run) series(name string, o Options) (*metrics.Series, error) {
	if !slices.Contains(r.Curves.Metrics(), name) {
		return nil, nil //nolint:nilnil // no series and no error: the run has no such metric
	}
	s, err := r.Curves.Series(name, cmp.Or(o.Axis, metrics.Step))
	if err != nil {
		return nil, err
	}
	all := curve.Line{Samples: s}.Summary(math.Inf(-1), math.Inf(1))
	if all.Points() == 0 {
		return nil, nil //nolint:nilnil // a column that never had a value
	}
	return s, nil
}

// smooth returns a series smoothed as the options say; it is kept for next time.
func (r *Run) smooth(name string, s *metrics.Series, o Options) curve.Samples {
	key := name + "\x00" + string(o.Axis)
	r.mu.Lock()
	defer r.mu.Unlock()
	if kept, ok := r.smoothed[key]; ok && kept.kind == o.Smooth && kept.amount == o.Amount && kept.rows == s.Len() {
		return kept.samples
	}
	out := curve.Smooth(s, o.Smooth, o.Amount)
	r.smoothed[key] = smoothing{o.Smooth, o.Amount, s.Len(), out}
	return out
}

// style decides how a line looks.
type style struct {
	run, metric, runs int
	validation        bool
	theme             chart.Theme
	colour            color.Color
}

func (s style) line() chart.Line {
	i := s.run
	if s.runs == 1 {
		i = s.metric
	}
	l := chart.Line{Colour: s.colour}
	if l.Colour == nil {
		l.Colour = s.theme.Colour(i)
	}
	dash := 0
	if n := len(s.theme.Palette); n > 0 {
		dash = i / n
	}
	if s.validation {
		dash++
	} else if dash > 0 {
		dash++
	}
	l.Dash = chart.DashPattern(dash)
	return l
}

// add puts a series into the chart: faint raw values behind the smoothed ones.
func (s *Shown) add(r *Run, name string, series metrics.Series, look style, o Options) {
	l := look.line()
	l.Name = lineName(r.Info.Name, name, look.runs, s.Spec.Y.Label != "")
	l.Samples = &series
	smoothed := r.smooth(name, &series, o)
	if smoothed != curve.Samples(&series) && series.Len() > 2 && !perEpoch(name) {
		raw := l
		raw.Faint, raw.Dash = true, nil
		s.Spec.Lines = append(s.Spec.Lines, raw)
		s.Of = append(s.Of, Source{r, name})
		l.Samples = smoothed
	}
	if look.validation {
		if p, ok := Best(&series, store.HigherIsBetter(name)); ok {
			l.Dots = []curve.Point{p}
		}
	}
	s.Spec.Lines = append(s.Spec.Lines, l)
	s.Of = append(s.Of, Source{r, name})
}

func lineName(run, metric string, runs int, oneMetric bool) string {
	switch {
	case runs == 1:
		return metric
	case oneMetric:
		return run
	}
	return run + " · " + metric
}

// Best returns the point with the best value of a series. Of equal ones the
// first counts.
func Best(s curve.Samples, higher bool) (curve.Point, bool) {
	l := curve.Line{Samples: s}
	all := l.Summary(math.Inf(-1), math.Inf(1))
	if all.N == 0 {
		return curve.Point{}, false
	}
	want := all.Min
	if higher {
		want = all.Max
	}
	b := s.BucketRows()
	ys := make([]float64, b)
	for i := 0; i*b < s.Len(); i++ {
		if c := s.Bucket(i); c.N == 0 || c.Min > want || c.Max < want {
			continue
		}
		part := ys[:min(b, s.Len()-i*b)]
		s.Y(i*b, part)
		if k := slices.Index(part, want); k >= 0 {
			return curve.Point{X: s.X(i*b + k), Y: want, Row: i*b + k}, true
		}
	}
	return curve.Point{}, false
}

// ParseColour reads #rrggbb; anything else is no colour.
func ParseColour(s string) color.Color {
	v, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	if err != nil || len(s) != 7 {
		return nil
	}
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// Metrics returns the names of all metrics of some runs, in the order they first
// appear.
func Metrics(runs []*Run) []string {
	var out []string
	seen := map[string]bool{}
	for _, r := range runs {
		for _, name := range r.Curves.Metrics() {
			if !seen[name] {
				seen[name] = true
				out = append(out, name)
			}
		}
	}
	return out
}

// Charts groups metrics into charts: a validation metric joins the one that it
// validates, everything else stands alone.
func Charts(names []string) [][]string {
	at := map[string]int{}
	var out [][]string
	for _, name := range names {
		key := strings.TrimPrefix(name, "val_")
		if i, ok := at[key]; ok {
			out[i] = append(out[i], name)
			continue
		}
		at[key] = len(out)
		out = append(out, []string{name})
	}
	return out
}

// TimeTo returns how many seconds of work a run needed until a metric first
// reached a value, false when it never did.
func TimeTo(r *Run, metric string, value float64) (float64, bool) {
	s, err := r.Curves.Series(metric, metrics.Active)
	if err != nil {
		return 0, false
	}
	higher := store.HigherIsBetter(metric)
	var ys [256]float64
	for from := 0; from < s.Len(); from += len(ys) {
		part := ys[:min(len(ys), s.Len()-from)]
		s.Y(from, part)
		for i, y := range part {
			if higher && y >= value || !higher && y <= value {
				return s.X(from + i), true
			}
		}
	}
	return 0, false
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
