package widgets

import (
	"image"
	"image/color"
	"image/draw"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	fixedpoint "golang.org/x/image/math/fixed"
)

// numerals draws counts into a picture, from masks of the ten digits that are made
// once for a size: as texts of their own the counts of ten classes would be more than
// half of all that a frame of the Train screen writes.
type numerals struct {
	size          float32 // of the font, in pixels
	masks         [10]*image.Alpha
	width, height int // of a digit
}

// ready makes the masks of a size; without a font there are none, and counts are
// left out.
func (d *numerals) ready(size float32) bool {
	if d.size == size {
		return d.width > 0
	}
	*d = numerals{size: size}
	parsed, err := opentype.Parse(theme.DefaultTheme().Font(fyne.TextStyle{}).Content())
	if err != nil {
		return false
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: float64(size), DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return false
	}
	defer face.Close() //nolint:errcheck // it holds nothing
	advance, _ := face.GlyphAdvance('0')
	box, _, _ := face.GlyphBounds('0')
	d.width, d.height = advance.Round(), -box.Min.Y.Floor()
	for i := range d.masks {
		d.masks[i] = image.NewAlpha(image.Rect(0, 0, d.width, d.height+1))
		w := font.Drawer{Dst: d.masks[i], Src: image.Opaque, Face: face, Dot: fixedpoint.P(0, d.height)}
		w.DrawString(strconv.Itoa(i))
	}
	return d.width > 0
}

// counted is a matrix as a square picture of side pixels: each cell in the colour of
// its pixel of shades, with its count where it is not 0.
func (d *numerals) counted(shades *image.NRGBA, matrix [][]int, side int, size float32, ink color.Color) *image.RGBA {
	img, n := image.NewRGBA(image.Rect(0, 0, side, side)), len(matrix)
	cell := func(i, j int) image.Rectangle { return image.Rect(j*side/n, i*side/n, (j+1)*side/n, (i+1)*side/n) }
	each(matrix, func(i, j, _ int) {
		draw.Draw(img, cell(i, j), image.NewUniform(shades.NRGBAAt(j, i)), image.Point{}, draw.Src)
	})
	if !d.ready(size) {
		return img
	}
	each(matrix, func(i, j, count int) { // after all cells: a wide count reaches over its own
		if count > 0 {
			d.write(img, cell(i, j), count, ink)
		}
	})
	return img
}

func each(matrix [][]int, do func(i, j, count int)) {
	for i, row := range matrix {
		for j, count := range row {
			do(i, j, count)
		}
	}
}

// write puts a count into the middle of a cell.
func (d *numerals) write(img *image.RGBA, cell image.Rectangle, count int, ink color.Color) {
	text := strconv.Itoa(count)
	wide := len(text) * d.width
	at := cell.Min.Add(image.Pt((cell.Dx()-wide+1)/2, (cell.Dy()-d.height)/2))
	at.X = max(0, min(at.X, img.Rect.Max.X-wide)) // the first and the last column have nothing beside them
	for _, digit := range text {
		mask := d.masks[digit-'0']
		draw.DrawMask(img, mask.Rect.Add(at), image.NewUniform(ink), image.Point{}, mask, image.Point{}, draw.Over)
		at.X += d.width
	}
}
