package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// dataScale checks and opens what does not fit into memory, each in a process of
// its own whose highest resident set the kernel counted.
func dataScale(ctx context.Context, b *bench) (table, error) {
	const most = 600 << 20
	t := table{head: []string{"at scale", "seconds", "samples/s", "peak memory", "wanted", ""}}
	big := filepath.Join(b.work, "big.csv")
	if err := makeTable(big, 2<<30, 7); err != nil {
		return t, err
	}
	folder := filepath.Join(b.work, "many")
	if err := makeThumbs(folder, 100_000); err != nil {
		return t, err
	}
	defer os.RemoveAll(folder)
	defer os.Remove(big)
	for _, m := range []struct {
		what string
		args []string
	}{
		{"check of a 2 GB table", []string{"data", "check", big, "--json", "--cache", b.work}},
		{"opening it for training", []string{"data", "show", big, "--json", "--cache", b.work}},
		{"check of 100,000 pictures", []string{"data", "check", folder, "--json", "--cache", b.work}},
		{"opening them for training, 64×64", []string{"data", "show", folder, "--json", "--cache", b.work}},
	} {
		seconds, samples, rss, err := b.measure(ctx, m.args...)
		if err != nil {
			return t, err
		}
		t.rows = append(t.rows, []string{
			m.what, fmt.Sprintf("%.1f", seconds), fmt.Sprintf("%.0f", float64(samples)/seconds), fmt.Sprintf("%d MB", rss>>20), "< 600 MB", verdict(rss < most),
		})
	}
	return t, nil
}

// measure runs the program and reads how many samples it saw.
func (b *bench) measure(ctx context.Context, args ...string) (seconds float64, samples int, rss int64, err error) {
	command := exec.CommandContext(ctx, b.athanor, args...)
	start := time.Now()
	out, err := command.Output()
	seconds = time.Since(start).Seconds()
	if err != nil {
		return 0, 0, 0, fmt.Errorf("athanor %v: %w", args, err)
	}
	var told struct{ Samples, Train, Validation, Test int }
	if err := json.Unmarshal(out, &told); err != nil {
		return 0, 0, 0, fmt.Errorf("athanor %v: %w", args, err)
	}
	if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rss = usage.Maxrss << 10
	}
	return seconds, told.Samples + told.Train + told.Validation + told.Test, rss, nil
}

// makeThumbs writes n small JPEGs into ten class folders.
func makeThumbs(root string, n int) error {
	for c := range 10 {
		if err := os.MkdirAll(filepath.Join(root, fmt.Sprintf("class %d", c)), 0o755); err != nil {
			return err
		}
	}
	m := image.NewRGBA(image.Rect(0, 0, 96, 96))
	var b bytes.Buffer
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 5))
		fx, fy, phase := 1+20*r.Float64(), 1+20*r.Float64(), 6*r.Float64()
		for at := 0; at < len(m.Pix); at += 4 {
			x, y := float64(at/4%96)/96, float64(at/4/96)/96
			v := 128 + 100*math.Sin(fx*x+phase)*math.Cos(fy*y-phase)
			m.Pix[at], m.Pix[at+1], m.Pix[at+2], m.Pix[at+3] = uint8(v), uint8(25*(i%10)), uint8(255*x), 255
		}
		b.Reset()
		if err := jpeg.Encode(&b, m, nil); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, fmt.Sprintf("class %d", i%10), fmt.Sprintf("%06d.jpg", i)), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
