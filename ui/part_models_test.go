package ui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// TestSmallerCopiesAndTrashFromTheWindow measures copies of a model that was
// just trained, keeps one, deletes it and brings it back.
func TestSmallerCopiesAndTrashFromTheWindow(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	s, q, dir := studio(t)
	s.StartDigits()
	q.Until(t, 20*time.Second, s.Ready)
	s.SetEpochs(1)
	s.StartRun()
	q.Until(t, 60*time.Second, s.Idle)
	s.Go("models")
	q.Until(t, 10*time.Second, func() bool { return s.ChosenModel() != "" })
	q.Until(t, 10*time.Second, func() bool { return strings.HasSuffix(s.ModelTakes(), " ms") }) // one answer, on the card
	s.Quantize()
	q.Until(t, 60*time.Second, func() bool { return s.Copies() == 5 })
	s.KeepCopy("static")
	kept := func() []string {
		files, err := filepath.Glob(filepath.Join(dir, "models", "*-static.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	q.Until(t, 10*time.Second, func() bool { return len(kept()) == 1 && s.Listed() == 2 })
	path := kept()[0]
	s.DeleteModel(path)
	q.Until(t, 10*time.Second, func() bool { return s.Listed() == 1 })
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is still there")
	}
	s.UndoDelete()
	q.Until(t, 10*time.Second, func() bool { return s.Listed() == 2 })
	if _, err := os.Stat(path); err != nil || s.Errors() != 0 {
		t.Errorf("brought back: %v, %d errors", err, s.Errors())
	}
}
