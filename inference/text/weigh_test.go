package text_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"athanor/inference/text"
)

// twoMinds are texts of two classes that share all words but one.
func twoMinds() []text.Labelled {
	var out []text.Labelled
	for i := range 40 {
		out = append(out, text.Labelled{Text: fmt.Sprintf("这本书很好 it was fine %d", i), Class: 1}, text.Labelled{Text: fmt.Sprintf("这本书不好 it was poor %d", i)})
	}
	return out
}

func TestFitWeighedKeepsWhatTellsClassesApart(t *testing.T) {
	texts := twoMinds()
	plan := text.Plan{Model: text.Weighed, Buckets: 1000, Length: 64}
	d, weights, err := text.FitWeighed(plan, 2, slices.Values(texts))
	if err != nil {
		t.Fatal(err)
	}
	if len(weights) != d.Buckets {
		t.Fatalf("%d weights for %d ids", len(weights), d.Buckets)
	}
	tok, err := text.New(d)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(s string) (total float64, n int) {
		ids := make([]int64, 64)
		n = tok.IDs(ids, s)
		for _, id := range ids[:n] {
			total += float64(weights[id])
		}
		return total, n
	}
	if good, n := sum("很好 fine"); good <= 0 || n == 0 {
		t.Errorf("what the second class says weighs %v over %d n-grams", good, n)
	}
	if bad, n := sum("不好 poor"); bad >= 0 || n == 0 {
		t.Errorf("what the first class says weighs %v over %d n-grams", bad, n)
	}
	if _, n := sum("这本书"); n != 0 {
		t.Errorf("%d n-grams of what both say have an id", n)
	}
	slices.Reverse(texts)
	again, other, err := text.FitWeighed(plan, 2, slices.Values(texts))
	if err != nil || !slices.Equal(d.Keys, again.Keys) || !slices.Equal(weights, other) {
		t.Errorf("another order of the texts gives another tokenizer (%v)", err)
	}
}

func TestFitWeighedHasAColumnForEachOfSeveralClasses(t *testing.T) {
	texts := twoMinds()
	for i := range 40 {
		texts = append(texts, text.Labelled{Text: fmt.Sprintf("一般般 so so %d", i), Class: 2})
	}
	d, weights, err := text.FitWeighed(text.Plan{Model: text.Weighed, Buckets: 50, Length: 64}, 3, slices.Values(texts))
	if err != nil {
		t.Fatal(err)
	}
	if d.Buckets != 50 || len(weights) != 150 {
		t.Fatalf("%d ids with %d weights, want 50 with 150", d.Buckets, len(weights))
	}
	if slices.ContainsFunc(weights[:3], func(w float32) bool { return w != 0 }) {
		t.Errorf("the padding weighs %v", weights[:3])
	}
}

func TestFitWeighedWhereNothingTells(t *testing.T) {
	same := []text.Labelled{{Text: "good", Class: 0}, {Text: "good", Class: 1}}
	d, weights, err := text.FitWeighed(text.Plan{Model: text.Weighed, Buckets: 16, Length: 8}, 2, slices.Values(same))
	if err != nil || len(d.Keys) != 0 || len(weights) != 16 || weights[0] != 0 || weights[5] != 1 {
		t.Errorf("definition %+v, weights %v, error %v: want hashed n-grams that weigh 1", d, weights, err)
	}
}

func TestPairsWithAGapCoverTheirEndsOnly(t *testing.T) {
	tok, err := text.New(text.Definition{
		Kind: text.KindHashed, Version: 1, Length: 64, Buckets: 1 << 16, Han: text.Range{1, 1}, Skips: text.Range{2, 3}, Edges: true, Unique: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := tok.IDs(make([]int64, 64), "不太好"); n != 5+3+2 {
		t.Errorf("%d ids, want three characters, two edges, three pairs two apart and two pairs three apart", n)
	}
	for _, token := range tok.Encode("不太好") {
		if token.End-token.Start > len("好") {
			t.Errorf("%+v covers more than one character", token)
		}
	}
	if _, err := text.New(text.Definition{Kind: text.KindHashed, Version: 1, Length: 8, Buckets: 8, Han: text.Range{1, 1}, Skips: text.Range{1, 2}}); err == nil {
		t.Error("pairs without a gap were allowed as pairs with one")
	}
}

func TestTemperedWeightsKeepTheirSign(t *testing.T) {
	plain, tempered := text.Plan{Model: text.Weighed, Buckets: 1000, Length: 64}, text.Plan{Model: text.Weighed, Buckets: 1000, Length: 64, Temper: 0.5}
	_, whole, err := text.FitWeighed(plain, 2, slices.Values(twoMinds()))
	if err != nil {
		t.Fatal(err)
	}
	_, roots, err := text.FitWeighed(tempered, 2, slices.Values(twoMinds()))
	if err != nil || len(roots) != len(whole) {
		t.Fatalf("%d and %d weights (%v)", len(roots), len(whole), err)
	}
	for i, w := range whole {
		if r := roots[i]; math.Abs(math.Abs(float64(w))-float64(r*r)) > 1e-5 || (w < 0) != (r < 0) {
			t.Fatalf("weight %d is %v, tempered by a half %v", i, w, r)
		}
	}
}
