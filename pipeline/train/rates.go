package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"athanor/pipeline/dataset"
)

// ErrNoRate says that no rate could be suggested: the loss never fell.
var ErrNoRate = errors.New("no learning rate can be suggested: the loss fell at none")

// RateSearch says which learning rates are tried; zero values are usual ones.
type RateSearch struct {
	From, To float64 // 1e-6 and 10
	Steps    int     // 120
	// Given is the network of a recipe with a transfer; nil for others.
	Given *Given
}

// RatePoint is one step of a search. Smooth is the loss's exponential mean.
type RatePoint struct {
	Step               int // 1-based
	Rate, Loss, Smooth float64
}

// Rates is what a search found.
type Rates struct {
	Points []RatePoint
	// Suggested is where the smoothed loss falls fastest over the rate's
	// logarithm; Lowest is where it is lowest.
	Suggested, Lowest float64
	// Diverged says that the search ended early since the loss ran away.
	Diverged bool
}

// Constants of the search. The mean's weight is lower than the usual 0.98 since
// the search is shorter; the limit on the loss is the usual one.
const (
	rateSmoothing = 0.9
	rateRunaway   = 4 // times the lowest smoothed loss
	rateWindow    = 5 // points on either side that a slope is taken over
	rateFloor     = 0.9
)

// FindRate trains a throwaway copy of the recipe's network while the learning
// rate rises exponentially (Smith 2017, "Cyclical Learning Rates for Training
// Neural Networks", section 3.3), and suggests a rate from how the loss answers.
// The recipe's schedule plays no part. It works on the caller's goroutine and
// emits every point from it; nothing is kept on disk.
func FindRate(ctx context.Context, recipe Recipe, set *dataset.Set, q RateSearch, emit func(RatePoint)) (Rates, error) {
	recipe, err := recipe.Resolve()
	if err != nil {
		return Rates{}, err
	}
	if err := Check(recipe, set); err != nil {
		return Rates{}, err
	}
	if q = q.usual(); !(q.From > 0 && q.From < q.To) || q.Steps < 20 {
		return Rates{}, fmt.Errorf("%w: rates rise from above 0 in at least 20 steps, not from %v to %v in %d", ErrRecipe, q.From, q.To, q.Steps)
	}
	recipe.Distill = nil // the rate is the labels' own
	net, err := newNetwork(recipe, set, q.Given, nil)
	if err != nil {
		return Rates{}, err
	}
	state, err := newState(ctx, net)
	if err != nil {
		return Rates{}, err
	}
	defer state.close()
	step, err := newStepper(ctx, net, state.memory, recipe.Train.Batch, recipe.rows())
	if err != nil {
		return Rates{}, err
	}
	defer step.close()
	s := &search{q: q, recipe: recipe, set: set, state: state, step: step, emit: emit}
	return s.run(ctx)
}

func (q RateSearch) usual() RateSearch {
	set(&q.From, 1e-6)
	set(&q.To, 10)
	set(&q.Steps, 120)
	return q
}

// search is a search under way.
type search struct {
	q      RateSearch
	recipe Recipe
	set    *dataset.Set
	state  *state
	step   *stepper
	emit   func(RatePoint)
	order  []int32
	epoch  int
	mean   float64
	lowest float64
	found  Rates
	scale  lossScale
}

func (s *search) run(ctx context.Context) (Rates, error) {
	s.lowest = math.Inf(1)
	for i := range s.q.Steps {
		p, err := s.try(ctx, i)
		if err != nil {
			return s.found, err
		}
		if math.IsNaN(p.Loss) || math.IsInf(p.Loss, 0) || p.Smooth > rateRunaway*s.lowest {
			s.found.Diverged = true
			break
		}
		s.lowest = min(s.lowest, p.Smooth)
		s.found.Points = append(s.found.Points, p)
		s.emit(p)
	}
	return s.found.suggest()
}

// try trains one batch at the i-th rate.
func (s *search) try(ctx context.Context, i int) (RatePoint, error) {
	if err := ctx.Err(); err != nil {
		return RatePoint{}, err
	}
	if err := s.load(ctx); err != nil {
		return RatePoint{}, err
	}
	rate := s.q.From * math.Pow(s.q.To/s.q.From, float64(i)/float64(s.q.Steps-1))
	s.recipe.rule().Hyper(data(s.step.hyper), i+1, rate)
	s.step.drawMasks(s.recipe.Seed, i)
	s.step.guess.draw(s.step.columns[0], s.recipe.Seed, i, s.recipe.Model.Language == 0)
	if err := s.step.run(ctx, s.state, &s.scale); err != nil {
		return RatePoint{}, err
	}
	loss := s.step.metric().Loss
	s.mean = rateSmoothing*s.mean + (1-rateSmoothing)*loss
	return RatePoint{Step: i + 1, Rate: rate, Loss: loss, Smooth: s.mean / (1 - math.Pow(rateSmoothing, float64(i+1)))}, nil
}

// load puts the next full batch into the step; behind the last one the samples
// come again in another order.
func (s *search) load(ctx context.Context) error {
	feed, batch := s.set.Train, s.recipe.Train.Batch
	if len(s.order) < batch {
		s.order = Order(feed.Len(), s.recipe.Seed, s.epoch)
		s.epoch++
	}
	rows := samplesOf(s.order[:batch])
	s.order = s.order[batch:]
	b := filled{rows: rows, partners: partnersOf(feed, s.epoch-1, rows)}
	return s.step.load(ctx, b, feed, s.epoch-1, nil)
}

// suggest reads the rates off the points.
func (r Rates) suggest() (Rates, error) {
	best, lowest := 0.0, math.Inf(1)
	for i, p := range r.Points {
		if p.Smooth < lowest {
			lowest, r.Lowest = p.Smooth, p.Rate
		}
		lo, hi := i-rateWindow, i+rateWindow
		if lo < 0 || hi >= len(r.Points) {
			continue
		}
		if fall := r.Points[lo].Smooth - r.Points[hi].Smooth; fall > best {
			best, r.Suggested = fall, p.Rate
		}
	}
	if r.Suggested == 0 || lowest > rateFloor*r.Points[0].Smooth {
		return r, fmt.Errorf("%w between %g and %g; check the data, or try a smaller batch", ErrNoRate, r.from(), r.to())
	}
	return r, nil
}

func (r Rates) from() float64 {
	if len(r.Points) == 0 {
		return 0
	}
	return r.Points[0].Rate
}

func (r Rates) to() float64 {
	if len(r.Points) == 0 {
		return 0
	}
	return r.Points[len(r.Points)-1].Rate
}

// RoundRate rounds a rate to two digits: more of them say nothing.
func RoundRate(rate float64) float64 {
	if !(rate > 0) {
		return rate
	}
	digits := 1 - int(math.Floor(math.Log10(rate)))
	text := strconv.FormatFloat(rate, 'f', max(digits, 0), 64)
	rounded, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return rate
	}
	return rounded
}
