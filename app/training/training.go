// Package training carries out a recipe from data to model: the one path that
// the command and the window share.
package training

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"athanor/app/store"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/train"
)

// Request says what to train and where to keep it.
type Request struct {
	Recipe train.Recipe
	// Dir is the run's folder; empty makes a new one in Runs.
	Dir  string
	Runs string
	// Resume continues the run in Dir from its newest checkpoint, with the
	// recipe stored there.
	Resume bool
	// Fork begins the run with a snapshot of another one; nil with new weights.
	Fork    *Fork
	Version string
	Control *train.Control
	// Prepared is called once the data set is open and the folder exists, before
	// the first step; it may be nil.
	Prepared func(set *dataset.Set, dir string)
	// Loading is called now and then while samples are read in; it may be nil.
	Loading func(done, total int)
}

// Outcome is a finished run.
type Outcome struct {
	train.Result
	Dir string
}

// Run opens the data, trains, and leaves model, card and report in the run's
// folder. It works on the caller's goroutine; emit is called from it.
func Run(ctx context.Context, q Request, emit func(train.Event)) (Outcome, error) {
	recipe, err := resolve(q)
	if err != nil {
		return Outcome{}, err
	}
	set, err := Open(ctx, recipe, q.Loading)
	if err != nil {
		return Outcome{}, err
	}
	if err := train.Check(recipe, set); err != nil {
		return Outcome{}, err
	}
	run, err := openFolder(q, recipe)
	if err != nil {
		return Outcome{}, err
	}
	if q.Prepared != nil {
		q.Prepared(set, run.Dir())
	}
	deps := train.Deps{Set: set, Store: run, Control: q.Control, Resume: q.Resume, Version: q.Version}
	if q.Fork != nil && !q.Resume {
		if deps.Fork, err = q.Fork.begin(run, recipe); err != nil {
			return Outcome{}, errors.Join(err, run.Close())
		}
	}
	result, err := train.Run(ctx, recipe, deps, emit)
	out := Outcome{Result: result, Dir: run.Dir()}
	if err == nil {
		err = errors.Join(run.Flush(), writeReport(out, recipe, set))
	}
	return out, errors.Join(err, run.Close())
}

func resolve(q Request) (train.Recipe, error) {
	if !q.Resume {
		return q.Recipe.Resolve()
	}
	stored, err := train.LoadRecipe(filepath.Join(q.Dir, train.RecipeName))
	if err != nil {
		return stored, fmt.Errorf("resume %s: %w", q.Dir, err)
	}
	return stored.Resolve()
}

// Open opens the data set a recipe names. The recipe must be resolved.
func Open(ctx context.Context, r train.Recipe, progress func(done, total int)) (*dataset.Set, error) {
	d := r.Data
	return source.Open(ctx, source.Config{
		Path: d.Path, Test: d.Test, Validation: d.Validation, TestSplit: d.TestSplit, Seed: r.Seed, Task: dataset.Task(r.Task),
		Label: d.Label, Text: d.Text, Group: d.Group, Size: d.Size, Augment: d.Augment, Length: r.Model.Length, Buckets: r.Model.Buckets, Model: r.Model.Name,
		Progress: progress,
	})
}

func openFolder(q Request, r train.Recipe) (*store.Run, error) {
	if q.Dir == "" {
		return store.CreateRun(q.Runs, name(r), time.Now())
	}
	if err := os.MkdirAll(q.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("prepare the run's folder: %w; choose another with --out", err)
	}
	return store.OpenRun(q.Dir)
}

func name(r train.Recipe) string {
	if r.Name != "" {
		return r.Name
	}
	return filepath.Base(r.Data.Path) + "-" + r.Model.Name
}
