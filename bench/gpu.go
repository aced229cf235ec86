package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// graphics compares training on this machine's cards with the processor, by the
// program bench/gpu, which also runs on machines that have a card and little else.
// Where there is no card its answer says so.
func graphics(ctx context.Context, b *bench) (section, error) {
	program := filepath.Join(b.work, "gpu")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./bench/gpu")
	build.Dir = b.root
	if out, err := build.CombinedOutput(); err != nil {
		return section{}, fmt.Errorf("build bench/gpu: %w: %s", err, out)
	}
	race := exec.CommandContext(ctx, program, "-mnist", b.mnist, "-threads", fmt.Sprint(b.threads))
	race.Dir = b.root
	var out, errs bytes.Buffer
	race.Stdout, race.Stderr = &out, &errs
	if err := race.Run(); err != nil {
		return section{}, fmt.Errorf("bench/gpu: %w: %s", err, errs.String())
	}
	return section{title: "Training on graphics processors", text: out.String()}, nil
}
