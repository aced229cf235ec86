package ui_test

import (
	"testing"
	"time"

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
