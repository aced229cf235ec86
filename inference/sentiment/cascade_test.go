package sentiment_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"athanor/inference/sentiment"
)

// said is a method whose score of a text is written in it, and that remembers what it
// was asked.
type said struct {
	name  string
	score func(string) float64
	asked []string
}

func (s *said) Name() string { return s.name }

func (s *said) Score(_ context.Context, texts []string) ([]sentiment.Opinion, error) {
	s.asked = append(s.asked, texts...)
	out := make([]sentiment.Opinion, len(texts))
	for i, t := range texts {
		out[i] = sentiment.Opinion{Score: s.score(t), Confidence: 0.5, Known: t != "?", Evidence: 3}
	}
	return out, nil
}

func (s *said) Explain(ctx context.Context, t string) (sentiment.Opinion, []sentiment.Token, error) {
	o, err := s.Score(ctx, []string{t})
	return o[0], []sentiment.Token{{Text: t, End: len(t), Share: o[0].Score}}, err
}

// fixed scores texts by the words they hold.
func fixed(words map[string]float64) func(string) float64 {
	return func(t string) float64 {
		sum := 0.0
		for w, x := range words {
			sum += x * float64(strings.Count(t, w))
		}
		return sum
	}
}

func cascade(t *testing.T) (c *sentiment.Cascade, first, second *said) {
	t.Helper()
	first = &said{name: "fast", score: fixed(map[string]float64{"yes": 0.9, "half": 0.5, "no": -0.9})}
	second = &said{name: "slow", score: fixed(map[string]float64{"bad": -0.6, "good": 0.6})}
	return sentiment.NewCascade("both", first, second, sentiment.CascadeWeights{Sure: 2, First: 1, Second: 1}), first, second
}

// TestCascadeAsksTheSecondWhereTheFirstIsUnsure: sure answers stay as they are, unsure
// ones follow the second, and in between both count.
func TestCascadeAsksTheSecondWhereTheFirstIsUnsure(t *testing.T) {
	c, first, second := cascade(t)
	texts := []string{"yes and bad", "yes no but bad in many words", "yes no: good", "half bad", "?"}
	got, err := c.Score(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	alone, _ := first.Score(t.Context(), texts)
	if got[0].Score != alone[0].Score || got[4].Known {
		t.Errorf("a sure answer became %+v, an unknown one %+v", got[0], got[4])
	}
	if math.Abs(got[1].Score+0.6) > 1e-9 || math.Abs(got[2].Score-0.6) > 1e-9 || got[1].Evidence != 3 {
		t.Errorf("unsure answers are %+v and %+v, the second says -0.6 and 0.6", got[1], got[2])
	}
	if s := got[3].Score; s <= -0.6 || s >= 0.5 {
		t.Errorf("half sure: %v, want it between both", s)
	}
	if want := []string{"half bad", "yes no: good", "yes no but bad in many words"}; !slices.Equal(second.asked, want) {
		t.Errorf("the second was asked %q, want %q", second.asked, want)
	}
}

// TestCascadeHasNoStep: where the second begins to count, the answer does not jump.
func TestCascadeHasNoStep(t *testing.T) {
	odds := 0.0
	first := &said{name: "fast", score: func(string) float64 { return math.Tanh(odds / 2) }}
	second := &said{name: "slow", score: func(string) float64 { return -0.99 }}
	c := sentiment.NewCascade("both", first, second, sentiment.CascadeWeights{Sure: 2, First: 0.7, Second: 0.5, Bias: 0.1})
	last := math.NaN()
	for odds = -3; odds < 3; odds += 0.01 {
		o, err := c.Score(t.Context(), []string{"x"})
		if err != nil {
			t.Fatal(err)
		}
		if step := math.Abs(o[0].Score - last); step > 0.05 {
			t.Fatalf("at log-odds %.2f the score jumps by %.2f", odds, step)
		}
		last = o[0].Score
	}
}

// TestCascadeSharesSumToTheScore: also where the second model decided.
func TestCascadeSharesSumToTheScore(t *testing.T) {
	c, _, _ := cascade(t)
	for _, text := range []string{"yes", "yes no bad", "half good", "half bad bad"} {
		o, tokens, err := c.Explain(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, token := range tokens {
			sum += token.Share
		}
		if math.Abs(sum-o.Score) > 1e-9 {
			t.Errorf("%q: shares sum to %v, the score is %v", text, sum, o.Score)
		}
	}
}
