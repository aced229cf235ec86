package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
)

// race is one network at one batch, with what must be reached.
type race struct {
	model      string
	batch      int
	keras      float64 // at least so many times Keras, 0: only reported
	gomlx      float64
	gomlxShort float64 // seconds given to GoMLX
}

func races() []race {
	return []race{
		{"mlp", 32, 5, 5, 5},
		{"mlp", 128, 4, 5, 5},
		{"cnn", 32, 1.5, 5, 8},
		{"cnn", 128, 1.5, 5, 15},
	}
}

// engine names, as the report shows them.
const (
	athanor   = "Athanor"
	kerasXLA  = "Keras (its own choice, XLA)"
	kerasOff  = "Keras (without XLA)"
	gomlx     = "GoMLX, Go backend"
	gomlxSIMD = "GoMLX, Go backend, SIMD"
)

func engines() []string { return []string{athanor, kerasXLA, kerasOff, gomlx, gomlxSIMD} }

// lap measures samples a second of one engine.
func (b *bench) lap(ctx context.Context, engine string, r race) (float64, error) {
	peers := filepath.Join(b.root, "bench", "peers")
	var o outcome
	var err error
	switch engine {
	case athanor:
		o, err = b.train(ctx, job{data: b.mnist, model: r.model, batch: r.batch, epochs: b.epochs, seed: 1})
	case kerasXLA, kerasOff:
		jit := map[string]string{kerasXLA: "auto", kerasOff: "off"}[engine]
		o, err = launch(ctx, filepath.Join(peers, ".venv", "bin", "python"), filepath.Join(peers, "keras", "peer.py"),
			"--data", b.mnist, "--model", r.model, "--batch", strconv.Itoa(r.batch),
			"--epochs", strconv.Itoa(b.epochs), "--threads", strconv.Itoa(b.threads), "--jit", jit)
	default:
		program := map[string]string{gomlx: "gomlx", gomlxSIMD: "gomlx-simd"}[engine]
		o, err = launch(ctx, filepath.Join(peers, "gomlx", ".bin", program),
			"-data", b.mnist, "-model", r.model, "-batch", strconv.Itoa(r.batch),
			"-threads", strconv.Itoa(b.threads), "-seconds", fmt.Sprint(r.gomlxShort))
	}
	return o.samplesPerSecond(), err
}

// laps holds samples a second by engine, one value a round.
type laps map[string][]float64

// against are the ratios of each round to the faster of the rivals in it.
func (l laps) against(rivals ...string) []float64 {
	var ratios []float64
	for round, rate := range l[athanor] {
		best := 0.0
		for _, rival := range rivals {
			if round < len(l[rival]) {
				best = max(best, l[rival][round])
			}
		}
		if best > 0 {
			ratios = append(ratios, rate/best)
		}
	}
	return ratios
}

func speed(ctx context.Context, b *bench) (section, error) {
	s := section{title: "Speed", text: fmt.Sprintf(
		"Whole epochs over MNIST's 54,000 training pictures, data feeding and metrics included, %d threads for every engine. "+
			"Samples a second: the median of %d rounds, in each of which the engines run one after another; the first epoch of a run is not counted. Athanor's epochs hold their validation, Keras's do not. "+
			"The ratio is taken in each round, to the faster of the engine's two forms; its median, smallest and largest are shown. "+
			"GoMLX runs for a few seconds instead of whole epochs, and its max-pooling is written as a reduction, since its Go backend has no gradient of MaxPool.",
		b.threads, b.rounds)}
	rates := table{head: append([]string{"network", "batch"}, engines()...)}
	ratios := table{head: []string{"network", "batch", "beside", "ratio (median)", "smallest to largest", "wanted", ""}}
	for _, r := range b.chosen(races()) {
		l, err := b.race(ctx, r)
		if err != nil {
			return s, err
		}
		row := []string{r.model, strconv.Itoa(r.batch)}
		for _, e := range engines() {
			row = append(row, thousands(median(l[e])))
		}
		rates.rows = append(rates.rows, row)
		ratios.rows = append(ratios.rows,
			ratioRow(r, "Keras", l.against(kerasXLA, kerasOff), r.keras),
			ratioRow(r, "GoMLX", l.against(gomlx), r.gomlx),
			ratioRow(r, "GoMLX with SIMD", l.against(gomlxSIMD), 0))
	}
	s.tables = []table{rates, ratios}
	return s, nil
}

// chosen leaves out the networks that were not asked for.
func (b *bench) chosen(all []race) []race {
	return slices.DeleteFunc(all, func(r race) bool { return b.network != "" && r.model != b.network })
}

func (b *bench) race(ctx context.Context, r race) (laps, error) {
	l := laps{}
	for round := range b.rounds {
		for _, engine := range engines() {
			rate, err := b.lap(ctx, engine, r)
			if err != nil {
				return nil, err
			}
			l[engine] = append(l[engine], rate)
			slog.Info("lap", "round", round+1, "network", r.model, "batch", r.batch, "engine", engine, "samples/s", int(rate))
		}
	}
	return l, nil
}

func ratioRow(r race, rival string, ratios []float64, wanted float64) []string {
	m := median(ratios)
	row := []string{r.model, strconv.Itoa(r.batch), rival, times(m), spread(ratios, times), "", ""}
	if wanted > 0 {
		row[5], row[6] = "≥ "+times(wanted), verdict(m >= wanted)
	}
	return row
}
