// Package augment changes training samples at random, so that a network sees
// each one a little differently every epoch. All choices come from a seed: the
// same seed gives the same sample, on any machine.
package augment

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// ErrUnknown: an augmentation's name or strength is not understood.
var ErrUnknown = errors.New("unknown augmentation")

// Picture is how pictures are changed; a zero strength leaves a change out.
type Picture struct {
	Flip       bool    // left and right swapped, every second time
	FlipUpDown bool    // top and bottom swapped, every second time
	Rotate     float64 // degrees, at most, either way
	Shift      float64 // share of the side, at most, either way
	Scale      float64 // larger or smaller by this share at most
	Shear      float64 // degrees, at most
	Crop       float64 // up to this share of the sides is cut off, the rest fills the picture
	Brightness float64 // share of the range added or taken, at most
	Contrast   float64 // stretched or flattened by this share at most
	Color      float64 // saturation changed by this share at most
	Noise      float64 // standard deviation, share of the range
	Blur       float64 // standard deviation in pixels, at most
	Erase      float64 // largest side of an erased box, share of the picture's
	Elastic    float64 // wobble in pixels, standard deviation
	MixUp      float64 // two pictures and their labels mixed; α of the Beta distribution of their shares
	CutMix     float64 // a box of another picture put in, with its share of the label; how often
}

// names lists the strengths by their names in a recipe with their defaults.
func (p *Picture) names() []setting {
	return []setting{
		{"rotate", &p.Rotate, 10, 180},
		{"shift", &p.Shift, 0.1, 1},
		{"scale", &p.Scale, 0.1, 0.9},
		{"shear", &p.Shear, 8, 60},
		{"crop", &p.Crop, 0.2, 0.9},
		{"brightness", &p.Brightness, 0.2, 1},
		{"contrast", &p.Contrast, 0.2, 1},
		{"color", &p.Color, 0.3, 1},
		{"noise", &p.Noise, 0.04, 1},
		{"blur", &p.Blur, 0.8, 20},
		{"erase", &p.Erase, 0.3, 1},
		{"elastic", &p.Elastic, 1, 50},
		{"mix-up", &p.MixUp, 0.2, 1},
		{"cut-mix", &p.CutMix, 0.5, 1},
	}
}

type setting struct {
	name     string
	value    *float64
	fallback float64
	most     float64
}

// Names are the names a recipe may use for pictures, in order.
func Names() []string {
	out := []string{"flip", "flip-up-down"}
	for _, s := range new(Picture).names() {
		out = append(out, s.name)
	}
	return out
}

// Parse reads a recipe's list, such as "flip,rotate=10,shift=0.1". Empty and
// "none" give nil; "photo" (or "default") and "digits" are usual mixtures. A
// name without strength takes a usual one.
func Parse(list string) (*Picture, error) {
	switch strings.TrimSpace(list) {
	case "", "none":
		return nil, nil
	case "default", "photo":
		return &Picture{Flip: true, Rotate: 12, Shift: 0.06, Scale: 0.1, Crop: 0.2, Brightness: 0.15, Contrast: 0.2, Color: 0.2}, nil
	case "digits":
		return &Picture{Rotate: 10, Shift: 0.07, Scale: 0.1, Shear: 8, Elastic: 0.7}, nil
	}
	p := &Picture{}
	for item := range strings.SplitSeq(list, ",") {
		if err := p.set(strings.TrimSpace(item)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Picture) set(item string) error {
	name, value, given := strings.Cut(item, "=")
	switch name {
	case "flip":
		p.Flip = true
		return nil
	case "flip-up-down":
		p.FlipUpDown = true
		return nil
	}
	all := p.names()
	at := slices.IndexFunc(all, func(s setting) bool { return s.name == name })
	if at < 0 {
		return fmt.Errorf("%w: %q; known are %s, and the mixtures photo and digits", ErrUnknown, name, strings.Join(Names(), ", "))
	}
	s := all[at]
	*s.value = s.fallback
	if !given {
		return nil
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || !(v >= 0 && v <= s.most) {
		return fmt.Errorf("%w: %s=%s; the strength is a number from 0 to %v", ErrUnknown, name, value, s.most)
	}
	*s.value = v
	return nil
}

// String is the list that Parse reads back.
func (p *Picture) String() string {
	var out []string
	if p.Flip {
		out = append(out, "flip")
	}
	if p.FlipUpDown {
		out = append(out, "flip-up-down")
	}
	for _, s := range p.names() {
		if *s.value != 0 {
			out = append(out, s.name+"="+strconv.FormatFloat(*s.value, 'g', -1, 64))
		}
	}
	return strings.Join(out, ",")
}

// Apply writes the changed picture src into dst, both [H,W,C] with C 1 or 3. It
// is safe for concurrent use.
func (p *Picture) Apply(dst, src []byte, shape [3]int, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0x5851f42d4c957f2d))
	p.geometry(dst, src, shape, r)
	if s := p.Blur * r.Float64(); s > 0.2 {
		blur(dst, shape, s)
	}
	p.light(dst, shape, r)
	if p.Noise > 0 {
		addNoise(dst, p.Noise*255, r)
	}
	if p.Erase > 0 && r.IntN(2) == 0 {
		erase(dst, shape, p.Erase, r)
	}
}

// moved tells whether pixels change their places at all.
func (p *Picture) moved() bool {
	return p.Flip || p.FlipUpDown || p.Rotate+p.Shift+p.Scale+p.Shear+p.Crop+p.Elastic > 0
}

// affine maps a place in the new picture, from its middle, to one in the old.
type affine struct{ xx, xy, x0, yx, yy, y0 float64 }

// draw chooses the placement; the numbers drawn do not depend on strengths, so
// that switching one change on leaves the others as they were.
func (p *Picture) draw(shape [3]int, r *rand.Rand) affine {
	sym := func() float64 { return 2*r.Float64() - 1 }
	flipX, flipY := r.IntN(2) == 0, r.IntN(2) == 0
	angle := p.Rotate * sym() * math.Pi / 180
	scale := math.Exp(math.Log(1+p.Scale) * sym())
	shear := math.Tan(p.Shear * sym() * math.Pi / 180)
	dx, dy := p.Shift*sym()*float64(shape[1]), p.Shift*sym()*float64(shape[0])
	cut := p.Crop * r.Float64()
	cx, cy := cut/2*sym()*float64(shape[1]), cut/2*sym()*float64(shape[0])
	sin, cos := math.Sincos(angle)
	zoom := (1 - cut) / scale
	a := affine{xx: cos * zoom, xy: (shear*cos - sin) * zoom, yx: sin * zoom, yy: (shear*sin + cos) * zoom, x0: cx - dx, y0: cy - dy}
	if p.Flip && flipX {
		a.xx, a.yx = -a.xx, -a.yx
	}
	if p.FlipUpDown && flipY {
		a.xy, a.yy = -a.xy, -a.yy
	}
	return a
}

// onlyShifted tells whether a shift is all that moves pixels.
func (p *Picture) onlyShifted() bool {
	return p.Shift > 0 && !p.Flip && !p.FlipUpDown && p.Rotate+p.Scale+p.Shear+p.Crop+p.Elastic == 0
}

// Cheap tells whether a change takes little more than copying the picture.
func (p *Picture) Cheap() bool {
	still := p.Brightness+p.Contrast+p.Color+p.Blur+p.Noise+p.Erase == 0 && !p.Blends()
	return still && (p.onlyShifted() || !p.moved())
}

// shift moves a picture by whole pixels, which blurs nothing and takes next to
// no time; the border goes on.
func (p *Picture) shift(dst, src []byte, shape [3]int, r *rand.Rand) {
	h, w, c := shape[0], shape[1], shape[2]
	step := func(side int) int {
		n := int(math.Round(p.Shift * float64(side) * (2*r.Float64() - 1)))
		return min(max(n, 1-side), side-1)
	}
	dx, dy := step(w), step(h)
	stride, first, end := w*c, max(dy, 0), h+min(dy, 0)
	// All rows at once; what this puts into the columns at the sides is wrong.
	copy(dst[first*stride+max(dx, 0)*c:end*stride], src[max(-dy, 0)*stride+max(-dx, 0)*c:])
	for x := range dx {
		column(dst[first*stride+x*c:end*stride], src[max(-dy, 0)*stride:], stride, c)
	}
	for x := w + min(dx, 0); x < w; x++ {
		column(dst[first*stride+x*c:end*stride], src[max(-dy, 0)*stride+stride-c:], stride, c)
	}
	for y := range first {
		copy(dst[y*stride:(y+1)*stride], dst[first*stride:])
	}
	for y := end; y < h; y++ {
		copy(dst[y*stride:(y+1)*stride], dst[(end-1)*stride:end*stride])
	}
}

// column copies one pixel of c bytes of each row.
func column(dst, src []byte, stride, c int) {
	if c == 1 {
		for i := 0; i < len(dst); i += stride {
			dst[i] = src[i]
		}
		return
	}
	for i := 0; i < len(dst); i += stride {
		copy(dst[i:i+c], src[i:])
	}
}

func (p *Picture) geometry(dst, src []byte, shape [3]int, r *rand.Rand) {
	if p.onlyShifted() {
		p.shift(dst, src, shape, r)
		return
	}
	a := p.draw(shape, r)
	if !p.moved() {
		copy(dst, src)
		return
	}
	var field *wobble
	if p.Elastic > 0 {
		field = newWobble(shape, p.Elastic, r)
	}
	h, w, c := shape[0], shape[1], shape[2]
	mx, my := float64(w-1)/2, float64(h-1)/2
	for y := range h {
		v := float64(y) - my
		sx, sy := float32(a.xy*v+a.x0+mx-a.xx*mx), float32(a.yy*v+a.y0+my-a.yx*mx)
		stepX, stepY := float32(a.xx), float32(a.yx)
		row := dst[y*w*c : (y+1)*w*c]
		if field == nil {
			line(row, src, shape, sx, sy, stepX, stepY)
			continue
		}
		field.row(y)
		for x := range w {
			ex, ey := field.at(x)
			sample(row[x*c:], src, shape, sx+float32(x)*stepX+ex, sy+float32(x)*stepY+ey)
		}
	}
}

// line samples one row of the new picture along a straight line of the old.
func line(row, src []byte, shape [3]int, x, y, stepX, stepY float32) {
	c := shape[2]
	for i := range shape[1] {
		sample(row[i*c:], src, shape, x+float32(i)*stepX, y+float32(i)*stepY)
	}
}

// sample reads src at (x, y) by bilinear interpolation; outside it the border
// goes on.
func sample(dst, src []byte, shape [3]int, x, y float32) {
	h, w, c := shape[0], shape[1], shape[2]
	x, y = inside(x, float32(w-1)), inside(y, float32(h-1))
	x0, y0 := int(x), int(y)
	fx, fy := x-float32(x0), y-float32(y0)
	right, down := c, w*c
	if x0 == w-1 {
		right = 0
	}
	if y0 == h-1 {
		down = 0
	}
	at := (y0*w + x0) * c
	if c == 1 {
		dst[0] = between(src, at, right, down, fx, fy)
		return
	}
	for k := range c {
		dst[k] = between(src, at+k, right, down, fx, fy)
	}
}

// inside bounds a place; written out, as min and max of floats are slow.
func inside(v, most float32) float32 {
	if v > most {
		return most
	}
	if v > 0 {
		return v
	}
	return 0
}

func between(src []byte, i, right, down int, fx, fy float32) byte {
	a, b := float32(src[i]), float32(src[i+right])
	c, d := float32(src[i+down]), float32(src[i+down+right])
	top := a + fx*(b-a)
	return byte(top + fy*(c+fx*(d-c)-top) + 0.5)
}
