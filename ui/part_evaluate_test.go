package ui_test

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/ui/evaluate"
	"athanor/ui/widgets"
)

// TestEvaluateAndTryFromTheWindow measures a model that was just trained, looks
// at every page, mends a label and takes it back, writes the report, and asks
// the model about a drawing, a folder of pictures, and why.
func TestEvaluateAndTryFromTheWindow(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	s, q, dir := studio(t)
	s.StartDigits()
	q.Until(t, 20*time.Second, s.Ready)
	s.SetEpochs(1)
	s.StartRun()
	q.Until(t, 60*time.Second, s.Idle)
	s.Go("evaluate")
	q.Until(t, 10*time.Second, func() bool { return s.ModelToMeasure() != "" })
	s.Measure()
	q.Until(t, 60*time.Second, s.Measured)
	for page := range 5 {
		s.EvaluatePage(page)
	}
	q.Until(t, 10*time.Second, func() bool { return len(s.Gallery()) > 0 })
	s.SortMistakes(evaluate.ByConfidence)
	s.SortMistakes(evaluate.BySuspicion)
	q.Until(t, 120*time.Second, s.Suspected)
	s.Mend(0, "3")
	q.Until(t, 10*time.Second, func() bool { return s.Mended() == 1 })
	if first := s.Gallery()[0]; strings.HasSuffix(first, " → 3") || !strings.Contains(first, "3") {
		t.Errorf("after mending the gallery says %q", first)
	}
	s.ChooseMistake(0)
	q.Until(t, 60*time.Second, func() bool { return len(s.AlikeToMistake()) == widgets.MostAlike })
	s.UnMend()
	q.Until(t, 10*time.Second, func() bool { return s.Mended() == 0 })
	s.WriteEvaluation()
	page := filepath.Join(filepath.Dir(s.ModelToMeasure()), "evaluation.html")
	q.Until(t, 20*time.Second, func() bool { _, err := os.Stat(page); return err == nil })
	s.CompareModels(s.ModelToMeasure(), s.ModelToMeasure())
	s.Temper()
	tempered := filepath.Join(dir, "models", "*-calibrated.onnx")
	q.Until(t, 30*time.Second, func() bool { files, err := filepath.Glob(tempered); return err == nil && len(files) == 1 })

	s.Go("try")
	q.Until(t, 10*time.Second, func() bool { return s.ModelToTry() != "" })
	bar := image.NewGray(image.Rect(0, 0, 28, 28))
	for y := 4; y < 24; y++ {
		for x := 13; x < 16; x++ {
			bar.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	s.TryPicture(bar)
	q.Until(t, 10*time.Second, func() bool { return s.TryVerdict() != "–" })
	s.UseDevice("cuda:7") // which is not there: the processor takes its place, and says so
	told := s.Toasted()
	s.TryPicture(bar)
	q.Until(t, 20*time.Second, func() bool { return s.Toasted() > told })
	s.AskWhy(true)
	q.Until(t, 20*time.Second, s.Explained)
	q.Until(t, 60*time.Second, func() bool { return len(s.AlikeToTry()) == widgets.MostAlike })
	if a := s.AlikeToTry()[0]; a.Picture == nil || a.Label == "" {
		t.Errorf("the most alike sample is %+v", a)
	}
	s.Correct("1")
	kept := filepath.Join(dir, "corrections", "*", "1", "*.png")
	q.Until(t, 10*time.Second, func() bool { files, err := filepath.Glob(kept); return err == nil && len(files) == 1 })

	frames := t.TempDir()
	f, err := os.Create(filepath.Join(frames, "one.png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, bar); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s.WatchToTry(frames)
	q.Until(t, 20*time.Second, s.WatchingToTry)
	s.StopWatchingToTry()
	if s.WatchingToTry() || s.Errors() != 0 {
		t.Errorf("still watching %v, %d errors", s.WatchingToTry(), s.Errors())
	}
}
