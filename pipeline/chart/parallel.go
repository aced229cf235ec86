package chart

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Parallel is a chart of parallel coordinates: each line is one thing, each axis
// one of its properties (Inselberg, 1985).
type Parallel struct {
	Axes  []ParallelAxis
	Lines []ParallelLine
	Theme Theme
}

// ParallelAxis is one property; places run from 0 at the bottom to 1 at the top.
type ParallelAxis struct {
	Label string
	Ticks []ParallelTick
	// Low < High marks a stretch that was chosen.
	Low, High float64
}

// ParallelTick is a labelled place of an axis.
type ParallelTick struct {
	At    float64
	Label string
}

// ParallelLine is one thing: a place on every axis, NaN where it has none.
type ParallelLine struct {
	Name  string
	At    []float64
	Texts []string // what lies at each place, in full
	// Share is the place on the colour scale, from blue at 0 to orange at 1; NaN
	// is neutral.
	Share float64
	// Faint lines stand back, strong ones stand out.
	Faint, Strong bool
}

// NewScale makes a scale of values, for axes that are drawn elsewhere.
func NewScale(lo, hi float64, log bool) Scale {
	lo, hi = open(lo, hi, log)
	return Scale{Min: lo, Max: hi, Log: log, to: 1}
}

// Share is how far a value lies between the ends of a scale.
func (s Scale) Share(v float64) float64 { return s.share(v) }

// Marks are about n labelled places of a scale.
func (s Scale) Marks(n int) []ParallelTick {
	var out []ParallelTick
	for _, t := range (ticker{axis: Axis{Log: s.Log}, count: n}).Ticks(s.Min, s.Max) {
		if t.Label != "" {
			out = append(out, ParallelTick{s.share(t.Value), t.Label})
		}
	}
	return out
}

// ParallelPicture is a drawn chart with where its axes are.
type ParallelPicture struct {
	Image       *image.RGBA
	X           []float64 // pixel column of each axis
	Top, Bottom float64   // pixel rows of places 1 and 0
}

// RenderParallel draws a chart of width × height pixels; scale is as in Render.
func RenderParallel(p Parallel, width, height int, scale float64) (*ParallelPicture, error) {
	if scale <= 0 || math.IsNaN(scale) {
		scale = 1
	}
	scale = math.Round(scale*72) / 72
	if !enough(float64(width)/scale, float64(height)/scale) || width*height > maxPixels {
		return nil, fmt.Errorf("%w: %d×%d", ErrSize, width, height)
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	canvas := canvasOn(img, scale)
	if p.Theme.Background == nil {
		p.Theme = Light()
	}
	fill(img, p.Theme.Background)
	l := p.draw(draw.New(canvas))
	out := &ParallelPicture{Image: img, Top: float64(height) - float64(l.top)*scale, Bottom: float64(height) - float64(l.bottom)*scale}
	for _, x := range l.x {
		out.X = append(out.X, float64(x)*scale)
	}
	return out, nil
}

// WriteParallel writes the chart as png (at twice the size), svg or pdf.
func WriteParallel(w io.Writer, p Parallel, format string, width, height int) error {
	if p.Theme.Background == nil {
		p.Theme = Light()
	}
	var c vectorCanvas
	switch strings.ToLower(format) {
	case "png":
		pic, err := RenderParallel(p, 2*width, 2*height, 2)
		if err != nil {
			return err
		}
		if err := png.Encode(w, pic.Image); err != nil {
			return fmt.Errorf("write chart: %w", err)
		}
		return nil
	case "svg":
		c = vgsvg.New(vg.Length(width), vg.Length(height))
	case "pdf":
		c = vgpdf.New(vg.Length(width), vg.Length(height))
	default:
		return fmt.Errorf("%w, not %q", ErrFormat, format)
	}
	if !enough(float64(width), float64(height)) {
		return fmt.Errorf("%w: %d×%d", ErrSize, width, height)
	}
	all := draw.New(c)
	all.SetColor(p.Theme.Background)
	all.Fill(all.Rectangle.Path())
	p.draw(all)
	if _, err := c.WriteTo(w); err != nil {
		return fmt.Errorf("write chart: %w", err)
	}
	return nil
}

// parallelLayout is where axes lie, in points from the lower left corner.
type parallelLayout struct {
	x           []vg.Length
	top, bottom vg.Length
}

func (p *Parallel) layout(c draw.Canvas) parallelLayout {
	l := parallelLayout{top: c.Max.Y - vg.Length(p.Theme.FontSize)*2.6, bottom: c.Min.Y + 14}
	left, right := c.Min.X+26, c.Max.X-64
	for i := range p.Axes {
		f := vg.Length(0.5)
		if len(p.Axes) > 1 {
			f = vg.Length(i) / vg.Length(len(p.Axes)-1)
		}
		l.x = append(l.x, left+f*(right-left))
	}
	return l
}

func (p *Parallel) draw(c draw.Canvas) parallelLayout {
	l := p.layout(c)
	order := make([]int, len(p.Lines))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return p.rank(a) - p.rank(b) })
	for _, i := range order {
		p.line(c, l, p.Lines[i])
	}
	for i, a := range p.Axes {
		p.axis(c, l, i, a)
	}
	return l
}

// rank draws faint lines first and strong ones last.
func (p *Parallel) rank(i int) int {
	switch l := p.Lines[i]; {
	case l.Strong:
		return 2
	case l.Faint:
		return 0
	}
	return 1
}

func (p *Parallel) line(c draw.Canvas, l parallelLayout, line ParallelLine) {
	style := draw.LineStyle{Color: p.shade(line.Share), Width: 1.4}
	switch {
	case line.Strong:
		style.Width = 3
	case line.Faint:
		style.Color = fade(p.Theme.Axis, 0.25)
	default:
		style.Color = fade(style.Color, 0.8)
	}
	var path []vg.Point
	for i, at := range line.At {
		if i >= len(l.x) || at != at {
			c.StrokeLines(style, path)
			path = nil
			continue
		}
		path = append(path, vg.Point{X: l.x[i], Y: l.bottom + vg.Length(at)*(l.top-l.bottom)})
	}
	c.StrokeLines(style, path)
}

// shade goes from blue over grey to orange, which people with any colour vision
// can tell apart.
func (p *Parallel) shade(share float64) color.Color {
	if share != share {
		return p.Theme.Axis
	}
	low, mid, high := p.Theme.Palette[0], p.Theme.Axis, p.Theme.Palette[1]
	if share < 0.5 {
		return between(low, mid, share*2)
	}
	return between(mid, high, share*2-1)
}

func between(a, b color.Color, f float64) color.Color {
	x, y := color.NRGBAModel.Convert(a).(color.NRGBA), color.NRGBAModel.Convert(b).(color.NRGBA)
	part := func(p, q uint8) uint8 { return uint8(float64(p)*(1-f) + float64(q)*f + 0.5) }
	return color.NRGBA{R: part(x.R, y.R), G: part(x.G, y.G), B: part(x.B, y.B), A: 255}
}

func (p *Parallel) axis(c draw.Canvas, l parallelLayout, i int, a ParallelAxis) {
	x := l.x[i]
	c.StrokeLine2(draw.LineStyle{Color: p.Theme.Axis, Width: 1}, x, l.bottom, x, l.top)
	if a.Low < a.High {
		y0, y1 := l.bottom+vg.Length(a.Low)*(l.top-l.bottom), l.bottom+vg.Length(a.High)*(l.top-l.bottom)
		c.StrokeLine2(draw.LineStyle{Color: p.Theme.Text, Width: 6}, x, y0, x, y1)
	}
	style := text.Style{Color: p.Theme.Text, Font: sans(p.Theme.FontSize), XAlign: draw.XLeft, YAlign: draw.YCenter, Handler: newText()}
	room := c.Max.X - x - 8
	if i+1 < len(l.x) {
		room = l.x[i+1] - x - 12
	}
	for _, t := range a.Ticks {
		y := l.bottom + vg.Length(t.At)*(l.top-l.bottom)
		c.StrokeLine2(draw.LineStyle{Color: p.Theme.Axis, Width: 1}, x, y, x+4, y)
		p.write(c, style, vg.Point{X: x + 7, Y: y}, t.Label, room)
	}
	style.XAlign, style.YAlign = draw.XCenter, draw.YBottom
	wide := c.Max.X - c.Min.X
	if len(l.x) > 1 {
		wide = l.x[1] - l.x[0] - 8
	}
	at := vg.Point{X: x, Y: l.top + 9}
	half := min(style.Width(a.Label), wide)/2 + 2
	at.X = min(max(at.X, c.Min.X+half), c.Max.X-half)
	p.write(c, style, at, a.Label, wide)
}

// write writes a label on ground of its own, shortened where there is no room.
func (p *Parallel) write(c draw.Canvas, style text.Style, at vg.Point, label string, room vg.Length) {
	runes := []rune(label)
	for style.Width(label) > room && len(runes) > 2 {
		runes = runes[:len(runes)-1]
		label = string(runes) + "…"
	}
	box := style.Rectangle(label)
	c.SetColor(fade(p.Theme.Background, 0.7))
	c.Fill(vg.Rectangle{Min: vg.Point{X: at.X + box.Min.X - 2, Y: at.Y + box.Min.Y}, Max: vg.Point{X: at.X + box.Max.X + 2, Y: at.Y + box.Max.Y}}.Path())
	c.FillText(style, at, label)
}

// Nearest is the line that passes nearest to a place of the picture, in pixels,
// -1 where none is within reach.
func (p *Parallel) Nearest(pic *ParallelPicture, x, y, reach float64) int {
	best, at := reach, -1
	for i, line := range p.Lines {
		if line.Faint {
			continue
		}
		for k := 0; k+1 < len(pic.X) && k+1 < len(line.At); k++ {
			a, b := line.At[k], line.At[k+1]
			if x < pic.X[k] || x > pic.X[k+1] || a != a || b != b {
				continue
			}
			f := (x - pic.X[k]) / (pic.X[k+1] - pic.X[k])
			row := pic.Bottom + (a*(1-f)+b*f)*(pic.Top-pic.Bottom)
			if d := math.Abs(row - y); d < best {
				best, at = d, i
			}
		}
	}
	return at
}

// Chosen reports whether a line lies within the chosen stretches of all axes.
func (p *Parallel) Chosen(line ParallelLine) bool {
	for i, a := range p.Axes {
		if a.Low < a.High && (i >= len(line.At) || !(line.At[i] >= a.Low && line.At[i] <= a.High)) {
			return false
		}
	}
	return true
}
