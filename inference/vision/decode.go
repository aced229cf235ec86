package vision

import (
	"bytes"
	"fmt"
	"image"
	"os"

	"gocv.io/x/gocv"
)

// Decode turns the bytes of a picture file into a frame: turned as its EXIF
// block says, 16-bit samples cut to 8, transparent pixels laid on white, the
// first picture of an animation. A JPEG beyond MaxPixels arrives shrunk, see
// Frame.Reduced. Errors wrap ErrEmpty, ErrUnsupported, ErrBroken or ErrTooLarge.
func Decode(data []byte) (*Frame, error) {
	info, err := Probe(data)
	if err != nil {
		return nil, err
	}
	reduced := 1
	for info.Format == "jpeg" && pixels(info, reduced) > MaxPixels && reduced < 8 {
		reduced *= 2
	}
	if pixels(info, reduced) > MaxPixels {
		return nil, fmt.Errorf("%w: %d×%d pixels; the limit is %d million", ErrTooLarge, info.W, info.H, MaxPixels>>20)
	}
	if !native(info, data) {
		return decodeGo(data)
	}
	m, err := decodeMat(info, data, reduced)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	f, err := frameOf(&m)
	if err != nil {
		return nil, err
	}
	f.Reduced = reduced
	return f, nil
}

// ReadPicture reads and decodes one picture file.
func ReadPicture(path string) (*Frame, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open picture: %w", err)
	}
	f, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("picture %s: %w", path, err)
	}
	return f, nil
}

// pixels counts the pixels that remain after shrinking by a factor.
func pixels(info Info, reduced int) int64 {
	return int64(info.W) * int64(info.H) / int64(reduced*reduced)
}

// native tells whether OpenCV decodes this picture. It is trusted with the two
// formats that come by the thousand; the rest is decoded in Go, where a broken
// file can only cause an error.
func native(info Info, data []byte) bool {
	return info.Format == "jpeg" || info.Format == "png" && !pngAlpha(data)
}

// decodeMat decodes a JPEG or PNG to BGR at 1/reduced of its size.
func decodeMat(info Info, data []byte, reduced int) (gocv.Mat, error) {
	if info.Format == "jpeg" && !jpegComplete(data) {
		return gocv.Mat{}, fmt.Errorf("%w: the JPEG ends before its picture does", ErrBroken)
	}
	flag := gocv.IMReadColor
	switch reduced {
	case 2:
		flag = gocv.IMReadReducedColor2
	case 4:
		flag = gocv.IMReadReducedColor4
	case 8:
		flag = gocv.IMReadReducedColor8
	}
	m, err := gocv.IMDecode(data, flag)
	if err != nil {
		return gocv.Mat{}, fmt.Errorf("decode picture: %w", err)
	}
	if m.Empty() {
		m.Close()
		return gocv.Mat{}, fmt.Errorf("%w: the %s data cannot be decoded", ErrBroken, info.Format)
	}
	return m, nil
}

func decodeGo(data []byte) (*Frame, error) {
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return FromImage(img), nil
}
