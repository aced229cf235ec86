package training

import (
	"context"
	"fmt"

	"athanor/pipeline/train"
)

// FindRate opens the recipe's data and looks for a learning rate; nothing is
// kept. It works on the caller's goroutine; emit is called from it.
func FindRate(ctx context.Context, recipe train.Recipe, q train.RateSearch, emit func(train.RatePoint)) (train.Rates, error) {
	recipe, err := recipe.Resolve()
	if err != nil {
		return train.Rates{}, err
	}
	set, err := Open(ctx, recipe, nil)
	if err != nil {
		return train.Rates{}, err
	}
	set, q.Given, err = Taught(ctx, recipe, set)
	if err != nil {
		return train.Rates{}, fmt.Errorf("open the network: %w", err)
	}
	found, err := train.FindRate(ctx, recipe, set, q, emit)
	if err != nil {
		return found, fmt.Errorf("find a learning rate: %w", err)
	}
	return found, nil
}
