package train_test

import (
	"math"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
)

// TestGPULearnsLikeCPU trains the same recipe with the same seed on the
// processor and on a graphics processor: the first losses agree, and so does
// what the models can do.
func TestGPULearnsLikeCPU(t *testing.T) {
	device := testenv.GPU(t)
	all := digits(t)
	for name, c := range map[string]struct {
		channels []int
		steps    int
	}{"mlp": {nil, 50}, "cnn": {[]int{4, 8}, 12}, "resnet": {[]int{4}, 4}} {
		t.Run(name, func(t *testing.T) {
			set := *all
			set.Train, set.Validation, set.Test = few{all.Train, 16 * c.steps}, few{all.Validation, 32}, few{all.Test, 64}
			r := recipe(name)
			r.Model.Channels, r.Train.Batch, r.Train.Epochs = c.channels, 16, 1
			var losses [2][]train.Metric
			var accuracy [2]float64
			for i, d := range []string{runtime.CPU, device} {
				r.Device = d
				store := &folder{dir: t.TempDir()}
				res, err := train.Run(t.Context(), r, train.Deps{Set: &set, Store: store}, ignore)
				if err != nil {
					t.Fatal(err)
				}
				losses[i], accuracy[i] = store.metrics, res.Classification.Accuracy
			}
			sameLosses(t, losses[0], losses[1], 1e-3)
			if d := math.Abs(accuracy[0] - accuracy[1]); d > 0.02 {
				t.Errorf("accuracies of 64 samples differ by %v", d)
			}
		})
	}
}

// sameLosses compares the first 50 steps.
func sameLosses(t *testing.T, a, b []train.Metric, tolerance float64) {
	t.Helper()
	if len(a) != len(b) || len(a) == 0 {
		t.Fatalf("%d and %d steps", len(a), len(b))
	}
	for i := range a[:min(50, len(a))] {
		if d := math.Abs(a[i].Loss - b[i].Loss); !(d <= tolerance*math.Max(1, a[i].Loss)) {
			t.Fatalf("step %d: loss %v and %v", i+1, a[i].Loss, b[i].Loss)
		}
	}
}
