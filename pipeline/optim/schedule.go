package optim

import (
	"errors"
	"fmt"
	"math"
)

// Schedule is how the learning rate goes over a run, as a factor of the base
// learning rate.
type Schedule struct {
	Name string // constant, step, cosine, plateau
	// WarmUp is the number of first steps over which the rate rises linearly.
	WarmUp int
	// Every is the number of epochs between drops of step, and the patience of plateau.
	Every int
	// Factor multiplies the rate at a drop.
	Factor float64
	// Minimum is the smallest factor.
	Minimum float64
}

// Schedules lists the names.
func Schedules() []string { return []string{"constant", "step", "cosine", "plateau"} }

// Check tells what is wrong, or nil.
func (s Schedule) Check() error {
	switch s.Name {
	case "constant", "cosine":
	case "step", "plateau":
		if s.Every < 1 || s.Factor <= 0 || s.Factor >= 1 {
			return fmt.Errorf("schedule %s needs every ≥ 1 epochs and a factor in (0, 1)", s.Name)
		}
	default:
		return fmt.Errorf("%w: schedule %q; choose one of %v", ErrUnknown, s.Name, Schedules())
	}
	if s.WarmUp < 0 || s.Minimum < 0 || s.Minimum > 1 {
		return errors.New("warm_up must not be negative and minimum must be in [0, 1]")
	}
	return nil
}

// Position is where a run is.
type Position struct {
	Step, Steps int // Step counts from 0
	Epoch       int // counts from 0
	Drops       int // how often plateau has dropped the rate
}

// At is the factor at a position.
func (s Schedule) At(p Position) float64 {
	if p.Step < s.WarmUp {
		return float64(p.Step+1) / float64(s.WarmUp)
	}
	f := 1.0
	switch s.Name {
	case "cosine":
		// Loshchilov and Hutter 2017, one period over the run.
		span := max(p.Steps-s.WarmUp, 1)
		along := min(float64(p.Step-s.WarmUp)/float64(span), 1)
		return s.Minimum + (1-s.Minimum)*(1+math.Cos(math.Pi*along))/2
	case "step":
		f = math.Pow(s.Factor, float64(p.Epoch/s.Every))
	case "plateau":
		f = math.Pow(s.Factor, float64(p.Drops))
	}
	return max(f, s.Minimum)
}

// Plateau watches a validation loss and counts drops.
type Plateau struct {
	Best  float64 // the best loss so far
	Since int     // epochs without a better one
	Drops int
	Seen  bool
}

// Observe notes an epoch's validation loss; every is the patience in epochs.
func (p Plateau) Observe(loss float64, every int) Plateau {
	if !p.Seen || loss < p.Best {
		return Plateau{Best: loss, Drops: p.Drops, Seen: true}
	}
	p.Since++
	if p.Since >= every {
		p.Since = 0
		p.Drops++
	}
	return p
}
