package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"athanor/app/evaluation"
	"athanor/app/explanation"
	"athanor/app/training"
	"athanor/inference/attribution"
	"athanor/inference/model"
	"athanor/pipeline/dataset/idx"
	"athanor/pipeline/train"
)

// evaluating measures what the Evaluate and Try screens wait for.
func evaluating(ctx context.Context, b *bench) (section, error) {
	s := section{
		title: "Evaluate and explain",
		text: "The report is of all 70,000 samples of MNIST by the article's network, with every metric, the baseline, slices, disturbed samples and pictures. " +
			"Integrated gradients take 64 steps of one digit by the convolutional network. " +
			"A stroke is drawn, centred and judged by the same network. " +
			"Live pictures come from an MJPEG camera of 640×480 at 30 frames a second on loopback for 10 seconds and are judged by the small residual network at 96×96. " +
			"Flipped labels are 600 of MNIST's 60,000, each turned into another class; found are those among the first 900 suspects.",
	}
	t := table{head: []string{"what", "measured", "wanted", ""}}
	for _, measure := range []func(context.Context, *bench) ([]string, error){reporting, integrating, stroking, watching, flipping} {
		row, err := measure(ctx, b)
		if err != nil {
			return s, err
		}
		t.rows = append(t.rows, row)
	}
	s.tables = []table{t}
	return s, nil
}

// mnistModel trains for one epoch, which is enough for measuring.
func (b *bench) mnistModel(ctx context.Context, data, name string) (string, error) {
	dir, err := os.MkdirTemp(b.work, name+"-")
	if err != nil {
		return "", err
	}
	out, err := training.Run(ctx, training.Request{Dir: dir, Recipe: train.Recipe{
		Task: "image", Seed: 1, Threads: b.threads, Data: train.Data{Path: data}, Model: train.Model{Name: name}, Train: train.Loop{Epochs: 1, Batch: 128},
	}}, func(train.Event) {})
	return out.Model, err
}

func reporting(ctx context.Context, b *bench) ([]string, error) {
	path, err := b.mnistModel(ctx, b.mnist, "mlp")
	if err != nil {
		return nil, err
	}
	page := filepath.Join(b.work, "report.html")
	began := time.Now()
	command := exec.CommandContext(ctx, b.athanor, "evaluate", path, "--part", "all", "--report", page)
	if text, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("evaluate: %w\n%s", err, tail(string(text)))
	}
	took := time.Since(began)
	html, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}
	const unaided = "opens without a network"
	alone := unaided
	for _, address := range []string{"http://", "https://"} {
		if bytes.Contains(html, []byte(address)) {
			alone = "names an address"
		}
	}
	return []string{"report of 70,000 samples", fmt.Sprintf("%.1f s, %d KB, %s", took.Seconds(), len(html)>>10, alone), "60,000 in 10 s", verdict(took < 10*time.Second && alone == unaided)}, nil
}

func integrating(ctx context.Context, b *bench) ([]string, error) {
	path, err := b.mnistModel(ctx, "digits", "cnn")
	if err != nil {
		return nil, err
	}
	e, err := explanation.Open(path, model.Options{Threads: b.threads})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	digits, err := b.testDigits()
	if err != nil {
		return nil, err
	}
	var times, off []float64
	for i := range 60 {
		img := &image.Gray{Pix: digits.Pixels[i*784 : (i+1)*784], Stride: 28, Rect: image.Rect(0, 0, 28, 28)}
		began := time.Now()
		why, err := attribution.Explain(ctx, e.Model, e.Graph, img, attribution.Integrated, -1)
		if err != nil {
			return nil, err
		}
		if why.Complete.Steps == attribution.Steps {
			times = append(times, float64(time.Since(began).Microseconds())/1000)
		}
		off = append(off, 100*why.Complete.Error())
	}
	return []string{
		"integrated gradients, 64 steps", fmt.Sprintf("%.1f ms median of %d digits; completeness off by %.2f %% median", median(times), len(times), median(off)), "25 ms, within 1 %", verdict(median(times) < 25 && median(off) < 1),
	}, nil
}

func (b *bench) testDigits() (*idx.Samples, error) {
	_, held, err := idx.Find(b.mnist)
	if err != nil {
		return nil, err
	}
	return idx.Load(held, 10)
}

func flipping(ctx context.Context, b *bench) ([]string, error) {
	path, err := b.mnistModel(ctx, b.mnist, "mlp")
	if err != nil {
		return nil, err
	}
	flipped, data, err := b.flippedMNIST()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	command := exec.CommandContext(ctx, b.athanor, "models", "suspects", path, "--data", data, "--limit", "900", "--json")
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("look for suspects: %w", err)
	}
	var list []evaluation.Doubt
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	found := 0
	for _, d := range list {
		if flipped[d.Name] {
			found++
		}
	}
	return []string{
		"flipped labels among the first 1.5 % of suspects", fmt.Sprintf("%d of %d (%.1f %%) in %.0f s", found, len(flipped), 100*float64(found)/float64(len(flipped)), time.Since(began).Seconds()), "80 %", verdict(10*found >= 8*len(flipped)),
	}, nil
}

// flippedMNIST writes a copy of MNIST with every hundredth label wrong, and
// names those samples.
func (b *bench) flippedMNIST() (map[string]bool, string, error) {
	pair, _, err := idx.Find(b.mnist)
	if err != nil {
		return nil, "", err
	}
	labels, err := idx.ReadFile(pair.Labels)
	if err != nil {
		return nil, "", err
	}
	r := rand.New(rand.NewPCG(7, 7))
	flipped := map[string]bool{}
	for _, i := range r.Perm(len(labels.Data))[:len(labels.Data)/100] {
		labels.Data[i] = byte((int(labels.Data[i]) + 1 + r.IntN(9)) % 10)
		flipped[fmt.Sprint(i)] = true
	}
	dir := filepath.Join(b.work, "flipped")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, "", err
	}
	head := []byte{0, 0, 8, 1, byte(len(labels.Data) >> 24), byte(len(labels.Data) >> 16), byte(len(labels.Data) >> 8), byte(len(labels.Data))}
	if err := os.WriteFile(filepath.Join(dir, "train-labels-idx1-ubyte"), append(head, labels.Data...), 0o644); err != nil {
		return nil, "", err
	}
	images, err := os.ReadFile(pair.Images)
	if err != nil {
		return nil, "", err
	}
	return flipped, dir, os.WriteFile(filepath.Join(dir, filepath.Base(pair.Images)), images, 0o644)
}
