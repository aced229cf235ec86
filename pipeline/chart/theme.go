package chart

import "image/color"

// Theme is the colours and the type size of a chart.
type Theme struct {
	Background, Text, Axis, Grid, Mark color.Color
	Palette                            []color.Color
	// FontSize of tick labels in points.
	FontSize float64
}

// Light is for paper and light windows.
func Light() Theme {
	return Theme{
		Background: rgb(0xFFFFFF), Text: rgb(0x33363B), Axis: rgb(0x8A8F98), Grid: rgb(0xE6E8EB),
		Mark: rgb(0x8A8F98), Palette: okabeIto(rgb(0x1A1A1A)), FontSize: 11,
	}
}

// Dark is for dark windows.
func Dark() Theme {
	return Theme{
		Background: rgb(0x1B1D21), Text: rgb(0xC9CDD3), Axis: rgb(0x6B717A), Grid: rgb(0x2C3036),
		Mark: rgb(0x7D838C), Palette: onDark(okabeIto(rgb(0xF2F2F2))), FontSize: 11,
	}
}

// okabeIto is the palette of Okabe and Ito (2008), which people with any colour
// vision can tell apart; last is its black, or white on dark ground.
func okabeIto(last color.Color) []color.Color {
	return []color.Color{
		rgb(0x0072B2), rgb(0xE69F00), rgb(0x009E73), rgb(0xD55E00),
		rgb(0xCC79A7), rgb(0x56B4E9), rgb(0xF0E442), last,
	}
}

// onDark puts sky blue first, which dark ground carries better than blue.
func onDark(p []color.Color) []color.Color {
	p[0], p[5] = p[5], p[0]
	return p
}

// Colour is the palette's colour for line i.
func (t Theme) Colour(i int) color.Color {
	if len(t.Palette) == 0 {
		return t.Text
	}
	return t.Palette[i%len(t.Palette)]
}

// DashPattern is pattern i of a set that can be told apart without colours; the
// first is solid.
func DashPattern(i int) []float64 {
	patterns := [][]float64{nil, {6, 3}, {1.5, 2.5}, {8, 3, 1.5, 3}, {12, 4}, {4, 2, 1.5, 2, 1.5, 2}, {3, 3}, {10, 2, 3, 2}}
	return patterns[i%len(patterns)]
}

func rgb(v uint32) color.Color {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xFF}
}

// fade multiplies a colour's opacity.
func fade(c color.Color, by float64) color.Color {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = uint8(float64(n.A)*by + 0.5)
	return n
}
