package cli_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/app/quantization"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/quantize"
)

func TestQuantizeMeasuresBeforeItKeeps(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	t.Setenv("ATHANOR_HOME", t.TempDir())
	file := stripes(t)
	common := []string{"models", "quantize", file, "--data", "digits", "--part", "validation", "--threads", "1"}
	text, err := athanor(t, append(common, "--json")...)
	if err != nil {
		t.Fatal(err)
	}
	var o quantization.Outcome
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	if len(o.Rows) != 5 || o.Measure != "accuracy" || o.Samples == 0 {
		t.Fatalf("got %+v", o)
	}
	for _, r := range o.Rows[1:] {
		if r.Failed != "" || r.Bytes >= o.Rows[0].Bytes || o.Loss(r) > .1 || r.Throughput <= 0 {
			t.Errorf("%s: %+v beside %+v", r.Method, r, o.Rows[0])
		}
	}
	kept := filepath.Join(t.TempDir(), "small.onnx")
	text, err = athanor(t, append(common, "--method", "static", "--out", kept, "--max-loss", "0.2")...)
	if err != nil || !strings.Contains(text, "original") || !strings.Contains(text, "static") {
		t.Errorf("%s, %v", text, err)
	}
	about, err := athanor(t, "models", "show", kept)
	if err != nil || !strings.Contains(about, quantize.Key) || !strings.Contains(about, "0, 1, 2") {
		t.Errorf("the copy says %s, %v", about, err)
	}
	if _, err := athanor(t, append(common, "--method", "static", "--out", kept, "--max-loss", "0.2")...); !errors.Is(err, os.ErrExist) {
		t.Errorf("written over: %v", err)
	}
	if _, err := athanor(t, append(common, "--method", "dynamic", "--out", kept+"2", "--max-loss", "-1")...); !errors.Is(err, quantization.ErrLoss) {
		t.Errorf("a loss beyond what is allowed: %v", err)
	}
	if _, err := os.Stat(kept + "2.onnx"); err == nil {
		t.Error("it was kept all the same")
	}
	if _, err := athanor(t, append(common, "--out", kept)...); err == nil {
		t.Error("which copy?")
	}
}
