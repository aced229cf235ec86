package project

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"athanor/app/store"
)

// Usage is how many bytes a project's parts take.
type Usage struct {
	Checkpoints, Models, Metrics, Captures, Other int64
}

// Total is all of it.
func (u Usage) Total() int64 {
	return u.Checkpoints + u.Models + u.Metrics + u.Captures + u.Other
}

// Measure adds up the files under a project's folder.
func Measure(ctx context.Context, dir string) (Usage, error) {
	var u Usage
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil || !e.Type().IsRegular() {
			return cmp.Or(ctx.Err(), err)
		}
		info, err := e.Info()
		if err != nil {
			return nil //nolint:nilerr // the file vanished while we looked: it takes nothing
		}
		rel, _ := filepath.Rel(dir, path)
		u.add(filepath.ToSlash(rel), info.Size())
		return nil
	})
	if err != nil {
		return u, fmt.Errorf("measure %s: %w", dir, err)
	}
	return u, nil
}

func (u *Usage) add(path string, size int64) {
	switch {
	case strings.Contains(path, "/checkpoints/"):
		u.Checkpoints += size
	case strings.HasSuffix(path, ".onnx"):
		u.Models += size
	case strings.Contains(path, "/"+store.MetricsDir+"/"):
		u.Metrics += size
	case strings.HasPrefix(path, "captures/"), strings.Contains("/"+path, "/datasets/"):
		u.Captures += size
	default:
		u.Other += size
	}
}

// CleanCheckpoints removes the checkpoints of a run that is over, but for the
// newest keep, the best, and what can be rewound to. It returns the freed bytes.
func CleanCheckpoints(run string, keep int) (int64, error) {
	s, err := store.ReadStatus(run)
	if err != nil || s.State != store.Finished && s.State != store.Stopped {
		return 0, err // what can be resumed keeps all
	}
	dir := filepath.Join(run, "checkpoints")
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("clean checkpoints: %w", err)
	}
	files := oldCheckpoints(entries)
	freed := int64(0)
	for _, f := range files[:max(len(files)-keep, 0)] {
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return freed, fmt.Errorf("clean checkpoints: %w", err)
		}
		freed += f.Size()
	}
	return freed, nil
}

// oldCheckpoints returns what only resuming needs, oldest first: the best state,
// the snapshots of epochs and the beginning of a fork stay.
func oldCheckpoints(entries []os.DirEntry) []fs.FileInfo {
	var out []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && strings.HasPrefix(e.Name(), "step-") {
			out = append(out, info)
		}
	}
	slices.SortFunc(out, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	return out
}
