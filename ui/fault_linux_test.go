package ui_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"athanor/app/store"
	uitrain "athanor/ui/train"
	"athanor/ui/uitest"
)

// TestADiskThatFillsWhileANetworkLearns: the window says so and keeps what was
// learnt; with room again the run goes on from there.
func TestADiskThatFillsWhileANetworkLearns(t *testing.T) {
	s, q, dir := learning(t)
	disk := filepath.Join(dir, "runs")
	if err := os.MkdirAll(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=12m"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s.SetEpochs(4)
	s.StartRun()
	q.Until(t, 60*time.Second, func() bool { return s.Epochs() >= 1 && checkpointed(disk) })
	ballast := filepath.Join(disk, "ballast")
	fillDisk(t, ballast)
	q.Until(t, 60*time.Second, s.Idle)
	top := s.Window().Canvas().Overlays().Top()
	if s.Errors() == 0 || top == nil || !uitest.Shows(top, "disk is full") {
		t.Fatalf("%d errors were shown; none tells of the full disk", s.Errors())
	}
	if now := s.Shown(); now.Phase != uitrain.Failed || !now.Resumable || now.Progress.Epochs != 4 {
		t.Fatalf("the run is %v of %d epochs, done %d, and can go on: %v", now.Phase, now.Progress.Epochs, s.Epochs(), now.Resumable)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s.PressContinue()
	q.Until(t, 30*time.Second, func() bool { return !s.Idle() })
	q.Until(t, 120*time.Second, func() bool { return s.Idle() && s.Epochs() == 4 })
	runs, err := store.RunDirs(disk)
	if err != nil || len(runs) != 1 || s.Shown().Phase != uitrain.Finished {
		t.Errorf("%d runs (%v), the shown one is %v", len(runs), err, s.Shown().Phase)
	}
}

// checkpointed tells whether a run has a state to go on from.
func checkpointed(disk string) bool {
	found, err := filepath.Glob(filepath.Join(disk, "*", "checkpoints", "step-*.safetensors"))
	return err == nil && len(found) > 0
}

// fillDisk takes all the room that is left.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // what it holds is nothing
	block := []byte(strings.Repeat("x", 4096))
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
