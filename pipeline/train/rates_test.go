package train_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"athanor/pipeline/train"
)

func TestFindRateSuggestsARateThatLearns(t *testing.T) {
	set := small(digits(t), 2000)
	r := train.Recipe{Threads: 2, Seed: 3}
	emitted := 0
	found, err := train.FindRate(t.Context(), r, set, train.RateSearch{}, func(train.RatePoint) { emitted++ })
	if err != nil {
		t.Fatal(err)
	}
	if emitted != len(found.Points) || emitted < 40 {
		t.Errorf("%d points were emitted, %d kept", emitted, len(found.Points))
	}
	for i, p := range found.Points {
		if p.Step != i+1 || i > 0 && p.Rate <= found.Points[i-1].Rate {
			t.Fatalf("point %d is step %d at rate %v: rates must rise", i, p.Step, p.Rate)
		}
	}
	if found.Suggested >= found.Lowest {
		t.Errorf("suggested %v is not below the rate of the lowest loss, %v", found.Suggested, found.Lowest)
	}
	good := accuracyAt(t, r, found.Suggested)
	for _, factor := range []float64{1.0 / 300, 300} {
		if other := accuracyAt(t, r, found.Suggested*factor); other >= good {
			t.Errorf("the suggested rate %v gives %.3f, %v times it gives %.3f", found.Suggested, good, factor, other)
		}
	}
}

// accuracyAt trains one epoch at a rate.
func accuracyAt(t *testing.T, r train.Recipe, rate float64) float64 {
	t.Helper()
	r.Optimizer.LearningRate, r.Train.Epochs = rate, 1
	res, err := train.Run(t.Context(), r, train.Deps{Set: small(digits(t), 2000), Store: &folder{dir: t.TempDir()}}, ignore)
	if errors.Is(err, train.ErrDiverged) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return res.Classification.Accuracy
}

func TestFindRateEndsWhenTheLossRunsAway(t *testing.T) {
	r := train.Recipe{Threads: 2, Optimizer: train.Optimizer{Name: "sgd"}}
	found, err := train.FindRate(t.Context(), r, small(digits(t), 500), train.RateSearch{From: 1e-3, To: 1e4, Steps: 140}, func(train.RatePoint) {})
	if err != nil {
		t.Fatal(err)
	}
	if !found.Diverged || len(found.Points) >= 140 {
		t.Errorf("%d steps up to a rate of 1e4 did not diverge", len(found.Points))
	}
	for _, p := range found.Points {
		if math.IsNaN(p.Loss) {
			t.Error("a point without a loss was kept")
		}
	}
}

func TestFindRateSaysWhenNothingLearns(t *testing.T) {
	r := train.Recipe{Threads: 2, Optimizer: train.Optimizer{Name: "sgd"}}
	_, err := train.FindRate(t.Context(), r, small(digits(t), 500), train.RateSearch{From: 1e-12, To: 1e-11, Steps: 20}, func(train.RatePoint) {})
	if !errors.Is(err, train.ErrNoRate) {
		t.Errorf("got %v, want ErrNoRate", err)
	}
	_, err = train.FindRate(t.Context(), r, small(digits(t), 500), train.RateSearch{From: 1, To: 0.1}, func(train.RatePoint) {})
	if !errors.Is(err, train.ErrRecipe) {
		t.Errorf("got %v, want ErrRecipe for rates that fall", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	_, err = train.FindRate(ctx, r, small(digits(t), 500), train.RateSearch{}, func(train.RatePoint) {
		if steps++; steps == 5 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || steps != 5 {
		t.Errorf("cancelled at step 5: %v after %d steps", err, steps)
	}
}
