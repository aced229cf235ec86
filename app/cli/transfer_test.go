package cli_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
	"athanor/pipeline/transfer"
)

// TestTransferEvaluatePredict teaches a network that others made, then asks the
// model that comes out as any other.
func TestTransferEvaluatePredict(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	network := testenv.SharedData(t, "onnx-small", "mnist.onnx")
	dir := filepath.Join(t.TempDir(), "run")
	text, err := athanorIn(t.Context(), t, "transfer", network, "--epochs", "2", "--threads", "2", "--out", dir, "--json")
	if err != nil {
		t.Fatal(err)
	}
	lines := objects(t, text)
	last := lines[len(lines)-1]
	accuracy, _ := last["test_accuracy"].(float64)
	if last["event"] != "done" || accuracy < 0.95 {
		t.Fatalf("the last line is %v, want an accuracy of 0.95 or more", last)
	}
	model, _ := last["model"].(string)
	text, err = athanorIn(t.Context(), t, "evaluate", model, "--json")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := objects(t, text)[0]["classification"].(map[string]any); got["accuracy"] != accuracy {
		t.Errorf("evaluated from pixels the accuracy is %v, training said %v", got["accuracy"], accuracy)
	}
	picture := testenv.SharedData(t, "onnx-small", "eight.png")
	if text, err = athanorIn(t.Context(), t, "predict", model, picture, "--json"); err != nil {
		t.Errorf("%v: %s", err, text)
	}
}

func TestTransferRefusesOtherModels(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	detector := testenv.SharedData(t, "faces", "models", "version-RFB-320_simplified.onnx")
	if _, err := athanorIn(t.Context(), t, "transfer", detector); !errors.Is(err, transfer.ErrNoHead) {
		t.Errorf("a detector: %v", err)
	}
	if _, err := athanorIn(t.Context(), t, "transfer", "absent.onnx"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
}

// TestTransferTrainsLayers trains from a layer on, and goes by the recipe that
// is left beside the run.
func TestTransferTrainsLayers(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	network := testenv.SharedData(t, "onnx-small", "mnist.onnx")
	text, err := athanorIn(t.Context(), t, "transfer", network, "--list")
	if err != nil || !strings.Contains(text, "Parameter87") || !strings.Contains(text, "4 weights") {
		t.Errorf("the weights are listed as %q (%v)", text, err)
	}
	if _, err := athanorIn(t.Context(), t, "transfer", network, "--lora", "4", "--out", filepath.Join(t.TempDir(), "low")); !errors.Is(err, transfer.ErrNothing) {
		t.Errorf("a network without matrices in front of its head: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	text, err = athanorIn(t.Context(), t, "transfer", network, "--from", "Convolution110", "--epochs", "1", "--batch", "64", "--threads", "2", "--out", dir, "--json")
	if err != nil {
		t.Fatal(err)
	}
	lines := objects(t, text)
	if accuracy, _ := lines[len(lines)-1]["test_accuracy"].(float64); accuracy < 0.95 {
		t.Errorf("the last line is %v, want an accuracy of 0.95 or more", lines[len(lines)-1])
	}
	recipe, err := train.LoadRecipe(filepath.Join(dir, train.RecipeName))
	if err != nil || recipe.Transfer == nil || recipe.Transfer.From != "Convolution110" {
		t.Errorf("the recipe beside the run is %+v (%v)", recipe.Transfer, err)
	}
}
