package chart

import (
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
func (s *Spec) drawLegend(c draw.Canvas) {
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
	x, y := c.Max.X-width-swatch-18, c.Max.Y-6
	box := vg.Rectangle{Min: vg.Point{X: x - 6, Y: y - row*vg.Length(len(lines)) - 4}, Max: vg.Point{X: c.Max.X - 6, Y: y}}
	if box.Min.X < c.Min.X || box.Min.Y < c.Min.Y {
		return // no room: the names stand in the window's own list
	}
	c.SetColor(fade(s.Theme.Background, 0.82))
	c.Fill(box.Path())
	for i, l := range lines {
		at := y - 2 - row*(vg.Length(i)+0.5)
		if l.Colour != nil {
			c.StrokeLine2(lineStyle(l, l.Width+0.6), x, at, x+swatch, at)
		}
		c.FillText(style, vg.Point{X: x + swatch + 7, Y: at}, l.Name)
	}
}

func lineStyle(l Line, width float64) draw.LineStyle {
	style := draw.LineStyle{Color: l.Colour, Width: vg.Length(width)}
	for _, d := range l.Dash {
		style.Dashes = append(style.Dashes, vg.Length(d))
	}
	return style
}
