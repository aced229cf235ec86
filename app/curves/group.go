package curves

import (
	"math"
	"slices"

	"athanor/pipeline/chart"
	"athanor/pipeline/curve"
)

// groupPoints is how many places of x a group's mean and band are computed at.
const groupPoints = 2000

// groups draws, for every value of a recipe key, the mean of the runs that have
// it and the band between their extremes.
func (s *Shown) groups(runs []*Run, names []string, o Options) error {
	groups := map[string][]*Run{}
	for _, r := range runs {
		v := r.Info.Value(o.GroupBy)
		groups[v] = append(groups[v], r)
	}
	for gi, value := range sortedKeys(groups) {
		for mi, name := range names {
			var all []curve.Samples
			for _, r := range groups[value] {
				series, err := r.series(name, o)
				if err != nil {
					return err
				}
				if series != nil && series.Len() > 0 {
					all = append(all, r.smooth(name, series, o))
				}
			}
			if len(all) == 0 {
				continue
			}
			look := style{run: gi, metric: mi, runs: max(len(groups), 2), validation: isValidation(name), theme: o.Theme}
			s.addGroup(look, o.GroupBy+" = "+value, name, groups[value][0], all)
		}
	}
	return nil
}

func (s *Shown) addGroup(look style, group, metric string, first *Run, all []curve.Samples) {
	lower, mean, upper := Aggregate(all, groupPoints)
	l := look.line()
	band := l
	band.Name, band.Samples, band.Upper = "", lower, upper
	l.Name, l.Samples = lineName(group, metric, 2, s.Spec.Y.Label != ""), mean
	s.Spec.Lines = append(s.Spec.Lines, []chart.Line{band, l}...)
	s.Of = append(s.Of, Source{first, metric}, Source{first, metric})
}

// Aggregate returns the smallest, mean and largest value of several series at n
// places spread over all of them (fewer when they have fewer points). At each
// place every series counts with its mean since the place before, or its last
// value, once it has begun and until it ended.
func Aggregate(all []curve.Samples, n int) (lower, mean, upper *curve.Points) {
	edges := places(all, n)
	x := edges[1:]
	lo, mid, hi := make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))
	count := make([]float64, len(x))
	for i := range x {
		lo[i], hi[i] = math.Inf(1), math.Inf(-1)
	}
	for _, s := range all {
		for i, y := range alongPlaces(s, edges) {
			if y-y != 0 {
				continue
			}
			lo[i], hi[i] = min(lo[i], y), max(hi[i], y)
			mid[i] += y
			count[i]++
		}
	}
	for i := range x {
		if count[i] == 0 {
			lo[i], mid[i], hi[i] = curve.Absent(), curve.Absent(), curve.Absent()
			continue
		}
		mid[i] /= count[i]
	}
	return curve.NewPoints(x, lo), curve.NewPoints(x, mid), curve.NewPoints(x, hi)
}

// places are the borders between places: those of the longest series' points
// when there are few, else n evenly spread ones.
func places(all []curve.Samples, n int) []float64 {
	x0, x1, longest := math.Inf(1), math.Inf(-1), all[0]
	for _, s := range all {
		a, b, _ := curve.Line{Samples: s}.Bounds()
		x0, x1 = min(x0, a), max(x1, b)
		if s.Len() > longest.Len() {
			longest = s
		}
	}
	edges := []float64{math.Nextafter(x0, math.Inf(-1))}
	if longest.Len() <= n && len(longest.Pieces()) == 1 {
		for i := range longest.Len() {
			edges = append(edges, longest.X(i))
		}
		if last := edges[len(edges)-1]; last < x1 {
			edges = append(edges, x1)
		}
		return slices.Compact(edges)
	}
	for i := 1; i <= n; i++ {
		edges = append(edges, x0+(x1-x0)*float64(i)/float64(n))
	}
	return slices.Compact(edges)
}

// alongPlaces is one value of a series for each place, absent before its begin
// and after its end. A point that lies on a place's border counts there.
func alongPlaces(s curve.Samples, edges []float64) []float64 {
	out := make([]float64, len(edges)-1)
	up := make([]float64, len(edges))
	for i, e := range edges {
		up[i] = math.Nextafter(e, math.Inf(1))
	}
	l := curve.Line{Samples: s}
	_, end, _ := l.Bounds()
	columns := make([]curve.Column, len(out))
	total := make([]curve.Column, len(out))
	for _, p := range l.Pieces() {
		l.Columns(p, up, columns)
		for i, c := range columns {
			total[i].Merge(c)
		}
	}
	last := curve.Absent()
	for i, c := range total {
		if c.N > 0 {
			last = c.Last
			out[i] = c.Mean()
			continue
		}
		out[i] = last
		if edges[i] >= end {
			out[i] = curve.Absent()
		}
	}
	return out
}
