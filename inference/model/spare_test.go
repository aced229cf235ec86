package model_test

import (
	"strings"
	"sync"
	"testing"

	"athanor/inference/model"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

// doubling is a model that adds its input to itself.
func doubling(t *testing.T) []byte {
	t.Helper()
	n := onnx.Named("n")
	raw, err := (&onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 18}}, Graph: &onnx.Graph{
		Name: "double", Inputs: []*onnx.ValueInfo{onnx.TensorValue("x", onnx.Float, n)}, Outputs: []*onnx.ValueInfo{onnx.TensorValue("y", onnx.Float, n)},
		Nodes: []*onnx.Node{{Name: "add", OpType: "Add", Inputs: []string{"x", "x"}, Outputs: []string{"y"}}},
	}}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// doubled asks the model and returns what 3 becomes.
func doubled(t *testing.T, m *model.Model) float32 {
	t.Helper()
	x, err := runtime.NewTensor([]int64{1}, []float32{3})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	out, err := m.Run(t.Context(), []*runtime.Tensor{x})
	if err != nil {
		t.Error(err)
		return 0
	}
	defer out[0].Close()
	return runtime.Data[float32](out[0])[0]
}

// TestProcessorRunsWhatADeviceCannot opens a model on a card that is not there.
func TestProcessorRunsWhatADeviceCannot(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	var notes []string
	m, err := model.New(doubling(t), model.Options{Threads: 1, Device: "cuda:9", Told: func(note string) { notes = append(notes, note) }})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if got := doubled(t, m); got != 6 || len(notes) != 1 || !strings.Contains(notes[0], "cuda:9") {
		t.Errorf("3 becomes %g, told %q", got, notes)
	}
}

// TestProcessorTakesOverFromADevice loses the device between two answers, while
// many ask at once: nobody gets an error, and one sentence is said.
func TestProcessorTakesOverFromADevice(t *testing.T) {
	device := testenv.GPU(t)
	var lock sync.Mutex
	var notes []string
	m, err := model.New(doubling(t), model.Options{Threads: 1, Device: device, Told: func(note string) {
		lock.Lock()
		defer lock.Unlock()
		notes = append(notes, note)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if got := doubled(t, m); got != 6 || len(notes) > 0 {
		t.Fatalf("on the device 3 becomes %g, told %q", got, notes)
	}
	m.LoseDevice()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := doubled(t, m); got != 6 {
				t.Errorf("3 becomes %g", got)
			}
		})
	}
	all.Wait()
	if len(notes) != 1 {
		t.Errorf("told %q, want one sentence", notes)
	}
}
