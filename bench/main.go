// Command bench measures what docs and README claim: accuracy on MNIST, speed
// beside Keras and GoMLX, memory and start-up, and writes bench/RESULTS.md with
// the machine described. `make bench` builds what it needs first. Engines are
// run one after another in rounds, so that a slow minute of the machine meets
// all of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// settings are the flags.
type settings struct {
	root    string // of the project
	mnist   string // folder with MNIST's four files
	out     string // RESULTS.md
	only    []string
	rounds  int
	epochs  int // a run of the speed part; the first is not counted
	seeds   int
	first   int // the first seed of the accuracy part
	threads int
	batch   int    // of the speed and kernels parts, 0 for all
	peers   string // of the speed part
	laps    string // file that keeps laps of the speed or the window part between calls, "" for none
	network string // of the speed, kernels and accuracy parts, "" for all
}

func main() {
	var s settings
	var only string
	flag.StringVar(&s.root, "root", ".", "the project's folder")
	flag.StringVar(&s.mnist, "mnist", "", "folder with MNIST's four gzipped IDX files (default: ../shared/data/mnist, or ATHANOR_TEST_DATA/mnist)")
	flag.StringVar(&s.out, "out", "bench/RESULTS.md", "where to write the results")
	flag.StringVar(&only, "only", "", "run these parts only, of "+strings.Join(partNames(), ", "))
	flag.IntVar(&s.rounds, "rounds", 3, "rounds of the speed part; ratios are taken in each round")
	flag.IntVar(&s.epochs, "epochs", 3, "epochs of each run of the speed part; the first is not counted")
	flag.IntVar(&s.seeds, "seeds", 5, "seeds of the accuracy part")
	flag.IntVar(&s.first, "first-seed", 21, "first seed of the accuracy part; those before served to choose the recipes")
	flag.StringVar(&s.network, "network", "", "mlp or cnn: only this network in the speed, kernels and accuracy parts")
	flag.IntVar(&s.batch, "batch", 0, "only this batch size in the speed and kernels parts")
	flag.StringVar(&s.peers, "peers", "keras,gomlx", "engines that the speed part races against")
	flag.StringVar(&s.laps, "laps", "", "keep the laps of the speed or the window part in this file and count those of earlier calls too: for a machine that is quiet for minutes only")
	flag.IntVar(&s.threads, "threads", 2, "threads, for every engine")
	bare := flag.String("bare", "", "be the bare handler of this name at -addr; the serve part starts it")
	addr := flag.String("addr", "", "see -bare")
	flag.Parse()
	if only != "" {
		s.only = strings.Split(only, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := error(nil)
	if *bare != "" {
		err = serveBare(ctx, *bare, *addr)
	} else {
		err = run(ctx, s)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// part is one group of measurements with its own section of the report.
type part struct {
	name string
	run  func(ctx context.Context, b *bench) (section, error)
}

func parts() []part {
	return []part{
		{"start", startUp},
		{"speed", speed},
		{"kernels", kernels},
		{"curves", plotting},
		{"accuracy", accuracy},
		{"data", data},
		{"scale", scale},
		{"learning", learning},
		{"cards", cards},
		{"faces", faces},
		{"anonymous", anonymous},
		{"serve", serving},
		{"teach", teach},
		{"sentiment", sentiments},
		{"sentiment-categories", leftOut},
		{"window", window},
		{"evaluate", evaluating},
		{"try", trying},
		{"transfer", teachNetworks},
		{"gpu", graphics},
	}
}

func partNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// bench is what the parts share.
type bench struct {
	settings
	athanor string // the program
	work    string // a folder for runs, removed at the end
	peakRSS int64  // highest of any MNIST training
}

func run(ctx context.Context, s settings) error {
	if s.mnist == "" {
		s.mnist = filepath.Join(s.root, "..", "shared", "data", "mnist")
		if base := os.Getenv("ATHANOR_TEST_DATA"); base != "" {
			s.mnist = filepath.Join(base, "mnist")
		}
	}
	if _, err := os.Stat(s.mnist); err != nil {
		return fmt.Errorf("MNIST is needed: %w; name its folder with -mnist", err)
	}
	work, err := os.MkdirTemp("", "athanor-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b := &bench{settings: s, work: work, athanor: filepath.Join(s.root, "bin", "athanor")}
	return b.runParts(ctx)
}

// runParts runs the parts and writes each down as soon as it is known; a part
// that fails does not keep the others from running.
func (b *bench) runParts(ctx context.Context) error {
	var failed []error
	for _, p := range parts() {
		if len(b.only) > 0 && !slices.Contains(b.only, p.name) {
			continue
		}
		slog.Info("measuring", "part", p.name)
		before := load()
		s, err := p.run(ctx, b)
		if err == nil {
			s.when = fmt.Sprintf("Measured %s at commit %s; load of the machine (1, 5, 15 minutes) %s before, %s after.",
				time.Now().UTC().Format("2006-01-02 15:04 MST"), said(ctx, "git", "rev-parse", "--short", "HEAD"), before, load())
			err = writeReport(b.out, describeMachine(ctx, b.threads), []section{s})
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("measure %s: %w", p.name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}
