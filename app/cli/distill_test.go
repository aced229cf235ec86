package cli_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/transfer"
)

// TestDistillFromANetworkThatOthersMade lets a small network learn from
// mnist.onnx, and repeats the run by the recipe it leaves.
func TestDistillFromANetworkThatOthersMade(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	teacher := testenv.SharedData(t, "onnx-small", "mnist.onnx")
	dir := filepath.Join(t.TempDir(), "run")
	text, err := athanorIn(t.Context(), t, "distill", teacher, "--model", "mlp", "--epochs", "2", "--batch", "64", "--threads", "2", "--out", dir, "--json")
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	lines := objects(t, text)
	last := lines[len(lines)-1]
	student, _ := last["student_accuracy"].(float64)
	master, _ := last["teacher_accuracy"].(float64)
	if last["event"] != "distilled" || student < 0.85 || master < 0.85 {
		t.Errorf("the last line is %v", last)
	}
	again, err := athanorIn(t.Context(), t, "train", filepath.Join(dir, "recipe.toml"), "--epochs", "1", "--out", filepath.Join(t.TempDir(), "again"))
	if err != nil {
		t.Errorf("by its recipe: %v: %s", err, again)
	}
	if text, err = athanorIn(t.Context(), t, "evaluate", dir+"/model.onnx", "--quick"); err != nil || !strings.Contains(text, "accuracy") {
		t.Errorf("the student: %v: %s", err, text)
	}
}

// TestDistillFromAModelMadeHere: its classes are found by their names; pixels of
// bytes go in as they are.
func TestDistillFromAModelMadeHere(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	dir := filepath.Join(t.TempDir(), "teacher")
	if text, err := athanorIn(t.Context(), t, "train", "--epochs", "1", "--threads", "2", "--out", dir); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	text, err := athanorIn(t.Context(), t, "distill", filepath.Join(dir, "model.onnx"), "--epochs", "1", "--threads", "2", "--out", filepath.Join(t.TempDir(), "student"))
	if err != nil || !strings.Contains(text, "the teacher is right on") {
		t.Errorf("%v: %s", err, text)
	}
}

func TestTeacherOfOtherClasses(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	teacher := testenv.SharedData(t, "onnx-small", "mnist.onnx")
	pictures := testenv.SharedData(t, "image-folder")
	_, err := athanorIn(t.Context(), t, "distill", teacher, "--data", pictures, "--epochs", "1")
	if !errors.Is(err, transfer.ErrTeacher) {
		t.Errorf("a teacher of ten digits for other pictures: %v", err)
	}
}
