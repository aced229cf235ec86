// Package recipes_test holds every recipe that is shipped to the schema.
package recipes_test

import (
	"path/filepath"
	"testing"

	"athanor/pipeline/train"
)

func TestEveryRecipeCanBeRun(t *testing.T) {
	paths, err := filepath.Glob("*.toml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("recipes %v, error %v", paths, err)
	}
	for _, path := range paths {
		recipe, err := train.LoadRecipe(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if _, err := recipe.Resolve(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
