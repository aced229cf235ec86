package source

import (
	"context"
	"fmt"

	"athanor/inference/text"
	"athanor/pipeline/dataset/table"
)

// fittedTokens returns the tokenizer asked for; else, where the architecture
// is known, one that has learnt its n-grams or units from the training texts
// alone; else hashed n-grams.
func (s *tableSource) fittedTokens(ctx context.Context, train []int32) (text.Tokenizer, error) {
	if s.c.Tokenizer != nil || s.c.Model == "" {
		return tokens(s.c)
	}
	learning := make([]bool, s.samples.numbers.n)
	for _, i := range train {
		learning[i] = true
	}
	var readErr error
	texts := func(yield func(string) bool) {
		more := true
		readErr = s.eachSample(ctx, func(i int, row *table.Row) error {
			if more && learning[i] {
				more = yield(row.Cells[s.schema.Text].String())
			}
			return nil
		})
	}
	d, err := text.Fit(text.Plan{Model: s.c.Model, Buckets: s.c.Buckets, Length: s.c.Length}, texts)
	if readErr != nil {
		return nil, readErr
	}
	if err != nil {
		return nil, fmt.Errorf("fit the tokenizer: %w", err)
	}
	t, err := text.New(d)
	if err != nil {
		return nil, fmt.Errorf("fit the tokenizer: %w", err)
	}
	return t, nil
}
