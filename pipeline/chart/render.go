package chart

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"

	"git.sr.ht/~sbinet/gg"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// ErrSize says that a picture is too small or too large to hold a chart.
var ErrSize = errors.New("no chart fits into a picture of this size")

// Picture is a drawn chart with what is needed to read values from it.
type Picture struct {
	Image *image.RGBA
	// Plot is the part of the image that shows data.
	Plot image.Rectangle
	X, Y Scale
	// Shown and Total count the rows of all lines within the x range and at all:
	// every one of them is in the picture.
	Shown, Total int
	// Hidden counts values that a logarithmic axis cannot show.
	Hidden int

	lines []Line
}

// maxPixels bounds a picture: 8K at twice the size.
const maxPixels = 64 << 20

// Render draws a chart of width × height pixels. Scale is how many pixels a
// point of type has: 1 on usual screens, 2 on dense ones. It keeps nothing and
// may be called by several goroutines, with Samples that allow it. Who draws one
// picture after another had better keep a Drawer.
func Render(s Spec, width, height int, scale float64) (*Picture, error) {
	return new(Drawer).Render(s, width, height, scale)
}

// Render draws a chart as the function of that name does.
func (d *Drawer) Render(s Spec, width, height int, scale float64) (*Picture, error) {
	if scale <= 0 || math.IsNaN(scale) {
		scale = 1
	}
	scale = math.Round(scale*72) / 72 // the canvas knows whole dots per inch only
	w, h := float64(width)/scale, float64(height)/scale
	if !enough(w, h) || width*height > maxPixels {
		return nil, fmt.Errorf("%w: %d×%d", ErrSize, width, height)
	}
	if s.Theme.Background == nil {
		s.Theme = Light()
	}
	img := d.image(width, height)
	p := s.plotOf(w, h)
	p.BackgroundColor = nil
	canvas := canvasOn(img, scale)
	fill(img, s.Theme.Background)
	all := draw.Crop(draw.New(canvas), 4, -10, 4, -8)
	data := p.DataCanvas(all)

	r := &raster{spec: &s, scale: scale, scratch: d.scratch()}
	defer d.scratches.Put(r.scratch)
	r.pic = &Picture{Image: img, Plot: pixelRect(data, scale, height)}
	r.setScales(p, data, height)
	gathered := r.gather()
	p.Draw(all) // meanwhile: it takes as long
	gathered.Wait()
	r.draw()
	if !s.NoLegend {
		x, y := s.scales(data, p)
		s.drawLegend(data, x, y)
	}
	return r.pic, nil
}

// canvasOn lets gonum draw into img itself; by its own means it would copy it.
func canvasOn(img *image.RGBA, scale float64) *vgimg.Canvas {
	ctx := gg.NewContextForRGBA(img)
	ctx.SetLineCapButt()
	ctx.InvertY()
	return vgimg.NewWith(vgimg.UseImageWithContext(img, ctx), vgimg.UseDPI(int(72*scale+0.5)))
}

// fill paints the whole image.
func fill(img *image.RGBA, c color.Color) {
	n := color.RGBAModel.Convert(c).(color.RGBA)
	row := img.Pix[:img.Stride]
	for i := 0; i < len(row); i += 4 {
		row[i], row[i+1], row[i+2], row[i+3] = n.R, n.G, n.B, 0xFF
	}
	for y := 1; y < img.Rect.Dy(); y++ {
		copy(img.Pix[y*img.Stride:(y+1)*img.Stride], row)
	}
}

// pixelRect is the data canvas in pixels from the upper left corner.
func pixelRect(c draw.Canvas, scale float64, height int) image.Rectangle {
	px := func(l vg.Length) int { return int(math.Round(float64(l) * scale)) }
	return image.Rect(px(c.Min.X), height-px(c.Max.Y), px(c.Max.X), height-px(c.Min.Y))
}

// raster draws lines into a picture in two passes: gather asks the samples what
// each column of pixels holds, draw paints. Both are spread over the processors.
type raster struct {
	spec  *Spec
	pic   *Picture
	scale float64
	lines []*gathered
	*scratch
}

// setScales makes scales in pixels of the image, y downwards.
func (r *raster) setScales(p *plot.Plot, data draw.Canvas, height int) {
	x, y := r.spec.scales(data, p)
	x.from, x.to = x.from*r.scale, x.to*r.scale
	y.from, y.to = float64(height)-y.from*r.scale, float64(height)-y.to*r.scale
	r.pic.X, r.pic.Y = x, y
}
