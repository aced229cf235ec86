package health

import (
	"encoding/binary"
	"image/color"
)

// orientation reads the EXIF orientation of a JPEG, 1 to 8; 1 where there is
// none. It follows CIPA DC-008 (EXIF 2.32): segment APP1, TIFF header, first
// directory, tag 0x0112.
func orientation(data []byte) int {
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker, size := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == 0xda || size < 2 || at+2+size > len(data) {
			return 1
		}
		if body := data[at+4 : at+2+size]; marker == 0xe1 && len(body) > 14 && string(body[:6]) == "Exif\x00\x00" {
			return tiffOrientation(body[6:])
		}
		at += 2 + size
	}
	return 1
}

func tiffOrientation(b []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	switch string(b[:2]) {
	case "MM":
		order = binary.BigEndian
	case "II":
	default:
		return 1
	}
	start := int64(order.Uint32(b[4:]))
	if start+2 > int64(len(b)) {
		return 1
	}
	n := int64(order.Uint16(b[start:]))
	for i := range n {
		entry := start + 2 + 12*i
		if entry+12 > int64(len(b)) {
			return 1
		}
		if order.Uint16(b[entry:]) == 0x0112 {
			if v := int(order.Uint16(b[entry+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}

// modeName names a colour model.
func modeName(m color.Model) string {
	switch m {
	case color.GrayModel, color.Gray16Model:
		return "grey"
	case color.YCbCrModel, color.RGBAModel, color.RGBA64Model:
		return "RGB"
	case color.NRGBAModel, color.NRGBA64Model, color.NYCbCrAModel:
		return "RGB with transparency"
	case color.CMYKModel:
		return "CMYK"
	}
	if _, ok := m.(color.Palette); ok {
		return "palette"
	}
	return "other"
}
