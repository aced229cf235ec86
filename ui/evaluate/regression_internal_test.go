package evaluate

import (
	"testing"

	"athanor/app/evaluation"
	"athanor/pipeline/evaluate"
	"athanor/ui/i18n"
	"athanor/ui/uitest"
)

// A model of numbers is told by its errors, not by classes that it does not have.
func TestARegressionSpeaksOfNumbers(t *testing.T) {
	uitest.App(t)
	answers, truth := []float32{310_000, 150_000, 420_000}, []float32{300_000, 180_000, 400_000}
	r, err := evaluate.Regress(answers, truth)
	if err != nil {
		t.Fatal(err)
	}
	r.Rank(answers, truth)
	v := New(uitest.Book(t, i18n.English), uitest.NewQueue().Post)
	v.Apply(&evaluation.Outcome{Regression: &r, Samples: 3, Slices: []evaluation.Grouping{{By: "rooms", Slices: []evaluate.Slice{{Value: "2", Samples: 3, MAE: 20_000}}}}})
	for i, want := range []string{"R²", "Mean error", "RMSE", "Largest error"} {
		if f := []string{v.accuracy.Name(), v.majority.Name(), v.f1.Name(), v.calib.Name()}; f[i] != want {
			t.Errorf("figure %d is called %q", i, f[i])
		}
	}
	if v.calib.Value() != "30,000" || v.below[0].Visible() || !v.below[1].Visible() {
		t.Errorf("largest error %s; classes shown: %v", v.calib.Value(), v.below[0].Visible())
	}
	if rows := v.slices.rows; len(rows) != 2 || len(rows[0].cells) != 3 || len(rows[1].cells) != 3 {
		t.Errorf("slices %+v", rows)
	}
	v.ApplyMistakes([]Sample{{Label: "180000", Answer: "150000", Note: "30,000", Text: "rooms 2"}}, nil, false, 0)
	if m := v.mistakes; m.class.Visible() || m.order.Visible() || m.table.rows[0].cells[2] != "Error" {
		t.Errorf("a number is offered classes: %+v", m.table.rows)
	}
}
