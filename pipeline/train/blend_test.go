package train_test

import (
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/train"
)

// A blend of every sample with another class must be learnt by its shares: the
// loss of a finished training cannot be far below the labels' own entropy.
func TestBlendedLabelsKeepTheirUncertainty(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	losses := map[string]float64{}
	for _, augment := range []string{"none", "mix-up=1"} {
		set, err := source.Open(t.Context(), source.Config{Path: "digits", Validation: 0.1, Seed: 1, Augment: augment})
		if err != nil {
			t.Fatal(err)
		}
		if b, ok := set.Train.(dataset.Blender); !ok || b.Blends() != (augment != "none") {
			t.Fatalf("%s: blends %v", augment, ok && b.Blends())
		}
		recipe := train.Recipe{Threads: 2, Train: train.Loop{Epochs: 3, Batch: 64}}
		recipe.Data.Augment = augment
		var last train.Epoch
		_, err = train.Run(t.Context(), recipe, train.Deps{Set: set, Store: &folder{dir: t.TempDir()}}, func(e train.Event) {
			if v, ok := e.(train.Epoch); ok {
				last = v
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		losses[augment] = last.TrainLoss
		if last.ValAccuracy < 0.85 {
			t.Errorf("%s: validation accuracy %.3f", augment, last.ValAccuracy)
		}
	}
	if losses["none"] > 0.2 || losses["mix-up=1"] < 0.4 {
		t.Errorf("training losses %v", losses)
	}
}
