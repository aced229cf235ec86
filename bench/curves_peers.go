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

	"athanor/pipeline/eventfile"
)

// writers are the programs whose event files and tables are read, each with the
// Python that has it.
func writers() [][2]string {
	own := filepath.Join("tensorboard", ".venv")
	return [][2]string{{"pytorch", own}, {"tensorboardx", own}, {"keras", ".venv"}}
}

// foreignFiles lets other programs' own writers write scalars and reads them back:
// one row a writer, for those that are here.
func (b *bench) foreignFiles(ctx context.Context, dir string) ([][]string, error) {
	var rows [][]string
	for _, w := range writers() {
		python := filepath.Join(b.root, "bench", "peers", w[1], "bin", "python")
		folder := filepath.Join(dir, "written", w[0])
		if _, err := os.Stat(python); err != nil {
			continue
		}
		script := filepath.Join(b.root, "bench", "peers", "tensorboard", "check.py")
		told, err := exec.CommandContext(ctx, python, script, "write", w[0], folder).Output()
		if err != nil {
			continue // this environment lacks the writer
		}
		equal, wanted, err := compareWritten(string(told), folder)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []string{"files written by " + w[0] + ", read back", fmt.Sprintf("%d of %d values equal", equal, wanted), "all"})
	}
	return rows, nil
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
