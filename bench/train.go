package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// job is one training by athanor.
type job struct {
	data   string
	model  string
	batch  int
	epochs int
	seed   int
}

// recipe is the default recipe with the job's choices.
func (j job) recipe(threads int) string {
	return fmt.Sprintf(`task = "image"
seed = %d
device = "cpu"
threads = %d

[data]
path = %q

[model]
name = %q

[train]
epochs = %d
batch = %d
`, j.seed, threads, j.data, j.model, j.epochs, j.batch)
}

// train runs a job in a folder of its own and notes its peak of memory.
func (b *bench) train(ctx context.Context, j job) (outcome, error) {
	folder, err := os.MkdirTemp(b.work, j.model+"-")
	if err != nil {
		return outcome{}, err
	}
	recipe := filepath.Join(folder, "recipe.toml")
	if err := writeFile(recipe, j.recipe(b.threads)); err != nil {
		return outcome{}, err
	}
	o, err := launch(ctx, b.athanor, "train", recipe, "--out", filepath.Join(folder, "run"), "--json")
	if err == nil && j.data == b.mnist {
		b.peakRSS = max(b.peakRSS, o.peakRSS)
	}
	return o, err
}
