package main

import (
	"math"
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

// What a reader lacks or tells otherwise is not counted as equal.
func TestCompareRead(t *testing.T) {
	wrote := []eventfile.Scalar{{Tag: "a", Step: 1, Value: 0.1}, {Tag: "a", Step: 2, Value: math.NaN()}, {Tag: "a", Step: 3, Value: 1}, {Tag: "b", Step: 1, Value: 2}}
	told := "1,a,0.10000000149011612\n2,a,nan\n3,a,1.5\n"
	if n := compareRead(told, wrote); n != 2 {
		t.Errorf("%d of 4 are equal, want 2", n)
	}
}

func TestQuantilesOfFrames(t *testing.T) {
	var d []span
	for i := range 100 {
		d = append(d, span{time.Duration(100 - i), time.Duration(i + 1)})
	}
	if m, most := quantile(d, 50), quantile(d, 95); m.wall != 50 || m.cpu != 50 || most.wall != 95 {
		t.Errorf("median %v, 95 %% within %v", m, most)
	}
	var g goals
	g.frames("pan", d, 60)
	if g[0][3] != verdict(true) || g[1][3] != verdict(false) {
		t.Errorf("verdicts %v", g)
	}
}
