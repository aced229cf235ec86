package data

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"

	"athanor/inference/onnx"
	"athanor/pipeline/dataset"
	"athanor/pipeline/dataset/augment"
)

// ErrNoPicture says that a feed's samples are not pictures.
var ErrNoPicture = errors.New("samples are not pictures")

// Picture draws one sample of a feed whose first column is a picture of shape
// [channels, height, width] or [height, width, channels]. epoch is passed on to
// the feed: negative shows the sample as it is, others augmented. It is safe to
// call from any goroutine.
func Picture(ctx context.Context, feed dataset.Feed, row, epoch int) (image.Image, error) {
	values, shape, err := sample(ctx, feed, row, epoch)
	if err != nil {
		return nil, err
	}
	c, h, w, at, err := picturePlan(shape)
	if err != nil {
		return nil, err
	}
	scale := brightness(values)
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			pixel := func(ch int) uint8 { return scale(values[at(min(ch, c-1), y, x)]) }
			img.SetNRGBA(x, y, color.NRGBA{R: pixel(0), G: pixel(1), B: pixel(2), A: 255})
		}
	}
	return img, nil
}

// Augmented draws Previews versions of one sample of a picture feed as p changes
// them, each from a seed of its own. It is safe to call from any goroutine.
func Augmented(ctx context.Context, feed dataset.Feed, row int, p augment.Picture) ([]image.Image, error) {
	src, shape, err := pixels(ctx, feed, row)
	if err != nil {
		return nil, err
	}
	dst := make([]byte, len(src))
	out := make([]image.Image, Previews)
	for i := range out {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p.Apply(dst, src, shape, uint64(row)<<8|uint64(i))
		out[i] = painted(dst, shape)
	}
	return out, nil
}

// pixels reads a sample as bytes of shape [H,W,C], C 1 or 3.
func pixels(ctx context.Context, feed dataset.Feed, row int) (src []byte, shape [3]int, err error) {
	values, dims, err := sample(ctx, feed, row, -1)
	if err != nil {
		return nil, shape, err
	}
	c, h, w, at, err := picturePlan(dims)
	if err != nil {
		return nil, shape, err
	}
	if c != 1 {
		c = 3
	}
	scale := brightness(values)
	src = make([]byte, 0, h*w*c)
	for y := range h {
		for x := range w {
			for ch := range c {
				src = append(src, scale(values[at(ch, y, x)]))
			}
		}
	}
	return src, [3]int{h, w, c}, nil
}

func painted(pix []byte, shape [3]int) image.Image {
	h, w, c := shape[0], shape[1], shape[2]
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range h * w {
		at := pix[i*c : (i+1)*c]
		img.SetNRGBA(i%w, i/w, color.NRGBA{R: at[0], G: at[min(1, c-1)], B: at[min(2, c-1)], A: 255})
	}
	return img
}

// sample reads the first column of one sample as numbers.
func sample(ctx context.Context, feed dataset.Feed, row, epoch int) ([]float32, []int, error) {
	columns := feed.Columns()
	dst := make([][]byte, len(columns))
	for i, col := range columns {
		dst[i] = make([]byte, elements(col.Shape)*width(col.Type))
	}
	if err := feed.Fill(ctx, dst, epoch, []int{row}); err != nil {
		return nil, nil, fmt.Errorf("read sample %d: %w", row, err)
	}
	values, err := numbers(dst[0], columns[0].Type)
	return values, columns[0].Shape, err
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func width(t onnx.DataType) int {
	switch t {
	case onnx.Uint8, onnx.Int8, onnx.Bool:
		return 1
	case onnx.Float16, onnx.Uint16, onnx.Int16:
		return 2
	case onnx.Int64, onnx.Double, onnx.Uint64:
		return 8
	}
	return 4
}

func numbers(raw []byte, t onnx.DataType) ([]float32, error) {
	switch t {
	case onnx.Uint8:
		out := make([]float32, len(raw))
		for i, b := range raw {
			out[i] = float32(b)
		}
		return out, nil
	case onnx.Float:
		out := make([]float32, len(raw)/4)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: element type %d", ErrNoPicture, t)
}

// picturePlan tells channels, height and width of a shape, and where a pixel lies.
func picturePlan(shape []int) (c, h, w int, at func(c, y, x int) int, err error) {
	switch {
	case len(shape) == 2:
		shape = []int{1, shape[0], shape[1]}
	case len(shape) != 3:
		return 0, 0, 0, nil, fmt.Errorf("%w: shape %v", ErrNoPicture, shape)
	}
	if shape[2] <= 4 && shape[0] > 4 {
		h, w, c = shape[0], shape[1], shape[2]
		return c, h, w, func(ch, y, x int) int { return (y*w+x)*c + ch }, nil
	}
	c, h, w = shape[0], shape[1], shape[2]
	return c, h, w, func(ch, y, x int) int { return (ch*h+y)*w + x }, nil
}

// brightness maps a sample's own range onto 0 to 255; what looks like bytes
// already stays.
func brightness(values []float32) func(float32) uint8 {
	low, high := float32(0), float32(1)
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if high > 1.5 && low >= 0 {
		low, high = 0, 255
	}
	return func(v float32) uint8 { return uint8(min(max((v-low)/(high-low)*255, 0), 255)) }
}
