// Package split divides samples into a part to learn from and a part held out,
// by class, group or time, seeded, without ever putting two samples of one
// group on different sides.
package split

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// ErrShare: the share held out is not inside [0,1).
var ErrShare = errors.New("the share held out must be at least 0 and below 1")

// Config says how to divide.
type Config struct {
	// Share is the part held out, in [0,1).
	Share float64
	Seed  uint64
	// Labels holds the class of each sample; nil means one class for all.
	Labels []int
	// Groups holds the group of each sample: a group is never divided. A
	// negative group is a group of its own; nil means that all are.
	Groups []int
}

// Rows divides the samples 0 … n-1 and returns both parts in rising order. The
// same Config always gives the same parts. Every class gives its share,
// rounded, to the part held out: at least one sample where the class has two or
// more groups and Share is above 0, and never its last.
func Rows(n int, c Config) (kept, held []int, err error) {
	if !(c.Share >= 0 && c.Share < 1) {
		return nil, nil, fmt.Errorf("%w: it is %v", ErrShare, c.Share)
	}
	out := make([]bool, n)
	for _, class := range classes(n, c) {
		choose(class, c, out)
	}
	for i, o := range out {
		if o {
			held = append(held, i)
		} else {
			kept = append(kept, i)
		}
	}
	return kept, held, nil
}

// classOf is one class with its groups; a group belongs to the class of its
// first sample.
type classOf struct {
	label  int
	total  int
	groups [][]int
}

func classes(n int, c Config) []*classOf {
	byLabel := map[int]*classOf{}
	var order []*classOf
	for _, g := range groups(n, c.Groups) {
		label := 0
		if c.Labels != nil {
			label = c.Labels[g[0]]
		}
		k := byLabel[label]
		if k == nil {
			k = &classOf{label: label}
			byLabel[label] = k
			order = append(order, k)
		}
		k.groups = append(k.groups, g)
		k.total += len(g)
	}
	slices.SortFunc(order, func(a, b *classOf) int { return cmp.Compare(a.label, b.label) })
	return order
}

func groups(n int, of []int) [][]int {
	index := map[int]int{}
	var out [][]int
	for i := range n {
		if of == nil || of[i] < 0 {
			out = append(out, []int{i})
			continue
		}
		at, ok := index[of[i]]
		if !ok {
			at = len(out)
			index[of[i]] = at
			out = append(out, nil)
		}
		out[at] = append(out[at], i)
	}
	return out
}

// choose marks samples of one class as held out until its share is reached.
func choose(k *classOf, c Config, out []bool) {
	want := int(math.Round(c.Share * float64(k.total)))
	if c.Share > 0 && want == 0 && len(k.groups) > 1 {
		want = 1
	}
	if want == 0 || len(k.groups) < 2 {
		return
	}
	r := rand.New(rand.NewPCG(c.Seed, uint64(k.label)+0x9e3779b97f4a7c15))
	order := r.Perm(len(k.groups))
	taken, left := 0, len(k.groups)
	for _, i := range order {
		g := k.groups[i]
		if taken+len(g) > want || left == 1 {
			continue
		}
		taken += len(g)
		left--
		mark(g, out)
	}
	if taken == 0 {
		mark(slices.MinFunc(k.groups, func(a, b []int) int { return cmp.Compare(len(a), len(b)) }), out)
	}
}

func mark(rows []int, out []bool) {
	for _, row := range rows {
		out[row] = true
	}
}

// ByTime divides by a moment in time: the latest samples are held out, and
// samples of one moment stay together. Samples with equal times stay in the
// training part where the border falls among them.
func ByTime(times []float64, share float64) (kept, held []int, err error) {
	if !(share >= 0 && share < 1) {
		return nil, nil, fmt.Errorf("%w: it is %v", ErrShare, share)
	}
	order := make([]int, len(times))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(times[a], times[b]) })
	border := len(order) - int(math.Round(share*float64(len(order))))
	for border > 0 && border < len(order) && times[order[border]] == times[order[border-1]] {
		border++
	}
	kept, held = slices.Clone(order[:border]), slices.Clone(order[border:])
	slices.Sort(kept)
	slices.Sort(held)
	return kept, held, nil
}
