package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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
		o, err = b.train(ctx, job{data: b.mnist, model: r.model, batch: r.batch, epochs: b.own(r), seed: 1})
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

// own is how many epochs Athanor trains: the MLP's last a fraction of a second, so
// that a few of them would be a sample of one moment.
func (b *bench) own(r race) int {
	if r.model == "mlp" {
		return 5 * b.epochs
	}
	return b.epochs
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
	kept, err := readLaps(b.laps)
	if err != nil {
		return section{}, err
	}
	for _, r := range b.chosen(races()) {
		if err := b.race(ctx, r, kept); err != nil {
			return section{}, err
		}
	}
	return speedReport(b, kept), nil
}

func speedReport(b *bench, kept map[string]laps) section {
	s := section{title: "Speed", text: fmt.Sprintf(
		"Whole epochs over MNIST's 54,000 training pictures, data feeding and metrics included, %d threads for every engine. "+
			"Samples a second: the median of the rounds, in each of which the engines run one after another; a lap is the median of its epochs, of which the first is not counted; as the MLP's take Athanor a fraction of a second, it trains five times as many. Athanor's epochs hold their validation, Keras's do not. "+
			"The ratio is taken in each round, to the faster of the engine's two forms; its median, smallest and largest are shown. "+
			"GoMLX runs for a few seconds instead of whole epochs, and its max-pooling is written as a reduction, since its Go backend has no gradient of MaxPool.",
		b.threads)}
	rates := table{head: append([]string{"network", "batch", "rounds"}, engines()...)}
	ratios := table{head: []string{"network", "batch", "beside", "ratio (median)", "smallest to largest", "wanted", ""}}
	for _, r := range races() {
		l := kept[r.name()]
		if len(l[athanor]) == 0 {
			continue
		}
		row := []string{r.model, strconv.Itoa(r.batch), strconv.Itoa(len(l[athanor]))}
		for _, e := range engines() {
			row = append(row, rated(l[e]))
		}
		rates.rows = append(rates.rows, row)
		ratios.rows = append(ratios.rows,
			ratioRow(r, "Keras", l.against(kerasXLA, kerasOff), r.keras),
			ratioRow(r, "GoMLX", l.against(gomlx), r.gomlx),
			ratioRow(r, "GoMLX with SIMD", l.against(gomlxSIMD), 0))
	}
	s.tables = []table{rates, ratios}
	return s
}

// racing are the engines that were asked for.
func (b *bench) racing() []string {
	return slices.DeleteFunc(engines(), func(engine string) bool {
		peer, _, _ := strings.Cut(strings.ToLower(engine), " ")
		return engine != athanor && !slices.Contains(strings.Split(b.peers, ","), strings.TrimSuffix(peer, ","))
	})
}

// rated is the median rate, or a dash for an engine that did not race.
func rated(rates []float64) string {
	if len(rates) == 0 {
		return "–"
	}
	return thousands(median(rates))
}

func (r race) name() string { return fmt.Sprintf("%s %d", r.model, r.batch) }

// chosen leaves out the networks and batches that were not asked for.
func (b *bench) chosen(all []race) []race {
	return slices.DeleteFunc(all, func(r race) bool {
		return b.network != "" && r.model != b.network || b.batch != 0 && r.batch != b.batch
	})
}

// race adds rounds to what is kept; a round counts when all engines ran in it.
func (b *bench) race(ctx context.Context, r race, kept map[string]laps) error {
	if kept[r.name()] == nil {
		kept[r.name()] = laps{}
	}
	for round := range b.rounds {
		rates := map[string]float64{}
		for _, engine := range b.racing() {
			rate, err := b.lap(ctx, engine, r)
			if err != nil {
				return err
			}
			rates[engine] = rate
			slog.Info("lap", "round", round+1, "network", r.model, "batch", r.batch, "engine", engine, "samples/s", int(rate))
		}
		for engine, rate := range rates {
			kept[r.name()][engine] = append(kept[r.name()][engine], rate)
		}
		if err := writeLaps(b.laps, kept); err != nil {
			return err
		}
	}
	return nil
}

// readLaps reads the laps of earlier calls, by race; without a file there are none.
func readLaps(path string) (map[string]laps, error) {
	kept := map[string]laps{}
	if path == "" {
		return kept, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil {
		return nil, fmt.Errorf("read the laps of earlier calls: %w", err)
	}
	return kept, nil
}

func writeLaps(path string, kept map[string]laps) error {
	if path == "" {
		return nil
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("keep the laps: %w", err)
	}
	return writeFile(path, string(text))
}

func ratioRow(r race, rival string, ratios []float64, wanted float64) []string {
	if len(ratios) == 0 {
		return []string{r.model, strconv.Itoa(r.batch), rival, "–", "–", "", "not run"}
	}
	m := median(ratios)
	row := []string{r.model, strconv.Itoa(r.batch), rival, times(m), spread(ratios, times), "", ""}
	if wanted > 0 {
		row[5], row[6] = "≥ "+times(wanted), verdict(m >= wanted)
	}
	return row
}
