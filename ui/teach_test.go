package ui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"athanor/app/project"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/train"
	uitrain "athanor/ui/train"
)

// TestNetworkFromAFileIsTaughtInTheWindow: an ONNX file that others made becomes
// the network to train, with its layers to choose from, and the run leaves a model.
func TestNetworkFromAFileIsTaughtInTheWindow(t *testing.T) {
	s, q, dir := learning(t)
	s.TeachFile(testenv.SharedData(t, "onnx-small", "mnist.onnx"))
	q.Until(t, 20*time.Second, func() bool { r := s.NextRecipe(); return uitrain.Teaching(&r) == uitrain.TeachHead })
	if layers := s.Layers(); len(layers) != 2 || layers[0] == "" {
		t.Errorf("the layers to begin from are %q", layers)
	}
	if n := s.TrainedNumbers(); n != 256*64+64+64*10+10 {
		t.Errorf("a head trains %d numbers", n)
	}
	s.SetEpochs(1)
	s.StartRun()
	q.Until(t, 60*time.Second, func() bool { return s.Idle() && len(finished(t, dir)) == 1 })
	s.ChooseSetting("teach", uitrain.TeachFrom)
	r := s.NextRecipe()
	if r.Transfer.From != s.Layers()[1] || s.TrainedNumbers() == 0 {
		t.Errorf("it begins from %q and trains %d numbers", r.Transfer.From, s.TrainedNumbers())
	}
	s.ChooseModel("mlp")
	if r := s.NextRecipe(); r.Transfer != nil || r.Model.Name != "mlp" || r.Model.Name == train.GivenName {
		t.Errorf("after choosing an architecture the recipe has %+v, %+v", r.Model, r.Transfer)
	}
}

// TestANetworkThatReadsTextsIsTaughtInTheWindow: with a table of reviews open, a
// network of the BERT family is taught with the vocabulary beside it; one that takes
// pictures is refused.
func TestANetworkThatReadsTextsIsTaughtInTheWindow(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	s, q, dir := studio(t)
	files := t.TempDir()
	network, reviews := filepath.Join(files, "encoder.onnx"), filepath.Join(files, "reviews.csv")
	if err := testenv.Encoder(true).Save(network); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{filepath.Join(files, "vocab.txt"): testenv.Vocabulary(), reviews: testenv.Opinions()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.OpenData(reviews)
	q.Until(t, 20*time.Second, s.Dialog) // how shall the table be read?
	confirm(t, s)
	q.Until(t, 20*time.Second, s.Ready)
	s.TeachFile(network)
	q.Until(t, 20*time.Second, func() bool { r := s.NextRecipe(); return uitrain.Teaching(&r) == uitrain.TeachHead })
	if r := s.NextRecipe(); r.Transfer.Vocabulary != filepath.Join(files, "vocab.txt") || r.Model.Length != testenv.Positions {
		t.Errorf("the recipe has the vocabulary %q and %d tokens a text", r.Transfer.Vocabulary, r.Model.Length)
	}
	s.SetPieces(16)
	s.SetEpochs(1)
	s.StartRun()
	q.Until(t, 60*time.Second, func() bool { return s.Idle() && len(finished(t, dir)) == 1 })
	s.ChooseSetting("teach", uitrain.TeachAll)
	s.StartRun()
	q.Until(t, 60*time.Second, func() bool { return s.Idle() && len(finished(t, dir)) == 2 })
	s.TeachFile(testenv.SharedData(t, "onnx-small", "mnist.onnx"))
	q.Until(t, 20*time.Second, s.Dialog)
	if r := s.NextRecipe(); r.Transfer.Model != network {
		t.Errorf("a network for pictures was taken for texts: %+v", r.Transfer)
	}
}

// TestAnArchitectureKeepsWhatAPersonChanged and takes its own rate, schedule and
// sizes for the rest.
func TestAnArchitectureKeepsWhatAPersonChanged(t *testing.T) {
	s, _, _ := learning(t)
	s.ChooseSetting("label_smoothing", "0.1")
	s.ChooseSetting("hidden", "32")
	s.ChooseModel("vit")
	r := s.NextRecipe()
	own, err := train.Recipe{Model: train.Model{Name: "vit"}}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if r.Optimizer.LearningRate != own.Optimizer.LearningRate || r.Schedule != own.Schedule || len(r.Model.Hidden) > 0 {
		t.Errorf("the vision transformer got %+v, %+v, %+v", r.Optimizer, r.Schedule, r.Model)
	}
	if r.Train.Epochs != 1 || r.Optimizer.LabelSmoothing != 0.1 {
		t.Errorf("the person's epochs and smoothing became %d and %g", r.Train.Epochs, r.Optimizer.LabelSmoothing)
	}
}

// TestEveryRunTakesDeviceAndLossFromTheSettings until a person says otherwise.
func TestEveryRunTakesDeviceAndLossFromTheSettings(t *testing.T) {
	s, _, _ := learning(t)
	s.ChangeSettings(func(p *project.Settings) { p.Device, p.DeviceLoss = "cuda:3", train.LossStop })
	if r := s.NextRecipe(); r.Device != "cuda:3" || r.Train.DeviceLoss != train.LossStop {
		t.Errorf("the next run is on %q and does %q when that fails", r.Device, r.Train.DeviceLoss)
	}
	s.ChooseModel("cnn")
	if r := s.NextRecipe(); r.Device != "cuda:3" || r.Train.DeviceLoss != train.LossStop {
		t.Errorf("after another architecture on %q, %q", r.Device, r.Train.DeviceLoss)
	}
	if want := "--device cuda:3 --device-loss stop"; !strings.Contains(s.Command(), want) {
		t.Errorf("%s lacks %s", s.Command(), want)
	}
}
