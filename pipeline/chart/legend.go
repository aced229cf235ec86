package chart

import (
	"athanor/pipeline/curve"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// maxLegend is how many lines a legend names; beyond that it says how many more.
const maxLegend = 12

// named returns the lines that belong into a legend.
func (s *Spec) named() []Line {
	var out []Line
	for i := range s.Lines {
		if l := s.line(i); l.Name != "" && !l.Faint && l.Upper == nil {
			out = append(out, l)
		}
	}
	return out
}

// drawLegend writes the names of the lines into the upper right corner of the
// data. It is drawn over the lines, on ground that lets them shine through.
func (s *Spec) drawLegend(c draw.Canvas, x, y Scale) {
	lines := s.named()
	if len(lines) == 0 {
		return
	}
	more := len(lines) - maxLegend
	if more > 0 {
		lines = append(lines[:maxLegend:maxLegend], Line{Name: "+ " + formatNumber(float64(more), 1)})
	}
	style := text.Style{Color: s.Theme.Text, Font: sans(s.Theme.FontSize), YAlign: draw.YCenter, Handler: newText()}
	row, swatch, width := vg.Length(s.Theme.FontSize+6), vg.Length(26), vg.Length(0)
	for _, l := range lines {
		width = max(width, style.Width(l.Name))
	}
	left, top := c.Max.X-width-swatch-18, c.Max.Y-6
	height := row*vg.Length(len(lines)) + 4
	if s.crowdedAbove(x, y) {
		top = c.Min.Y + height + 10
	}
	box := vg.Rectangle{Min: vg.Point{X: left - 6, Y: top - height}, Max: vg.Point{X: c.Max.X - 6, Y: top}}
	if box.Min.X < c.Min.X || box.Min.Y < c.Min.Y {
		return // no room: the names stand in the window's own list
	}
	c.SetColor(fade(s.Theme.Background, 0.82))
	c.Fill(box.Path())
	for i, l := range lines {
		at := top - 2 - row*(vg.Length(i)+0.5)
		if l.Colour != nil {
			c.StrokeLine2(lineStyle(l, l.Width+0.6), left, at, left+swatch, at)
		}
		c.FillText(style, vg.Point{X: left + swatch + 7, Y: at}, l.Name)
	}
}

// crowdedAbove reports whether the lines end in the upper half on the right.
func (s *Spec) crowdedAbove(x, y Scale) bool {
	above, below := 0, 0
	from := x.Value(x.from + 0.7*(x.to-x.from))
	for _, l := range s.Lines {
		if l.Samples == nil || l.Faint {
			continue
		}
		c := curve.Line{Samples: l.Samples}.Summary(from, x.Max)
		switch {
		case c.N == 0:
		case y.share(c.Mean()) > 0.5:
			above++
		default:
			below++
		}
	}
	return above > below
}

func lineStyle(l Line, width float64) draw.LineStyle {
	style := draw.LineStyle{Color: l.Colour, Width: vg.Length(width)}
	for _, d := range l.Dash {
		style.Dashes = append(style.Dashes, vg.Length(d))
	}
	return style
}
