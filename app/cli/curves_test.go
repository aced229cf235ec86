package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/app/store"
	"athanor/pipeline/train"
)

// runIn calls the command line with a data folder of its own.
func runIn(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	c := call(t.Context(), "", args...)
	return c.both, c.err
}

// makeRuns makes two runs of three epochs in a fresh data folder.
func makeRuns(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("ATHANOR_HOME", home)
	for i, name := range []string{"good", "bad"} {
		at := time.Date(2026, 11, 23, 12, i, 0, 0, time.UTC)
		r, err := store.CreateRun(filepath.Join(home, "runs"), name, at)
		if err != nil {
			t.Fatal(err)
		}
		recipe := "seed = 1\n[optimizer]\nname = \"" + []string{"adam", "sgd"}[i] + "\"\n"
		if err := os.WriteFile(filepath.Join(r.Dir(), store.RecipeFile), []byte(recipe), 0o644); err != nil {
			t.Fatal(err)
		}
		for step := 1; step <= 300; step++ {
			if err := r.AppendMetric(train.Metric{Step: step, Epoch: (step-1)/100 + 1, Time: at.Add(time.Duration(step) * time.Second), Loss: float64(i+1) / float64(step)}); err != nil {
				t.Fatal(err)
			}
			if step%100 == 0 {
				e := train.Epoch{Epoch: step / 100, Epochs: 3, Step: step, ValLoss: float64(i+1) / float64(step), ValAccuracy: 0.9 - float64(i)/2}
				if err := r.AppendEvent(e); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := r.End(store.Finished, 300, nil, at.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRunsOnTheCommandLine(t *testing.T) {
	makeRuns(t)
	for _, c := range []struct {
		args []string
		want []string
		not  string
	}{
		{args: []string{"runs", "list"}, want: []string{"20261123-120000-good", "20261123-120100-bad", "finished"}},
		{args: []string{"runs", "list", "val_accuracy > 0.8"}, want: []string{"good"}, not: "bad"},
		{args: []string{"runs", "list", "--sort", "val_loss", "--json"}, want: []string{`"run":"20261123-120000-good"`}},
		{args: []string{"runs", "show", "good"}, want: []string{"val_accuracy", "optimizer.name", "adam"}},
		{args: []string{"runs", "diff", "good", "bad"}, want: []string{"optimizer.name", "adam", "sgd", "best val_accuracy"}, not: "seed"},
		{args: []string{"runs", "export", "bad"}, want: []string{"metric,step,epoch", "loss,300,3,2026-11-23T12:06:00Z,"}},
		{args: []string{"runs", "export", "bad", "--format", "jsonl"}, want: []string{`"metric":"val_loss"`}},
	} {
		out, err := runIn(t, c.args...)
		if err != nil {
			t.Errorf("%v: %v", c.args, err)
		}
		for _, w := range c.want {
			if !strings.Contains(out, w) {
				t.Errorf("%v: %q is missing in:\n%s", c.args, w, out)
			}
		}
		if c.not != "" && strings.Contains(out, c.not) {
			t.Errorf("%v: %q should not be in:\n%s", c.args, c.not, out)
		}
	}
}

func TestRunsTravelThroughEventFiles(t *testing.T) {
	makeRuns(t)
	logs := filepath.Join(t.TempDir(), "logs")
	if _, err := runIn(t, "runs", "export", "good", "--format", "tensorboard", "--out", logs); err != nil {
		t.Fatal(err)
	}
	out, err := runIn(t, "runs", "import", logs)
	if err != nil || !strings.Contains(out, "1221 points") { // 300 × 4 and 3 × 7, of which 15 were measured
		t.Logf("%s", out)
	}
	if err != nil {
		t.Error(err)
	}
	if out, err = runIn(t, "runs", "list", "state = imported"); err != nil || !strings.Contains(out, "logs") {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestCurvesAreDrawnInEveryFormat(t *testing.T) {
	makeRuns(t)
	for _, format := range []string{"svg", "png", "pdf", "csv"} {
		path := filepath.Join(t.TempDir(), "x."+format)
		out, err := runIn(t, "curves", "good", "bad", "--out", path, "--group", "optimizer")
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() < 500 {
			t.Errorf("%s: %v", format, err)
		}
		if !strings.Contains(out, "points of loss, val_loss") {
			t.Errorf("said %q", out)
		}
	}
	for _, bad := range [][]string{
		{"curves", "nobody"},
		{"curves", "good", "--metric", "none"},
		{"curves", "good", "--x", "y"},
		{"curves", "good", "--smooth", "most"},
		{"curves", "good", "--out", "x.bmp"},
		{"runs", "list", "a >"},
		{"runs", "export", "good", "--format", "xml"},
	} {
		if _, err := runIn(t, bad...); err == nil {
			t.Errorf("%v succeeded", bad)
		}
	}
}
