package evaluate_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"athanor/pipeline/evaluate"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// The metrics of classes are what scikit-learn 1.9.1 prints for the same labels.
func TestClassifyAgreesWithScikitLearn(t *testing.T) {
	labels := []int{0, 0, 1, 1, 1, 2, 2, 0, 1, 2}
	predicted := []int{0, 1, 1, 1, 0, 2, 1, 0, 1, 2}
	scores := make([]float32, 30)
	for i, p := range predicted {
		for k := range 3 {
			scores[3*i+k] = 0.1
		}
		scores[3*i+p] = 0.8
	}
	c, err := evaluate.Classify(evaluate.Predictions{Classes: 3, Scores: scores, Labels: labels}, []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "accuracy", c.Accuracy, 0.7)
	near(t, "precision of b", c.PerClass[1].Precision, 0.6)
	near(t, "recall of b", c.PerClass[1].Recall, 0.75)
	near(t, "F1 of a", c.PerClass[0].F1, 2.0/3)
	near(t, "F1 of c", c.PerClass[2].F1, 0.8)
	near(t, "macro F1", c.MacroF1, (2.0/3+2.0/3+0.8)/3)
	near(t, "weighted F1", c.WeightedF1, (3*2.0/3+4*2.0/3+3*0.8)/10)
	near(t, "loss", c.Loss, -(7*math.Log(float64(float32(0.8)))+3*math.Log(float64(float32(0.1))))/10)
	near(t, "majority", c.Majority, 0.4)
	near(t, "calibration error", c.Calibration, 0.1)
	if want := [][]int{{2, 1, 0}, {1, 3, 0}, {0, 1, 2}}; !slices.EqualFunc(c.Confusion, want, slices.Equal[[]int]) {
		t.Errorf("confusion %v, want %v", c.Confusion, want)
	}
}

// The bounds are SciPy 1.17.1's binomtest(...).proportion_ci(method="wilson").
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		right, n  int
		low, high float64
	}{{7, 10, 0.3967781, 0.8922087}, {0, 10, 0, 0.2775328}, {10, 10, 0.7224672, 1}, {9820, 10000, 0.9792031, 0.9844268}} {
		low, high := evaluate.Wilson(c.right, c.n)
		if math.Abs(low-c.low) > 1e-6 || math.Abs(high-c.high) > 1e-6 {
			t.Errorf("%d of %d: %.6f to %.6f, want %.6f to %.6f", c.right, c.n, low, high, c.low, c.high)
		}
	}
}

func TestRegress(t *testing.T) {
	r, err := evaluate.Regress([]float32{2.5, 0, 2, 8}, []float32{3, -0.5, 2, 7})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "MAE", r.MAE, 0.5)
	near(t, "RMSE", r.RMSE, math.Sqrt(0.375))
	near(t, "R²", r.R2, 0.9486081370449679) // scikit-learn's own example
}

func TestNothingIsAnError(t *testing.T) {
	if _, err := evaluate.Classify(evaluate.Predictions{Classes: 2}, nil); !errors.Is(err, evaluate.ErrNothing) {
		t.Errorf("no samples: %v", err)
	}
	if _, err := evaluate.Regress(nil, nil); !errors.Is(err, evaluate.ErrNothing) {
		t.Errorf("no values: %v", err)
	}
	if _, err := evaluate.Classify(evaluate.Predictions{Classes: 2, Scores: []float32{1}, Labels: []int{0}}, nil); err == nil {
		t.Error("too few scores were accepted")
	}
	if _, err := evaluate.Classify(evaluate.Predictions{Classes: 2, Scores: []float32{1, 0}, Labels: []int{7}}, nil); err == nil {
		t.Error("a label outside the classes was accepted")
	}
}

func TestWorstFirst(t *testing.T) {
	if got := evaluate.Worst([]float32{0.1, 3, 0.5, 3, 2}, 3); !slices.Equal(got, []int{1, 3, 4}) {
		t.Errorf("worst are %v, want 1, 3, 4", got)
	}
}

func TestQuantile(t *testing.T) {
	sorted := []float64{1, 2, 3, 4}
	near(t, "median", evaluate.Quantile(sorted, 0.5), 2.5)
	near(t, "maximum", evaluate.Quantile(sorted, 1), 4)
	near(t, "of nothing", evaluate.Quantile(nil, 0.5), 0)
}

func TestShortHasNoPowersOfTen(t *testing.T) {
	for v, want := range map[float64]string{206_391.4: "206391", 5e5: "500000", 0.91667: "0.9167", 12.5: "12.5", -39_320: "-39320", 1e20: "1e+20", 3e-7: "3e-07"} {
		if got := evaluate.Short(v, 4); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}
