package cli_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"athanor/app/cli"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// TestCommandsFallBackToTheProcessor asks for a card that is not there: the
// answers come from the processor, and a sentence says why.
func TestCommandsFallBackToTheProcessor(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	model := filepath.Join(t.TempDir(), "run", "model.onnx")
	if text, err := athanorIn(t.Context(), t, "train", "--epochs", "1", "--threads", "2", "--out", filepath.Dir(model), "--device", "cuda:9"); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	text, err := athanorIn(t.Context(), t, "evaluate", model, "--quick", "--device", "cuda:9")
	if err != nil || !strings.Contains(text, "note: cuda:9 cannot be used, so the processor is") {
		t.Errorf("evaluate: %v, %s", err, text)
	}
	picture := testenv.SharedData(t, "onnx-small", "eight.png")
	text, err = athanorIn(t.Context(), t, "predict", model, picture, "--device", "cuda:9")
	if err != nil || !strings.Contains(text, "cuda:9 cannot be used, so the processor is") || !strings.Contains(text, "%") {
		t.Errorf("predict: %v, %s", err, text)
	}
	_, address, stop := serving(t, model, "--device", "cuda:9", "--quiet")
	if address == "" {
		t.Error("serve does not serve")
	}
	if err := stop(); err != nil {
		t.Errorf("serve: %v", err)
	}
	for _, command := range [][]string{{"evaluate", model}, {"predict", model, picture}, {"serve", model}} {
		if _, err := athanorIn(t.Context(), t, append(command, "--device", "abacus")...); !errors.Is(err, cli.ErrUsage) {
			t.Errorf("%s on an unknown device: %v", command[0], err)
		}
	}
}
