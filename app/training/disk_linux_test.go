package training_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"athanor/app/training"
	"athanor/pipeline/safetensors"
	"athanor/pipeline/train"
)

// smallDisk mounts a file system of the given size; that needs root.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestFullDiskKeepsTheLastCheckpoint lets the disk fill up while training: the
// error says so, and what was written before is whole.
func TestFullDiskKeepsTheLastCheckpoint(t *testing.T) {
	data := pictures(t)
	disk := smallDisk(t, "4m")
	dir := filepath.Join(disk, "run")
	filled := false
	_, err := training.Run(t.Context(), training.Request{Recipe: shortRecipe(data), Dir: dir}, func(e train.Event) {
		if c, ok := e.(train.Checkpoint); ok && c.Epoch == 3 && !filled {
			filled = true
			fill(t, filepath.Join(disk, "ballast"))
		}
	})
	if !filled || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("got %v, want an error that names the folder and the full disk", err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.safetensors"))
	if len(names) == 0 {
		t.Fatal("no checkpoint is left")
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := safetensors.Decode(content); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		t.Fatal(err)
	}
	if _, err := training.Run(t.Context(), training.Request{Dir: dir, Resume: true}, func(train.Event) {}); err != nil {
		t.Errorf("with room again the run does not go on: %v", err)
	}
}

// fill takes all the room that is left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, n := range []int{4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, n))
		}
	}
}
