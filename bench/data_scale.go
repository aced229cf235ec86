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
	"strconv"
	"syscall"
	"time"
)

// mostMemory is what anything may take.
const mostMemory = 600 << 20

// scale checks, opens and trains from what does not fit into memory, each in a
// process of its own whose highest resident set the kernel counted.
func scale(ctx context.Context, b *bench) (section, error) {
	s := section{
		title: "Data at scale",
		text: "A table of 2 GB with nine columns and about 29 million rows, and 100,000 JPEGs of 96×96, both generated. Each line is a process of its own. " +
			"Training is one epoch: of the table with batches of 8,192, of the pictures at 64×64 with batches of 256 through the MLP.",
	}
	t := table{head: []string{"at scale", "seconds", "samples/s", "peak memory", "wanted", ""}}
	for _, part := range []func(context.Context, *bench) ([][]string, error){scaleTable, scalePictures} {
		rows, err := part(ctx, b)
		if err != nil {
			return s, err
		}
		t.rows = append(t.rows, rows...)
	}
	s.tables = []table{t}
	return s, nil
}

func scaleTable(ctx context.Context, b *bench) ([][]string, error) {
	big := filepath.Join(b.work, "big.csv")
	if err := makeTable(big, 2<<30, 7); err != nil {
		return nil, err
	}
	defer os.Remove(big)
	return b.measureAll(ctx, []measured{
		{"check of a 2 GB table", []string{"data", "check", big, "--json", "--cache", b.work}},
		{"opening it for training", []string{"data", "show", big, "--json", "--cache", b.work}},
		{"training from it", b.trainOnce("table", big, "8192")},
	})
}

func scalePictures(ctx context.Context, b *bench) ([][]string, error) {
	folder := filepath.Join(b.work, "many")
	if err := makeThumbs(folder, 100_000); err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	return b.measureAll(ctx, []measured{
		{"check of 100,000 pictures", []string{"data", "check", folder, "--json", "--cache", b.work}},
		{"opening them for training, 64×64", []string{"data", "show", folder, "--json", "--cache", b.work}},
		{"training from them, decoded before", b.trainOnce("image", folder, "256")},
	})
}

// trainOnce are the arguments of a training of one epoch.
func (b *bench) trainOnce(task, data, batch string) []string {
	return []string{
		"train", "--json", "--task", task, "--model", "mlp", "--data", data, "--epochs", "1", "--batch", batch, "--threads", strconv.Itoa(b.threads),
		"--out", filepath.Join(b.work, "scale-"+task),
	}
}

// measured is one line of the report: what, and the program's arguments.
type measured struct {
	what string
	args []string
}

func (b *bench) measureAll(ctx context.Context, list []measured) (rows [][]string, err error) {
	for _, m := range list {
		seconds, samples, rss, err := b.measure(ctx, m.args...)
		if err != nil {
			return rows, err
		}
		rate := ""
		if samples > 0 {
			rate = fmt.Sprintf("%.0f", float64(samples)/seconds)
		}
		rows = append(rows, []string{
			m.what, fmt.Sprintf("%.1f", seconds), rate, fmt.Sprintf("%d MB", rss>>20), "< 600 MB", verdict(rss < mostMemory),
		})
	}
	return rows, nil
}

// measure runs the program and reads how many samples it saw.
func (b *bench) measure(ctx context.Context, args ...string) (seconds float64, samples int, rss int64, err error) {
	command := exec.CommandContext(ctx, b.athanor, args...)
	command.Env = append(os.Environ(), "ATHANOR_HOME="+filepath.Join(b.work, "home"))
	start := time.Now()
	out, err := command.Output()
	seconds = time.Since(start).Seconds()
	if err != nil {
		return 0, 0, 0, fmt.Errorf("athanor %v: %w", args, err)
	}
	var told struct{ Samples, Train, Validation, Test int }
	if args[0] == "data" {
		if err := json.Unmarshal(out, &told); err != nil {
			return 0, 0, 0, fmt.Errorf("athanor %v: %w", args, err)
		}
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
