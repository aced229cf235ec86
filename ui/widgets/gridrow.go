package widgets

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"golang.org/x/image/draw"

	"athanor/ui/look"
)

// gridRow is one row of a Grid's samples: their pictures in one texture, which is put
// together when it is drawn, and their captions.
type gridRow struct {
	g        *Grid
	number   int // -1 while it shows nothing
	picture  *canvas.Raster
	captions []*Text
	lines    []fyne.CanvasObject // the captions
	pixels   *image.RGBA
	stale    []bool // columns whose pixels are not drawn yet
}

func newGridRow(g *Grid) *gridRow {
	r := &gridRow{g: g, number: -1}
	r.picture = canvas.NewRaster(r.draw)
	r.picture.ScaleMode = canvas.ImageScalePixels
	return r
}

// become shows the row of a number.
func (r *gridRow) become(n int) {
	r.number = n
	r.fit()
	for k := range r.g.columns {
		r.caption(k)
		r.stale[k] = true
		if i := n*r.g.columns + k; i < r.g.count && !r.g.Has(i) && r.g.Load != nil {
			r.g.Load(i)
		}
	}
	SetVisible(r.picture, n*r.g.columns < r.g.count)
	r.picture.Refresh()
}

// fit takes the number of columns and the place of the row over.
func (r *gridRow) fit() {
	g, columns := r.g, r.g.columns
	if len(r.captions) < columns {
		for len(r.captions) < columns {
			caption := Note("").Truncate().Align(fyne.TextAlignCenter)
			r.captions, r.lines = append(r.captions, caption), append(r.lines, caption)
		}
		g.sheet.list()
	}
	if len(r.stale) != columns {
		r.stale, r.pixels = make([]bool, columns), nil
	}
	at, size := g.sheet.cell(r.number * columns)
	side, pitch := g.fit+2*pictureGap, g.sheet.pitch().Width
	r.picture.Move(at)
	r.picture.Resize(fyne.NewSize(float32(columns)*pitch-theme.Padding(), side))
	for k, caption := range r.captions {
		caption.Move(fyne.NewPos(float32(k)*pitch, at.Y+size.Height-captionHeight()))
		caption.Resize(fyne.NewSize(side, captionHeight()))
		SetVisible(caption, k < columns)
	}
}

// put shows what has come for a column.
func (r *gridRow) put(column int) {
	r.caption(column)
	r.stale[column] = true
	r.picture.Refresh()
}

func (r *gridRow) caption(column int) {
	thumb := r.g.thumbs[r.number*r.g.columns+column]
	r.captions[column].Set(thumb.Caption)
	r.captions[column].SetTint(captionColour(thumb.Bad))
}

// draw is asked by the canvas for the row in pixels.
func (r *gridRow) draw(width, height int) image.Image {
	if r.pixels == nil || r.pixels.Rect.Dx() != width || r.pixels.Rect.Dy() != height {
		r.pixels = image.NewRGBA(image.Rect(0, 0, width, height))
		for k := range r.stale {
			r.stale[k] = true
		}
	}
	for k, stale := range r.stale {
		if stale {
			r.drawCell(k, float32(height)/(r.g.fit+2*pictureGap))
			r.stale[k] = false
		}
	}
	return r.pixels
}

// drawCell draws one sample on its ground; scale is the pixels of a unit.
func (r *gridRow) drawCell(column int, scale float32) {
	g, side := r.g, r.g.fit+2*pictureGap
	px := func(v float32) int { return int(math.Round(float64(v * scale))) }
	left := float32(column) * (side + theme.Padding())
	ground := image.Rect(px(left), 0, px(left+side), r.pixels.Rect.Dy())
	i := r.number*g.columns + column
	if r.number < 0 || i >= g.count {
		draw.Draw(r.pixels, ground, image.Transparent, image.Point{}, draw.Src)
		return
	}
	draw.Draw(r.pixels, ground, image.NewUniform(look.Colour(look.Raised)), image.Point{}, draw.Src)
	picture := g.thumbs[i].Picture
	if picture == nil || picture.Bounds().Empty() {
		return
	}
	into := contained(picture.Bounds().Size(), ground.Inset(px(pictureGap)))
	draw.NearestNeighbor.Scale(r.pixels, into, picture, picture.Bounds(), draw.Over, nil)
}

// contained is the largest place in the middle of box for something of a size.
func contained(size image.Point, box image.Rectangle) image.Rectangle {
	w, h := box.Dx(), box.Dy()
	if size.X*h > w*size.Y {
		h = max(1, w*size.Y/size.X)
	} else {
		w = max(1, h*size.X/size.Y)
	}
	at := box.Min.Add(image.Pt((box.Dx()-w)/2, (box.Dy()-h)/2))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}
