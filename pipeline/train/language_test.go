package train_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/train"
)

// orders are texts whose class is which of two words comes first, so that only a
// network that reads in order can tell; fillers come in pairs, which can be guessed.
func orders(t *testing.T, n int) *dataset.Set {
	t.Helper()
	testenv.NeedNative(t, runtime.Load())
	r := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("label,text\n")
	fill := func() string {
		i := r.IntN(5)
		return strings.Repeat(fmt.Sprintf("front%d back%d ", i, i), r.IntN(2))
	}
	for i := range n {
		words, label := [2]string{"cat", "dog"}, i%2
		fmt.Fprintf(&b, "%d,%s%s %s%s %s\n", label, fill(), words[label], fill(), words[1-label], fill())
	}
	path := filepath.Join(t.TempDir(), "orders.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := source.Open(t.Context(), source.Config{Path: path, Label: "label", Text: "text", Validation: 0.2, Seed: 1, Model: "gru", Buckets: 64, Length: 12})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func readsInOrder() train.Recipe {
	return train.Recipe{
		Task: "text", Seed: 5, Threads: 2, Optimizer: train.Optimizer{LearningRate: 0.01},
		Model: train.Model{Name: "gru", Embed: 16, Hidden: []int{16}, Buckets: 64, Length: 12, Language: 2}, Train: train.Loop{Epochs: 8, Batch: 32},
	}
}

// TestLanguageComesBeforeLabels: in the first epochs what comes next is learnt and
// labels are not; in the end a class that lies in the order alone is told.
func TestLanguageComesBeforeLabels(t *testing.T) {
	set, f := orders(t, 1200), &folder{dir: t.TempDir()}
	result, err := train.Run(t.Context(), readsInOrder(), train.Deps{Set: set, Store: f}, ignore)
	if err != nil {
		t.Fatal(err)
	}
	var epochs []train.Epoch
	for _, e := range f.events {
		if e, ok := e.(train.Epoch); ok {
			epochs = append(epochs, e)
		}
	}
	if first, second := epochs[0].TrainLoss, epochs[1].TrainLoss; second > 0.9*first || first < 2 {
		t.Errorf("guessing costs %.2f and then %.2f", first, second)
	}
	if !epochs[1].Language || epochs[2].Language || !epochs[2].Best {
		t.Errorf("%+v and %+v, want labels from the third epoch on, which is the best so far", epochs[1], epochs[2])
	}
	if a := epochs[1].ValAccuracy; a > 0.7 {
		t.Errorf("%.2f right before any label was shown", a)
	}
	if result.ValAccuracy < 0.95 {
		t.Errorf("%.3f of the validation part right, want an order to be learnt", result.ValAccuracy)
	}
}

// TestResumeBetweenLanguageAndLabels: a run that is broken off where labels come in
// goes on with the same bits.
func TestResumeBetweenLanguageAndLabels(t *testing.T) {
	set, r := orders(t, 400), readsInOrder()
	r.Train.Epochs = 3
	wholeAndBroken(t, r, set, 22)
}
