// Command gpu compares training on the devices of this machine in one run: the
// first losses, samples a second, the share of a peak. It needs nothing but
// ONNX Runtime, so that it also runs on machines that have a card and little else:
//
//	gpu [-mnist FOLDER] [-devices cpu,webgpu,cuda] [-peak 67e12]
//
// It prints a section in Markdown.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"athanor/inference/runtime"
	"athanor/pipeline/dataset"
	"athanor/pipeline/train"
)

// settings are the flags.
type settings struct {
	mnist, devices, models string
	threads, epochs        int
	peak                   float64
	out                    io.Writer
}

func main() {
	s := settings{out: os.Stdout}
	flag.StringVar(&s.mnist, "mnist", "", "folder with MNIST's files; without it the embedded digits are trained on")
	flag.StringVar(&s.devices, "devices", "", "devices beside the processor, separated by commas; without it all that are real")
	flag.StringVar(&s.models, "models", "mlp:128,cnn:128,cnn:1024,cnn:1024:float16,resnet:128,resnet:1024,resnet:1024:float16,vit:128,vit:1024,vit:1024:float16", "networks and batches, with a precision behind some")
	flag.IntVar(&s.threads, "threads", 2, "threads of the processor")
	flag.IntVar(&s.epochs, "epochs", 3, "epochs of each run; the first is not counted")
	flag.Float64Var(&s.peak, "peak", 0, "float32 operations a second that the card's maker names")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, s)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gpu:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	devices, err := s.chosen(ctx)
	if err != nil {
		return err
	}
	if len(devices) == 0 {
		_, err := fmt.Fprintln(s.out, "No GPU here: nothing to compare with the processor. Devices computed in software are not raced.")
		return err
	}
	set, err := samples(ctx, s.mnist)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s, %d training samples, %d epochs, the first not counted, %d threads on the processor.\n\n",
		set.Name, set.Train.Len(), s.epochs, s.threads)
	fmt.Fprintln(s.out, "| network | batch | precision | device | samples/s | against the processor | GFLOP/s | share of peak | largest difference of 50 losses | test accuracy |")
	fmt.Fprintln(s.out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for text := range strings.SplitSeq(s.models, ",") {
		m, err := parseRace(text)
		if err != nil {
			return err
		}
		if err := s.race(ctx, set, m, devices); err != nil {
			return err
		}
	}
	return nil
}

// chosen are the devices to compare with the processor, each tested first.
func (s settings) chosen(ctx context.Context) ([]string, error) {
	all, err := runtime.Devices()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range all {
		fmt.Fprintf(s.out, "- %s: %s\n", d.Name, d.Title)
		if d.Name != runtime.CPU && !d.Software {
			names = append(names, d.Name)
		}
	}
	if s.devices != "" {
		names = strings.Split(s.devices, ",")
	}
	for _, name := range append([]string{runtime.CPU}, names...) {
		speed, err := runtime.SelfTest(ctx, name, s.threads, selfTestLength)
		fmt.Fprintf(s.out, "- %s multiplies matrices at %.0f GFLOP/s, starts in %v, error: %v\n", name, speed.GFLOPS, speed.Start, err)
	}
	fmt.Fprintln(s.out)
	return names, nil
}

// race trains one network on the processor and on each device.
func (s settings) race(ctx context.Context, set *dataset.Set, r race, devices []string) error {
	base, err := s.lap(ctx, set, r, runtime.CPU)
	if err != nil {
		return fmt.Errorf("%s on the processor: %w", r.model, err)
	}
	work := r.operations(set)
	s.row(r, runtime.CPU, base, base, work)
	for _, d := range devices {
		l, err := s.lap(ctx, set, r, d)
		if err != nil {
			fmt.Fprintf(s.out, "| %s | %d | %s | %s | failed: %v | | | | | |\n", r.model, r.batch, r.precision, d, err)
			continue
		}
		s.row(r, d, l, base, work)
	}
	return nil
}

func (s settings) row(r race, device string, l, base lap, work float64) {
	share := ""
	if s.peak > 0 && device != runtime.CPU {
		share = fmt.Sprintf("%.1f %%", 100*l.rate*work/s.peak)
	}
	fmt.Fprintf(s.out, "| %s | %d | %s | %s | %.0f | %.1f× | %.0f | %s | %.2g | %.2f %% |\n", r.model, r.batch, r.precision, device,
		l.rate, l.rate/base.rate, l.rate*work/1e9, share, difference(l.metrics, base.metrics), 100*l.accuracy)
	for _, note := range l.notes {
		fmt.Fprintln(os.Stderr, r.model, device, note)
	}
}

// lap trains once.
func (s settings) lap(ctx context.Context, set *dataset.Set, r race, device string) (lap, error) {
	dir, err := os.MkdirTemp("", "gpu-")
	if err != nil {
		return lap{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	l := lap{dir: dir}
	recipe := train.Recipe{
		Task: "image", Seed: 1, Device: device, Threads: s.threads, Model: train.Model{Name: r.model},
		Train: train.Loop{Epochs: s.epochs, Batch: r.batch, CheckpointSeconds: 3600},
	}
	if device != runtime.CPU { // the processor is the measure, in float32
		recipe.Precision = r.precision
	}
	res, err := train.Run(ctx, recipe, train.Deps{Set: set, Store: &l}, func(train.Event) {})
	if err != nil {
		return l, err
	}
	l.accuracy = res.Classification.Accuracy
	l.rate = l.median()
	return l, nil
}
