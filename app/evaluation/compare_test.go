package evaluation_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"athanor/app/evaluation"
	"athanor/pipeline/train"
)

func digitsModel(t *testing.T, hidden, epochs int) string {
	t.Helper()
	return trained(t, train.Recipe{
		Task: "image", Data: train.Data{Path: "digits"}, Model: train.Model{Name: "mlp", Hidden: []int{hidden}}, Train: train.Loop{Epochs: epochs, Batch: 64},
	})
}

// A model with two units is worse than one with 64, and the test says so; the
// advice follows what matters.
func TestCompare(t *testing.T) {
	good, bad := digitsModel(t, 64, 3), digitsModel(t, 2, 1)
	c, err := evaluation.Compare(t.Context(), []string{bad, good}, evaluation.Request{Part: "validation"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Pairs[0]
	if p.OnlySecond <= p.OnlyFirst || p.P > 1e-6 || c.Models[0].Samples != c.Models[1].Samples {
		t.Errorf("%+v", p)
	}
	if c.Only[0].Samples != p.OnlyFirst || c.Only[1].Samples != p.OnlySecond {
		t.Errorf("of two, right alone are %+v, pair %+v", c.Only, p)
	}
	advice := c.Recommend(evaluation.Needs{Accuracy: 1})
	if advice.Model != 1 || len(advice.Reasons) != 1 || !strings.Contains(advice.Reasons[0], "% right, not") {
		t.Errorf("for accuracy: %+v", advice)
	}
	if advice := c.Recommend(evaluation.Needs{Size: 1}); advice.Model != 0 {
		t.Errorf("for size: %+v", advice)
	}
	same, err := evaluation.Compare(t.Context(), []string{good, good}, evaluation.Request{Part: "validation"}, nil)
	if err != nil || same.Pairs[0].P != 1 || !strings.Contains(same.Recommend(evaluation.Needs{Accuracy: 1}).Reasons[0], "within chance") {
		t.Errorf("a model against itself: %+v, %v", same.Pairs, err)
	}
	if _, err := evaluation.Compare(t.Context(), []string{good}, evaluation.Request{}, nil); !errors.Is(err, evaluation.ErrMismatch) {
		t.Errorf("one model: %v", err)
	}
}

// Rows whose label was flipped stand at the top of the list.
func TestFlippedLabelsAreSuspected(t *testing.T) {
	clean, err := os.ReadFile(passengers(t, 600))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(4, 4))
	lines := strings.Split(strings.TrimSpace(string(clean)), "\n")
	flipped := map[string]bool{}
	for i := range lines[1:] {
		old := lines[i+1]
		female, young := strings.Contains(old, "female"), strings.HasPrefix(old, "1")
		switch yes := female && !young; { // drop the table's own exceptions
		case yes:
			old = old[:strings.LastIndex(old, ",")] + ",yes"
		default:
			old = old[:strings.LastIndex(old, ",")] + ",no"
		}
		if r.IntN(50) == 0 {
			flipped[strconv.Itoa(i)] = true
			if rest, yes := strings.CutSuffix(old, "yes"); yes {
				old = rest + "no"
			} else {
				old = strings.TrimSuffix(old, "no") + "yes"
			}
		}
		lines[i+1] = old
	}
	file := filepath.Join(t.TempDir(), "flipped.csv")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	recipe := tableRecipe(file)
	recipe.Optimizer.LearningRate = 0.02
	model := trained(t, recipe)
	epochs := 0
	list, s, err := evaluation.Suspects(t.Context(), evaluation.Request{Model: model}, func(done, _ int) { epochs = done })
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, d := range list[:len(flipped)*3/2] {
		if flipped[d.Name] {
			found++
		}
	}
	if found*10 < len(flipped)*8 {
		t.Errorf("%d of %d flipped rows among the first %d", found, len(flipped), len(flipped)*3/2)
	}
	if s.Len() != 600 || len(list) != 600 || epochs == 0 {
		t.Errorf("%d samples, %d listed, %d epochs told", s.Len(), len(list), epochs)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := evaluation.Suspects(ctx, evaluation.Request{Model: model}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
