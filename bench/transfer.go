package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/source"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// question asks something new of digits: the class of a sample is another one.
type question struct {
	name    string
	classes []string
	class   func(digit int) int
}

func questions() []question {
	return []question{
		{"odd", []string{"even", "odd"}, func(digit int) int { return digit % 2 }},
		{"greater than 4", []string{"0 to 4", "5 to 9"}, func(digit int) int { return digit / 5 }},
	}
}

// asked is a feed of digits with a question's classes.
type asked struct {
	dataset.Feed
	question
}

func (a asked) Class(row int) int { return a.question.class(a.Feed.Class(row)) }

// of is the digits with a question's classes.
func (q question) of(digits *dataset.Set) *dataset.Set {
	set := *digits
	set.Classes, set.Fingerprint = q.classes, digits.Fingerprint+q.name
	set.Train, set.Validation, set.Test = asked{set.Train, q}, asked{set.Validation, q}, asked{set.Test, q}
	return &set
}

// fewEpochs is the shorter of the two lengths of every training of this part; the
// other is what a recipe takes that names none.
const fewEpochs = 4

// taught is one training: how long it took from the network's file to the model,
// and what the model can do on the test part.
type taught struct {
	seconds, accuracy float64
	epochs            int
}

// teachNetworks compares what of mnist.onnx, which others made, is taught: the
// head alone, all layers, and the same network from scratch.
func teachNetworks(ctx context.Context, b *bench) (section, error) {
	digits, err := source.Open(ctx, source.Config{Path: source.Digits, Validation: 0.1, Seed: 1})
	if err != nil {
		return section{}, err
	}
	t := table{head: []string{"question", "precision of the file", "epochs", "head alone", "all layers", "from scratch", "time of the head beside all layers", "at most 0.10, and no worse than from scratch"}}
	for _, l := range []lesson{{"mnist.onnx", "float32", 0}, {"mnist.onnx", "float32", fewEpochs}, {"mnist_float16.onnx", "float16", fewEpochs}} {
		for _, q := range questions() {
			row, err := b.lesson(ctx, l, q.of(digits))
			if err != nil {
				return section{}, fmt.Errorf("%s, %s: %w", l.file, q.name, err)
			}
			t.rows = append(t.rows, append([]string{q.name}, row...))
		}
	}
	return section{
		title: "Teaching a network that others made",
		text: fmt.Sprintf("The network is mnist.onnx, a CNTK export; %d embedded digits to train on, %d to test; as many epochs as a recipe takes that names none, and %d; batch 32 (of the head alone 128), %d threads. Seconds are from opening the file to the end of the last epoch, "+
			"features of the head alone included, medians of %d rounds in turn; scratch begins with new weights in the same layers.", digits.Train.Len(), digits.Test.Len(), fewEpochs, b.threads, lessonRounds),
		tables: []table{t},
	}, nil
}

// lesson is what a row of the table is about; no epochs are those of a recipe.
type lesson struct {
	file, kind string
	epochs     int
}

// lessonRounds is how often the head alone and all layers are trained in turn.
const lessonRounds = 3

// lesson is a row of the table.
func (b *bench) lesson(ctx context.Context, l lesson, set *dataset.Set) ([]string, error) {
	path := filepath.Join(filepath.Dir(b.mnist), "onnx-small", l.file)
	var heads, alls []taught
	var ratios []float64
	for range lessonRounds {
		head, err := b.taught(ctx, path, set, l.epochs, train.Transfer{Head: true})
		if err != nil {
			return nil, err
		}
		all, err := b.taught(ctx, path, set, l.epochs, train.Transfer{Rate: 0.1, Decay: 0.3})
		if err != nil {
			return nil, err
		}
		heads, alls, ratios = append(heads, head), append(alls, all), append(ratios, head.seconds/all.seconds)
	}
	scratch, err := b.taught(ctx, path, set, l.epochs, train.Transfer{Scratch: true, Scale: 1.0 / 255})
	if err != nil {
		return nil, err
	}
	slices.Sort(ratios)
	ratio := ratios[lessonRounds/2]
	reached := "reached"
	if ratio > 0.1 || middle(alls).accuracy < scratch.accuracy {
		reached = "not reached"
	}
	said := func(t taught) string { return fmt.Sprintf("%.2f s, %.2f %%", t.seconds, 100*t.accuracy) }
	times := fmt.Sprintf("%.3f (%.3f to %.3f)", ratio, ratios[0], ratios[lessonRounds-1])
	epochs := fmt.Sprint(middle(heads).epochs)
	return []string{l.kind, epochs, said(middle(heads)), said(middle(alls)), said(scratch), times, reached}, nil
}

// middle is the round whose time is the median.
func middle(rounds []taught) taught {
	list := slices.Clone(rounds)
	slices.SortFunc(list, func(a, b taught) int { return cmp.Compare(a.seconds, b.seconds) })
	return list[len(list)/2]
}

// taught opens the network and trains what t says of it.
func (b *bench) taught(ctx context.Context, path string, set *dataset.Set, epochs int, t train.Transfer) (taught, error) {
	began := time.Now()
	t.Model = path
	recipe, err := train.Recipe{Seed: 3, Threads: b.threads, Transfer: &t, Train: train.Loop{Epochs: epochs, CheckpointSeconds: 3600}}.Resolve()
	if err != nil {
		return taught{}, err
	}
	m, err := onnx.Load(path)
	if err != nil {
		return taught{}, err
	}
	network, err := transfer.Open(m)
	if err != nil {
		return taught{}, err
	}
	deps := train.Deps{Set: set}
	how := transfer.FeatureConfig{Threads: b.threads}
	if t.Head {
		deps.Set, deps.Given, err = network.HeadOnly(ctx, *recipe.Transfer, set, how)
	} else {
		deps.Given, err = network.Given(ctx, *recipe.Transfer, set, how)
	}
	if err != nil {
		return taught{}, err
	}
	dir, err := os.MkdirTemp(b.work, "lesson-")
	if err != nil {
		return taught{}, err
	}
	deps.Store = quietStore(dir)
	var learnt time.Duration
	res, err := train.Run(ctx, recipe, deps, func(e train.Event) {
		if _, ok := e.(train.Epoch); ok {
			learnt = time.Since(began)
		}
	})
	if err != nil {
		return taught{}, err
	}
	if res.Classification == nil {
		return taught{}, errors.New("the run measured no accuracy")
	}
	return taught{learnt.Seconds(), res.Classification.Accuracy, recipe.Train.Epochs}, nil
}

// quietStore is a run store that keeps nothing but its folder.
type quietStore string

func (s quietStore) Dir() string                   { return string(s) }
func (quietStore) AppendMetric(train.Metric) error { return nil }
func (quietStore) AppendEvent(train.Event) error   { return nil }
func (quietStore) Flush() error                    { return nil }
func (quietStore) CutAfter(int) error              { return nil }
