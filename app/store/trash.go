package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// trashDir is where deleted runs wait beside the others, hidden.
const trashDir = ".trash"

// DeleteRun moves a run folder into the trash of its folder of runs and returns
// where it lies, for Restore. A run that is being trained is refused.
func DeleteRun(dir string) (trashed string, err error) {
	if Locked(dir) {
		return "", fmt.Errorf("delete run: %w: %s; stop it first", ErrLocked, dir)
	}
	trash := filepath.Join(filepath.Dir(dir), trashDir)
	if err := os.MkdirAll(trash, 0o755); err != nil {
		return "", fmt.Errorf("delete run: %w", err)
	}
	trashed = filepath.Join(trash, filepath.Base(dir)+time.Now().Format("~20060102-150405.000000000"))
	if err := os.Rename(dir, trashed); err != nil {
		return "", fmt.Errorf("delete run: %w", err)
	}
	return trashed, nil
}

// RestoreRun undoes DeleteRun and returns the run's folder.
func RestoreRun(trashed string) (dir string, err error) {
	name := filepath.Base(trashed)
	if i := strings.LastIndexByte(name, '~'); i > 0 {
		name = name[:i]
	}
	dir = filepath.Join(filepath.Dir(filepath.Dir(trashed)), name)
	if _, err := os.Lstat(dir); err == nil {
		return "", fmt.Errorf("restore run: %s is there already", dir)
	}
	if err := os.Rename(trashed, dir); err != nil {
		return "", fmt.Errorf("restore run: %w", err)
	}
	return dir, nil
}

// EmptyTrash removes for good what was deleted longer ago than age and returns
// how many runs that were.
func EmptyTrash(runs string, age time.Duration) (int, error) {
	entries, err := os.ReadDir(filepath.Join(runs, trashDir))
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("empty trash: %w", err)
	}
	n := 0
	for _, e := range entries {
		_, stamp, _ := strings.Cut(e.Name(), "~")
		at, err := time.ParseInLocation("20060102-150405.000000000", stamp, time.Local)
		if err != nil || time.Since(at) < age {
			continue
		}
		if err := os.RemoveAll(filepath.Join(runs, trashDir, e.Name())); err != nil {
			return n, fmt.Errorf("empty trash: %w", err)
		}
		n++
	}
	return n, nil
}
