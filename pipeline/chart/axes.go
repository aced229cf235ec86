package chart

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// plotOf builds the gonum plot that draws everything but the lines: title, axes,
// ticks and grid. width and height are in points.
func (s *Spec) plotOf(width, height float64) *plot.Plot {
	p := plot.New()
	t := newText()
	p.TextHandler = t
	p.BackgroundColor = s.Theme.Background
	p.Title.Text = s.Title
	p.Title.Padding = 6
	p.Title.TextStyle.Color = s.Theme.Text
	p.Title.TextStyle.Font = sans(s.Theme.FontSize + 2)
	p.Title.TextStyle.Handler = t
	s.style(&p.X, s.X, t, width, 80)
	s.style(&p.Y, s.Y, t, height, 32)
	p.X.Min, p.X.Max = s.fitX()
	p.Y.Min, p.Y.Max = s.fitY(p.X.Min, p.X.Max)
	p.Add(grid{s.Theme.Grid})
	p.Legend.TextStyle.Handler = t
	return p
}

// style sets up one axis; spacing is about how many points lie between ticks.
func (s *Spec) style(a *plot.Axis, want Axis, t labels, length, spacing float64) {
	a.Label.Text = want.Label
	a.Label.TextStyle.Color = s.Theme.Text
	a.Label.TextStyle.Font = sans(s.Theme.FontSize)
	a.Label.TextStyle.Handler = t
	a.Label.Padding = 3
	a.Color = s.Theme.Axis
	a.Padding = 0
	a.Tick.Color = s.Theme.Axis
	a.Tick.Length = 4
	a.Tick.Label.Color = s.Theme.Text
	a.Tick.Label.Font = sans(s.Theme.FontSize)
	a.Tick.Label.Handler = t
	a.Tick.Marker = ticker{axis: want, count: int(max(2, length/spacing))}
	a.Scale = normalizer{want.Log}
}

func sans(size float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size)}
}

// normalizer is Scale.share for gonum's axes.
type normalizer struct{ log bool }

// Normalize implements plot.Normalizer.
func (n normalizer) Normalize(lo, hi, v float64) float64 {
	return Scale{Min: lo, Max: hi, Log: n.log}.share(v)
}

// grid draws fine lines at the labelled ticks.
type grid struct{ colour color.Color }

// Plot implements plot.Plotter.
func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	style := draw.LineStyle{Color: g.colour, Width: 0.75}
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		if !t.IsMinor() {
			x := c.X(p.X.Norm(t.Value))
			c.StrokeLine2(style, x, c.Min.Y, x, c.Max.Y)
		}
	}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			y := c.Y(p.Y.Norm(t.Value))
			c.StrokeLine2(style, c.Min.X, y, c.Max.X, y)
		}
	}
}

// scales are those of a data canvas in points from its lower left corner.
func (s *Spec) scales(c draw.Canvas, p *plot.Plot) (x, y Scale) {
	x = Scale{p.X.Min, p.X.Max, s.X.Log, float64(c.Min.X), float64(c.Max.X)}
	y = Scale{p.Y.Min, p.Y.Max, s.Y.Log, float64(c.Min.Y), float64(c.Max.Y)}
	return x, y
}

// enough reports whether a chart of so many points is large enough to be drawn.
func enough(width, height float64) bool {
	return width >= 80 && height >= 60 && !math.IsNaN(width+height)
}
