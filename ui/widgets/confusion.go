package widgets

import (
	"image"
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Confusion shows a confusion matrix: rows are the true classes, columns the
// predicted ones. It is one picture, counts included, with names beside it, so that
// drawing it again costs the same for ten classes and for a thousand.
type Confusion struct {
	widget.BaseWidget
	// OnCell is called with a pressed cell; nil makes cells inert.
	OnCell func(truth, predicted int)
	// OnHover is called with the cell under the pointer.
	OnHover func(truth, predicted, count int)

	classes []string
	matrix  [][]int
	picture *canvas.Image
	labels  []*canvas.Text // rows, then columns
	digits  *numerals      // for the counts
}

// most is the largest number of classes whose names and counts are written out.
const most = 12

// NewConfusion returns an empty matrix.
func NewConfusion() *Confusion {
	c := &Confusion{picture: &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScalePixels}, digits: &numerals{}}
	c.ExtendBaseWidget(c)
	return c
}

// Set shows matrix[true][predicted] with the names of its classes. The slices
// are kept and must not change afterwards.
func (c *Confusion) Set(classes []string, matrix [][]int) {
	c.classes, c.matrix = classes, matrix
	c.Refresh()
}

// Cell returns the cell at a position inside the widget.
func (c *Confusion) Cell(at fyne.Position) (truth, predicted int, ok bool) {
	n := len(c.matrix)
	if n == 0 {
		return 0, 0, false
	}
	origin, side := c.frame(c.Size())
	col, row := int((at.X-origin.X)/(side/float32(n))), int((at.Y-origin.Y)/(side/float32(n)))
	inside := at.X >= origin.X && at.Y >= origin.Y && col < n && row < n
	return row, col, inside
}

// Tapped implements fyne.Tappable.
func (c *Confusion) Tapped(e *fyne.PointEvent) {
	if row, col, ok := c.Cell(e.Position); ok && c.OnCell != nil {
		c.OnCell(row, col)
	}
}

// MouseIn implements desktop.Hoverable.
func (c *Confusion) MouseIn(e *desktop.MouseEvent) { c.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (c *Confusion) MouseMoved(e *desktop.MouseEvent) {
	if row, col, ok := c.Cell(e.Position); ok && c.OnHover != nil {
		c.OnHover(row, col, c.matrix[row][col])
	}
}

// MouseOut implements desktop.Hoverable.
func (c *Confusion) MouseOut() {}

// frame is where the square of cells lies inside size.
func (c *Confusion) frame(size fyne.Size) (origin fyne.Position, side float32) {
	left := c.nameWidth()
	side = max(min(size.Width-left, size.Height-20), 1)
	return fyne.NewPos(left, 0), side
}

func (c *Confusion) nameWidth() float32 {
	if len(c.matrix) > most {
		return 0
	}
	width := float32(12)
	for _, name := range c.classes {
		width = max(width, fyne.MeasureText(name, look.TextNote, fyne.TextStyle{}).Width)
	}
	return min(width, 96) + look.Gap
}

// CreateRenderer implements fyne.Widget.
func (c *Confusion) CreateRenderer() fyne.WidgetRenderer { return &confusionRenderer{c: c} }

type confusionRenderer struct{ c *Confusion }

func (r *confusionRenderer) Layout(size fyne.Size) {
	c := r.c
	origin, side := c.frame(size)
	c.picture.Move(origin)
	c.picture.Resize(fyne.NewSquareSize(side))
	n := len(c.matrix)
	if len(c.labels) != 2*n || n == 0 {
		return
	}
	r.paint()
	cell := side / float32(n)
	for i := range n {
		r.place(c.labels[i], fyne.NewPos(0, origin.Y+float32(i)*cell), fyne.NewSize(origin.X-look.Gap, cell))
		r.place(c.labels[n+i], fyne.NewPos(origin.X+float32(i)*cell, side+2), fyne.NewSize(cell, 16))
	}
}

func (r *confusionRenderer) place(t *canvas.Text, at fyne.Position, size fyne.Size) {
	height := t.MinSize().Height
	t.Move(fyne.NewPos(at.X, at.Y+(size.Height-height)/2))
	t.Resize(fyne.NewSize(size.Width, height))
}

func (r *confusionRenderer) MinSize() fyne.Size { return fyne.NewSize(180, 150) }

func (r *confusionRenderer) Refresh() {
	changed := r.label()
	r.c.picture.Image = nil
	r.Layout(r.c.Size())
	r.paint()
	r.c.picture.Refresh()
	for _, l := range changed {
		l.Refresh()
	}
}

// paint makes the picture where there is none of its size.
func (r *confusionRenderer) paint() {
	c, pixels := r.c, 0
	shades := func() *image.NRGBA {
		return Shade(c.matrix, look.Colour(look.Raised), look.Colour(look.Positive), look.Colour(look.Ember))
	}
	if len(c.labels) > 0 {
		_, side := c.frame(c.Size())
		pixels = int(side*c.scale() + 0.5)
	}
	switch had := c.picture.Image; {
	case pixels == 0 && had == nil:
		c.picture.Image = shades()
	case pixels > 0 && (had == nil || had.Bounds().Dx() != pixels):
		c.picture.Image = c.digits.counted(shades(), c.matrix, pixels, look.TextNote*c.scale(), look.Colour(theme.ColorNameForeground))
	}
}

// scale is how many pixels a unit of the window has.
func (c *Confusion) scale() float32 {
	if v := fyne.CurrentApp().Driver().CanvasForObject(c); v != nil {
		return v.Scale()
	}
	return 1
}

// label writes names into texts that are made once and reused. It
// returns those that are others now: a text is costly to draw.
func (r *confusionRenderer) label() (changed []*canvas.Text) {
	c := r.c
	n := len(c.matrix)
	if n > most || n == 0 {
		c.labels = nil
		return nil
	}
	write := func(t *canvas.Text, text string, colour color.Color) {
		if t.Text != text || t.Color != colour {
			t.Text, t.Color = text, colour
			changed = append(changed, t)
		}
	}
	if len(c.labels) != 2*n {
		c.labels = make([]*canvas.Text, 2*n)
		for i := range c.labels {
			c.labels[i] = &canvas.Text{TextSize: look.TextNote, Alignment: fyne.TextAlignCenter}
		}
	}
	for i := range n {
		name := short(className(c.classes, i))
		c.labels[i].Alignment = fyne.TextAlignTrailing
		write(c.labels[i], name, look.Colour(look.Muted))
		write(c.labels[n+i], name, look.Colour(look.Muted))
	}
	return changed
}

func (r *confusionRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.c.picture}
	for _, l := range r.c.labels {
		objects = append(objects, l)
	}
	return objects
}

func (r *confusionRenderer) Destroy() {}

func className(classes []string, i int) string {
	if i < len(classes) {
		return classes[i]
	}
	return strconv.Itoa(i)
}

// short keeps names narrow enough for the matrix's margin.
func short(name string) string {
	runes := []rune(name)
	if len(runes) > 12 {
		return string(runes[:11]) + "…"
	}
	return name
}

// Shade paints a matrix, one pixel a cell: the diagonal towards right, other
// cells towards wrong, each by its share of its row.
func Shade(matrix [][]int, empty, right, wrong color.Color) *image.NRGBA {
	n := len(matrix)
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	for i, row := range matrix {
		total := 0
		for _, v := range row {
			total += v
		}
		for j, v := range row {
			towards := wrong
			if i == j {
				towards = right
			}
			img.Set(j, i, mix(empty, towards, strength(v, total, i == j)))
		}
	}
	return img
}

// strength lifts small shares of errors, which would else be invisible.
func strength(count, total int, diagonal bool) float64 {
	if count == 0 || total == 0 {
		return 0
	}
	share := float64(count) / float64(total)
	if diagonal {
		return 0.75 * share
	}
	return 0.15 + 0.85*share
}

func mix(a, b color.Color, t float64) color.NRGBA {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	blend := func(x, y uint32) uint8 { return uint8((float64(x)*(1-t) + float64(y)*t) / 257) }
	return color.NRGBA{R: blend(ar, br), G: blend(ag, bg), B: blend(ab, bb), A: 255}
}
