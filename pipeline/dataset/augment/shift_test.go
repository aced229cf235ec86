package augment_test

import (
	"testing"

	"athanor/pipeline/dataset/augment"
)

// TestShiftGoesNoFurtherThanThePicture: a strength above a whole side leaves one
// row or column of the border.
func TestShiftGoesNoFurtherThanThePicture(t *testing.T) {
	shape := [3]int{3, 4, 1}
	src := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	for seed := range uint64(200) {
		dst := make([]byte, len(src))
		(&augment.Picture{Shift: 3}).Apply(dst, src, shape, seed)
		for i, v := range dst {
			if v == 0 {
				t.Fatalf("seed %d: place %d was not written: %v", seed, i, dst)
			}
		}
		if _, _, ok := wholeShift(dst, src, shape, 3); !ok {
			t.Fatalf("seed %d: no whole shift: %v", seed, dst)
		}
	}
}
