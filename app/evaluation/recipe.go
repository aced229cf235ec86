package evaluation

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"athanor/app/device"
	"athanor/inference/model"
	"athanor/inference/remote"
	"athanor/pipeline/train"
)

// open opens the model: the path, or what the request says.
func (q Request) open(ctx context.Context, told *notes) (*model.Model, error) {
	if q.Open != nil {
		return q.Open(ctx)
	}
	options, err := q.options(ctx, told)
	if err != nil {
		return nil, err
	}
	return remote.OpenFile(ctx, q.Model, options)
}

// options test the device that a request names; told hears where the processor
// takes its place.
func (q Request) options(ctx context.Context, told *notes) (model.Options, error) {
	return device.Options(ctx, q.Device, q.Threads, told.add)
}

// notes are sentences that runs on several goroutines leave.
type notes struct {
	lock sync.Mutex
	list []string
}

func (n *notes) add(text string) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.list = append(n.list, text)
}

func (n *notes) all() []Note {
	n.lock.Lock()
	defer n.lock.Unlock()
	var list []Note
	for _, text := range n.list {
		list = append(list, Note{"%s", []any{text}})
	}
	return list
}

// Recipe says how the samples of a request are prepared for a model.
func Recipe(m *model.Model, q Request) (train.Recipe, error) { return recipeOf(m, q) }

// recipeOf is the recipe inside the model with the data replaced where asked.
func recipeOf(m *model.Model, q Request) (train.Recipe, error) {
	r, err := q.given(m)
	if err != nil {
		return r, err
	}
	switch o := r.Data.Operations; {
	case q.Data != "": // the changes were made to other samples
		r.Data.Path, r.Data.Test, r.Data.Operations = q.Data, q.Test, ""
	case o != "" && o != train.NoOperations && !filepath.IsAbs(o):
		r.Data.Operations = filepath.Join(filepath.Dir(q.Model), o)
	}
	if q.Label != "" {
		r.Data.Label = q.Label
	}
	r.Data.Augment = "none"
	return r.Resolve()
}

// given is the recipe of the request, else the one inside the model, else what
// the model's inputs tell.
func (q Request) given(m *model.Model) (train.Recipe, error) {
	info := m.Info()
	switch {
	case q.Recipe != "":
		return train.LoadRecipe(q.Recipe)
	case info.Recipe != "":
		r, err := train.ParseRecipe([]byte(info.Recipe))
		if err != nil {
			return r, fmt.Errorf("the recipe inside %s: %w", q.Model, err)
		}
		return r, nil
	case info.Task == model.Foreign:
		return train.Recipe{}, fmt.Errorf("%w: %s does not say how its samples are prepared; import it first, or name a recipe", ErrMismatch, q.Model)
	case q.Data == "":
		return train.Recipe{}, fmt.Errorf("%w: %s does not say on which data it was trained; name some with --data", ErrMismatch, q.Model)
	}
	return fromInputs(m)
}

// fromInputs tells the task, and for pictures their size: a service keeps its
// models' recipes to itself, as they may name files.
func fromInputs(m *model.Model) (train.Recipe, error) {
	r := train.Recipe{Task: string(m.Info().Task)}
	if m.Info().Task != model.Image {
		return r, nil
	}
	shape, err := m.ImageShape()
	if err == nil && shape.W == shape.H {
		r.Data.Size = shape.H
	}
	return r, err
}
