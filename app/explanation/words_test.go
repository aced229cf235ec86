package explanation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"athanor/app/explanation"
	"athanor/inference/attribution"
	"athanor/pipeline/train"
)

func reviews(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("review,label\n")
	filler := strings.Fields("this is a day it was here we had some of the rain and then more sun at noon by our old house near a river with trees")
	r := rand.New(rand.NewPCG(9, 9))
	for i := range 400 {
		words := []string{"wonderful", "good"}
		if i%2 == 1 {
			words = []string{"horrible", "bad"}
		}
		text := make([]string, 0, 9)
		for range 8 {
			text = append(text, filler[r.IntN(len(filler))])
		}
		text = slices.Insert(text, r.IntN(8), words[0])
		fmt.Fprintf(&b, "%s,%s\n", strings.Join(text, " "), words[1])
	}
	file := filepath.Join(t.TempDir(), "reviews.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// The word that decides has the largest share, and all shares sum to the
// difference of outputs.
func TestWordsAreExplainedCompletely(t *testing.T) {
	data := reviews(t)
	for _, name := range []string{"ngram", "textcnn", "attention", "gru", "nb-linear"} {
		t.Run(name, func(t *testing.T) {
			r := train.Recipe{Task: "text", Data: train.Data{Path: data, Label: "label", Text: "review"}, Model: train.Model{Name: name, Length: 24}, Train: train.Loop{Epochs: 4, Batch: 16}}
			r.Optimizer.LearningRate = 0.01
			e := opened(t, trained(t, r))
			words, complete, err := attribution.Words(t.Context(), e.Model, e.Graph, "this is a horrible day", -1)
			if err != nil {
				t.Fatal(err)
			}
			if off := complete.Error(); off > attribution.Tolerance {
				t.Errorf("off by %.2f %%: %+v", 100*off, complete)
			}
			sum, top := 0.0, words[0]
			for _, w := range words {
				sum += w.Share
				if w.Share > top.Share {
					top = w
				}
			}
			if top.Text != "horrible" {
				t.Errorf("the word that decides is %q: %+v", top.Text, words)
			}
			if math.Abs(sum-complete.Sum) > 1e-4*math.Abs(complete.Sum) {
				t.Errorf("words sum to %v of %v", sum, complete.Sum)
			}
			alikeTexts(t, e)
			if empty, _, err := attribution.Words(t.Context(), e.Model, e.Graph, "", 0); err != nil || len(empty) != 0 {
				t.Errorf("no text: %v, %v", empty, err)
			}
		})
	}
}

// alikeTexts looks for training texts like one of them: itself comes first, and those
// of the other verdict do not come near.
func alikeTexts(t *testing.T, e *explanation.Explainer) {
	t.Helper()
	if err := e.Embed(t.Context(), nil); err != nil {
		t.Fatalf("an inner layer: %v", err)
	}
	s := e.Samples()
	sample, err := s.Encode(t.Context(), e.Model, 0)
	if err != nil {
		t.Fatal(err)
	}
	near, err := e.Nearest(t.Context(), sample, 3, nil)
	if err != nil || len(near) != 3 {
		t.Fatalf("%d neighbours, %v", len(near), err)
	}
	if near[0].Text != s.Text(0) || near[0].Similarity < 0.999 {
		t.Errorf("nearest to %q is %+v", s.Text(0), near[0])
	}
	for _, n := range near {
		if want := s.Label(0, e.Model.Info().Labels); n.Label != want || n.Similarity > 1.0001 {
			t.Errorf("near a text of %s is %+v", want, n)
		}
	}
}
