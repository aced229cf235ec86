package source

import (
	"context"
	"fmt"
	"iter"

	"athanor/inference/text"
	"athanor/pipeline/dataset/table"
)

// fittedTokens returns the tokenizer asked for; else, where the architecture
// is known, one that has learnt its n-grams or units from the training texts
// alone; else hashed n-grams.
// Of some architectures each n-gram has weights, too.
func (s *tableSource) fittedTokens(ctx context.Context, train []int32) (text.Tokenizer, []float32, error) {
	if s.c.Tokenizer != nil || s.c.Model == "" {
		t, err := tokens(s.c)
		return t, nil, err
	}
	var d text.Definition
	var weights []float32
	var err error
	plan := text.Plan{Model: s.c.Model, Buckets: s.c.Buckets, Length: s.c.Length, Temper: s.c.Temper}
	readErr := s.eachLearnt(ctx, train, func(texts iter.Seq[text.Labelled]) {
		if s.c.Model == text.Weighed {
			d, weights, err = text.FitWeighed(plan, len(s.classes), texts)
		} else {
			d, err = text.Fit(plan, unlabelled(texts))
		}
	})
	if readErr != nil {
		return nil, nil, readErr
	}
	if err != nil {
		return nil, nil, fmt.Errorf("fit the tokenizer: %w", err)
	}
	t, err := text.New(d)
	if err != nil {
		return nil, nil, fmt.Errorf("fit the tokenizer: %w", err)
	}
	return t, weights, nil
}

func unlabelled(texts iter.Seq[text.Labelled]) iter.Seq[string] {
	return func(yield func(string) bool) {
		for t := range texts {
			if !yield(t.Text) {
				return
			}
		}
	}
}

// eachLearnt hands the texts of the training part to use.
func (s *tableSource) eachLearnt(ctx context.Context, train []int32, use func(iter.Seq[text.Labelled])) error {
	learning := make([]bool, s.samples.numbers.n)
	for _, i := range train {
		learning[i] = true
	}
	var readErr error
	use(func(yield func(text.Labelled) bool) {
		more := true
		readErr = s.eachSample(ctx, func(i int, row *table.Row) error {
			if more && learning[i] {
				more = yield(text.Labelled{Text: row.Cells[s.schema.Text].String(), Class: s.samples.names.At(i)})
			}
			return nil
		})
	})
	return readErr
}
