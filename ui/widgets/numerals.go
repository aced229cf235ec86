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
	made map[float32]*digits // by the size of the font, in pixels
}

// digits are the masks of one size, all of the same width and height.
type digits struct {
	masks         [10]*image.Alpha
	width, height int
}

// smallestShare is how small counts are written at most, as a share of their usual
// size, to fit into their cells.
const smallestShare = 0.6

// fitting are the largest digits, of size pixels at most, with which a count fits into
// a cell; nil without a font.
func (d *numerals) fitting(size float32, count, cell int) *digits {
	wide := len(strconv.Itoa(count))
	made := d.of(size)
	for least := size * smallestShare; made != nil && wide*made.width > cell && size-1 >= least; {
		size--
		made = d.of(size)
	}
	return made
}

// of are the digits of a size, nil without a font.
func (d *numerals) of(size float32) *digits {
	made, ok := d.made[size]
	if !ok {
		made = newDigits(size)
		if d.made == nil {
			d.made = map[float32]*digits{}
		}
		d.made[size] = made
	}
	return made
}

func newDigits(size float32) *digits {
	parsed, err := opentype.Parse(theme.DefaultTheme().Font(fyne.TextStyle{}).Content())
	if err != nil {
		return nil
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: float64(size), DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil
	}
	defer face.Close() //nolint:errcheck // it holds nothing
	advance, _ := face.GlyphAdvance('0')
	box, _, _ := face.GlyphBounds('0')
	d := &digits{width: advance.Round(), height: -box.Min.Y.Floor()}
	for i := range d.masks {
		d.masks[i] = image.NewAlpha(image.Rect(0, 0, d.width, d.height+1))
		w := font.Drawer{Dst: d.masks[i], Src: image.Opaque, Face: face, Dot: fixedpoint.P(0, d.height)}
		w.DrawString(strconv.Itoa(i))
	}
	return d
}

// counted is a matrix as a square picture of side pixels: each cell in the colour of
// its pixel of shades, with its count where it is not 0. A count is written in
// size pixels, or smaller to fit.
func (d *numerals) counted(shades *image.NRGBA, matrix [][]int, side int, size float32, ink color.Color) *image.RGBA {
	img, n := image.NewRGBA(image.Rect(0, 0, side, side)), len(matrix)
	cell := func(i, j int) image.Rectangle { return image.Rect(j*side/n, i*side/n, (j+1)*side/n, (i+1)*side/n) }
	each(matrix, func(i, j, _ int) {
		draw.Draw(img, cell(i, j), image.NewUniform(shades.NRGBAAt(j, i)), image.Point{}, draw.Src)
	})
	each(matrix, func(i, j, count int) { // after all cells: a count of many digits reaches over its own all the same
		if count <= 0 {
			return
		}
		if made := d.fitting(size, count, side/n); made != nil {
			made.write(img, cell(i, j), count, ink)
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
func (d *digits) write(img *image.RGBA, cell image.Rectangle, count int, ink color.Color) {
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
