package reviews

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"athanor/inference/sentiment"
	"athanor/inference/text"
)

// Summary is what a file's reviews say together.
type Summary struct {
	Rows         int                     `json:"rows"`
	Columns      []string                `json:"-"` // of the file
	Column       string                  `json:"column"`
	By           string                  `json:"category_column,omitempty"`
	When         string                  `json:"date_column,omitempty"`
	Labels       map[sentiment.Label]int `json:"labels"`
	Mean         float64                 `json:"mean_score"`
	NoBasis      int                     `json:"no_basis"`
	Categories   []Group                 `json:"categories,omitempty"` // the largest first
	Months       []Group                 `json:"months,omitempty"`     // in order
	MostPositive []Sample                `json:"most_positive"`
	MostNegative []Sample                `json:"most_negative"`
	Words        []Word                  `json:"words"` // the most telling first
	Problems     map[string]int          `json:"problems,omitempty"`
}

// Group is the reviews of one category or month.
type Group struct {
	Name     string  `json:"name"`
	Rows     int     `json:"rows"`
	Positive int     `json:"positive"`
	Negative int     `json:"negative"`
	Mean     float64 `json:"mean_score"`
	// Labels counts the verdicts.
	Labels map[sentiment.Label]int `json:"labels"`
}

// Top is the most frequent verdict and how often it was given.
func (g Group) Top() (label sentiment.Label, n int) {
	for l, count := range g.Labels {
		if count > n || count == n && l < label {
			label, n = l, count
		}
	}
	return label, n
}

// Ordered reports that the verdicts have scores: classes of one's own without an order
// have none.
func (s Summary) Ordered() bool {
	for l := range s.Labels {
		if l != sentiment.Positive && l != sentiment.Neutral && l != sentiment.Negative {
			return s.Mean != 0
		}
	}
	return true
}

// Sample is one review; Row counts from 0.
type Sample struct {
	Row   int     `json:"row"`
	Text  string  `json:"text"`
	Score float64 `json:"score"`
}

// Word is a word or pair of Chinese characters that tells the verdicts apart:
// Weight is its log-odds ratio in standard deviations, positive for words of
// positive reviews (Monroe, Colaresi and Quinn 2008).
type Word struct {
	Text               string  `json:"text"`
	Positive, Negative int     `json:"-"`
	Weight             float64 `json:"weight"`
}

// Limits of what a summary keeps.
const (
	keptSamples    = 5
	keptWords      = 15 // on either side
	keptCategories = 50
	countedWords   = 200_000
	maxGroups      = 10_000
)

// gatherer gathers a summary row by row, in bounded memory.
type gatherer struct {
	text, by, when int // columns; -1: none
	s              Summary
	total          float64
	categories     map[string]*Group
	months         map[string]*Group
	words          map[string]*Word
}

func newGatherer(text, by, when int) *gatherer {
	return &gatherer{
		text: text, by: by, when: when, s: Summary{Labels: map[sentiment.Label]int{}},
		categories: map[string]*Group{}, months: map[string]*Group{}, words: map[string]*Word{},
	}
}

func (g *gatherer) add(cells []string, v sentiment.Verdict) {
	row := g.s.Rows
	g.s.Rows++
	g.s.Labels[v.Label]++
	g.total += v.Score
	if v.Method == sentiment.NoBasis {
		g.s.NoBasis++
		return
	}
	if g.by >= 0 {
		addGroup(g.categories, cells[g.by], v)
	}
	if g.when >= 0 {
		if month, ok := monthOf(cells[g.when]); ok {
			addGroup(g.months, month, v)
		}
	}
	switch sample := (Sample{Row: row, Text: cells[g.text], Score: v.Score}); {
	case v.Score >= sentiment.Edge:
		g.s.MostPositive = keep(g.s.MostPositive, sample, func(a, b Sample) int { return cmp.Compare(b.Score, a.Score) })
	case v.Score <= -sentiment.Edge:
		g.s.MostNegative = keep(g.s.MostNegative, sample, func(a, b Sample) int { return cmp.Compare(a.Score, b.Score) })
	}
	g.count(cells[g.text], v.Score)
}

func addGroup(groups map[string]*Group, name string, v sentiment.Verdict) {
	g := groups[name]
	if g == nil {
		if len(groups) >= maxGroups {
			return
		}
		g = &Group{Name: name, Labels: map[sentiment.Label]int{}}
		groups[name] = g
	}
	g.Rows++
	g.Labels[v.Label]++
	g.Mean += v.Score // the sum until summary
	switch {
	case v.Score >= sentiment.Edge:
		g.Positive++
	case v.Score <= -sentiment.Edge:
		g.Negative++
	}
}

func keep(list []Sample, s Sample, order func(a, b Sample) int) []Sample {
	if len(list) == keptSamples && order(list[len(list)-1], s) <= 0 {
		return list
	}
	s.Text = strings.Clone(s.Text)
	list = append(list, s)
	slices.SortStableFunc(list, order)
	return list[:min(len(list), keptSamples)]
}

// count counts a review's words once each, on its side.
func (g *gatherer) count(t string, score float64) {
	if math.Abs(score) < sentiment.Edge {
		return
	}
	units := text.Units(t[:min(len(t), 1<<14)])
	seen := map[string]bool{}
	for i, u := range units {
		key := ""
		switch {
		case u.Class == text.Word && len(u.Text) > 2:
			key = u.Text
		case u.Class == text.Han && i+1 < len(units) && units[i+1].Class == text.Han && units[i+1].Start == u.End:
			key = u.Text + units[i+1].Text
		}
		if key == "" || seen[key] {
			continue
		}
		seen[key] = true
		g.countWord(key, score > 0)
	}
}

func (g *gatherer) countWord(key string, positive bool) {
	w := g.words[key]
	if w == nil {
		if len(g.words) >= countedWords {
			return
		}
		w = &Word{Text: strings.Clone(key)}
		g.words[key] = w
	}
	if positive {
		w.Positive++
	} else {
		w.Negative++
	}
}

func (g *gatherer) summary() Summary {
	s := g.s
	s.Mean = g.total / float64(max(1, s.Rows))
	s.Categories = groupList(g.categories, func(a, b Group) int { return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Name, b.Name)) })
	s.Categories = s.Categories[:min(len(s.Categories), keptCategories)]
	s.Months = groupList(g.months, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	s.Words = g.telling()
	return s
}

func groupList(groups map[string]*Group, order func(a, b Group) int) []Group {
	list := make([]Group, 0, len(groups))
	for g := range maps.Values(groups) {
		one := *g
		one.Mean /= float64(one.Rows)
		list = append(list, one)
	}
	slices.SortFunc(list, order)
	return list
}

// telling returns the words with the largest weights on either side.
func (g *gatherer) telling() []Word {
	positive, negative := 0, 0
	for _, w := range g.words {
		positive += w.Positive
		negative += w.Negative
	}
	var list []Word
	for _, w := range g.words {
		if w.Positive+w.Negative < 3 {
			continue
		}
		p, n := float64(w.Positive)+0.5, float64(w.Negative)+0.5
		odds := math.Log(p/(float64(positive)+1-p)) - math.Log(n/(float64(negative)+1-n))
		one := *w
		one.Weight = odds / math.Sqrt(1/p+1/n)
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Word) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)), cmp.Compare(a.Text, b.Text))
	})
	return eitherSide(list)
}

// eitherSide keeps the first few words of positive and of negative reviews: one side
// alone may hold the largest weights.
func eitherSide(list []Word) []Word {
	var kept []Word
	sides := map[bool]int{}
	for _, w := range list {
		side := w.Weight > 0
		if sides[side]++; sides[side] <= keptWords {
			kept = append(kept, w)
		}
	}
	return kept
}

// monthOf reads the month of a date in the usual ways of writing.
func monthOf(date string) (string, bool) {
	date = strings.TrimSpace(date)
	for _, layout := range []string{
		time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02", "2006/01/02 15:04:05", "2006/01/02", "2006/1/2 15:04",
		"2006/1/2", "02-Jan-06", "2-Jan-06", "2006-01", "2006年1月2日", "2006年1月", "Jan 2, 2006", "2 January 2006", "20060102",
	} {
		if t, err := time.Parse(layout, date); err == nil {
			return t.Format("2006-01"), true
		}
	}
	return "", false
}
