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
	// Label returns the class of a sample; nil means one class for all.
	Label func(i int) int
	// Group returns the group of a sample: a group is never divided. A negative
	// group is a group of its own; nil means that all are.
	Group func(i int) int
	// Copies returns the group of a sample where only what must never be divided
	// counts: each of its groups lies inside one of Group. A class whose groups are
	// so large that less than half its share could be held out is divided by
	// Copies instead; nil divides by Group whatever comes of it.
	Copies func(i int) int
	// Divided is told of each class that was divided by Copies: its label and
	// samples. nil tells nobody.
	Divided func(label, samples int)
}

// Rows divides the samples 0 … n-1 and returns both parts in rising order. The
// same Config always gives the same parts. Every class gives its share,
// rounded, to the part held out: at least one sample where the class has two or
// more groups and Share is above 0, and never its last. A group belongs to the
// class of its first sample. It needs a few bytes a sample.
func Rows(n int, c Config) (kept, held []int32, err error) {
	if !(c.Share >= 0 && c.Share < 1) {
		return nil, nil, fmt.Errorf("%w: it is %v", ErrShare, c.Share)
	}
	out := heldOut(n, c)
	count := 0
	for _, o := range out {
		if o {
			count++
		}
	}
	kept, held = make([]int32, 0, n-count), make([]int32, 0, count)
	for i, o := range out {
		if o {
			held = append(held, int32(i))
		} else {
			kept = append(kept, int32(i))
		}
	}
	return kept, held, nil
}

// heldOut marks the samples that are held out. What it needed is free when the
// parts are written down.
func heldOut(n int, c Config) []bool {
	out := make([]bool, n)
	if c.Share > 0 {
		members := groups(n, c.Group)
		for _, class := range classes(n, c, members) {
			class.holdOut(c, members, out)
		}
	}
	return out
}

// groups returns the samples of each group of two or more by its first sample,
// with the first among them, and nothing for samples alone.
func groups(n int, of func(int) int) map[int32][]int32 {
	if of == nil {
		return nil
	}
	first := map[int]int32{}
	members := map[int32][]int32{}
	for i := range n {
		g := of(i)
		if g < 0 {
			continue
		}
		at, ok := first[g]
		if !ok {
			at = int32(i)
			first[g] = at
		}
		members[at] = append(members[at], int32(i))
	}
	return members
}

// classOf is one class: the first samples of its groups.
type classOf struct {
	label  int
	total  int
	firsts []int32
}

func classes(n int, c Config, members map[int32][]int32) []*classOf {
	byLabel := map[int]*classOf{}
	var order []*classOf
	size := sizes(n, c.Label)
	for i := range n {
		together := 1
		if c.Group != nil && c.Group(i) >= 0 {
			if together = len(members[int32(i)]); together == 0 {
				continue // not the first of its group
			}
		}
		label := 0
		if c.Label != nil {
			label = c.Label(i)
		}
		k := byLabel[label]
		if k == nil {
			k = &classOf{label: label, firsts: make([]int32, 0, size[label])}
			byLabel[label] = k
			order = append(order, k)
		}
		k.firsts = append(k.firsts, int32(i))
		k.total += together
	}
	slices.SortFunc(order, func(a, b *classOf) int { return cmp.Compare(a.label, b.label) })
	return order
}

// sizes counts the samples of each class, so that lists need not grow.
func sizes(n int, label func(int) int) map[int]int {
	if label == nil {
		return map[int]int{0: n}
	}
	out := map[int]int{}
	for i := range n {
		out[label(i)]++
	}
	return out
}

// fewest is how many samples a class has whose groups are ever divided.
const fewest = 10

// holdOut marks the samples of a class that are held out.
func (k *classOf) holdOut(c Config, members map[int32][]int32, out []bool) {
	chosen, enough := k.choose(c, members)
	if !enough && c.Copies != nil && k.total >= fewest {
		loose, copies := k.byCopies(c, members)
		if c.Divided != nil {
			c.Divided(k.label, k.total)
		}
		chosen, _ = loose.choose(c, copies)
		members = copies
	}
	for _, f := range chosen {
		mark(f, members, out)
	}
}

// byCopies is the same class with the groups of Copies.
func (k *classOf) byCopies(c Config, members map[int32][]int32) (loose *classOf, copies map[int32][]int32) {
	var all []int32
	for _, f := range k.firsts {
		if m := members[f]; m != nil {
			all = append(all, m...)
		} else {
			all = append(all, f)
		}
	}
	slices.Sort(all)
	loose, copies = &classOf{label: k.label, total: k.total}, map[int32][]int32{}
	first := map[int]int32{}
	for _, i := range all {
		g := c.Copies(int(i))
		if g < 0 {
			loose.firsts = append(loose.firsts, i)
			continue
		}
		at, ok := first[g]
		if !ok {
			at = i
			first[g] = i
			loose.firsts = append(loose.firsts, i)
		}
		copies[at] = append(copies[at], i)
	}
	return loose, copies
}

// choose picks groups of a class until its share is reached; enough tells
// whether half of it was.
func (k *classOf) choose(c Config, members map[int32][]int32) (chosen []int32, enough bool) {
	want := int(math.Round(c.Share * float64(k.total)))
	if want == 0 && len(k.firsts) > 1 {
		want = 1
	}
	if want == 0 || len(k.firsts) < 2 {
		return nil, want == 0
	}
	r := rand.New(rand.NewPCG(c.Seed, uint64(k.label)+0x9e3779b97f4a7c15))
	r.Shuffle(len(k.firsts), func(i, j int) { k.firsts[i], k.firsts[j] = k.firsts[j], k.firsts[i] })
	taken, left := 0, len(k.firsts)
	smallest, least := k.firsts[0], math.MaxInt
	for _, f := range k.firsts {
		size := max(1, len(members[f]))
		if size < least {
			smallest, least = f, size
		}
		if taken+size > want || left == 1 {
			continue
		}
		taken += size
		left--
		chosen = append(chosen, f)
		if taken == want {
			break
		}
	}
	if taken == 0 {
		// More than its share, unless nearly all of the class is in one group.
		return []int32{smallest}, 2*least <= k.total
	}
	return chosen, 2*taken >= want
}

func mark(first int32, members map[int32][]int32, out []bool) {
	out[first] = true
	for _, m := range members[first] {
		out[m] = true
	}
}

// ByTime divides by a moment in time: the latest samples are held out, and
// samples of one moment stay together. Samples with equal times stay in the
// training part where the border falls among them.
func ByTime(times []float64, share float64) (kept, held []int32, err error) {
	if !(share >= 0 && share < 1) {
		return nil, nil, fmt.Errorf("%w: it is %v", ErrShare, share)
	}
	order := make([]int32, len(times))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(times[a], times[b]) })
	border := len(order) - int(math.Round(share*float64(len(order))))
	for border > 0 && border < len(order) && times[order[border]] == times[order[border-1]] {
		border++
	}
	kept, held = slices.Clone(order[:border]), slices.Clone(order[border:])
	slices.Sort(kept)
	slices.Sort(held)
	return kept, held, nil
}
