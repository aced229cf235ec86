package vision

import (
	"fmt"

	"gocv.io/x/gocv"
)

// matOf lays an OpenCV header over the pixels of f, copying them first only
// when the rows are not dense. It is for reading; the caller closes it.
func matOf(f *Frame) (gocv.Mat, error) {
	if err := f.valid(); err != nil {
		return gocv.Mat{}, err
	}
	f = f.packed()
	return gocv.NewMatFromBytes(f.H, f.W, gocv.MatTypeCV8UC3, f.Pix[:f.Stride*f.H])
}

// matInto lays an OpenCV header over a dense frame for writing.
func matInto(f *Frame) (gocv.Mat, error) {
	if err := f.valid(); err != nil {
		return gocv.Mat{}, err
	}
	if f.Stride != 3*f.W {
		return gocv.Mat{}, fmt.Errorf("draw on a frame: rows are not dense, clone it first")
	}
	return gocv.NewMatFromBytes(f.H, f.W, gocv.MatTypeCV8UC3, f.Pix[:f.Stride*f.H])
}

// frameOf copies an 8-bit matrix of one, three or four channels into a new frame.
func frameOf(m *gocv.Mat) (*Frame, error) {
	if m.Empty() {
		return nil, fmt.Errorf("%w: the decoder returned no pixels", ErrBroken)
	}
	if m.Type() != gocv.MatTypeCV8UC3 {
		return bgrOf(m)
	}
	f := NewFrame(m.Cols(), m.Rows())
	pix, err := m.DataPtrUint8()
	if err != nil {
		return nil, fmt.Errorf("read the decoder's pixels: %w", err)
	}
	if len(pix) < len(f.Pix) {
		return nil, fmt.Errorf("%w: %d bytes for %d×%d pixels", ErrBroken, len(pix), f.W, f.H)
	}
	copy(f.Pix, pix)
	return f, nil
}

// bgrOf converts the other layouts that cameras deliver.
func bgrOf(m *gocv.Mat) (*Frame, error) {
	bgr := gocv.NewMat()
	defer bgr.Close()
	switch m.Type() {
	case gocv.MatTypeCV8UC1:
		gocv.CvtColor(*m, &bgr, gocv.ColorGrayToBGR)
	case gocv.MatTypeCV8UC4:
		gocv.CvtColor(*m, &bgr, gocv.ColorBGRAToBGR)
	default:
		return nil, fmt.Errorf("%w: pixel layout %d", ErrUnsupported, m.Type())
	}
	return frameOf(&bgr)
}
