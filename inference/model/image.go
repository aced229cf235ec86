package model

import (
	"context"
	"fmt"
	"image"

	"athanor/inference/onnx"
	"athanor/inference/runtime"
	"athanor/inference/vision"
)

// imageBatch is how many pictures are run at once.
const imageBatch = 64

// Images predicts pictures of any size and kind: each is brought to the
// model's size as training did. The answers are in the order of the pictures.
func (m *Model) Images(ctx context.Context, pictures ...image.Image) ([]Prediction, error) {
	if err := m.need(Image); err != nil {
		return nil, err
	}
	in, shape, err := m.imageInput()
	if err != nil {
		return nil, err
	}
	return batched(in, pictures, imageBatch, func(part []image.Image, n int) ([]Prediction, error) {
		t, err := runtime.NewZeros(onnx.Uint8, []int64{int64(n), int64(shape.H), int64(shape.W), int64(channels(shape))})
		if err != nil {
			return nil, err
		}
		for i, picture := range part {
			if err := fill(t.Bytes()[i*shape.Len():(i+1)*shape.Len()], picture, shape); err != nil {
				t.Close()
				return nil, fmt.Errorf("picture %d: %w", i, err)
			}
		}
		return m.classify(ctx, n, t)
	})
}

// Sample is one input of a model without the batch axis, ready to be joined
// with others.
type Sample struct {
	Input string // name of the model's input
	Type  onnx.DataType
	Shape []int64
	Data  []byte   // little-endian; nil for strings
	Texts []string // of strings
}

// EncodeImage prepares one picture as Images does.
func (m *Model) EncodeImage(picture image.Image) ([]Sample, error) {
	if err := m.need(Image); err != nil {
		return nil, err
	}
	in, shape, err := m.imageInput()
	if err != nil {
		return nil, err
	}
	data := make([]byte, shape.Len())
	dims := []int64{int64(shape.H), int64(shape.W), int64(channels(shape))}
	return []Sample{{Input: in.Name, Type: onnx.Uint8, Shape: dims, Data: data}}, fill(data, picture, shape)
}

// ImageShape returns how pictures enter an image model: size, fit and whether
// grey.
func (m *Model) ImageShape() (vision.Shape, error) {
	if err := m.need(Image); err != nil {
		return vision.Shape{}, err
	}
	_, shape, err := m.imageInput()
	return shape, err
}

func (m *Model) imageInput() (Port, vision.Shape, error) {
	in, err := m.single()
	if err != nil {
		return in, vision.Shape{}, err
	}
	d := in.Shape
	if in.Type != onnx.Uint8 || len(d) != 4 || !d[1].Known || !d[2].Known || (d[3].Size() != 1 && d[3].Size() != 3) {
		return in, vision.Shape{}, fmt.Errorf("%w: pictures enter as uint8[N,H,W,1 or 3], it takes %s", ErrForeign, in.Text)
	}
	fits := map[string]vision.Fit{"": vision.Stretch, "stretch": vision.Stretch, "cover": vision.Cover, "letterbox": vision.Letterbox}
	fit, ok := fits[m.info.Fit]
	if !ok {
		return in, vision.Shape{}, fmt.Errorf("%w: %s is %q", ErrMetadata, KeyFit, m.info.Fit)
	}
	return in, vision.Shape{H: int(d[1].Value), W: int(d[2].Value), Fit: fit, Gray: d[3].Value == 1}, nil
}

func channels(s vision.Shape) int {
	if s.Gray {
		return 1
	}
	return 3
}

// fill writes one picture; grey ones of the right size need no OpenCV.
func fill(dst []byte, picture image.Image, shape vision.Shape) error {
	if picture == nil || picture.Bounds().Empty() {
		return fmt.Errorf("%w: the picture is empty", ErrInput)
	}
	size := picture.Bounds().Size()
	if size.X > vision.MaxPixels/size.Y {
		return fmt.Errorf("%w: the picture has %d×%d pixels, more than %d", ErrInput, size.X, size.Y, vision.MaxPixels)
	}
	if grey, ok := picture.(*image.Gray); ok && shape.Gray && size == image.Pt(shape.W, shape.H) {
		for y := range shape.H {
			copy(dst[y*shape.W:(y+1)*shape.W], grey.Pix[y*grey.Stride:])
		}
		return nil
	}
	frame, ok := picture.(*vision.Frame) // as cameras deliver them: nothing to convert
	if !ok {
		frame = vision.FromImage(picture)
	}
	pix, err := frame.Fit(shape)
	copy(dst, pix)
	return err
}
