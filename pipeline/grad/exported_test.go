package grad_test

import (
	"flag"
	"path/filepath"
	"slices"
	"testing"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/testenv"
)

var encoders = flag.String("encoders", "", "folder of encoders that bench/peers/encoders exported, to check their gradients, too")

// TestExportedEncodersDifferentiate checks files that PyTorch, Keras and tf2onnx
// wrote themselves, where -encoders names their folder, as bench/peers/encoders/check
// does. The styles of these exporters are checked without them by
// TestImportedNetworksDifferentiate.
func TestExportedEncodersDifferentiate(t *testing.T) {
	if *encoders == "" {
		return
	}
	testenv.NeedNative(t, runtime.Load())
	files, err := filepath.Glob(filepath.Join(*encoders, "*.onnx"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no encoders in %s (%v)", *encoders, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			m, err := onnx.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			checkOne(t, tunedIn(m, isStored), 0)
		})
	}
}

// isStored tells weights from the numbers that exporters write beside them: those
// have one element or none.
func isStored(_ string, w *onnx.Tensor) bool {
	return w.Type == onnx.Float && len(w.Dims) > 0 && slices.Max(w.Dims) > 1
}
