package widgets

import (
	"image"
	"image/color"
	"testing"
)

// TestACountStaysInItsCell: three digits are written smaller where their cell is
// narrow, so that nothing of them lies in the cells beside; where there is room they
// keep their size.
func TestACountStaysInItsCell(t *testing.T) {
	const n, usual = 10, 11
	matrix := make([][]int, n)
	for i := range matrix {
		matrix[i] = make([]int, n)
	}
	matrix[4][4] = 100
	ink, ground := color.RGBA{R: 255, A: 255}, image.NewNRGBA(image.Rect(0, 0, n, n))
	var d numerals
	for _, side := range []int{133, 170, 400} {
		picture := d.counted(ground, matrix, side, usual, ink)
		cell := image.Rect(4*side/n, 4*side/n, 5*side/n, 5*side/n)
		inside, outside := 0, 0
		for y := range side {
			for x := range side {
				if picture.RGBAAt(x, y).R > 60 {
					if image.Pt(x, y).In(cell) {
						inside++
					} else {
						outside++
					}
				}
			}
		}
		if inside < 12 || outside > 0 {
			t.Errorf("%d pixels wide: %d pixels of the count lie in its cell, %d beside it", side, inside, outside)
		}
	}
	if d.made[usual] == nil || d.fitting(usual, 100, 40) != d.made[usual] {
		t.Error("a count that has room is not written in the usual size")
	}
}
