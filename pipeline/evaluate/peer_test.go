package evaluate_test

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"athanor/pipeline/evaluate"
)

// peerCases is what bench/peers/evaluate/peer.py prints.
type peerCases struct {
	Classification []struct {
		Classes int       `json:"classes"`
		Scores  []float32 `json:"scores"`
		Labels  []int     `json:"labels"`
		Expect  peerWants `json:"expect"`
	} `json:"classification"`
	Regression struct {
		Predicted []float32          `json:"predicted"`
		Actual    []float32          `json:"actual"`
		Expect    map[string]float64 `json:"expect"`
	} `json:"regression"`
	McNemar []struct {
		B int     `json:"b"`
		C int     `json:"c"`
		P float64 `json:"p"`
	} `json:"mcnemar"`
}

type peerWants struct {
	Accuracy          float64            `json:"accuracy"`
	Low               float64            `json:"low"`
	High              float64            `json:"high"`
	Balanced          float64            `json:"balanced"`
	Precision         []float64          `json:"precision"`
	Recall            []float64          `json:"recall"`
	F1                []float64          `json:"f1"`
	Support           []int              `json:"support"`
	MacroF1           float64            `json:"macro_f1"`
	WeightedF1        float64            `json:"weighted_f1"`
	MacroPrecision    float64            `json:"macro_precision"`
	MacroRecall       float64            `json:"macro_recall"`
	WeightedPrecision float64            `json:"weighted_precision"`
	WeightedRecall    float64            `json:"weighted_recall"`
	Kappa             float64            `json:"kappa"`
	Matthews          float64            `json:"matthews"`
	LogLoss           float64            `json:"log_loss"`
	Brier             float64            `json:"brier"`
	Confusion         [][]int            `json:"confusion"`
	AUC               map[string]float64 `json:"auc"`
	AP                map[string]float64 `json:"ap"`
	MacroAUC          float64            `json:"auc_macro"`
	MacroAP           float64            `json:"ap_macro"`
	WeightedAUC       float64            `json:"auc_weighted"`
	TopK              map[string]float64 `json:"top_k"`
}

func peer(t *testing.T) peerCases {
	t.Helper()
	text, err := os.ReadFile("testdata/scikit-learn.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases peerCases
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// Every metric is what scikit-learn 1.9.1 says of the same predictions, ties and
// rare classes included.
func TestClassificationIsScikitLearns(t *testing.T) {
	for _, c := range peer(t).Classification {
		t.Run(strconv.Itoa(c.Classes), func(t *testing.T) {
			p := evaluate.Predictions{Classes: c.Classes, Scores: c.Scores, Labels: c.Labels}
			got, err := evaluate.Classify(p, nil)
			if err != nil {
				t.Fatal(err)
			}
			got.Rank(p)
			checkClasses(t, got, c.Expect)
			checkRanks(t, got.Detail, c.Expect)
		})
	}
}

func checkClasses(t *testing.T, got evaluate.Classification, want peerWants) {
	t.Helper()
	d := got.Detail
	near(t, "accuracy", got.Accuracy, want.Accuracy)
	near(t, "low", got.Low, want.Low)
	near(t, "high", got.High, want.High)
	near(t, "macro F1", got.MacroF1, want.MacroF1)
	near(t, "weighted F1", got.WeightedF1, want.WeightedF1)
	near(t, "log loss", got.Loss, want.LogLoss)
	near(t, "balanced accuracy", d.Balanced, want.Balanced)
	near(t, "macro precision", d.MacroPrecision, want.MacroPrecision)
	near(t, "macro recall", d.MacroRecall, want.MacroRecall)
	near(t, "weighted precision", d.WeightedPrecision, want.WeightedPrecision)
	near(t, "weighted recall", d.WeightedRecall, want.WeightedRecall)
	near(t, "kappa", d.Kappa, want.Kappa)
	near(t, "Matthews", d.Matthews, want.Matthews)
	near(t, "Brier", d.Brier, want.Brier)
	for k, r := range got.PerClass {
		near(t, "precision", r.Precision, want.Precision[k])
		near(t, "recall", r.Recall, want.Recall[k])
		near(t, "F1", r.F1, want.F1[k])
		near(t, "support", float64(r.Support), float64(want.Support[k]))
		for j, n := range got.Confusion[k] {
			near(t, "confusion", float64(n), float64(want.Confusion[k][j]))
		}
	}
}

func checkRanks(t *testing.T, d *evaluate.Detail, want peerWants) {
	t.Helper()
	near(t, "macro AUC", d.MacroAUC, want.MacroAUC)
	near(t, "weighted AUC", d.WeightedAUC, want.WeightedAUC)
	near(t, "macro average precision", d.MacroAP, want.MacroAP)
	if len(d.Curves) != len(want.AUC) {
		t.Errorf("%d curves, want %d", len(d.Curves), len(want.AUC))
	}
	for _, c := range d.Curves {
		k := strconv.Itoa(c.Class)
		near(t, "AUC of "+k, c.AUC, want.AUC[k])
		near(t, "average precision of "+k, c.AP, want.AP[k])
	}
	for _, top := range d.TopK {
		if w, ok := want.TopK[strconv.Itoa(top.K)]; ok {
			near(t, "top "+strconv.Itoa(top.K), top.Accuracy, w)
		}
	}
}

func TestRegressionIsScikitLearns(t *testing.T) {
	c := peer(t).Regression
	r, err := evaluate.Regress(c.Predicted, c.Actual)
	if err != nil {
		t.Fatal(err)
	}
	r.Rank(c.Predicted, c.Actual)
	for name, got := range map[string]float64{
		"mae": r.MAE, "rmse": r.RMSE, "r2": r.R2, "median": r.MedianAE, "max": r.MaxError, "explained": r.Explained, "mape": r.MAPE,
	} {
		near(t, name, got, c.Expect[name])
	}
}

func TestMcNemarIsSciPys(t *testing.T) {
	for _, c := range peer(t).McNemar {
		n := c.B + c.C + 10
		both := func(first bool) evaluate.Predictions {
			p := evaluate.Predictions{Classes: 2, Labels: make([]int, n), Scores: make([]float32, 2*n)}
			for i := range n {
				right := i >= c.B+c.C || (i < c.B) == first
				k := 1
				if right {
					k = 0
				}
				p.Scores[2*i+k] = 1
			}
			return p
		}
		m, err := evaluate.Compare(both(true), both(false))
		if err != nil {
			t.Fatal(err)
		}
		if m.OnlyFirst != c.B || m.OnlySecond != c.C {
			t.Errorf("counted %d and %d, want %d and %d", m.OnlyFirst, m.OnlySecond, c.B, c.C)
		}
		near(t, "p", m.P, c.P)
	}
}
