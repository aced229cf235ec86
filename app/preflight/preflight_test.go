package preflight_test

import (
	"os"
	"path/filepath"
	"testing"

	"athanor/app/preflight"
	"athanor/app/training"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
)

func TestDigitsTakeWhatTheArticleSays(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // other tests have trials of their own
	recipe, err := train.Recipe{}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	set, err := training.Open(t.Context(), recipe, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := preflight.Parameters(recipe, set)
	if err != nil {
		t.Fatal(err)
	}
	if want := 784*128 + 128 + 128*128 + 128 + 128*10 + 10; n != want {
		t.Errorf("got %d parameters, want %d", n, want)
	}
	testenv.NeedNative(t, runtime.Load())
	e, err := preflight.Measure(t.Context(), recipe, set)
	if err != nil {
		t.Fatal(err)
	}
	if e.Step <= 0 || e.Total < e.Epoch || e.Memory <= 0 || e.Parameters != n {
		t.Errorf("implausible: %+v", e)
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "athanor-trial-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("the trial left %v (%v)", left, err)
	}
}
