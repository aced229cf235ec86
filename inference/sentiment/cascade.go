package sentiment

import (
	"context"
	"fmt"
	"math"
	"slices"

	"athanor/inference/text"
)

// Cascade asks a fast model first and a slow one where the first is unsure. With z the
// log-odds of the first, x those of the second and s = max(0, min(1, 2−2·|z|/Sure)),
// the log-odds of the cascade are
//
//	(1−s)·z + s·(First·z + Second·x + Bias)
//
// so that the second counts fully up to half of Sure, and not at all from there on. A
// Cascade is safe for concurrent use.
type Cascade struct {
	name          string
	first, second Method
	w             CascadeWeights
}

// CascadeWeights are found by logistic regression on held-out texts.
type CascadeWeights struct{ Sure, First, Second, Bias float64 }

// NewCascade joins two models whose classes must be the two verdicts.
func NewCascade(name string, first, second Method, w CascadeWeights) *Cascade {
	return &Cascade{name: name, first: first, second: second, w: w}
}

// Name stands in the cascade's verdicts.
func (c *Cascade) Name() string { return c.name }

func (c *Cascade) identity() string {
	return fmt.Sprintf("%s>%s%v", identityOf(c.first), identityOf(c.second), c.w)
}

// Score gives the cascade's opinions.
func (c *Cascade) Score(ctx context.Context, texts []string) ([]Opinion, error) {
	opinions, err := c.first.Score(ctx, texts)
	if err != nil {
		return nil, err
	}
	unsure := c.unsure(texts, opinions)
	if len(unsure) == 0 {
		return opinions, nil
	}
	asked := make([]string, len(unsure))
	for i, at := range unsure {
		asked[i] = texts[at]
	}
	second, err := c.second.Score(ctx, asked)
	if err != nil {
		return nil, err
	}
	for i, at := range unsure {
		opinions[at] = c.join(opinions[at], second[i])
	}
	return opinions, nil
}

// unsure are the texts to ask the second model about, the shortest first: those that
// are run together are then alike in length.
func (c *Cascade) unsure(texts []string, opinions []Opinion) (at []int) {
	for i, o := range opinions {
		if o.Known && c.share(o) > 0 {
			at = append(at, i)
		}
	}
	slices.SortStableFunc(at, func(i, j int) int { return len(texts[i]) - len(texts[j]) })
	return at
}

// share is s.
func (c *Cascade) share(first Opinion) float64 {
	return max(0, min(1, 2-2*math.Abs(odds(first))/c.w.Sure))
}

func odds(o Opinion) float64 { return 2 * math.Atanh(inside(o.Score)) }

func (c *Cascade) join(first, second Opinion) Opinion {
	if !second.Known {
		return first
	}
	s, z := c.share(first), odds(first)
	score := math.Tanh(((1-s)*z + s*(c.w.First*z+c.w.Second*odds(second)+c.w.Bias)) / 2)
	return Opinion{Score: score, Confidence: (1 + math.Abs(score)) / 2, Known: true, Evidence: first.Evidence}
}

// mostSecond is how many stretches are left out one by one for the second model: it is
// slow, and a person waits.
const mostSecond = 24

// Explain gives the shares of the first model; where that is unsure, those of both as
// they count, with the second's by what leaving stretches out changes in its log-odds.
func (c *Cascade) Explain(ctx context.Context, t string) (Opinion, []Token, error) {
	first, tokens, err := c.first.Explain(ctx, t)
	if err != nil || !first.Known || c.share(first) == 0 {
		return first, tokens, err
	}
	second, err := c.second.Score(ctx, []string{t})
	if err != nil || !second[0].Known {
		return first, tokens, err
	}
	units := text.Units(t)
	parts, err := occluded(t, units, mostSecond, odds(second[0]), func(texts []string) ([]float64, error) { return c.secondOdds(ctx, texts) })
	if err != nil {
		return Opinion{}, nil, fmt.Errorf("explain: %w", err)
	}
	whole, s := c.join(first, second[0]), c.share(first)
	shares := make([]float64, len(units))
	gather(shares, units, tokens, (1-s+s*c.w.First)*ratio(odds(first), first.Score))
	scale := ratio(whole.Score, odds(whole))
	for i := range shares {
		shares[i] = scale * (shares[i] + s*c.w.Second*parts[i])
	}
	return whole, unitTokens(t, units, balance(shares, whole.Score)), nil
}

func (c *Cascade) secondOdds(ctx context.Context, texts []string) ([]float64, error) {
	opinions, err := c.second.Score(ctx, texts)
	out := make([]float64, len(opinions))
	for i, o := range opinions {
		if o.Known {
			out[i] = odds(o)
		}
	}
	return out, err
}

// unitTokens makes a token of each unit.
func unitTokens(t string, units []text.Unit, shares []float64) []Token {
	tokens := make([]Token, len(units))
	for i, u := range units {
		tokens[i] = Token{Text: t[u.Start:u.End], Start: u.Start, End: u.End, Share: shares[i]}
	}
	return tokens
}
