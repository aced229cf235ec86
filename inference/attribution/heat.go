package attribution

import (
	"image"
	"image/color"
	"math"
	"slices"

	"golang.org/x/image/draw"
)

// Heat draws an attribution over its picture: what spoke for the class in
// vermilion, against it in blue, the picture itself in pale grey. Side is the
// longer side of the result in pixels; pixels stay square and sharp.
func (p Picture) Heat(picture image.Image, side int) *image.NRGBA {
	limit := p.limit()
	small := image.NewNRGBA(image.Rect(0, 0, p.W, p.H))
	grey := image.NewGray(small.Rect)
	draw.CatmullRom.Scale(grey, grey.Rect, picture, picture.Bounds(), draw.Src, nil)
	for i, v := range p.Values {
		base := 245 - 0.45*float64(255-grey.Pix[i])
		small.SetNRGBA(i%p.W, i/p.W, blend(base, float64(v)/limit))
	}
	k := max(side/max(p.W, p.H), 1)
	out := image.NewNRGBA(image.Rect(0, 0, p.W*k, p.H*k))
	draw.NearestNeighbor.Scale(out, out.Rect, small, small.Rect, draw.Src, nil)
	return out
}

// limit is the strength that gets the full colour: all but the strongest
// hundredth are below.
func (p Picture) limit() float64 {
	sizes := make([]float64, len(p.Values))
	for i, v := range p.Values {
		sizes[i] = math.Abs(float64(v))
	}
	slices.Sort(sizes)
	if at := sizes[len(sizes)*99/100]; at > 0 {
		return at
	}
	return max(sizes[len(sizes)-1], 1e-12)
}

func blend(base, strength float64) color.NRGBA {
	target := [3]float64{213, 94, 0}
	if strength < 0 {
		target = [3]float64{0, 114, 178}
	}
	t := math.Sqrt(min(math.Abs(strength), 1))
	var c [3]uint8
	for k := range c {
		c[k] = uint8(base*(1-t) + target[k]*t + 0.5)
	}
	return color.NRGBA{c[0], c[1], c[2], 255}
}
