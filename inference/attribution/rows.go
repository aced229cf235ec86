package attribution

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"athanor/inference/model"
)

// Row is a table row by column.
type Row = map[string]string

// Column is how much a row's value spoke for the answer.
type Column struct {
	Name  string  `json:"column"`
	Value string  `json:"value"`
	Share float64 `json:"share"` // of the probability of the class, or of the value
}

// orders is how many orders of the columns are tried, each with one row of the
// background; every second runs backwards.
const orders = 128

// Columns shares out the difference between a row's output and the mean output
// of background rows among its columns: Shapley values by sampled orders
// (Štrumbelj and Kononenko 2014). They sum to the difference exactly. The
// largest comes first. class < 0 takes the best.
func Columns(ctx context.Context, m *model.Model, row Row, background []Row, class int) ([]Column, Completeness, error) {
	names, class, err := prepare(ctx, m, row, background, class)
	if err != nil {
		return nil, Completeness{}, err
	}
	r := rand.New(rand.NewPCG(21, 22))
	var rows []Row
	var tried [][]int
	for i := range orders {
		order := r.Perm(len(names))
		if i%2 == 1 {
			order = slices.Clone(tried[i-1])
			slices.Reverse(order)
		}
		tried = append(tried, order)
		mixed := maps.Clone(background[(i/2)%len(background)])
		rows = append(rows, maps.Clone(mixed))
		for _, k := range order {
			put(mixed, names[k], row)
			rows = append(rows, maps.Clone(mixed))
		}
	}
	answers, err := m.Rows(ctx, rows...)
	if err != nil {
		return nil, Completeness{}, err
	}
	out := make([]Column, len(names))
	for k, name := range names {
		out[k] = Column{Name: name, Value: row[name]}
	}
	c := Completeness{Steps: orders}
	for i, order := range tried {
		path := answers[i*(len(names)+1):]
		for j, k := range order {
			out[k].Share += (score(path[j+1], class) - score(path[j], class)) / orders
		}
		c.Baseline += score(path[0], class) / orders
		c.Output = score(path[len(names)], class)
	}
	for _, col := range out {
		c.Sum += col.Share
	}
	slices.SortFunc(out, func(a, b Column) int { return cmp.Compare(math.Abs(b.Share), math.Abs(a.Share)) })
	return out, c, nil
}

func put(into Row, name string, from Row) {
	if v, ok := from[name]; ok {
		into[name] = v
		return
	}
	delete(into, name)
}

func prepare(ctx context.Context, m *model.Model, row Row, background []Row, class int) ([]string, int, error) {
	columns, err := m.Columns()
	if err != nil {
		return nil, 0, err
	}
	if len(background) == 0 {
		return nil, 0, fmt.Errorf("%w: explaining a row takes rows to compare it with", model.ErrInput)
	}
	if class < 0 {
		if class, err = Answered(ctx, m, row); err != nil {
			return nil, 0, err
		}
	}
	if class >= max(len(m.Info().Labels), 1) {
		return nil, 0, fmt.Errorf("%w: class %d of %d", model.ErrInput, class, len(m.Info().Labels))
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names, class, nil
}

// Answered is the class a model gives a row, which is the one explained where none
// is asked for; of a regression it is 0.
func Answered(ctx context.Context, m *model.Model, row Row) (int, error) {
	answers, err := m.Rows(ctx, row)
	if err != nil {
		return 0, err
	}
	return best(answers[0]), nil
}

// Point is the mean output when all rows have one value in a column.
type Point struct {
	Value  string  `json:"value"`
	Output float64 `json:"output"`
}

// dependencePoints and dependenceRows bound the work of Dependence.
const (
	dependencePoints = 20
	dependenceRows   = 200
)

// Dependence is partial dependence (Friedman 2001): the mean output over rows
// for each of up to 20 values of a column that occur in them.
func Dependence(ctx context.Context, m *model.Model, rows []Row, column string, class int) ([]Point, error) {
	columns, err := m.Columns()
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(columns, func(c model.Column) bool { return c.Name == column }) {
		return nil, fmt.Errorf("%w: the model reads no column %q", model.ErrInput, column)
	}
	if class < 0 || class >= max(len(m.Info().Labels), 1) {
		class = max(len(m.Info().Labels)-1, 0)
	}
	some := rows[:min(len(rows), dependenceRows)]
	var out []Point
	for _, v := range occurring(rows, column, dependencePoints) {
		var changed []Row
		for _, r := range some {
			c := maps.Clone(r)
			c[column] = v
			changed = append(changed, c)
		}
		answers, err := m.Rows(ctx, changed...)
		if err != nil {
			return nil, err
		}
		p := Point{Value: v}
		for _, a := range answers {
			p.Output += score(a, class) / float64(len(answers))
		}
		out = append(out, p)
	}
	return out, nil
}

// occurring is up to most values of a column: numbers evenly over their order,
// names by how often they occur.
func occurring(rows []Row, column string, most int) []string {
	count := map[string]int{}
	for _, r := range rows {
		if v := r[column]; v != "" {
			count[v]++
		}
	}
	values := slices.Sorted(maps.Keys(count))
	numbers := !slices.ContainsFunc(values, func(v string) bool { _, err := strconv.ParseFloat(v, 64); return err != nil })
	if !numbers {
		slices.SortStableFunc(values, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
		return values[:min(len(values), most)]
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	if len(values) <= most {
		return values
	}
	out := make([]string, most)
	for i := range out {
		out[i] = values[i*(len(values)-1)/(most-1)]
	}
	return out
}

func number(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v
}

// Change is one column of a counterfactual.
type Change struct {
	Column string `json:"column"`
	From   string `json:"from"`
	To     string `json:"to"`
}

// Counterfactual is the least that would change the answer.
type Counterfactual struct {
	Changes     []Change `json:"changes"`
	Class       int      `json:"class"` // the other answer
	Probability float64  `json:"probability"`
}

// mostChanges is how many columns a counterfactual changes at most: more explain
// nothing.
const mostChanges = 3

// WhatWouldChange looks for few values, among those that occur in rows, that
// make the model give another answer (target, or with −1 any): single columns
// first, the nearest value of those that do; else the best single change and on
// from there. ok is false where three changes are not enough.
func WhatWouldChange(ctx context.Context, m *model.Model, row Row, rows []Row, target int) (Counterfactual, bool, error) {
	names, now, err := prepare(ctx, m, row, rows, -1)
	if err != nil || len(m.Info().Labels) == 0 || target == now {
		return Counterfactual{}, false, err
	}
	c, changed := Counterfactual{}, maps.Clone(row)
	for len(c.Changes) < mostChanges {
		trials := candidates(names, changed, rows, c.Changes)
		if len(trials) == 0 {
			break
		}
		answers, err := m.Rows(ctx, trialRows(changed, trials)...)
		if err != nil {
			return c, false, err
		}
		pick, found := choose(trials, answers, rows, now, target)
		c.Changes = append(c.Changes, trials[pick])
		changed[trials[pick].Column] = trials[pick].To
		if found {
			c.Class = best(answers[pick])
			c.Probability = score(answers[pick], c.Class)
			return c, true, nil
		}
	}
	return c, false, nil
}

func candidates(names []string, row Row, rows []Row, done []Change) []Change {
	var out []Change
	for _, name := range names {
		if slices.ContainsFunc(done, func(c Change) bool { return c.Column == name }) {
			continue
		}
		for _, v := range occurring(rows, name, dependencePoints) {
			if v != row[name] {
				out = append(out, Change{name, row[name], v})
			}
		}
	}
	return out
}

func trialRows(row Row, trials []Change) []Row {
	var out []Row
	for _, t := range trials {
		r := maps.Clone(row)
		r[t.Column] = t.To
		out = append(out, r)
	}
	return out
}

// choose is the nearest change that gives the wanted answer, else the one that
// comes closest to it.
func choose(trials []Change, answers []model.Prediction, rows []Row, now, target int) (pick int, found bool) {
	nearest, highest := math.Inf(1), math.Inf(-1)
	for i, a := range answers {
		class := best(a)
		if class != now && (target < 0 || class == target) {
			if d := distance(trials[i], rows); d < nearest {
				nearest, pick, found = d, i, true
			}
		}
		if found {
			continue
		}
		toward := -score(a, now)
		if target >= 0 {
			toward = score(a, target)
		}
		if toward > highest {
			highest, pick = toward, i
		}
	}
	return pick, found
}

// distance is how far a change goes: of numbers the share of rows between the
// two values, of names 1.
func distance(c Change, rows []Row) float64 {
	from, err1 := strconv.ParseFloat(c.From, 64)
	to, err2 := strconv.ParseFloat(c.To, 64)
	if err1 != nil || err2 != nil {
		return 1
	}
	between := 0
	for _, r := range rows {
		if v := number(r[c.Column]); v >= min(from, to) && v <= max(from, to) {
			between++
		}
	}
	return float64(between) / float64(len(rows))
}
