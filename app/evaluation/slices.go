package evaluation

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"athanor/inference/model"
	"athanor/inference/text"
	"athanor/pipeline/dataset/table"
	"athanor/pipeline/evaluate"
)

// Grouping is the slices of one column or trait, the worst first.
type Grouping struct {
	By     string           `json:"by"`
	Slices []evaluate.Slice `json:"slices"`
}

// Traits that are measured of samples.
const (
	Brightness = "brightness"
	Length     = "length"
	Language   = "language"
)

// Missing is what a cell without a value is called.
const Missing = "missing"

// Rare is what the values of fewer than fewSamples samples are called together,
// where a column has more than fewNames values and nobody asked for each.
const (
	Rare       = "values of fewer than 5 samples"
	fewSamples = 5
)

// mostColumns is how many columns of a table are sliced unasked.
const mostColumns = 40

// slice measures groups of samples and, for classifiers, how differently groups
// are treated.
func slice(ctx context.Context, o *Outcome, q Request) ([]Grouping, []evaluate.Gap, error) {
	var groupings []Grouping
	var gaps []evaluate.Gap
	for _, asked := range slicesOf(o, q) {
		by, wanted, _ := strings.Cut(asked, "=")
		values, kind, err := o.samples.values(ctx, by)
		if err != nil {
			return nil, nil, err
		}
		if kind == unlike || kind == counting && len(q.Slices) == 0 {
			continue
		}
		var only []string
		if strings.Contains(asked, "=") {
			only = []string{wanted}
		}
		g := Grouping{By: by}
		if p := o.Predictions(); p != nil {
			g.Slices = evaluate.Slices(*p, by, shownAs(values, q), only...)
			if kind == named || len(q.Slices) > 0 {
				gaps = append(gaps, o.widest(by, values)...)
			}
		} else {
			g.Slices = evaluate.ValueSlices(o.asked.scores, o.samples.Targets, by, shownAs(values, q), only...)
		}
		groupings = append(groupings, g)
	}
	slices.SortStableFunc(gaps, func(a, b evaluate.Gap) int { return int(math.Copysign(1, b.Gap-a.Gap)) })
	return groupings, gaps, nil
}

// shownAs joins the rare values of a column that was not asked for by name: dozens
// of slices of one sample each say nothing and hide the others.
func shownAs(values []string, q Request) []string {
	count := map[string]int{}
	for _, v := range values {
		count[v]++
	}
	if len(q.Slices) > 0 || len(count) <= fewNames {
		return values
	}
	out := slices.Clone(values)
	for i, v := range out {
		if count[v] < fewSamples && v != Missing {
			out[i] = Rare
		}
	}
	return out
}

func slicesOf(o *Outcome, q Request) []string {
	if len(q.Slices) > 0 {
		return q.Slices
	}
	switch model.Task(o.Task) {
	case model.Image:
		return []string{Brightness}
	case model.Text:
		return []string{Length, Language}
	}
	var columns []string
	for _, c := range o.samples.raw.Columns {
		if c != o.samples.raw.Label {
			columns = append(columns, c)
		}
	}
	return columns[:min(len(columns), mostColumns)]
}

// widest are the gaps of the class with the largest: with two classes, of the
// second alone, as the first mirrors it.
func (o *Outcome) widest(by string, values []string) []evaluate.Gap {
	p := o.Predictions()
	best := map[evaluate.GapKind]evaluate.Gap{}
	from := 0
	if p.Classes == 2 {
		from = 1
	}
	for class := from; class < p.Classes; class++ {
		for _, g := range evaluate.Gaps(*p, by, values, class) {
			if known, ok := best[g.Kind]; !ok || g.Gap > known.Gap {
				best[g.Kind] = g
			}
		}
	}
	var out []evaluate.Gap
	for _, kind := range []evaluate.GapKind{evaluate.DemographicParity, evaluate.EqualOpportunity} {
		if g, ok := best[kind]; ok {
			out = append(out, g)
		}
	}
	return out
}

// grouping is what kind of values a column has.
type grouping int

const (
	named    grouping = iota // a few names
	measured                 // numbers, cut into quarters
	counting                 // whole numbers that are all different, as row numbers are
	unlike                   // names that are nearly all different
)

// values names each sample's group.
func (s *Samples) values(ctx context.Context, by string) ([]string, grouping, error) {
	switch {
	case s.raw.Columns == nil && by == Brightness && s.set.Task == "image":
		list, err := s.brightness(ctx)
		return list, measured, err
	case by == Length && s.raw.TextOf(s.Number(0)) != "":
		return s.lengths(), measured, nil
	case by == Language && s.raw.TextOf(s.Number(0)) != "":
		return s.languages(), named, nil
	}
	at := slices.Index(s.raw.Columns, by)
	if at < 0 {
		return nil, unlike, fmt.Errorf("%w: there is no column %q to slice by; choose from %s", ErrMismatch, by, strings.Join(s.sliceable(), ", "))
	}
	return s.column(at)
}

// column groups by a table's column.
func (s *Samples) column(at int) ([]string, grouping, error) {
	cells := make([]string, s.Len())
	different := map[string]bool{}
	for i := range cells {
		cells[i] = strings.TrimSpace(s.raw.Cells(s.Number(i))[at])
		if table.IsMissing(cells[i]) {
			cells[i] = Missing
		}
		different[cells[i]] = true
	}
	if len(different) <= fewNames {
		return cells, named, nil
	}
	if numbers, ok := asNumbers(cells); ok {
		kind := measured
		if len(different) == len(cells) && wholeNumbers(numbers) {
			kind = counting
		}
		return evaluate.Quarters(numbers), kind, nil
	}
	if len(different) > evaluate.MaxGroups {
		return cells, unlike, nil
	}
	return cells, named, nil
}

// fewNames is up to how many different values numbers are taken as names.
const fewNames = 12

func wholeNumbers(list []float64) bool {
	return !slices.ContainsFunc(list, func(v float64) bool { return v != math.Trunc(v) })
}

// sliceable lists what values takes.
func (s *Samples) sliceable() []string {
	list := slices.Clone(s.raw.Columns)
	switch s.set.Task {
	case "image":
		list = append(list, Brightness)
	case "text":
		list = append(list, Length, Language)
	}
	return list
}

func asNumbers(cells []string) ([]float64, bool) {
	out := make([]float64, len(cells))
	for i, c := range cells {
		if c == Missing {
			out[i] = math.NaN()
			continue
		}
		v, err := strconv.ParseFloat(c, 64)
		if err != nil || math.IsInf(v, 0) {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

func (s *Samples) lengths() []string {
	numbers := make([]float64, s.Len())
	for i := range numbers {
		numbers[i] = float64(utf8.RuneCountInString(s.raw.TextOf(s.Number(i))))
	}
	return evaluate.Quarters(numbers)
}

// languages names the script with the most letters, as far as they are told
// apart.
func (s *Samples) languages() []string {
	out := make([]string, s.Len())
	for i := range out {
		shares := text.Shares(s.raw.TextOf(s.Number(i)))
		best := text.Common
		for _, script := range []text.Script{text.Latin, text.Chinese, text.Foreign} {
			if shares[script] > 0 && (best == text.Common || shares[script] > shares[best]) {
				best = script
			}
		}
		out[i] = best.String()
	}
	return out
}
