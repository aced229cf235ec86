package train_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"athanor/pipeline/train"
)

func TestRecipeComesBackAsWritten(t *testing.T) {
	r, err := train.Recipe{Name: "数字", Model: train.Model{Name: "cnn", Channels: []int{8, 16}}, Schedule: train.Schedule{Name: "step"}}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	text, err := r.Text()
	if err != nil {
		t.Fatal(err)
	}
	again, err := train.ParseRecipe(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r, again) {
		t.Errorf("wrote %+v, read %+v", r, again)
	}
	resolved, err := again.Resolve()
	if err != nil || !reflect.DeepEqual(resolved, again) {
		t.Errorf("a resolved recipe changes when it is resolved again: %+v, %v", resolved, err)
	}
}

func TestUnknownKeyNamesTheNearestOne(t *testing.T) {
	for text, want := range map[string]string{
		"epoch = 3":                       "",
		"[train]\nepoch = 3":              `"train.epochs"`,
		"[optimizer]\nlearn_rate = 0.1":   `"optimizer.learning_rate"`,
		"[mdel]\nname = \"mlp\"":          `"model"`,
		"[schedule]\nwarmup = 3":          `"schedule.warm_up"`,
		"[data]\nvalidaton = 0.2\nseed=2": `"data.validation"`,
	} {
		_, err := train.ParseRecipe([]byte(text))
		if !errors.Is(err, train.ErrRecipe) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want the suggestion %s", text, err, want)
		}
	}
}

func TestBadRecipesAreRefused(t *testing.T) {
	for name, r := range map[string]train.Recipe{
		"task":          {Task: "sound"},
		"model":         {Model: train.Model{Name: "gpt"}},
		"wrong model":   {Task: "text", Model: train.Model{Name: "cnn"}},
		"optimizer":     {Optimizer: train.Optimizer{Name: "adma"}},
		"learning rate": {Optimizer: train.Optimizer{LearningRate: -1}},
		"schedule":      {Schedule: train.Schedule{Name: "zigzag"}},
		"epochs":        {Train: train.Loop{Epochs: -1}},
		"batch":         {Train: train.Loop{Batch: -32}},
		"validation":    {Data: train.Data{Validation: 1.5}},
		"dropout":       {Model: train.Model{Dropout: 1}},
		"threads":       {Threads: 5000},
		"loss":          {Train: train.Loop{Loss: "hinge"}},
		"language":      {Task: "text", Model: train.Model{Name: "gru", Language: 3}, Train: train.Loop{Epochs: 3}},
		"no language":   {Task: "text", Model: train.Model{Name: "textcnn", Language: 1}, Train: train.Loop{Epochs: 3}},
		"cut guesses":   {Task: "text", Model: train.Model{Name: "gru", Language: 1}, Train: train.Loop{Epochs: 3, Batch: 32, MicroBatch: 8}},
		"class weights": {Optimizer: train.Optimizer{ClassWeights: "heavy"}},
		"no weight":     {Optimizer: train.Optimizer{ClassWeights: "1,0"}},
	} {
		if _, err := r.Resolve(); !errors.Is(err, train.ErrRecipe) {
			t.Errorf("%s: %v, want ErrRecipe", name, err)
		}
	}
}

func TestLoadRecipeNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "broken.toml")
	if err := os.WriteFile(path, []byte("[train\nepochs=3"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := train.LoadRecipe(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
	if err := os.WriteFile(path, make([]byte, 2<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := train.LoadRecipe(path); !errors.Is(err, train.ErrRecipe) {
		t.Errorf("two megabytes: %v, want ErrRecipe", err)
	}
}

func FuzzParseRecipe(f *testing.F) {
	f.Add([]byte("task = \"image\"\n[train]\nepochs = 3\n"))
	f.Add([]byte("[optimizer]\nlearn_rate = 1e999"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := train.ParseRecipe(text)
		if err != nil {
			return
		}
		if r, err = r.Resolve(); err != nil {
			return
		}
		written, err := r.Text()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := train.ParseRecipe(written); err != nil {
			t.Errorf("a resolved recipe does not come back: %v\n%s", err, written)
		}
	})
}

// A bag of n-grams reads most of a review, at the rate that suits it; networks that
// read in order keep to the beginning.
func TestTextsHaveDefaultsOfTheirOwn(t *testing.T) {
	for name, want := range map[string]struct {
		length int
		rate   float64
	}{"": {512, 0.01}, "ngram": {512, 0.01}, "nb-linear": {512, 0.03}, "textcnn": {64, 0.001}, "attention": {64, 0.001}, "gru": {128, 0.003}} {
		r, err := train.Recipe{Task: "text", Model: train.Model{Name: name}}.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		if r.Model.Length != want.length || r.Optimizer.LearningRate != want.rate {
			t.Errorf("%q: length %d, rate %v", name, r.Model.Length, r.Optimizer.LearningRate)
		}
	}
}
