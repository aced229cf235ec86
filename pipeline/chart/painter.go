package chart

import (
	"encoding/binary"
	"image"
	"image/color"
)

// paint lays a colour over img where the mask covers, the plot's corner at at,
// and empties the mask.
func (m *mask) paint(img *image.RGBA, at image.Point, c color.Color) {
	p := newPainter(c)
	for x := 0; x < len(m.lo); x += eight {
		lo, hi := m.h, -1
		for k := x; k < x+eight; k++ {
			lo, hi = min(lo, m.lo[k]), max(hi, m.hi[k])
			m.lo[k], m.hi[k] = m.h, -1
		}
		for y := lo &^ (eight - 1); y <= hi; y += eight {
			m.paintBlock(img, at.Add(image.Pt(m.from, 0)), x, y, &p)
		}
	}
}

// paintBlock paints and empties eight by eight pixels. Of dense lines most blocks
// are covered wholly, of thin ones hardly any.
func (m *mask) paintBlock(img *image.RGBA, at image.Point, x, y int, p *painter) {
	var columns [eight]uint64
	some, all := uint64(0), ^uint64(0)
	first := x*m.stride + y
	for k := range columns {
		v := binary.LittleEndian.Uint64(m.cover[first+k*m.stride:])
		columns[k] = v
		some |= v
		all &= v
	}
	if some == 0 {
		return
	}
	for k := range columns {
		binary.LittleEndian.PutUint64(m.cover[first+k*m.stride:], 0)
	}
	i := img.PixOffset(at.X+x, at.Y+y)
	for ; some != 0; some >>= 8 {
		switch {
		case all == ^uint64(0):
			p.row(img.Pix[i : i+4*eight])
		case some&0xFF != 0:
			p.pixels(img.Pix[i:], &columns)
		}
		for k := range columns {
			columns[k] >>= 8
		}
		i += img.Stride
	}
}

// painter mixes one colour into pixels. Most pixels of a line lie on the same
// ground with the same coverage, so the last mixture is kept.
type painter struct {
	colour       color.NRGBA
	solid        uint32 // the colour as a pixel, if it is opaque
	opaque       bool
	ground, made uint32
	cover        uint8
	pair, pairs  uint64 // two pixels of ground wholly covered, and what they become
}

func newPainter(c color.Color) painter {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	p := painter{colour: n, opaque: n.A == 0xFF}
	p.solid = uint32(n.R) | uint32(n.G)<<8 | uint32(n.B)<<16 | 0xFF<<24
	p.pairs = uint64(p.over(0, 0xFF))
	p.pairs |= p.pairs << 32
	return p
}

// row paints eight pixels that are covered wholly.
func (p *painter) row(row []uint8) {
	for ; len(row) >= 8; row = row[8:] {
		if !p.opaque {
			if ground := binary.LittleEndian.Uint64(row); ground != p.pair {
				p.pair = ground
				p.pairs = uint64(p.over(uint32(ground), 0xFF)) | uint64(p.over(uint32(ground>>32), 0xFF))<<32
			}
		}
		binary.LittleEndian.PutUint64(row, p.pairs)
	}
}

// pixels paints a row of eight pixels, whose coverages are the lowest bytes of the
// columns.
func (p *painter) pixels(row []uint8, columns *[eight]uint64) {
	for k, v := range columns {
		if cover := uint8(v); cover != 0 {
			pixel := row[4*k : 4*k+4]
			binary.LittleEndian.PutUint32(pixel, p.over(binary.LittleEndian.Uint32(pixel), cover))
		}
	}
}

// over is the colour over an opaque pixel.
func (p *painter) over(ground uint32, cover uint8) uint32 {
	if p.opaque && cover == 0xFF {
		return p.solid
	}
	if ground != p.ground || cover != p.cover {
		a := (uint32(cover)*uint32(p.colour.A) + 127) / 255
		p.ground, p.cover = ground, cover
		p.made = mix(ground&0xFF, p.colour.R, a) | mix(ground>>8&0xFF, p.colour.G, a)<<8 | mix(ground>>16&0xFF, p.colour.B, a)<<16 | 0xFF<<24
	}
	return p.made
}

// mix is (p·(255−a) + n·a)/255, rounded, without a division (Blinn, 1994).
func mix(p uint32, n uint8, a uint32) uint32 {
	t := p*(255-a) + uint32(n)*a + 128
	return (t + t>>8) >> 8 & 0xFF
}
