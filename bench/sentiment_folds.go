package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"athanor/inference/sentiment"
)

// leftOut trains the Chinese recipe once for each kind of product without the
// reviews of that kind, and tests it on them.
func leftOut(ctx context.Context, b *bench) (section, error) {
	s := &sentimentBench{data: filepath.Dir(b.mnist), root: b.root, b: b}
	out := section{title: "Sentiment on kinds of products left out of training", text: "recipes/reviews-zh.toml, trained ten times on nine of online_shopping's ten kinds and packed as the shipped model is; tested on every review of the tenth. Blended is with the Chinese lexicon, as the studio answers where the first model is sure; the second was not trained ten times."}
	all, err := s.shopping()
	if err != nil {
		return out, err
	}
	groups := map[string][]labelled{}
	for _, l := range all {
		groups[l.group] = append(groups[l.group], l)
	}
	var names []string
	for name := range groups {
		names = append(names, name)
	}
	slices.Sort(names)
	t := table{head: []string{"left out", "n", "model alone", "blended"}}
	var alone, blended []float64
	for _, name := range names {
		model, both, err := s.without(ctx, name, all, groups[name])
		if err != nil {
			return out, fmt.Errorf("without %s: %w", name, err)
		}
		alone, blended = append(alone, model), append(blended, both)
		t.rows = append(t.rows, []string{name, thousands(float64(len(groups[name]))), percent(model), percent(both)})
	}
	m := mean(blended)
	t.rows = append(t.rows, []string{"mean", "", percent(mean(alone)), percent(m)})
	goal := table{head: []string{"must be reached", "measured", "wanted", ""}, rows: [][]string{{"mean over the kinds left out", percent(m), "≥ 89 %", verdict(m >= 0.89)}}}
	out.tables = []table{t, goal}
	return out, nil
}

// without is the accuracy on one kind of a model that never saw it: alone, and
// blended.
func (s *sentimentBench) without(ctx context.Context, name string, all, test []labelled) (alone, blended float64, err error) {
	dir, err := os.MkdirTemp(s.b.work, "without-")
	if err != nil {
		return 0, 0, err
	}
	data, recipe, run := filepath.Join(dir, "reviews.csv"), filepath.Join(dir, "recipe.toml"), filepath.Join(dir, "run")
	if err := writeReviews(data, all, name); err != nil {
		return 0, 0, err
	}
	text, err := os.ReadFile(filepath.Join(s.root, "recipes", "reviews-zh.toml"))
	if err != nil {
		return 0, 0, err
	}
	if err := writeFile(recipe, strings.Replace(string(text), "test_split = 0.2\n", "", 1)); err != nil {
		return 0, 0, err
	}
	if _, err := launch(ctx, s.b.athanor, "train", recipe, "--data", data, "--text", "review", "--label", "label", "--out", run, "--json"); err != nil {
		return 0, 0, err
	}
	packed := filepath.Join(dir, "packed.onnx")
	if text, err := exec.CommandContext(ctx, s.b.athanor, "sentiment", "pack", run, "--out", packed).CombinedOutput(); err != nil { //nolint:gosec // the program under test
		return 0, 0, fmt.Errorf("pack: %w: %s", err, text)
	}
	return s.judged(ctx, packed, test)
}

func (s *sentimentBench) judged(ctx context.Context, path string, test []labelled) (alone, blended float64, err error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	model, err := sentiment.NewModel(file, "left-out")
	if err != nil {
		return 0, 0, err
	}
	defer model.Close()
	both, err := sentiment.NewChineseReviews(model)
	if err != nil {
		return 0, 0, err
	}
	own := sentiment.NewAnalyzer(sentiment.Methods{English: model, Chinese: model, Symbols: model})
	first, err := judgeAll(ctx, own, "zh", test)
	if err != nil {
		return 0, 0, err
	}
	second, err := judgeAll(ctx, both, "zh", test)
	return first.accuracy(), second.accuracy(), err
}

// writeReviews writes the reviews of all kinds but one.
func writeReviews(path string, all []labelled, without string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	_ = w.Write([]string{"label", "review"})
	for _, l := range all {
		label := "0"
		if l.positive {
			label = "1"
		}
		if l.group != without {
			_ = w.Write([]string{label, l.text})
		}
	}
	if w.Flush(); w.Error() != nil {
		f.Close()
		return w.Error()
	}
	return f.Close()
}
