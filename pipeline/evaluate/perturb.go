package evaluate

import (
	"math"
	"math/rand/v2"
	"unicode"
)

// Disturbance changes pictures as the world does: for the question how much of
// the accuracy is left.
type Disturbance struct {
	Name     string
	Strength float64
	// Apply changes one picture [H,W,C] in place; the result depends on its
	// arguments alone.
	Apply func(pix []byte, h, w, channels int, seed uint64)
}

// Disturbances are those a picture model is measured with.
func Disturbances() []Disturbance {
	return []Disturbance{
		{"noise", 0.1, noise(0.1)},
		{"noise", 0.25, noise(0.25)},
		{"blur", 1, blur(1)},
		{"blur", 2, blur(2)},
		{"shift", 0.07, shift(0.07)},
		{"shift", 0.14, shift(0.14)},
		{"darker", 0.5, darker(0.5)},
	}
}

// noise adds Gaussian noise; strength is its deviation as a share of white.
func noise(strength float64) func([]byte, int, int, int, uint64) {
	return func(pix []byte, _, _, _ int, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0x6e6f697365))
		for i, v := range pix {
			pix[i] = byte(min(max(float64(v)+255*strength*r.NormFloat64(), 0), 255) + 0.5)
		}
	}
}

// blur takes the mean of 3×3 neighbours, several times over.
func blur(times int) func([]byte, int, int, int, uint64) {
	return func(pix []byte, h, w, c int, _ uint64) {
		from := make([]byte, len(pix))
		for range times {
			copy(from, pix)
			for y := range h {
				for x := range w {
					for k := range c {
						pix[(y*w+x)*c+k] = mean3(from, h, w, c, y, x, k)
					}
				}
			}
		}
	}
}

func mean3(pix []byte, h, w, c, y, x, k int) byte {
	sum, n := 0, 0
	for yy := max(y-1, 0); yy <= min(y+1, h-1); yy++ {
		for xx := max(x-1, 0); xx <= min(x+1, w-1); xx++ {
			sum += int(pix[(yy*w+xx)*c+k])
			n++
		}
	}
	return byte((sum + n/2) / n)
}

// shift moves the picture in one of four directions by a share of its side;
// what comes in is a copy of the edge.
func shift(share float64) func([]byte, int, int, int, uint64) {
	return func(pix []byte, h, w, c int, seed uint64) {
		dy, dx := 0, 0
		by := max(int(math.Round(share*float64(min(h, w)))), 1)
		switch seed % 4 {
		case 0:
			dy = by
		case 1:
			dy = -by
		case 2:
			dx = by
		default:
			dx = -by
		}
		from := append([]byte(nil), pix...)
		for y := range h {
			for x := range w {
				sy, sx := min(max(y-dy, 0), h-1), min(max(x-dx, 0), w-1)
				copy(pix[(y*w+x)*c:(y*w+x+1)*c], from[(sy*w+sx)*c:])
			}
		}
	}
}

func darker(factor float64) func([]byte, int, int, int, uint64) {
	return func(pix []byte, _, _, _ int, _ uint64) {
		for i, v := range pix {
			pix[i] = byte(float64(v)*factor + 0.5)
		}
	}
}

// Typos changes about share of a text's letters as hurried fingers do: two
// neighbours swapped, one left out, one doubled. It depends on its arguments
// alone.
func Typos(text string, share float64, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 0x7479706f))
	in := []rune(text)
	out := make([]rune, 0, len(in))
	for i := 0; i < len(in); i++ {
		if !unicode.IsLetter(in[i]) || r.Float64() >= share {
			out = append(out, in[i])
			continue
		}
		switch kind := r.IntN(3); {
		case kind == 0 && i+1 < len(in):
			out = append(out, in[i+1], in[i])
			i++
		case kind == 1:
			out = append(out, in[i], in[i])
		default: // left out
		}
	}
	return string(out)
}
