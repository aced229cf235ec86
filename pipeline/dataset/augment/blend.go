package augment

import (
	"math"
	"math/rand/v2"
)

// blend is how two pictures become one.
type blend struct {
	share          float64 // of the first picture
	cut            bool    // a box of the second, else both mixed everywhere
	y0, y1, x0, x1 int     // the box
}

// Blends tells whether pictures are put together at all.
func (p *Picture) Blends() bool { return p.MixUp > 0 || p.CutMix > 0 }

// Share is the share of the first of two pictures, and of its label, for a seed.
func (p *Picture) Share(seed uint64, shape [3]int) float32 {
	return float32(p.blend(seed, shape).share)
}

// blend draws how two pictures are put together: mix-up (H. Zhang et al., 2018)
// with shares from Beta(α, α), or cut-mix (S. Yun et al., 2019) with a box of
// uniformly drawn area. Where both are on, a sample gets one of them.
func (p *Picture) blend(seed uint64, shape [3]int) blend {
	r := rand.New(rand.NewPCG(seed, 0x9e6c63d0876a9a47))
	often, both := r.Float64(), r.IntN(2) == 0
	switch {
	case p.CutMix > 0 && often < p.CutMix && (both || p.MixUp == 0):
		return box(r, shape)
	case p.MixUp > 0 && (p.CutMix == 0 || !both):
		return blend{share: beta(r, p.MixUp)}
	}
	return blend{share: 1}
}

func box(r *rand.Rand, shape [3]int) blend {
	side := math.Sqrt(r.Float64())
	h, w := float64(shape[0]), float64(shape[1])
	y, x := r.Float64()*h, r.Float64()*w
	b := blend{
		cut: true, y0: int(max(0, y-side*h/2)), y1: int(min(h, y+side*h/2)), x0: int(max(0, x-side*w/2)), x1: int(min(w, x+side*w/2)),
	}
	b.share = 1 - float64((b.y1-b.y0)*(b.x1-b.x0))/(h*w)
	return b
}

// beta draws from Beta(a, a) for a in (0, 1] (M. D. Jöhnk, 1964).
func beta(r *rand.Rand, a float64) float64 {
	for {
		u, v := math.Pow(r.Float64(), 1/a), math.Pow(r.Float64(), 1/a)
		switch {
		case u+v > 0 && u+v <= 1:
			return u / (u + v)
		case u+v == 0: // both too small for a number: one of them is all
			return float64(r.IntN(2))
		}
	}
}

// Blend puts other into dst, both [H,W,C], as Share said for the same seed.
func (p *Picture) Blend(dst, other []byte, shape [3]int, seed uint64) {
	b := p.blend(seed, shape)
	if b.cut {
		w, c := shape[1], shape[2]
		for y := b.y0; y < b.y1; y++ {
			copy(dst[(y*w+b.x0)*c:(y*w+b.x1)*c], other[(y*w+b.x0)*c:])
		}
		return
	}
	own := int(math.Round(b.share * 256))
	for i, v := range dst {
		dst[i] = byte((int(v)*own + int(other[i])*(256-own) + 128) >> 8)
	}
}
