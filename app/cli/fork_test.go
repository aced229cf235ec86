package cli_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/app/training"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/chart"
	"athanor/pipeline/train"
)

// TestARunIsRewoundAndForkedOnTheCommandLine trains two short epochs, goes back to
// the first, and goes on from there with another rate.
func TestARunIsRewoundAndForkedOnTheCommandLine(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	home := t.TempDir()
	t.Setenv("ATHANOR_HOME", home)
	must := func(args ...string) string {
		t.Helper()
		out, err := runIn(t, args...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return out
	}
	must("train", "--epochs", "2", "--batch", "200", "--threads", "1", "--name", "old")
	if out := must("runs", "snapshots", "old"); !strings.Contains(out, "\n1      45 ") || !strings.Contains(out, "\n2      90 ") {
		t.Errorf("snapshots:\n%s", out)
	}
	if out := must("runs", "rewind", "old@1", "--evaluate"); !strings.Contains(out, "at epoch 1, step 45") || !strings.Contains(out, "accuracy 0.") {
		t.Errorf("rewound:\n%s", out)
	}
	must("train", "--fork", "old@1", "--learning-rate", "0.0005", "--epochs", "3", "--name", "new")
	if out := must("runs", "diff", "old", "new"); !strings.Contains(out, "optimizer.learning_rate") || strings.Contains(out, "data.operations") {
		t.Errorf("difference:\n%s", out)
	}
	must("curves", "old", "new", "--out", filepath.Join(home, "fork.svg"))
	must("runs", "verify", "new")
	picture := filepath.Join(home, "runs.png")
	if out := must("runs", "parallel", "--out", picture); !strings.Contains(out, "2 runs over") {
		t.Errorf("side by side:\n%s", out)
	}
	if info, err := os.Stat(picture); err != nil || info.Size() < 2000 {
		t.Errorf("picture: %v", err)
	}
	for want, args := range map[error][]string{
		training.ErrSnapshot: {"runs", "rewind", "old@7"},
		train.ErrFork:        {"train", "--fork", "old@2", "--epochs", "2"},
		chart.ErrFormat:      {"runs", "parallel", "--out", filepath.Join(home, "x.bmp")},
	} {
		if out, err := runIn(t, args...); !errors.Is(err, want) {
			t.Errorf("%v: error %v, want %v\n%s", args, err, want, out)
		}
	}
	if _, err := runIn(t, "train", "--fork", "old@1", "--resume"); !errors.Is(err, train.ErrFork) {
		t.Errorf("--fork with --resume: %v", err)
	}
	if _, err := runIn(t, "runs", "parallel", "name = old"); err == nil {
		t.Error("one run stands side by side")
	}
}
