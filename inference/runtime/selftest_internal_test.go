package runtime

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// TestLiesAreFound: a driver whose answers differ in one number, or are none, is an
// error of the device that names it.
func TestLiesAreFound(t *testing.T) {
	want := []float32{1, -2, 0.5}
	if err := agree("webgpu", []float32{1.0005, -2, 0.4996}, want); err != nil {
		t.Errorf("rounding is taken for a lie: %v", err)
	}
	for name, got := range map[string][]float32{"one number": {1, -2, 0.6}, "no number": {1, float32(math.NaN()), 0.5}, "zeros": {0, 0, 0}} {
		if err := agree("webgpu", got, want); !errors.Is(err, ErrDevice) || !strings.Contains(err.Error(), "webgpu answers wrongly") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
