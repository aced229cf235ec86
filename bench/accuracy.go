package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os/exec"
	"strconv"
	"time"
)

// trial is a training whose accuracy on MNIST's test set is wanted.
type trial struct {
	what   string
	job    job
	seeds  int
	wanted float64
}

func (b *bench) trials() []trial {
	return []trial{
		{"MLP 784-128-128-10, default recipe", job{data: b.mnist, model: "mlp", batch: 32, epochs: 10}, b.seeds, 0.982},
		{"CNN, two blocks", job{data: b.mnist, model: "cnn", batch: 32, epochs: 12}, b.seeds, 0.992},
		{"MLP trained on the embedded digits alone", job{data: "digits", model: "mlp", batch: 32, epochs: 10}, b.seeds, 0.85},
	}
}

func accuracy(ctx context.Context, b *bench) (section, error) {
	s := section{title: "Accuracy on MNIST's 10,000 test pictures", text: "Median over seeds that were not used to choose anything: augmentation, dropout and the CNN's rate were chosen by the validation part of seeds 11 to 18, the MLP's rate with the test accuracies of seeds 1 to 5 in view. The test set is never trained on, and the generator of the embedded digits has not seen a picture of MNIST."}
	t := table{head: []string{"network", "batch", "epochs", "seeds", "accuracy (median)", "smallest to largest", "seconds a training", "wanted", ""}}
	for _, tr := range b.trials() {
		if b.network != "" && tr.job.model != b.network {
			continue
		}
		var accuracies, seconds []float64
		for seed := range tr.seeds {
			tr.job.seed = b.first + seed
			a, sec, err := b.score(ctx, tr.job)
			if err != nil {
				return s, err
			}
			accuracies, seconds = append(accuracies, a), append(seconds, sec)
			slog.Info("trained", "network", tr.what, "seed", tr.job.seed, "accuracy", a)
		}
		m := median(accuracies)
		t.rows = append(t.rows, []string{
			tr.what, strconv.Itoa(tr.job.batch), strconv.Itoa(tr.job.epochs), fmt.Sprintf("%d to %d", b.first, b.first+tr.seeds-1),
			percent(m), spread(accuracies, percent), fmt.Sprintf("%.1f", median(seconds)), "≥ " + percent(tr.wanted), verdict(m >= tr.wanted),
		})
	}
	s.tables = []table{t}
	if b.peakRSS > 0 {
		const most = 400 << 20
		s.tables = append(s.tables, table{
			head: []string{"memory of an MNIST training", "peak", "wanted", ""},
			rows: [][]string{{"highest resident set of all runs above", fmt.Sprintf("%d MB", b.peakRSS>>20), "< 400 MB", verdict(b.peakRSS < most)}},
		})
	}
	return s, nil
}

// score trains and evaluates on MNIST's test set.
func (b *bench) score(ctx context.Context, j job) (accuracy, seconds float64, err error) {
	o, err := b.train(ctx, j)
	if err != nil || j.data == b.mnist {
		return o.done.TestAccuracy, o.done.TrainSeconds, err
	}
	accuracy, err = b.evaluate(ctx, o.done.Model)
	return accuracy, o.done.TrainSeconds, err
}

// evaluate asks for a model's accuracy on MNIST's test set.
func (b *bench) evaluate(ctx context.Context, model string) (float64, error) {
	out, err := exec.CommandContext(ctx, b.athanor, "evaluate", model, "--data", b.mnist, "--part", "test", "--json").Output()
	if err != nil {
		return 0, fmt.Errorf("athanor evaluate %s: %w", model, err)
	}
	var told struct {
		Samples        int
		Classification struct{ Accuracy float64 }
	}
	if err := json.Unmarshal(out, &told); err != nil {
		return 0, fmt.Errorf("athanor evaluate %s: %w", model, err)
	}
	if told.Samples != 10_000 {
		return 0, fmt.Errorf("athanor evaluate %s: %d samples, want MNIST's 10,000", model, told.Samples)
	}
	return told.Classification.Accuracy, nil
}

// startUp times `athanor --help`, process start to end.
func startUp(ctx context.Context, b *bench) (section, error) {
	var all []float64
	for range 21 {
		began := time.Now()
		if err := exec.CommandContext(ctx, b.athanor, "--help").Run(); err != nil {
			return section{}, fmt.Errorf("%s --help: %w", b.athanor, err)
		}
		all = append(all, time.Since(began).Seconds()*1000)
	}
	m := median(all)
	return section{title: "Start", tables: []table{{
		head: []string{"command", "median of 21", "smallest to largest", "wanted", ""},
		rows: [][]string{{"athanor --help", millis(m), spread(all, millis), "< 200 ms", verdict(m < 200)}},
	}}}, nil
}
