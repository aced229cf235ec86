package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// contest is a table whose score in five folds is wanted.
type contest struct {
	file, label string
	number      bool // a quantity
	wanted      float64
	header      bool
	recipe      string
}

func contests() []contest {
	return []contest{
		{"seaborn_iris.csv", "species", false, 0.95, true, "table-small"},
		{"titanic_train.csv", "Survived", false, 0.80, true, "table-mlp"},
		{"california_housing.csv", "median_house_value", true, 0.78, true, "table-mlp"},
		{"winequality-red.csv", "column 12", true, 0, false, "table-mlp"}, // as good as scikit-learn
	}
}

const folds = 5

// learning measures what the recipes for tables and photographs reach.
func learning(ctx context.Context, b *bench) (section, error) {
	s := section{
		title: "Learning from tables and photographs",
		text: "Tables: recipe table-mlp (iris: table-small), means over five folds, scikit-learn's MLP (standardised columns, one-hot, median and most frequent value for missing ones) on the same folds. " +
			"Photographs: recipe photos-resnet, from nothing, the best epoch on the validation folder.",
	}
	t := table{head: []string{"table", "measure", "ours (mean)", "folds", "scikit-learn's MLP", "wanted", ""}}
	for _, c := range contests() {
		row, err := b.contest(ctx, c)
		if err != nil {
			return s, err
		}
		t.rows = append(t.rows, row)
	}
	photos, err := b.photographs(ctx)
	s.tables = []table{t, photos}
	return s, err
}

func (b *bench) shared(elem ...string) string {
	return filepath.Join(append([]string{filepath.Dir(b.mnist)}, elem...)...)
}

func (b *bench) contest(ctx context.Context, c contest) ([]string, error) {
	dir := filepath.Join(b.work, "folds-"+c.file)
	if err := writeFolds(b.shared("tabular", c.file), dir, c.header); err != nil {
		return nil, err
	}
	var scores []float64
	for k := range folds {
		score, err := b.fold(ctx, dir, k, c)
		if err != nil {
			return nil, err
		}
		scores = append(scores, score)
	}
	other, err := b.peerFolds(ctx, dir, c)
	if err != nil {
		return nil, err
	}
	measure, ours, wanted, said := "accuracy", mean(scores), c.wanted, fmt.Sprintf("%.3f", other)
	if c.number {
		measure = "R²"
	}
	if other < -1e8 {
		said = "not measured"
	}
	if wanted == 0 {
		wanted = other
	}
	return []string{
		c.file, measure, fmt.Sprintf("%.3f", ours), spread(scores, func(x float64) string { return fmt.Sprintf("%.3f", x) }), said,
		fmt.Sprintf("≥ %.3f", wanted), verdict(ours >= wanted),
	}, nil
}

func mean(x []float64) (sum float64) {
	for _, v := range x {
		sum += v / float64(len(x))
	}
	return sum
}

// writeFolds shuffles a table's rows and writes train-k.csv and test-k.csv.
func writeFolds(path, dir string, header bool) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		return err
	}
	var head [][]string
	if header {
		head, rows = rows[:1], rows[1:]
	}
	rand.New(rand.NewPCG(1, 6)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for k := range folds {
		var train, test [][]string
		for i, r := range rows {
			if i%folds == k {
				test = append(test, r)
			} else {
				train = append(train, r)
			}
		}
		err = errors.Join(err, writeRows(filepath.Join(dir, fmt.Sprintf("train-%d.csv", k)), head, train),
			writeRows(filepath.Join(dir, fmt.Sprintf("test-%d.csv", k)), head, test))
	}
	return err
}

func writeRows(path string, head, rows [][]string) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := errors.Join(w.WriteAll(head), w.WriteAll(rows)); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// fold trains on one fold and returns the score on what was held out.
func (b *bench) fold(ctx context.Context, dir string, k int, c contest) (float64, error) {
	label, key := c.label, "test_accuracy"
	if c.number {
		label, key = label+":number", "test_r2"
	}
	args := []string{
		filepath.Join(b.root, "recipes", c.recipe+".toml"), "--data", filepath.Join(dir, fmt.Sprintf("train-%d.csv", k)),
		"--test", filepath.Join(dir, fmt.Sprintf("test-%d.csv", k)), "--label", label, "--seed", strconv.Itoa(k + 1), "--threads", strconv.Itoa(b.threads),
	}
	done, err := b.done(ctx, args...)
	if err != nil {
		return 0, err
	}
	score, ok := done[key].(float64)
	if !ok {
		return 0, fmt.Errorf("no %s in the last line of a training", key)
	}
	return score, nil
}

// done runs a training and returns its last line.
func (b *bench) done(ctx context.Context, args ...string) (map[string]any, error) {
	out, err := os.MkdirTemp(b.work, "run-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(out)
	command := exec.CommandContext(ctx, b.athanor, append([]string{"train", "--json", "--out", out}, args...)...)
	command.Env = append(os.Environ(), "ATHANOR_HOME="+filepath.Join(b.work, "home"))
	var errs bytes.Buffer
	command.Stderr = &errs
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("athanor train %v: %w\n%s", args, err, tail(errs.String()))
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var done map[string]any
	err = json.Unmarshal([]byte(lines[len(lines)-1]), &done)
	return done, err
}

// peerFolds is the mean of scikit-learn's MLP over the same folds; far below
// zero where it is not installed.
func (b *bench) peerFolds(ctx context.Context, dir string, c contest) (float64, error) {
	peer := filepath.Join(b.root, "bench", "peers", "data")
	python := filepath.Join(peer, ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return -1e9, nil //nolint:nilerr // peers are optional
	}
	kind, label := "class", c.label
	if c.number {
		kind = "number"
	}
	if !c.header {
		label = "-1"
	}
	out, err := exec.CommandContext(ctx, python, filepath.Join(peer, "folds.py"), dir, label, kind).Output()
	if err != nil {
		return 0, fmt.Errorf("scikit-learn on %s: %w", c.file, err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// photographs trains on the ants and bees.
func (b *bench) photographs(ctx context.Context) (table, error) {
	t := table{head: []string{"photographs", "validation accuracy (median)", "seeds", "the largest class", "wanted", ""}}
	var scores []float64
	for seed := range b.seeds {
		done, err := b.done(ctx, filepath.Join(b.root, "recipes", "photos-resnet.toml"), "--data", b.shared("image-folder", "hymenoptera"),
			"--seed", strconv.Itoa(seed+1), "--threads", strconv.Itoa(b.threads))
		if err != nil {
			return t, err
		}
		score, _ := done["val_accuracy"].(float64)
		scores = append(scores, score)
	}
	const largest = 0.5
	m := median(scores)
	t.rows = [][]string{{"hymenoptera, 60 ants and bees", percent(m), spread(scores, percent), percent(largest), "≥ " + percent(largest+0.1), verdict(m >= largest+0.1)}}
	return t, nil
}
