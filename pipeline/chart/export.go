package chart

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"

	"athanor/pipeline/curve"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// ErrFormat says that a chart cannot be written in a format.
var ErrFormat = errors.New("unknown format: use png, svg, pdf, csv or jsonl")

// Write draws the chart and writes it as png (at twice the size), svg or pdf, or
// every point, x and y in full, as csv or jsonl. Width and height are in points.
func Write(w io.Writer, s Spec, format string, width, height int) error {
	if s.Theme.Background == nil {
		s.Theme = Light()
	}
	switch strings.ToLower(format) {
	case "png":
		p, err := Render(s, 2*width, 2*height, 2)
		if err != nil {
			return err
		}
		if err := png.Encode(w, p.Image); err != nil {
			return fmt.Errorf("write chart: %w", err)
		}
		return nil
	case "svg":
		return writeVector(w, s, vgsvg.New(vg.Length(width), vg.Length(height)), width, height)
	case "pdf":
		c := vgpdf.New(vg.Length(width), vg.Length(height))
		return writeVector(w, s, c, width, height)
	case "csv":
		return writePoints(w, s, "line,x,y\n", csvPoint)
	case "jsonl":
		return writePoints(w, s, "", jsonPoint)
	}
	return fmt.Errorf("%w, not %q", ErrFormat, format)
}

// vectorCanvas is a canvas that ends up in a file.
type vectorCanvas interface {
	vg.CanvasSizer
	io.WriterTo
}

func writeVector(w io.Writer, s Spec, c vectorCanvas, width, height int) error {
	if !enough(float64(width), float64(height)) {
		return fmt.Errorf("%w: %d×%d", ErrSize, width, height)
	}
	p := s.plotOf(float64(width), float64(height))
	p.BackgroundColor = nil
	all := draw.New(c)
	all.SetColor(s.Theme.Background)
	all.Fill(all.Rectangle.Path())
	all = draw.Crop(all, 4, -10, 4, -8)
	p.Add(vectors{&s})
	p.Draw(all)
	if !s.NoLegend {
		data := p.DataCanvas(all)
		x, y := s.scales(data, p)
		s.drawLegend(data, x, y)
	}
	if _, err := c.WriteTo(w); err != nil {
		return fmt.Errorf("write chart: %w", err)
	}
	return nil
}

// vectors draws marks and lines as paths.
type vectors struct{ s *Spec }

// Plot implements plot.Plotter.
func (v vectors) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := v.s.scales(c, p)
	for _, e := range v.s.EpochTicks {
		if at := vg.Length(x.Pixel(e)); c.ContainsX(at) {
			c.StrokeLine2(draw.LineStyle{Color: v.s.Theme.Axis, Width: 1}, at, c.Min.Y, at, c.Min.Y+5)
		}
	}
	for _, m := range v.s.Marks {
		if at := vg.Length(x.Pixel(m.X)); c.ContainsX(at) {
			style := draw.LineStyle{Color: v.s.Theme.Mark, Width: 1, Dashes: []vg.Length{3, 3}}
			if m.Colour != nil {
				style.Color = m.Colour
			}
			c.StrokeLine2(style, at, c.Min.Y, at, c.Max.Y)
		}
	}
	for i := range v.s.Lines {
		if l := v.s.line(i); l.Samples != nil && l.Samples.Len() > 0 {
			v.line(c, l, x, y)
		}
	}
}

func (v vectors) line(c draw.Canvas, l Line, x, y Scale) {
	style := lineStyle(l, l.Width)
	src := curve.Line{Samples: l.Samples}
	columns := int(c.Max.X-c.Min.X) * 2
	for _, piece := range src.Pieces() {
		var points []curve.Point
		if src.Count(x.Min, x.Max) <= 2*columns {
			points = src.AppendPoints(nil, piece, x.Min, x.Max)
		} else {
			points = columnPoints(src, piece, x, columns)
		}
		if j := l.Joint; j != nil && len(points) > 0 && j.Y-j.Y == 0 && l.Samples.X(j.Row) >= x.Min {
			points = append([]curve.Point{*j}, points...)
		}
		if l.Upper != nil {
			v.band(c, l, x, y, piece)
			continue
		}
		for _, path := range paths(points, x, y) {
			for _, part := range c.ClipLinesXY(path) {
				c.StrokeLines(style, part)
			}
		}
		v.signs(c, l, points, x)
	}
	for _, d := range l.Dots {
		c.SetColor(l.Colour)
		at := vg.Point{X: vg.Length(x.Pixel(d.X)), Y: vg.Length(y.Pixel(d.Y))}
		if c.Contains(at) {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: l.Colour, Radius: 4, Shape: draw.CircleGlyph{}}, at)
		}
	}
}

// columnPoints gives up to four points a column: first, smallest, largest, last.
func columnPoints(src curve.Line, piece curve.Span, x Scale, n int) []curve.Point {
	edges := x.edges(nil, n)
	columns := make([]curve.Column, n)
	src.Columns(piece, edges, columns)
	var out []curve.Point
	for i, c := range columns {
		at := edges[i]/2 + edges[i+1]/2
		if c.N > 0 {
			out = append(out, curve.Point{X: at, Y: c.First}, curve.Point{X: at, Y: c.Min}, curve.Point{X: at, Y: c.Max}, curve.Point{X: at, Y: c.Last})
		}
		if c.NaN > 0 {
			out = append(out, curve.Point{X: at, Y: math.NaN(), Row: -1})
		}
		if c.PosInf > 0 {
			out = append(out, curve.Point{X: at, Y: math.Inf(1), Row: -1})
		}
		if c.NegInf > 0 {
			out = append(out, curve.Point{X: at, Y: math.Inf(-1), Row: -1})
		}
	}
	return out
}

// paths turns points into lines that are broken where values are no numbers; in
// columns they are not, as in the picture on screen.
func paths(points []curve.Point, x, y Scale) [][]vg.Point {
	var out [][]vg.Point
	var path []vg.Point
	limit := func(v float64) vg.Length { return vg.Length(max(-1e6, min(1e6, v))) }
	for _, p := range points {
		if p.Y-p.Y != 0 || y.Log && p.Y <= 0 {
			if len(path) > 0 && p.Row >= 0 {
				out = append(out, path)
				path = nil
			}
			continue
		}
		path = append(path, vg.Point{X: limit(x.Pixel(p.X)), Y: limit(y.Pixel(p.Y))})
	}
	return append(out, path)
}

// signs marks values that are no numbers.
func (v vectors) signs(c draw.Canvas, l Line, points []curve.Point, x Scale) {
	for _, p := range points {
		if p.Y-p.Y == 0 {
			continue
		}
		at := vg.Point{X: vg.Length(x.Pixel(p.X)), Y: c.Min.Y + 6}
		var shape draw.GlyphDrawer = draw.CrossGlyph{}
		switch {
		case math.IsInf(p.Y, 1):
			at.Y, shape = c.Max.Y-4, draw.TriangleGlyph{}
		case math.IsInf(p.Y, -1):
			shape = draw.PyramidGlyph{}
		}
		if c.ContainsX(at.X) {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: l.Colour, Radius: 3, Shape: shape}, at)
		}
	}
}

// band fills between the lower and the upper series.
func (v vectors) band(c draw.Canvas, l Line, x, y Scale, piece curve.Span) {
	lower := curve.Line{Samples: l.Samples}.AppendPoints(nil, piece, x.Min, x.Max)
	upper := curve.Line{Samples: l.Upper}.AppendPoints(nil, curve.Span{From: 0, To: l.Upper.Len()}, x.Min, x.Max)
	var outline []vg.Point
	for _, path := range paths(lower, x, y) {
		outline = append(outline, path...)
	}
	for _, path := range paths(upper, x, y) {
		for i := range path {
			outline = append(outline, path[len(path)-1-i])
		}
	}
	if len(outline) > 2 {
		c.FillPolygon(fade(l.Colour, 0.22), c.ClipPolygonXY(outline))
	}
}

// writePoints writes every point of every line; the raw values behind a smoothed
// line are lines of their own.
func writePoints(w io.Writer, s Spec, head string, write func(b []byte, name string, x, y float64) []byte) error {
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(head); err != nil {
		return fmt.Errorf("write chart: %w", err)
	}
	for i := range s.Lines {
		l := s.Lines[i]
		if l.Samples == nil || l.Faint && l.Name == "" {
			continue
		}
		if l.Faint {
			l.Name += " (raw)"
		}
		if err := writeLine(out, l, write); err != nil {
			return fmt.Errorf("write chart: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write chart: %w", err)
	}
	return nil
}

func writeLine(out *bufio.Writer, l Line, write func(b []byte, name string, x, y float64) []byte) error {
	var ys [1024]float64
	var b []byte
	for from := 0; from < l.Samples.Len(); from += len(ys) {
		n := min(len(ys), l.Samples.Len()-from)
		l.Samples.Y(from, ys[:n])
		for i, y := range ys[:n] {
			if curve.IsAbsent(y) {
				continue
			}
			b = write(b[:0], l.Name, l.Samples.X(from+i), y)
			if _, err := out.Write(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func csvPoint(b []byte, name string, x, y float64) []byte {
	if strings.ContainsAny(name, ",\"\r\n") {
		name = `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	}
	b = append(append(b, name...), ',')
	b = strconv.AppendFloat(b, x, 'g', -1, 64)
	b = append(b, ',')
	return append(strconv.AppendFloat(b, y, 'g', -1, 64), '\n')
}

// jsonPoint writes numbers that JSON does not have as strings.
func jsonPoint(b []byte, name string, x, y float64) []byte {
	quoted, err := json.Marshal(name)
	if err != nil {
		quoted = strconv.AppendQuote(nil, name)
	}
	number := func(b []byte, v float64) []byte {
		if v-v != 0 {
			return append(strconv.AppendFloat(append(b, '"'), v, 'g', -1, 64), '"')
		}
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	}
	b = append(append(b, `{"line":`...), quoted...)
	b = number(append(b, `,"x":`...), x)
	return append(number(append(b, `,"y":`...), y), "}\n"...)
}
