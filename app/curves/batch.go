package curves

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/app/training"
	"athanor/inference/model"
	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// ErrBatch says that the samples of a step cannot be found again.
var ErrBatch = errors.New("the samples of this step cannot be found again")

// Sample is one sample of a batch.
type Sample struct {
	Row   int    // of the training feed
	Class string // "" in regression
	// Loss is what the finished model makes of it, NaN before there is one; in
	// regression the squared error.
	Loss float64
}

// Batch is the samples a step was computed from.
type Batch struct {
	Step, Epoch int
	Loss        float64 // of the step, as it was measured
	Samples     []Sample
	Set         *dataset.Set
}

// BatchOf finds the samples of a step again: nothing is stored, they follow from
// the recipe's seed. The samples the finished model is worst at come first.
// Samples that were excluded by hand while the run went are counted as if they
// had not been.
func BatchOf(ctx context.Context, r *Run, step int) (Batch, error) {
	dir := r.Curves.Dir()
	recipe, err := train.LoadRecipe(filepath.Join(dir, store.RecipeFile))
	if err == nil {
		recipe, err = recipe.Resolve()
	}
	if err != nil {
		return Batch{}, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	b := Batch{Step: step}
	within, err := b.locate(r)
	if err != nil {
		return Batch{}, err
	}
	plain := recipe
	plain.Data.Augment = ""
	if b.Set, err = training.Open(ctx, plain, nil); err != nil {
		return Batch{}, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	for _, row := range train.BatchRows(b.Set.Train, recipe.Seed, b.Epoch-1, recipe.Train.Batch, within, nil) {
		s := Sample{Row: row, Loss: math.NaN()}
		if c := b.Set.Train.Class(row); len(b.Set.Classes) > 0 && c < len(b.Set.Classes) {
			s.Class = b.Set.Classes[c]
		}
		b.Samples = append(b.Samples, s)
	}
	return b, b.weigh(ctx, filepath.Join(dir, store.ModelFile))
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
	return row - first, nil
}

// weigh computes the losses under a model and puts the highest first; without a
// model nothing changes.
func (b *Batch) weigh(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || len(b.Samples) == 0 {
		return nil
	}
	m, err := model.Open(path, model.Options{Threads: 1})
	if err != nil {
		return fmt.Errorf("weigh samples: %w", err)
	}
	defer m.Close()
	scores, err := b.scores(ctx, m)
	if err != nil {
		return err
	}
	width := len(scores) / len(b.Samples)
	labels := m.Info().Labels
	for i := range b.Samples {
		b.Samples[i].Loss = b.lossOf(b.Samples[i], scores[i*width:(i+1)*width], labels)
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

// lossOf is the cross entropy of a class, or the squared error.
func (b *Batch) lossOf(s Sample, scores []float32, labels []string) float64 {
	if s.Class == "" {
		d := float64(scores[0]) - float64(b.Set.Train.Target(s.Row))
		return d * d
	}
	k := slices.Index(labels, s.Class)
	if k < 0 || k >= len(scores) {
		return math.NaN()
	}
	return -math.Log(max(float64(scores[k]), 1e-12))
}

// scores runs the model on all samples.
func (b *Batch) scores(ctx context.Context, m *model.Model) ([]float32, error) {
	rows := make([]int, len(b.Samples))
	for i, s := range b.Samples {
		rows[i] = s.Row
	}
	var in []*runtime.Tensor
	defer func() { closeAll(in) }()
	var memory [][]byte
	for _, col := range b.Set.Train.Columns() {
		shape := []int64{int64(len(rows))}
		for _, d := range col.Shape {
			shape = append(shape, int64(d))
		}
		t, err := runtime.NewZeros(col.Type, shape)
		if err != nil {
			return nil, fmt.Errorf("weigh samples: %w", err)
		}
		in, memory = append(in, t), append(memory, t.Bytes())
	}
	if err := b.Set.Train.Fill(ctx, memory, -1, rows); err != nil {
		return nil, fmt.Errorf("weigh samples: %w", err)
	}
	out, err := m.Run(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("weigh samples: %w", err)
	}
	defer closeAll(out)
	return slices.Clone(runtime.Data[float32](out[0])), nil
}

func closeAll(tensors []*runtime.Tensor) {
	for _, t := range tensors {
		t.Close()
	}
}
