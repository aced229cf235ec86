package store_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/curve"
	"athanor/pipeline/eventfile"
)

func values(t testing.TB, dir, name string) []float64 {
	t.Helper()
	var out []float64
	for _, p := range steps(t, dir, name) {
		out = append(out, p.Y)
	}
	return out
}

func TestATrainedRunBecomesEventFilesAndComesBack(t *testing.T) {
	r := newRun(t)
	must(t, r.WriteEventFiles(start))
	trainRun(t, r, 1, 250)
	must(t, r.Close())
	runs := t.TempDir()
	got, err := store.ImportPath(t.Context(), runs, r.Dir(), start)
	must(t, err)
	if len(got) != 1 || got[0].Points != 3*250+4*2 {
		t.Fatalf("imported %+v", got)
	}
	for _, name := range []string{"loss", "learning_rate", "val_loss", "val_accuracy"} {
		a, b := values(t, r.Dir(), name), values(t, got[0].Dir, name)
		if len(a) != len(b) {
			t.Fatalf("%s: %d values, want %d", name, len(b), len(a))
		}
		for i := range a {
			if float32(a[i]) != float32(b[i]) {
				t.Errorf("%s %d is %v, want %v", name, i, b[i], a[i])
			}
		}
	}
	i, err := store.ReadInfo(got[0].Dir)
	must(t, err)
	if i.Status.State != store.StateImported || i.Status.Step != 250 || math.Abs(i.Metric("val_accuracy")-0.2) > 1e-6 {
		t.Errorf("status %+v", i.Status)
	}
}

func TestFoldersOfEventFilesBecomeRuns(t *testing.T) {
	logs := t.TempDir()
	for _, run := range []string{"train", "validation"} {
		w, err := eventfile.Create(filepath.Join(logs, run), start)
		must(t, err)
		for i := range 100 {
			must(t, w.Add(eventfile.Scalar{Tag: "loss", Step: int64(i % 60), Time: float64(start.Unix() + int64(i)), Value: float64(i)}))
		}
		must(t, w.Close())
		must(t, os.Truncate(w.Path(), size(t, w.Path())-5)) // as a crash leaves it
	}
	got, err := store.ImportPath(t.Context(), t.TempDir(), logs, start)
	must(t, err)
	if len(got) != 2 || got[0].Points != 99 || len(got[0].Damaged) != 1 {
		t.Fatalf("imported %+v", got)
	}
	c, err := store.OpenCurves(got[0].Dir)
	must(t, err)
	defer c.Close()
	s, err := c.Series("loss", metrics.Step)
	must(t, err)
	if p := s.Pieces(); len(p) != 2 || p[1] != (curve.Span{From: 60, To: 99}) {
		t.Errorf("pieces %v", p)
	}
}

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Size()
}

func TestATableBecomesRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "export.csv")
	must(t, os.WriteFile(path, []byte("Step,a - loss,a - acc,b - loss\n1,0.5,0.1,\n2,0.25,0.2,7\n3,,0.3,8\n"), 0o644))
	got, err := store.ImportPath(t.Context(), t.TempDir(), path, start)
	must(t, err)
	if len(got) != 2 || got[0].Points != 5 || got[1].Points != 2 {
		t.Fatalf("imported %+v", got)
	}
	if v := values(t, got[0].Dir, "acc"); len(v) != 3 || v[2] != 0.3 {
		t.Errorf("acc %v", v)
	}
	must(t, os.WriteFile(path, []byte("no metrics here"), 0o644))
	if _, err := store.ImportPath(t.Context(), t.TempDir(), path, start); !errors.Is(err, eventfile.ErrTable) {
		t.Errorf("error %v, want ErrTable", err)
	}
}

func TestAnImportCanBeCancelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.csv")
	text := []byte("loss\n")
	for range 10_000 {
		text = append(text, "1\n"...)
	}
	must(t, os.WriteFile(path, text, 0o644))
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	runs := t.TempDir()
	if _, err := store.ImportPath(ctx, runs, path, start); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(runs); len(left) != 0 {
		t.Errorf("it left %v", left)
	}
}
