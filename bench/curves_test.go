package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/pipeline/eventfile"
)

// What the files of a writer lack or say otherwise is not counted as equal.
func TestCompareWritten(t *testing.T) {
	dir := t.TempDir()
	w, err := eventfile.Create(filepath.Join(dir, "train"), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	for step, v := range []float64{0.1, 0.25} {
		if err := w.Add(eventfile.Scalar{Tag: "loss", Step: int64(step), Value: v}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "log.csv"), []byte("epoch,loss\n0,0.1\n1,nan\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	told := strings.Join([]string{
		"train,0,loss,0.1", "train,1,loss,0.25", "log.csv,0,loss,0.1", "log.csv,1,loss,nan", // there
		"train,2,loss,0.1", "train,1,loss,0.26", "validation,0,loss,0.1", // not there
	}, "\n")
	if equal, wanted, err := compareWritten(told, dir); equal != 4 || wanted != 7 || err != nil {
		t.Errorf("%d of %d equal, %v", equal, wanted, err)
	}
}
