package source_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"athanor/inference/testenv"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/idx"
	"athanor/pipeline/dataset/source"
)

func saveIDX(t *testing.T, path string, dims []int, data []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := idx.Write(&b, &idx.Array{Dims: dims, Data: data}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOpenDigits(t *testing.T) {
	set, err := source.Open(t.Context(), source.Config{Path: source.Digits, Validation: 0.1, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.Len() != 9000 || set.Validation.Len() != 1000 || set.Test.Len() != 2000 {
		t.Errorf("%d/%d/%d", set.Train.Len(), set.Validation.Len(), set.Test.Len())
	}
	if len(set.Classes) != 10 || set.Task != dataset.Image || len(set.Fingerprint) != 64 {
		t.Errorf("%v %v %v", set.Classes, set.Task, set.Fingerprint)
	}
	seen := map[int]bool{}
	for _, f := range []dataset.Feed{set.Train, set.Validation} {
		for i := range f.Len() {
			if seen[f.Row(i)] {
				t.Fatalf("row %d is in both parts", f.Row(i))
			}
			seen[f.Row(i)] = true
		}
	}
	same, _ := source.Open(t.Context(), source.Config{Path: source.Digits, Validation: 0.1, Seed: 4})
	other, _ := source.Open(t.Context(), source.Config{Path: source.Digits, Validation: 0.1, Seed: 5})
	if same.Fingerprint != set.Fingerprint || other.Fingerprint == set.Fingerprint {
		t.Error("the fingerprint must depend on data and split alone")
	}
}

func TestOpenMNIST(t *testing.T) {
	dir := testenv.SharedData(t, "mnist")
	set, err := source.Open(t.Context(), source.Config{Path: dir, Validation: 0.1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.Len() != 54000 || set.Validation.Len() != 6000 || set.Test.Len() != 10000 {
		t.Errorf("%d/%d/%d", set.Train.Len(), set.Validation.Len(), set.Test.Len())
	}
	set, err = source.Open(t.Context(), source.Config{Path: source.Digits, Validation: 0.1, Test: dir})
	if err != nil || set.Test.Len() != 10000 || set.Train.Len() != 9000 {
		t.Errorf("digits tested on MNIST: %v", err)
	}
}

func TestOpenPairAndSplitOffTest(t *testing.T) {
	dir := t.TempDir()
	images := filepath.Join(dir, "x-images")
	saveIDX(t, images, []int{20, 2, 2}, make([]byte, 80))
	labels := make([]byte, 20)
	for i := range labels {
		labels[i] = byte(i % 2)
	}
	saveIDX(t, filepath.Join(dir, "x-labels"), []int{20}, labels)
	set, err := source.Open(t.Context(), source.Config{Path: images, Validation: 0.25, TestSplit: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.Len() != 12 || set.Validation.Len() != 4 || set.Test.Len() != 4 {
		t.Errorf("%d/%d/%d", set.Train.Len(), set.Validation.Len(), set.Test.Len())
	}
}

func TestOpenRefuses(t *testing.T) {
	one := t.TempDir()
	saveIDX(t, filepath.Join(one, "images"), []int{3, 1, 1}, make([]byte, 3))
	saveIDX(t, filepath.Join(one, "labels"), []int{3}, []byte{4, 4, 4})
	junk := filepath.Join(t.TempDir(), "noise.bin")
	if err := os.WriteFile(junk, []byte{0xff, 0xfe, 0xfd, 0, 1, 2, 3}, 0o644); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		c    source.Config
		want error
	}{
		"missing":    {source.Config{Path: filepath.Join(one, "nothing")}, fs.ErrNotExist},
		"one class":  {source.Config{Path: one}, source.ErrOneClass},
		"wrong task": {source.Config{Path: source.Digits, Task: dataset.Text}, source.ErrTask},
		"unknown":    {source.Config{Path: junk}, source.ErrUnknown},
	}
	for name, c := range cases {
		if _, err := source.Open(t.Context(), c.c); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
