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

	"athanor/app/datasets"
	"athanor/app/project"
	"athanor/app/store"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/operation"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/evaluate"
	"athanor/pipeline/train"
)

// Request says what to train and where to keep it.
type Request struct {
	Recipe train.Recipe
	// Dir is the run's folder; empty makes a new one in Runs.
	Dir  string
	Runs string
	// Datasets is the folder where a person's decisions about data sets are kept;
	// they fill what the recipe leaves open. Empty takes the recipe as it is.
	Datasets string
	// Resume continues the run in Dir from its newest checkpoint, with the
	// recipe stored there.
	Resume bool
	// Fork begins the run with a snapshot of another one; nil with new weights.
	Fork    *Fork
	Version string
	// TensorBoard writes event files beside the metrics, while the run goes.
	TensorBoard bool
	Control     *train.Control
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
	choice, err := place(ctx, recipe, set)
	if err != nil {
		return Outcome{}, err
	}
	recipe.Device, recipe.Precision = choice.device, choice.precision
	run, err := openFolder(q, recipe)
	if err != nil {
		return Outcome{}, err
	}
	if q.TensorBoard {
		if err := run.WriteEventFiles(time.Now()); err != nil {
			return Outcome{}, errors.Join(err, run.Close())
		}
	}
	if q.Prepared != nil {
		q.Prepared(set, run.Dir())
	}
	if recipe, err = keepOperations(recipe, run.Dir()); err != nil {
		return Outcome{}, errors.Join(err, run.Close())
	}
	learnt, networks, err := openNetworks(ctx, recipe, set, run.Dir(), q.Loading)
	if err != nil {
		return Outcome{}, errors.Join(err, run.Close())
	}
	deps := train.Deps{Set: learnt, Store: run, Given: networks.given, Teacher: networks.teacher, Control: q.Control, Resume: q.Resume, Version: q.Version, DeviceNote: choice.note}
	if q.Fork != nil && !q.Resume {
		if deps.Fork, err = q.Fork.begin(run, recipe); err != nil {
			return Outcome{}, errors.Join(err, run.Close())
		}
	}
	return work(ctx, run, recipe, set, deps, emit)
}

// work trains, and leaves report and costs in the run's folder.
func work(ctx context.Context, run *store.Run, recipe train.Recipe, set *dataset.Set, deps train.Deps, emit func(train.Event)) (Outcome, error) {
	power := evaluate.StartEnergy(evaluate.PowerCounters)
	result, err := train.Run(ctx, recipe, deps, emit)
	out := Outcome{Result: result, Dir: run.Dir()}
	joules, _ := power.Joules()
	if err == nil {
		err = errors.Join(run.Flush(), writeReport(out, recipe, set), writeCost(out.Dir, out.Seconds, joules))
	}
	if err == nil {
		out.Model, err = settleModel(recipe, out)
	}
	return out, errors.Join(err, run.Close())
}

func resolve(q Request) (train.Recipe, error) {
	if !q.Resume {
		recipe, err := q.Recipe.Resolve()
		if err != nil || q.Datasets == "" {
			return recipe, err
		}
		kept, err := datasets.Open(q.Datasets, recipe.Data.Path)
		if err != nil {
			return recipe, err
		}
		kept.Into(&recipe.Data)
		return recipe, nil
	}
	stored, err := train.LoadRecipe(filepath.Join(q.Dir, train.RecipeName))
	if err != nil {
		return stored, fmt.Errorf("resume %s: %w", q.Dir, err)
	}
	return stored.Resolve()
}

// keepOperations copies the changes that a recipe names into the run's folder, so
// that the run can be repeated whatever becomes of them, and names the copy.
func keepOperations(r train.Recipe, dir string) (train.Recipe, error) {
	if r.Data.Operations == "" || r.Data.Operations == train.NoOperations {
		return r, nil
	}
	list, err := operation.ReadExisting(r.Data.Operations)
	if err == nil {
		err = list.Write(filepath.Join(dir, datasets.OperationsFile))
	}
	r.Data.Operations = datasets.OperationsFile
	return r, err
}

// Open opens the data set a recipe names. The recipe must be resolved.
func Open(ctx context.Context, r train.Recipe, progress func(done, total int)) (*dataset.Set, error) {
	c, err := Source(r, progress)
	if err != nil {
		return nil, err
	}
	return source.Open(ctx, c)
}

// Source says how the data set of a resolved recipe is opened.
func Source(r train.Recipe, progress func(done, total int)) (source.Config, error) {
	c, err := datasets.Config(r)
	if err != nil {
		return c, fmt.Errorf("open data set %s: %w", r.Data.Path, err)
	}
	c.Progress = progress
	if paths, err := project.DefaultPaths(); err == nil { // without a home the system's folder does
		if err := os.MkdirAll(paths.Cache, 0o755); err == nil {
			c.Cache = paths.Cache
		}
	}
	return c, nil
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
