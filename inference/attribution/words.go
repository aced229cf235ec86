package attribution

import (
	"context"
	"fmt"

	"athanor/inference/model"
	"athanor/inference/text"
)

// Word is a part of a text and how much it spoke for the class.
type Word struct {
	Text       string  `json:"text"`
	Start, End int     `json:"-"` // in bytes
	Share      float64 `json:"share"`
}

// Words explains a text by integrated gradients from no words at all (all
// embeddings zero). Tokens that overlap, such as n-grams, share out what they
// have among the words they cover, so the words' sum is complete too. class < 0
// takes the best one.
func Words(ctx context.Context, m *model.Model, g *Graph, s string, class int) ([]Word, Completeness, error) {
	if class < 0 {
		answer, err := m.Texts(ctx, s)
		if err != nil {
			return nil, Completeness{}, err
		}
		class = best(answer[0])
	}
	if g == nil || !g.text {
		return nil, Completeness{}, fmt.Errorf("%w for texts of this model", ErrNoGraph)
	}
	if class >= g.classes {
		return nil, Completeness{}, fmt.Errorf("%w: class %d of %d", model.ErrInput, class, g.classes)
	}
	ids, tokens, err := m.Tokens(s)
	if err != nil {
		return nil, Completeness{}, err
	}
	values, c, err := g.integrate(ctx, func(ctx context.Context, scales []float32) ([]float64, [][]float32, error) {
		r, err := g.runText(ctx, ids, scales, class)
		if err != nil {
			return nil, nil, err
		}
		logits, terms := make([]float64, len(scales)), make([][]float32, len(scales))
		for i := range scales {
			logits[i] = float64(r.logits[i*g.classes+class])
			terms[i] = r.gradient[i*len(ids) : (i+1)*len(ids)]
		}
		return logits, terms, nil
	})
	if err != nil {
		return nil, c, err
	}
	return share(s, tokens, values), c, nil
}

// share gives every word its part of the tokens' attributions. A token of no letters,
// such as the beginning of the text, belongs to the word that it touches.
func share(s string, tokens []text.Token, values []float64) []Word {
	var words []Word
	for _, u := range text.Units(s) {
		words = append(words, Word{Text: s[u.Start:u.End], Start: u.Start, End: u.End})
	}
	repeats := map[int]int{}
	for _, t := range tokens {
		repeats[t.Index]++
	}
	for _, t := range tokens {
		if t.Index < 0 || t.Index >= len(values) {
			continue
		}
		var covered []int
		for i, w := range words {
			if w.Start < t.End && t.Start < w.End || t.Start == t.End && w.Start <= t.Start && t.Start <= w.End {
				covered = append(covered, i)
			}
		}
		for _, i := range covered {
			words[i].Share += values[t.Index] / float64(repeats[t.Index]*len(covered))
		}
	}
	return words
}
