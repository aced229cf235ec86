package near

import "math/bits"

// Perceptual is a difference hash of a picture: which of neighbouring cells of a
// 9×8 (and an 8×9) grid of mean brightness is brighter. It survives resizing,
// recompression and small changes of light.
type Perceptual [2]uint64

// perceptualReach is the largest distance at which two pictures count as nearly
// the same: each half is cut into four bands of 16 bits, and at three different
// bits or fewer a half at least one band agrees.
const perceptualReach = 6

// NewPerceptual hashes a grey picture [h,w]. ok is false for pictures that are
// almost one colour or smaller than the grid.
func NewPerceptual(grey []byte, h, w int) (p Perceptual, ok bool) {
	if h < 9 || w < 9 {
		return p, false
	}
	var across [8 * 9]float32
	var down [9 * 8]float32
	cells(across[:], 8, 9, grey, h, w)
	cells(down[:], 9, 8, grey, h, w)
	for y := range 8 {
		for x := range 8 {
			bit := uint64(1) << (8*y + x)
			if across[9*y+x] > across[9*y+x+1]+1 {
				p[0] |= bit
			}
			if down[8*y+x] > down[8*(y+1)+x]+1 {
				p[1] |= bit
			}
		}
	}
	set := bits.OnesCount64(p[0]) + bits.OnesCount64(p[1])
	return p, set >= 12
}

// cells averages a picture into rows×cols cells.
func cells(out []float32, rows, cols int, grey []byte, h, w int) {
	for r := range rows {
		y0, y1 := r*h/rows, (r+1)*h/rows
		for c := range cols {
			x0, x1 := c*w/cols, (c+1)*w/cols
			var sum int
			for y := y0; y < y1; y++ {
				for _, v := range grey[y*w+x0 : y*w+x1] {
					sum += int(v)
				}
			}
			out[r*cols+c] = float32(sum) / float32((y1-y0)*(x1-x0))
		}
	}
}

// Distance is the number of different bits.
func (p Perceptual) Distance(o Perceptual) int {
	return bits.OnesCount64(p[0]^o[0]) + bits.OnesCount64(p[1]^o[1])
}

// Keys are the keys under which candidates meet.
func (p Perceptual) Keys() (keys [8]uint64) {
	for i := range keys {
		keys[i] = fold(p[i/4]>>(16*(i%4))&0xffff^prime1, prime2+uint64(i))
	}
	return keys
}
