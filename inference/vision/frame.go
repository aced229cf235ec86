package vision

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"time"
)

// Frame is one picture: 8-bit blue, green, red triples, row by row from the
// top left. A frame that was handed out is not written again by this package;
// whoever wants to draw on it takes a Clone first, unless it made the frame.
type Frame struct {
	W, H   int    // pixels
	Stride int    // bytes from one row to the next, at least 3·W
	Pix    []byte // BGR, at least Stride·(H-1)+3·W bytes

	Time  time.Time     // when the frame arrived
	Pos   time.Duration // place in a file; zero for cameras and pictures
	Index int64         // counts the frames of a source from 0, dropped ones too

	// Reduced is by how much a huge picture was shrunk while it was decoded:
	// 1 for none, else 2, 4 or 8. Coordinates times Reduced are those of the file.
	Reduced int
}

// NewFrame returns a black frame of w×h pixels. It panics when a side is
// negative, like make does.
func NewFrame(w, h int) *Frame {
	return &Frame{W: w, H: h, Stride: 3 * w, Pix: make([]byte, 3*w*h), Reduced: 1}
}

// FromImage copies any picture into a new frame. Transparent pixels are laid
// on white.
func FromImage(src image.Image) *Frame {
	b := src.Bounds()
	rgba := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(rgba, rgba.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(rgba, rgba.Bounds(), src, b.Min, draw.Over)
	f := NewFrame(b.Dx(), b.Dy())
	for y := range f.H {
		in, out := rgba.Pix[y*rgba.Stride:], f.Pix[y*f.Stride:]
		for x := range f.W {
			out[3*x], out[3*x+1], out[3*x+2] = in[4*x+2], in[4*x+1], in[4*x]
		}
	}
	return f
}

// Bounds returns the frame's rectangle, starting at 0,0.
func (f *Frame) Bounds() image.Rectangle { return image.Rect(0, 0, f.W, f.H) }

// ColorModel makes a Frame an image.Image.
func (f *Frame) ColorModel() color.Model { return color.RGBAModel }

// At returns the colour at x, y, and black outside the frame.
func (f *Frame) At(x, y int) color.Color {
	if !image.Pt(x, y).In(f.Bounds()) {
		return color.RGBA{}
	}
	i := y*f.Stride + 3*x
	return color.RGBA{R: f.Pix[i+2], G: f.Pix[i+1], B: f.Pix[i], A: 255}
}

// RGBA copies the frame into dst, which is used again when it has the frame's
// size and made new otherwise (pass nil the first time).
func (f *Frame) RGBA(dst *image.RGBA) *image.RGBA {
	if dst == nil || dst.Rect != f.Bounds() {
		dst = image.NewRGBA(f.Bounds())
	}
	for y := range f.H {
		in := f.Pix[y*f.Stride : y*f.Stride+3*f.W]
		out := dst.Pix[y*dst.Stride : y*dst.Stride+4*f.W]
		for i, o := 0, 0; i+3 <= len(in) && o+4 <= len(out); i, o = i+3, o+4 {
			out[o], out[o+1], out[o+2], out[o+3] = in[i+2], in[i+1], in[i], 255
		}
	}
	return dst
}

// Clone returns a copy with its own pixels.
func (f *Frame) Clone() *Frame {
	c := *f
	c.Stride = 3 * f.W
	c.Pix = make([]byte, c.Stride*f.H)
	for y := range f.H {
		copy(c.Pix[y*c.Stride:], f.Pix[y*f.Stride:y*f.Stride+3*f.W])
	}
	return &c
}

// Crop returns the part of the frame inside r, sharing its pixels. A rectangle
// that lies outside gives a frame of 0×0.
func (f *Frame) Crop(r image.Rectangle) *Frame {
	r = r.Intersect(f.Bounds())
	c := *f
	c.W, c.H = r.Dx(), r.Dy()
	if r.Empty() {
		c.Pix, c.W, c.H = nil, 0, 0
		return &c
	}
	c.Pix = f.Pix[r.Min.Y*f.Stride+3*r.Min.X:]
	return &c
}

// packed returns the frame itself when its rows are dense, else a dense copy.
func (f *Frame) packed() *Frame {
	if f.Stride == 3*f.W {
		return f
	}
	return f.Clone()
}

// valid tells whether the sizes and the pixels of f belong together.
func (f *Frame) valid() error {
	if f == nil || f.W <= 0 || f.H <= 0 || f.Stride < 3*f.W || len(f.Pix) < f.Stride*(f.H-1)+3*f.W {
		return fmt.Errorf("%w: a frame without pixels", ErrEmpty)
	}
	return nil
}
