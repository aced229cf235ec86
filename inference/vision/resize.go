package vision

import (
	"fmt"
	"image"

	"gocv.io/x/gocv"
)

// Fit says how a picture comes to a size of another shape.
type Fit int

// The ways to fit.
const (
	Stretch   Fit = iota // both sides are scaled on their own
	Cover                // scaled to fill, the middle is kept
	Letterbox            // scaled to fit, the rest is black
)

// Shape is what a picture is brought to.
type Shape struct {
	W, H int // pixels, 1 to 16384
	Fit  Fit
	Gray bool // one channel (luma of BT.601) instead of red, green, blue
}

// Len returns how many bytes a picture of this shape has.
func (s Shape) Len() int {
	if s.Gray {
		return s.W * s.H
	}
	return 3 * s.W * s.H
}

// DecodeResize decodes a picture file and brings it to a shape: the bytes are
// rows of RGB triples, or of grey values. It is the fast path for importing
// many pictures: a JPEG is shrunk while it is decoded, as far as the target
// stays smaller, then averaged down. It may be called from many goroutines.
// Errors are those of Decode.
func DecodeResize(data []byte, to Shape) ([]byte, error) {
	if to.W < 1 || to.H < 1 || to.W > 1<<14 || to.H > 1<<14 {
		return nil, fmt.Errorf("resize to %d×%d: sides must be 1 to 16384", to.W, to.H)
	}
	info, err := Probe(data)
	if err != nil {
		return nil, err
	}
	if !native(info, data) {
		f, err := Decode(data)
		if err != nil {
			return nil, err
		}
		return f.Fit(to)
	}
	reduced := 1
	for info.Format == "jpeg" && reduced < 8 && roomy(info, to, 2*reduced) {
		reduced *= 2
	}
	if pixels(info, reduced) > MaxPixels {
		return nil, fmt.Errorf("%w: %d×%d pixels", ErrTooLarge, info.W, info.H)
	}
	m, err := decodeMat(info, data, reduced)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return shapeMat(&m, to)
}

// roomy tells whether a picture shrunk by a factor is still twice the target on
// both sides, whichever way EXIF turns it: then the result cannot be told from
// a full decode by eye (within 3 grey levels on average).
func roomy(info Info, to Shape, factor int) bool {
	return min(info.W, info.H) >= 2*factor*max(to.W, to.H) || pixels(info, factor/2) > MaxPixels
}

// Fit returns the frame brought to a shape, as DecodeResize does.
func (f *Frame) Fit(to Shape) ([]byte, error) {
	m, err := matOf(f)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return shapeMat(&m, to)
}

// Resize returns the frame at another size: averaged when it shrinks, bilinear
// when it grows.
func (f *Frame) Resize(w, h int) (*Frame, error) {
	return f.resize(w, h, shrinkOrGrow(f.W, f.H, w, h))
}

// ResizeLinear returns the frame at another size by plain bilinear
// interpolation, as OpenCV's own face detectors are usually fed.
func (f *Frame) ResizeLinear(w, h int) (*Frame, error) {
	return f.resize(w, h, gocv.InterpolationLinear)
}

func (f *Frame) resize(w, h int, how gocv.InterpolationFlags) (*Frame, error) {
	if w <= 0 || h <= 0 || int64(w)*int64(h) > MaxPixels {
		return nil, fmt.Errorf("resize to %d×%d: %w", w, h, ErrTooLarge)
	}
	src, err := matOf(f)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	out := *f
	out.W, out.H, out.Stride, out.Pix = w, h, 3*w, make([]byte, 3*w*h)
	dst, err := matInto(&out)
	if err != nil {
		return nil, err
	}
	defer dst.Close()
	gocv.Resize(src, &dst, image.Pt(w, h), 0, 0, how)
	return &out, nil
}

func shrinkOrGrow(w, h, toW, toH int) gocv.InterpolationFlags {
	if toW < w || toH < h {
		return gocv.InterpolationArea
	}
	return gocv.InterpolationLinear
}

// shapeMat brings a BGR matrix to a shape and returns its bytes in RGB or grey.
func shapeMat(m *gocv.Mat, to Shape) ([]byte, error) {
	part, inner := *m, image.Rect(0, 0, to.W, to.H)
	switch to.Fit {
	case Stretch:
	case Cover:
		part = m.Region(coverRect(m.Cols(), m.Rows(), to))
		defer part.Close()
	case Letterbox:
		inner = letterboxRect(m.Cols(), m.Rows(), to)
	}
	pix := make([]byte, to.Len())
	kind, code := gocv.MatTypeCV8UC3, gocv.ColorBGRToRGB
	if to.Gray {
		kind, code = gocv.MatTypeCV8UC1, gocv.ColorBGRToGray
	}
	dst, err := gocv.NewMatFromBytes(to.H, to.W, kind, pix)
	if err != nil {
		return nil, fmt.Errorf("resize: %w", err)
	}
	defer dst.Close()
	small := gocv.NewMat()
	defer small.Close()
	gocv.Resize(part, &small, inner.Size(), 0, 0, shrinkOrGrow(part.Cols(), part.Rows(), inner.Dx(), inner.Dy()))
	view := dst.Region(inner)
	defer view.Close()
	gocv.CvtColor(small, &view, code)
	return pix, nil
}

// coverRect is the middle part of a w×h picture that has the target's shape.
func coverRect(w, h int, to Shape) image.Rectangle {
	cw, ch := w, h
	if w*to.H > h*to.W {
		cw = max(1, h*to.W/to.H)
	} else {
		ch = max(1, w*to.H/to.W)
	}
	at := image.Pt((w-cw)/2, (h-ch)/2)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(cw, ch))}
}

// letterboxRect is where a whole w×h picture lands inside the target.
func letterboxRect(w, h int, to Shape) image.Rectangle {
	iw, ih := to.W, to.H
	if w*to.H > h*to.W {
		ih = max(1, h*to.W/w)
	} else {
		iw = max(1, w*to.H/h)
	}
	at := image.Pt((to.W-iw)/2, (to.H-ih)/2)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(iw, ih))}
}

// PlaceIn draws the frame, scaled to r, into dst, whose rows must be dense: by
// bilinear interpolation, averaging when it shrinks to less than half. The
// frame's own size is copied without change.
func (f *Frame) PlaceIn(dst *Frame, r image.Rectangle) error {
	if r.Empty() || !r.In(dst.Bounds()) {
		return fmt.Errorf("place a frame: %v is not inside %v", r, dst.Bounds())
	}
	if r.Dx() == f.W && r.Dy() == f.H {
		return f.copyInto(dst, r.Min)
	}
	src, err := matOf(f)
	if err != nil {
		return err
	}
	defer src.Close()
	whole, err := matInto(dst)
	if err != nil {
		return err
	}
	defer whole.Close()
	view := whole.Region(r)
	defer view.Close()
	how := gocv.InterpolationLinear
	if 2*r.Dx() < f.W {
		how = gocv.InterpolationArea
	}
	gocv.Resize(src, &view, r.Size(), 0, 0, how)
	return nil
}

// Planes writes the frame's colours one after the other, each W·H bytes, into dst:
// blue, green, red, or red first where rgb is set. Rows must be dense.
func (f *Frame) Planes(dst []byte, rgb bool) error {
	n := f.W * f.H
	if len(dst) < 3*n {
		return fmt.Errorf("planes of %d×%d need %d bytes, got %d", f.W, f.H, 3*n, len(dst))
	}
	src, err := matOf(f)
	if err != nil {
		return err
	}
	defer src.Close()
	for channel := range 3 {
		at := channel
		if rgb {
			at = 2 - channel
		}
		plane, err := gocv.NewMatFromBytes(f.H, f.W, gocv.MatTypeCV8UC1, dst[at*n:(at+1)*n])
		if err != nil {
			return fmt.Errorf("planes: %w", err)
		}
		gocv.ExtractChannel(src, &plane, channel)
		if err := plane.Close(); err != nil {
			return fmt.Errorf("planes: %w", err)
		}
	}
	return nil
}

func (f *Frame) copyInto(dst *Frame, at image.Point) error {
	if err := f.valid(); err != nil {
		return err
	}
	for y := range f.H {
		copy(dst.Pix[(y+at.Y)*dst.Stride+3*at.X:], f.Pix[y*f.Stride:y*f.Stride+3*f.W])
	}
	return nil
}
