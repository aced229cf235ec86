package vision

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"

	// The formats Probe knows.
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

// Limits of what is decoded. A JPEG beyond MaxPixels is shrunk while it is
// decoded; other formats are refused.
const (
	MaxPixels    = 1 << 27 // 134 million
	maxFileBytes = 1 << 30
)

// Info is what the header of a picture file says.
type Info struct {
	Format string // "jpeg", "png", "gif", "bmp", "tiff" or "webp"
	W, H   int    // pixels as stored, before any EXIF rotation
}

// Probe reads the header of a picture. Its errors wrap ErrEmpty,
// ErrUnsupported, ErrBroken or ErrTooLarge.
func Probe(data []byte) (Info, error) {
	if len(data) == 0 {
		return Info{}, fmt.Errorf("%w: the file is empty", ErrEmpty)
	}
	if len(data) > maxFileBytes {
		return Info{}, fmt.Errorf("%w: %d MB in one picture", ErrTooLarge, len(data)>>20)
	}
	if name := foreign(data); name != "" {
		return Info{}, fmt.Errorf("%w: this is %s; save it as JPEG or PNG first", ErrUnsupported, name)
	}
	cfg, format, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case errors.Is(err, image.ErrFormat):
		return Info{}, fmt.Errorf("%w: not a JPEG, PNG, GIF, BMP, TIFF or WebP picture", ErrUnsupported)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return Info{}, fmt.Errorf("%w: the picture ends inside its header", ErrBroken)
	case err != nil:
		return Info{}, fmt.Errorf("%w: header: %w", ErrBroken, err)
	case cfg.Width <= 0 || cfg.Height <= 0:
		return Info{}, fmt.Errorf("%w: the picture says it is %d×%d pixels", ErrEmpty, cfg.Width, cfg.Height)
	}
	return Info{Format: format, W: cfg.Width, H: cfg.Height}, nil
}

// foreign names formats that people drop and that are refused with their name.
func foreign(data []byte) string {
	if len(data) < 12 {
		return ""
	}
	if string(data[4:8]) == "ftyp" {
		switch string(data[8:12]) {
		case "heic", "heix", "hevc", "heim", "heis", "mif1", "msf1":
			return "a HEIC picture"
		case "avif", "avis":
			return "an AVIF picture"
		}
		return "a video"
	}
	switch {
	case bytes.HasPrefix(data, []byte("%PDF")):
		return "a PDF"
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return "a zip archive"
	}
	return ""
}

// jpegComplete tells whether the entropy-coded data of a JPEG is closed by an
// end-of-image marker. It walks the segments first, so that a thumbnail inside
// the EXIF block does not count.
func jpegComplete(data []byte) bool {
	const sos, eoi = 0xDA, 0xD9
	for i := 2; i+4 <= len(data); {
		if data[i] != 0xFF {
			return false
		}
		marker := data[i+1]
		if marker == 0xFF { // fill byte
			i++
			continue
		}
		if marker == sos {
			return bytes.LastIndex(data[i:], []byte{0xFF, eoi}) > 0
		}
		i += 2 + int(binary.BigEndian.Uint16(data[i+2:]))
	}
	return false
}

// pngAlpha tells whether a PNG has transparent pixels: an alpha channel or a
// tRNS chunk before the pixel data.
func pngAlpha(data []byte) bool {
	const colorType = 25
	if len(data) <= colorType {
		return false
	}
	if data[colorType]&4 != 0 {
		return true
	}
	for i := 8; i+8 <= len(data); {
		size, kind := int(binary.BigEndian.Uint32(data[i:])), string(data[i+4:i+8])
		if kind == "tRNS" {
			return true
		}
		if kind == "IDAT" {
			return false
		}
		i += 12 + size
	}
	return false
}
