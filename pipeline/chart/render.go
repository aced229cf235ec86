package chart

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"runtime"
	"sync"

	"athanor/pipeline/curve"

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
// may be called by several goroutines, with Samples that allow it.
func Render(s Spec, width, height int, scale float64) (*Picture, error) {
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
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	p := s.plotOf(w, h)
	p.BackgroundColor = nil
	canvas := canvasOn(img, scale)
	fill(img, s.Theme.Background)
	all := draw.Crop(draw.New(canvas), 4, -10, 4, -8)
	data := p.DataCanvas(all)
	p.Draw(all)

	r := &raster{spec: &s, scale: scale}
	r.pic = &Picture{Image: img, Plot: pixelRect(data, scale, height)}
	r.setScales(p, data, height)
	r.drawAll()
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

// raster draws lines into a picture.
type raster struct {
	spec  *Spec
	pic   *Picture
	scale float64
	m     mask
	turn  <-chan struct{} // nil when this line may paint

	shown, total, hidden int

	columns []curve.Column
	edges   []float64
	points  []curve.Point
}

// setScales makes scales in pixels of the image, y downwards.
func (r *raster) setScales(p *plot.Plot, data draw.Canvas, height int) {
	x, y := r.spec.scales(data, p)
	x.from, x.to = x.from*r.scale, x.to*r.scale
	y.from, y.to = float64(height)-y.from*r.scale, float64(height)-y.to*r.scale
	r.pic.X, r.pic.Y = x, y
}

func (r *raster) drawAll() {
	area := r.pic.Plot
	r.m.reset(area.Dx(), area.Dy())
	r.epochTicks()
	for _, m := range r.spec.Marks {
		r.mark(m)
	}
	for i := range r.spec.Lines {
		r.pic.lines = append(r.pic.lines, r.spec.line(i))
	}
	r.drawLines()
}

// linesPerWorker is from how many lines on a second worker is worth its mask.
const linesPerWorker = 4

// drawLines draws the lines with a few workers: each gathers a line's coverage
// by itself, and paints it when the line before it is painted.
func (r *raster) drawLines() {
	n := len(r.pic.lines)
	workers := min(runtime.GOMAXPROCS(0), (n+linesPerWorker-1)/linesPerWorker)
	turns := make([]chan struct{}, n+1)
	for i := range turns {
		turns[i] = make(chan struct{})
	}
	close(turns[0])
	var done sync.WaitGroup
	parts := make([]raster, workers)
	for w := range workers {
		part := &parts[w]
		*part = raster{spec: r.spec, pic: r.pic, scale: r.scale}
		part.m.reset(r.m.w, r.m.h)
		done.Go(func() {
			for i := w; i < n; i += workers {
				part.turn = turns[i]
				if l := r.pic.lines[i]; l.Samples != nil && l.Samples.Len() > 0 {
					part.line(l)
				}
				part.await()
				close(turns[i+1])
			}
		})
	}
	done.Wait()
	for _, part := range parts {
		r.pic.Shown += part.shown
		r.pic.Total += part.total
		r.pic.Hidden += part.hidden
	}
}

// await waits until the lines before this one are painted.
func (r *raster) await() {
	if r.turn != nil {
		<-r.turn
		r.turn = nil
	}
}

// at turns values into pixels of the mask.
func (r *raster) at(x, y float64) (px, py float64) {
	px = r.pic.X.Pixel(x) - float64(r.pic.Plot.Min.X)
	py = r.pic.Y.Pixel(y) - float64(r.pic.Plot.Min.Y)
	return px, max(-1e6, min(1e6, py))
}

func (r *raster) paint(c color.Color) {
	r.await()
	r.m.paint(r.pic.Image, r.pic.Plot.Min, c)
}

// line draws one series: its points while they are few, else its columns.
func (r *raster) line(l Line) {
	x := r.pic.X
	c := curve.Line{Samples: l.Samples}
	shown := c.Count(x.Min, x.Max)
	r.shown += shown
	r.total += c.Len()
	r.edges = x.edges(r.edges, r.m.w)
	if l.Upper != nil {
		r.band(l)
		return
	}
	for _, piece := range c.Pieces() {
		if shown <= 2*r.m.w {
			r.points = c.AppendPoints(r.points[:0], piece, x.Min, x.Max)
			r.polyline(l, r.points)
		} else {
			r.columns = grow(r.columns, r.m.w)
			c.Columns(piece, r.edges, r.columns)
			r.bars(l)
		}
	}
	r.paint(l.Colour)
	r.dots(l)
}

func grow(c []curve.Column, n int) []curve.Column {
	if cap(c) < n {
		return make([]curve.Column, n)
	}
	return c[:n]
}

// half is half of the line's width in pixels.
func (r *raster) half(l Line) float64 { return l.Width * r.scale / 2 }

// polyline joins points with straight lines, in dashes where the line has them;
// it is broken at values that are not numbers, which get a sign of their own.
func (r *raster) polyline(l Line, points []curve.Point) {
	d := dasher{m: &r.m, half: r.half(l), pattern: scaled(l.Dash, r.scale)}
	joined := false
	var px, py float64
	for _, p := range points {
		if p.Y-p.Y != 0 || r.pic.Y.Log && p.Y <= 0 {
			r.special(p.X, p.Y)
			joined = false
			continue
		}
		x, y := r.at(p.X, p.Y)
		switch {
		case joined:
			d.to(px, py, x, y)
		default:
			r.m.disc(x, y, d.half)
		}
		px, py, joined = x, y, true
	}
	if len(points) <= r.m.w/12 {
		r.knots(l, points)
	}
}

// knots shows each point while there is room between them.
func (r *raster) knots(l Line, points []curve.Point) {
	for _, p := range points {
		if p.Y-p.Y == 0 && !l.Faint && !(r.pic.Y.Log && p.Y <= 0) {
			x, y := r.at(p.X, p.Y)
			r.m.disc(x, y, 2.2*r.scale)
		}
	}
}

// bars draws each column from its smallest to its largest value, joined to the
// column before it.
func (r *raster) bars(l Line) {
	half := r.half(l)
	d := dasher{m: &r.m, half: half, pattern: scaled(l.Dash, r.scale)}
	lastX, lastY := -1, 0.0
	for x, c := range r.columns {
		if c.Special() {
			r.specialColumn(x, c)
		}
		if c.N == 0 || !r.visible(&c) {
			continue
		}
		_, top := r.at(0, c.Max)
		_, bottom := r.at(0, c.Min)
		_, first := r.at(0, c.First)
		switch {
		case lastX == x-1 && lastX >= 0:
			mid := (lastY + first) / 2
			d.bar(x-1, min(lastY, mid), max(lastY, mid))
			top, bottom = min(top, mid), max(bottom, mid)
		case lastX >= 0:
			d.to(float64(lastX)+0.5, lastY, float64(x)+0.5, first)
		}
		d.bar(x, top, bottom)
		_, lastY = r.at(0, c.Last)
		lastX = x
	}
}

// visible makes a column fit for a logarithmic axis and reports whether anything
// of it is left.
func (r *raster) visible(c *curve.Column) bool {
	if !r.pic.Y.Log || c.Min > 0 {
		return true
	}
	r.hidden++
	floor := r.pic.Y.Min
	c.Min, c.First, c.Last = max(c.Min, floor), max(c.First, floor), max(c.Last, floor)
	return c.Max > 0
}

// band fills the room between two series.
func (r *raster) band(l Line) {
	lower, upper := curve.Line{Samples: l.Samples}, curve.Line{Samples: l.Upper}
	lows := r.outline(lower, func(c curve.Column) float64 { return c.Min })
	highs := r.outline(upper, func(c curve.Column) float64 { return c.Max })
	for x := range lows {
		if lows[x]-lows[x] != 0 || highs[x]-highs[x] != 0 {
			continue
		}
		_, y0 := r.at(0, highs[x])
		_, y1 := r.at(0, lows[x])
		r.m.span(x, min(y0, y1), max(y0, y1))
	}
	r.paint(fade(l.Colour, 0.22))
}

// outline is one value a pixel column, interpolated over empty ones; NaN before
// the first and after the last.
func (r *raster) outline(l curve.Line, of func(curve.Column) float64) []float64 {
	out := make([]float64, r.m.w)
	for i := range out {
		out[i] = math.NaN()
	}
	r.columns = grow(r.columns, r.m.w)
	for _, piece := range l.Pieces() {
		l.Columns(piece, r.edges, r.columns)
		last := -1
		for x, c := range r.columns {
			if c.N == 0 {
				continue
			}
			out[x] = of(c)
			for k := last + 1; last >= 0 && k < x; k++ {
				f := float64(k-last) / float64(x-last)
				out[k] = out[last]*(1-f) + out[x]*f
			}
			last = x
		}
	}
	return out
}
