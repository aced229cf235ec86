package augment

import (
	"math"
	"math/rand/v2"
)

// wobble is a smooth random displacement field (P. Simard et al., 2003), drawn
// on a coarse grid and interpolated, one row after another.
type wobble struct {
	scale  float32 // pixels to grid
	grid   [2][wobbleCols * wobbleCols]float32
	now    [2][wobbleCols]float32 // the grid, interpolated to a row
	across []place
}

// place is where a pixel column lies in the grid.
type place struct {
	cell int
	u    float32
}

// wobbleCols is the number of grid points along the longer side, one of them
// beyond the border.
const wobbleCols = 7

func newWobble(shape [3]int, strength float64, r *rand.Rand) *wobble {
	f := &wobble{scale: (wobbleCols - 2) / float32(max(shape[0], shape[1], 2)-1)}
	for i := range f.grid[0] {
		f.grid[0][i], f.grid[1][i] = float32(strength*r.NormFloat64()), float32(strength*r.NormFloat64())
	}
	f.across = make([]place, shape[1])
	for x := range f.across {
		f.across[x] = f.place(x)
	}
	return f
}

func (f *wobble) place(x int) place {
	g := float32(x) * f.scale
	i := min(int(g), wobbleCols-2)
	t := g - float32(i)
	return place{i, t * t * (3 - 2*t)}
}

// row prepares the field for pixel row y.
func (f *wobble) row(y int) {
	p := f.place(y)
	for k := range f.now {
		a := f.grid[k][p.cell*wobbleCols:]
		for i := range f.now[k] {
			f.now[k][i] = a[i] + p.u*(a[wobbleCols+i]-a[i])
		}
	}
}

// at is the displacement of pixel x in the row.
func (f *wobble) at(x int) (dx, dy float32) {
	p := f.across[x]
	a, b := &f.now[0], &f.now[1]
	return a[p.cell] + p.u*(a[p.cell+1]-a[p.cell]), b[p.cell] + p.u*(b[p.cell+1]-b[p.cell])
}

// light changes brightness, contrast and saturation in one pass.
func (p *Picture) light(dst []byte, shape [3]int, r *rand.Rand) {
	sym := func() float32 { return float32(2*r.Float64() - 1) }
	add := 255 * float32(p.Brightness) * sym()
	stretch := 1 + float32(p.Contrast)*sym()
	colour := 1 + float32(p.Color)*sym()
	if p.Brightness+p.Contrast+p.Color == 0 {
		return
	}
	if shape[2] != 3 {
		for i, v := range dst[:shape[0]*shape[1]*shape[2]] {
			dst[i] = clamp((float32(v)-128)*stretch + 128 + add)
		}
		return
	}
	for i := 0; i+2 < len(dst); i += 3 {
		grey := 0.299*float32(dst[i]) + 0.587*float32(dst[i+1]) + 0.114*float32(dst[i+2])
		for k := range 3 {
			v := grey + (float32(dst[i+k])-grey)*colour
			dst[i+k] = clamp((v-128)*stretch + 128 + add)
		}
	}
}

func clamp(v float32) byte { return byte(max(0, min(255, v+0.5))) }

// addNoise adds Gaussian noise of the given deviation to every value.
func addNoise(dst []byte, deviation float64, r *rand.Rand) {
	for i, v := range dst {
		dst[i] = clamp(float32(v) + float32(deviation*r.NormFloat64()))
	}
}

// erase paints a box of random size, place and grey (Z. Zhong et al., 2020).
func erase(dst []byte, shape [3]int, most float64, r *rand.Rand) {
	h, w, c := shape[0], shape[1], shape[2]
	eh, ew := int(most*r.Float64()*float64(h)), int(most*r.Float64()*float64(w))
	y0, x0 := r.IntN(h-min(eh, h-1)), r.IntN(w-min(ew, w-1))
	grey := byte(r.IntN(256))
	for y := y0; y < min(y0+eh, h); y++ {
		row := dst[(y*w+x0)*c : (y*w+min(x0+ew, w))*c]
		for i := range row {
			row[i] = grey
		}
	}
}

// blur convolves with a Gaussian, one axis after the other.
func blur(dst []byte, shape [3]int, deviation float64) {
	kernel := gaussian(deviation)
	h, w, c := shape[0], shape[1], shape[2]
	line := make([]float32, max(h, w))
	for y := range h {
		for k := range c {
			convolve(dst, y*w*c+k, c, w, kernel, line)
		}
	}
	for x := range w {
		for k := range c {
			convolve(dst, x*c+k, w*c, h, kernel, line)
		}
	}
}

func gaussian(deviation float64) []float32 {
	reach := int(math.Ceil(2.5 * deviation))
	kernel := make([]float32, 2*reach+1)
	var sum float32
	for i := range kernel {
		d := float64(i-reach) / deviation
		kernel[i] = float32(math.Exp(-d * d / 2))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	return kernel
}

// convolve filters n values of dst, step apart, in place.
func convolve(dst []byte, start, step, n int, kernel, line []float32) {
	for i := range n {
		line[i] = float32(dst[start+i*step])
	}
	reach := len(kernel) / 2
	for i := range n {
		var sum float32
		for k, weight := range kernel {
			sum += weight * line[max(0, min(n-1, i+k-reach))]
		}
		dst[start+i*step] = clamp(sum)
	}
}
