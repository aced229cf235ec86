package evaluation_test

import (
	"path/filepath"
	"testing"

	"athanor/app/evaluation"
	"athanor/app/store"
	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
	"athanor/pipeline/wrap"
)

// A model of others that takes one picture at a time is measured like one that
// takes any number.
func TestAModelOfOneSampleAtATime(t *testing.T) {
	testenv.NeedNative(t, runtime.Load())
	m, err := onnx.Load(testenv.SharedData(t, "onnx-small", "mnist.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	copied, err := wrap.Image(m, wrap.Spec{Labels: wrap.Names("0,1,2,3,4,5,6,7,8,9"), Softmax: true})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := copied.Encode()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "mnist.onnx")
	if err := store.WriteFile(file, raw); err != nil {
		t.Fatal(err)
	}
	out, err := evaluation.Run(t.Context(), evaluation.Request{Model: file, Data: "digits", Part: "test", Quick: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out.Samples < 1000 || out.Classification.Accuracy < 0.9 || out.Efficiency.LatencyP50 <= 0 {
		t.Errorf("%d samples, accuracy %v, %+v", out.Samples, out.Classification.Accuracy, out.Efficiency)
	}
}
