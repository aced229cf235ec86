// Package recipes_test holds every recipe that is shipped to the schema.
package recipes_test

import (
	"path/filepath"
	"reflect"
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

func TestTheWebcamsRecipeIsTheStudios(t *testing.T) {
	file, err := train.LoadRecipe("webcam-resnet.toml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := file.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	want, err := train.Webcam("digits").Resolve()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the file says %+v, the studio trains by %+v (%v)", got, want, err)
	}
}
