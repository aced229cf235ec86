package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strconv"

	"athanor/pipeline/nn"
)

// mostOff is how far a card may be from what is measured, in parts of one.
const mostOff = 0.015

// cards measures what the cards of the Train screen promise: every architecture
// with its defaults on the data that its card names.
func cards(ctx context.Context, b *bench) (section, error) {
	s := section{
		title: "What the cards of architectures promise",
		text:  "Each architecture with its defaults, seed 1: networks for pictures on the embedded digits, networks for texts on 7,766 hotel reviews (ChnSentiCorp). The card says the accuracy on the test part, for texts on the validation part; it must be within 1.5 points of this run's. The speed is this run's and stands on the card as thousands a second.",
	}
	t := table{head: []string{"architecture", "data", "accuracy", "the card says", "samples/s", "the card says", ""}}
	for _, a := range nn.Architectures() {
		if a.Usual == (nn.Usual{}) {
			continue
		}
		row, err := b.card(ctx, a)
		if err != nil {
			return s, err
		}
		t.rows = append(t.rows, row)
	}
	s.tables = []table{t}
	return s, nil
}

func (b *bench) card(ctx context.Context, a nn.Architecture) ([]string, error) {
	data, name := "digits", "digits"
	if a.Takes == "text" {
		data, name = b.shared("zh-sentiment", "ChnSentiCorp_htl_all.csv"), "hotel reviews"
	}
	o, err := launch(ctx, b.athanor, "train", "--task", a.Takes, "--model", a.Name, "--data", data, "--device", "cpu",
		"--threads", strconv.Itoa(b.threads), "--seed", "1", "--out", filepath.Join(b.work, "card-"+a.Name), "--json")
	if err != nil {
		return nil, fmt.Errorf("architecture %s: %w", a.Name, err)
	}
	got := o.done.TestAccuracy
	if a.Takes == "text" { // the file has no test part
		got = o.done.ValAccuracy
	}
	return []string{
		a.Name, name, percent(got), percent(a.Usual.Accuracy), thousands(o.samplesPerSecond()), thousands(float64(a.Usual.Speed)),
		verdict(math.Abs(got-a.Usual.Accuracy) <= mostOff),
	}, nil
}
