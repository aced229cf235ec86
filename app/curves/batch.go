package curves

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/app/training"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// ErrBatch says that the samples of a step cannot be found again.
var ErrBatch = errors.New("the samples of this step cannot be found again")

// Sample is one sample of a batch.
type Sample struct {
	Row    int    // of the training feed
	Number int    // dataset.Feed.Row: its place in the whole source
	Name   string // by which operations know it
	Class  string // "" in regression
	// Loss and Says are what the judging snapshot makes of it; NaN and "" without
	// one.
	Loss float64
	Says string
}

// Batch is the samples a step was computed from.
type Batch struct {
	Step, Epoch int
	Loss        float64 // of the step, as it was measured
	Samples     []Sample
	Set         *dataset.Set
	Recipe      train.Recipe
	// Judge is the snapshot that the losses are computed with: the newest one
	// before the step, or the first one where there is none before. Nil without any.
	Judge *train.Snapshot
}

// BatchOf finds the samples of a step again: nothing is stored, they follow from
// the recipe's seed and from what was excluded by hand before. Those that the
// nearest snapshot before the step is worst at come first.
func BatchOf(ctx context.Context, r *Run, step int) (Batch, error) {
	dir := r.Curves.Dir()
	recipe, err := train.LoadRecipe(filepath.Join(dir, store.RecipeFile))
	if err == nil {
		recipe, err = recipe.Resolve()
	}
	if err != nil {
		return Batch{}, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	b := Batch{Step: step, Recipe: recipe}
	within, err := b.locate(r)
	if err != nil {
		return Batch{}, err
	}
	plain := recipe
	plain.Data.Augment = "none"
	if b.Set, err = training.Open(ctx, plain, nil); err != nil {
		return Batch{}, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	excluded, err := r.excludedBefore(step - within)
	if err != nil {
		return Batch{}, err
	}
	for _, row := range train.BatchRows(b.Set.Train, recipe.Seed, b.Epoch-1, recipe.Train.Batch, within, excluded) {
		s := Sample{Row: row, Number: b.Set.Train.Row(row), Loss: math.NaN()}
		s.Name, s.Class = b.Set.NameOf(s.Number), b.class(b.Set.Train.Class, row)
		b.Samples = append(b.Samples, s)
	}
	return b, b.weigh(ctx, dir)
}

// class is the name of a sample's class, "" in regression.
func (b *Batch) class(of func(row int) int, row int) string {
	if len(b.Set.Classes) == 0 {
		return ""
	}
	if c := of(row); c >= 0 && c < len(b.Set.Classes) {
		return b.Set.Classes[c]
	}
	return ""
}

// locate fills in epoch and loss and returns the step's number within its epoch,
// from 0.
func (b *Batch) locate(r *Run) (within int, err error) {
	s, err := r.Curves.Series("loss", metrics.Step)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	row := s.Find(0, s.Len(), float64(b.Step))
	if len(s.Pieces()) != 1 || row >= s.Len() || s.X(row) != float64(b.Step) {
		return 0, fmt.Errorf("%w: step %d was not measured here", ErrBatch, b.Step)
	}
	var loss [1]float64
	s.Y(row, loss[:])
	_, b.Epoch = s.Step(row)
	b.Loss = loss[0]
	first := row
	for first > 0 {
		if _, epoch := s.Step(first - 1); epoch != b.Epoch {
			break
		}
		first--
	}
	within = row - first
	if first == 0 {
		within += r.batchesBefore()
	}
	return within, nil
}

// batchesBefore is how many batches of its first epoch a run did not do itself: a
// fork begins where its parent's snapshot was taken.
func (r *Run) batchesBefore() int {
	s, err := train.ReadSnapshot(filepath.Join(r.Curves.Dir(), "checkpoints", "fork.safetensors"))
	if err != nil {
		return 0 // it is no fork
	}
	return s.Batch
}

// excludedBefore are the samples that had been excluded by hand when the epoch
// began that starts after a step.
func (r *Run) excludedBefore(step int) (map[int]bool, error) {
	events, err := r.Curves.Events()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	out := map[int]bool{}
	for _, e := range events {
		m, ok := e.(train.Mark)
		if !ok || m.Kind != train.MarkExclude || m.Step >= step {
			continue
		}
		for field := range strings.FieldsSeq(m.Note) {
			if row, err := strconv.Atoi(field); err == nil {
				out[row] = true
			}
		}
	}
	return out, nil
}

// weigh computes the losses under the nearest snapshot and puts the highest
// first; without a snapshot nothing changes.
func (b *Batch) weigh(ctx context.Context, dir string) error {
	list, err := train.Snapshots(dir)
	if err != nil || len(list) == 0 || len(b.Samples) == 0 {
		return err
	}
	judge := list[0]
	for _, s := range list {
		if s.Step < b.Step {
			judge = s
		}
	}
	rows := make([]int, len(b.Samples))
	for i, s := range b.Samples {
		rows[i] = s.Row
	}
	set, given, err := training.Taught(ctx, b.Recipe, b.Set)
	if err != nil {
		return fmt.Errorf("open the run's network: %w", err)
	}
	judged, err := train.JudgeSamples(ctx, b.Recipe, set, given, judge.Path, set.Train, rows)
	if err != nil {
		return fmt.Errorf("weigh samples: %w", err)
	}
	b.Judge = &judge
	for i, j := range judged {
		b.Samples[i].Loss = j.Loss
		if j.Class >= 0 {
			b.Samples[i].Says = b.class(func(int) int { return j.Class }, 0)
		} else {
			b.Samples[i].Says = strconv.FormatFloat(j.Value, 'g', 5, 64)
		}
	}
	slices.SortStableFunc(b.Samples, func(x, y Sample) int {
		switch {
		case x.Loss > y.Loss:
			return -1
		case x.Loss < y.Loss:
			return 1
		}
		return 0
	})
	return nil
}
