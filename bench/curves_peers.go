package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"athanor/pipeline/eventfile"
)

// writers are the programs whose event files and tables are read, each with the
// Python that has it.
func writers() [][2]string {
	own := filepath.Join("tensorboard", ".venv")
	return [][2]string{{"pytorch", own}, {"tensorboardx", own}, {"keras", ".venv"}}
}

// foreignFiles lets other programs' own writers write scalars and reads them back,
// and TensorBoard's own reader read ours: one row each, for those that are here.
func (b *bench) foreignFiles(ctx context.Context, g *goals, dir string) error {
	script := filepath.Join(b.root, "bench", "peers", "tensorboard", "check.py")
	for _, w := range writers() {
		python := filepath.Join(b.root, "bench", "peers", w[1], "bin", "python")
		folder := filepath.Join(dir, "written", w[0])
		if _, err := os.Stat(python); err != nil {
			continue
		}
		told, err := exec.CommandContext(ctx, python, script, "write", w[0], folder).Output()
		if err != nil {
			continue // this environment lacks the writer
		}
		equal, wanted, err := compareWritten(string(told), folder)
		if err != nil {
			return err
		}
		g.add("files written by "+w[0]+", read back", fmt.Sprintf("%d of %d values equal", equal, wanted), "all", equal == wanted)
	}
	return b.ownFiles(ctx, g, filepath.Join(dir, "own"), script)
}

// ownFiles lets TensorBoard's reader read an event file of ours.
func (b *bench) ownFiles(ctx context.Context, g *goals, folder, script string) error {
	python := filepath.Join(b.root, "bench", "peers", ".venv", "bin", "python")
	if _, err := os.Stat(python); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	w, err := eventfile.Create(folder, time.Unix(1.7e9, 0))
	if err != nil {
		return err
	}
	var wrote []eventfile.Scalar
	for step := range 1000 {
		for tag, value := range map[string]float64{"train/loss": odd(step), "val/准确率": 1 - 1/float64(step+1)} {
			s := eventfile.Scalar{Tag: tag, Step: int64(step), Value: value}
			wrote = append(wrote, s)
			if err := w.Add(s); err != nil {
				return errors.Join(err, w.Close())
			}
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("one event file was expected: %v, %w", files, err)
	}
	told, err := exec.CommandContext(ctx, python, script, "read", files[0]).Output()
	if err != nil {
		return fmt.Errorf("run TensorBoard's reader: %w", err)
	}
	equal := compareRead(string(told), wrote)
	g.add("event files of ours, read by TensorBoard", fmt.Sprintf("%d of %d values equal", equal, len(wrote)), "all", equal == len(wrote))
	return nil
}

// odd is a loss that is sometimes not a number or endless.
func odd(step int) float64 {
	switch step % 400 {
	case 100:
		return math.NaN()
	case 200:
		return math.Inf(1)
	case 300:
		return math.Inf(-1)
	}
	return math.Exp(-float64(step)/300) + 1e-30
}

// compareRead counts the scalars that are told, one step,tag,value a line.
func compareRead(told string, wrote []eventfile.Scalar) (equal int) {
	got := map[string]float64{}
	for line := range strings.Lines(told) {
		parts := strings.SplitN(strings.TrimSpace(line), ",", 3)
		if len(parts) < 3 {
			continue
		}
		if v, err := strconv.ParseFloat(parts[2], 64); err == nil {
			got[parts[0]+","+parts[1]] = v
		}
	}
	for _, s := range wrote {
		v, ok := got[strconv.FormatInt(s.Step, 10)+","+s.Tag]
		want := float64(float32(s.Value))
		if ok && (v == want || math.IsNaN(v) && math.IsNaN(want)) {
			equal++
		}
	}
	return equal
}

// compareWritten counts the values told that the files in a folder hold too.
// Event files hold float32, tables what is printed.
func compareWritten(told, folder string) (equal, wanted int, err error) {
	got, err := readWritten(folder)
	if err != nil {
		return 0, 0, err
	}
	lines, err := csv.NewReader(strings.NewReader(told)).ReadAll()
	if err != nil {
		return 0, 0, fmt.Errorf("read what was written: %w", err)
	}
	for _, l := range lines {
		want, err := strconv.ParseFloat(l[3], 64)
		if err != nil {
			return 0, 0, fmt.Errorf("read what was written: %w", err)
		}
		if !strings.HasSuffix(l[0], ".csv") {
			want = float64(float32(want))
		}
		v, ok := got[strings.Join(l[:3], ",")]
		if ok && (v == want || math.IsNaN(v) && math.IsNaN(want)) {
			equal++
		}
	}
	return equal, len(lines), nil
}

// readWritten reads all scalars of a folder, by "folder or table,step,tag".
func readWritten(folder string) (map[string]float64, error) {
	got := map[string]float64{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		where, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		if filepath.Ext(path) != ".csv" {
			where = filepath.Dir(where)
		}
		keep := func(s eventfile.Scalar) { got[fmt.Sprintf("%s,%d,%s", where, s.Step, s.Tag)] = s.Value }
		if filepath.Ext(path) != ".csv" {
			return eventfile.ReadFile(path, func(s eventfile.Scalar) error { keep(s); return nil })
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(eventfile.ReadTable(f, func(_ string, s eventfile.Scalar) error { keep(s); return nil }), f.Close())
	})
	if err != nil {
		return nil, fmt.Errorf("read files of other writers: %w", err)
	}
	return got, nil
}
