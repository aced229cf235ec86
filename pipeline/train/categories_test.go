package train_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/train"
)

// TestEmbeddedCategories: a category of many values becomes a few learnt
// numbers, small ones and numbers stay, and the exported model still takes raw
// columns.
func TestEmbeddedCategories(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	var b bytes.Buffer
	b.WriteString("city,size,plan,label\n")
	for i := range 600 {
		city := i * 7 % 20
		fmt.Fprintf(&b, "c%d,%d,%s,%v\n", city, i%13, []string{"free", "pro"}[i%2], (city%3 == 0) != (i%2 == 0))
	}
	path := filepath.Join(t.TempDir(), "cities.csv")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := source.Open(t.Context(), source.Config{Path: path, Task: dataset.Table, Label: "label", Validation: 0.2, Seed: 1, Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	recipe := train.Recipe{
		Task: "table", Seed: 2, Threads: 1, Device: "cpu", Model: train.Model{Name: "table-mlp", Embed: 3, Hidden: []int{32}},
		Optimizer: train.Optimizer{LearningRate: 0.02}, Train: train.Loop{Epochs: 30, Batch: 32},
	}
	if recipe, err = recipe.Resolve(); err != nil {
		t.Fatal(err)
	}
	store := &folder{dir: t.TempDir()}
	result, err := train.Run(t.Context(), recipe, train.Deps{Set: set, Store: store}, ignore)
	if err != nil {
		t.Fatal(err)
	}
	if result.ValAccuracy < 0.95 {
		t.Errorf("validation accuracy %.3f", result.ValAccuracy)
	}
	m, err := onnx.Load(result.Model)
	if err != nil {
		t.Fatal(err)
	}
	if table := m.Graph.Initializer("category1.table"); table == nil || !slices.Equal(table.Dims, []int64{20, 3}) {
		t.Errorf("the table of the cities is %+v", table)
	}
	if m.Graph.Initializer("category2.table") != nil {
		t.Error("a category of two values was embedded, too")
	}
	for _, in := range m.Graph.Feeds() {
		if in.Name == "city" && in.Type.Tensor.Elem != onnx.String {
			t.Errorf("the model takes cities as %s", in.Type.Tensor.Elem)
		}
	}
}
