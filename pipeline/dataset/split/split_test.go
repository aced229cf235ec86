package split_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"athanor/pipeline/dataset/split"
)

func of(list []int) func(int) int { return func(i int) int { return list[i] } }

func TestRowsKeepsTheShareOfEachClass(t *testing.T) {
	labels := make([]int, 1000)
	for i := range labels {
		labels[i] = i % 3 * i % 2
	}
	kept, held, err := split.Rows(len(labels), split.Config{Share: 0.1, Seed: 7, Label: of(labels)})
	if err != nil {
		t.Fatal(err)
	}
	all, out := map[int]int{}, map[int]int{}
	for _, l := range labels {
		all[l]++
	}
	for _, r := range held {
		out[labels[r]]++
	}
	for l, n := range all {
		if want := int(math.Round(float64(n) * 0.1)); out[l] != want {
			t.Errorf("class %d: %d of %d held out, want %d", l, out[l], n, want)
		}
	}
	whole := append(slices.Clone(kept), held...)
	slices.Sort(whole)
	for i, r := range whole {
		if i != int(r) {
			t.Fatalf("row %d is missing or twice", i)
		}
	}
	_, again, _ := split.Rows(len(labels), split.Config{Share: 0.1, Seed: 7, Label: of(labels)})
	_, other, _ := split.Rows(len(labels), split.Config{Share: 0.1, Seed: 8, Label: of(labels)})
	if !slices.Equal(held, again) || slices.Equal(held, other) {
		t.Error("the split must depend on the seed and on nothing else")
	}
}

func TestRowsNeverDividesAGroup(t *testing.T) {
	groups := make([]int, 300)
	for i := range groups {
		groups[i] = i / 7
	}
	kept, held, err := split.Rows(300, split.Config{Share: 0.2, Seed: 1, Group: of(groups)})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range held {
		if slices.ContainsFunc(kept, func(k int32) bool { return groups[k] == groups[h] }) {
			t.Fatalf("group %d is on both sides", groups[h])
		}
	}
	if len(held) < 50 || len(held) > 70 {
		t.Errorf("%d of 300 held out, want about 60", len(held))
	}
}

func TestRowsLeavesSmallClassesOnBothSides(t *testing.T) {
	labels := []int{0, 0, 1, 2, 2, 2}
	kept, held, _ := split.Rows(6, split.Config{Share: 0.1, Label: of(labels)})
	count := func(rows []int32, l int) (n int) {
		for _, r := range rows {
			if labels[r] == l {
				n++
			}
		}
		return n
	}
	if count(held, 0) != 1 || count(kept, 0) != 1 || count(kept, 1) != 1 || count(held, 2) != 1 {
		t.Errorf("kept %v, held %v", kept, held)
	}
	if _, held, _ := split.Rows(6, split.Config{Label: of(labels)}); len(held) != 0 {
		t.Errorf("share 0 held %v", held)
	}
}

func TestRefusesShare(t *testing.T) {
	for _, s := range []float64{-0.1, 1, 2, math.NaN()} {
		if _, _, err := split.Rows(3, split.Config{Share: s}); !errors.Is(err, split.ErrShare) {
			t.Errorf("Rows, share %v: %v", s, err)
		}
		if _, _, err := split.ByTime([]float64{1}, s); !errors.Is(err, split.ErrShare) {
			t.Errorf("ByTime, share %v: %v", s, err)
		}
	}
}

func TestByTimeHoldsTheLatest(t *testing.T) {
	kept, held, err := split.ByTime([]float64{5, 1, 4, 2, 3}, 0.4)
	if err != nil || !slices.Equal(kept, []int32{1, 3, 4}) || !slices.Equal(held, []int32{0, 2}) {
		t.Errorf("kept %v, held %v, %v", kept, held, err)
	}
	kept, held, _ = split.ByTime([]float64{1, 2, 2, 2, 3}, 0.5)
	if !slices.Equal(kept, []int32{0, 1, 2, 3}) || !slices.Equal(held, []int32{4}) {
		t.Errorf("one moment was divided: kept %v, held %v", kept, held)
	}
}

// TestRowsDividesTemplates: a class that is nearly all one group is held out in
// part all the same, its copies on one side.
func TestRowsDividesTemplates(t *testing.T) {
	label := func(i int) int { return i % 2 }
	group := func(i int) int { // class 0 is one group but for two samples, class 1 is free
		if i%2 == 0 && i > 2 {
			return 4
		}
		return -1
	}
	copies := func(i int) int {
		if i%2 == 0 && i > 2 {
			return i / 8
		}
		return -1
	}
	told := map[int]int{}
	c := split.Config{
		Share: 0.2, Seed: 3, Label: label, Group: group, Copies: copies,
		Divided: func(label, samples int) { told[label] += samples },
	}
	kept, held, err := split.Rows(400, c)
	if err != nil {
		t.Fatal(err)
	}
	by := map[int]int{}
	for _, h := range held {
		by[label(int(h))]++
		if slices.ContainsFunc(kept, func(k int32) bool { return copies(int(k)) >= 0 && copies(int(k)) == copies(int(h)) }) {
			t.Fatalf("copies of %d are on both sides", h)
		}
	}
	if by[0] != 40 || by[1] != 40 || told[0] != 200 || told[1] != 0 {
		t.Errorf("held out %v, told of %v", by, told)
	}
	c.Copies = nil
	if _, held, _ = split.Rows(400, c); len(held) >= 60 {
		t.Errorf("without copies %d are held out", len(held))
	}
}
