package evaluate

import (
	"fmt"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"athanor/app/evaluation"
	"athanor/pipeline/evaluate"
	"athanor/ui/i18n"
	"athanor/ui/uitest"
)

// What is said about many models scrolls: it does not make the window higher.
func TestAComparisonOfManyModelsFits(t *testing.T) {
	uitest.App(t)
	v := New(uitest.Book(t, i18n.English), uitest.NewQueue().Post)
	c := evaluation.Comparison{Samples: 1000}
	var models []Choice
	for i := range 8 {
		name := fmt.Sprintf("model-%d", i)
		models = append(models, Choice{ID: name, Name: name})
		c.Models = append(c.Models, evaluation.Outcome{Model: name, Classification: &evaluate.Classification{Accuracy: 0.9, Low: 0.88, High: 0.92}, Efficiency: evaluate.Efficiency{LatencyP50: 1, Size: 1000}})
		c.Only = append(c.Only, evaluation.OnlyRight{Model: i})
		for k := range i {
			c.Pairs = append(c.Pairs, evaluation.Pair{First: k, Second: i, McNemar: evaluate.McNemar{P: 0.5}})
		}
	}
	v.ApplyModels(models, "model-0")
	v.Apply(&evaluation.Outcome{Classification: &evaluate.Classification{}})
	v.Turn(4)
	v.Resize(fyne.NewSize(840, 640))
	v.ApplyComparison(&c)
	if height := v.MinSize().Height; height > 640 {
		t.Errorf("it needs %v units of height", height)
	}
}

// Names in the list of what to compare are short, and all different.
func TestNamesToCompareAreShortAndDifferent(t *testing.T) {
	got := shortNames([]Choice{
		{Name: "2026-11-26-digits-mlp · 11-26 09:29"},
		{Name: "2026-11-26-digits-cnn · 11-26 09:29"},
		{Name: "again · 11-26 09:29"},
		{Name: "again · 11-26 09:31"},
		{Name: "resnet50-v2-7-of-another-maker-quantized-to-int8"},
		{Name: "2026-11-26-titanic · epoch-03"},
	})
	want := []string{
		"2026-11-26-digits-mlp", "2026-11-26-digits-cnn", "again · 11-26 09:29", "again · 11-26 09:31",
		"resnet50…uantized-to-int8", "2026-11-26-titanic",
	}
	if len([]rune(got[4])) > mostName {
		t.Errorf("%q has no room", got[4])
	}
	want[4] = got[4]
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
