package chart

import (
	"image"
	"math"
	"slices"

	"athanor/pipeline/curve"
)

// Hit is a point of a line near a place of the picture.
type Hit struct {
	Line  int // index in Spec.Lines
	Point curve.Point
	// At is the point's pixel; it can lie outside of the plot.
	At image.Point
}

// Near returns, for every line that has one, the point nearest in x to a pixel
// of the image: the line nearest in y first.
func (p *Picture) Near(at image.Point) []Hit {
	x := p.X.Value(float64(at.X) + 0.5)
	var hits []Hit
	for i, l := range p.lines {
		if l.Samples == nil || l.Faint || l.Upper != nil {
			continue
		}
		if q, ok := (curve.Line{Samples: l.Samples}).Nearest(x); ok {
			hits = append(hits, Hit{Line: i, Point: q, At: p.pixel(q)})
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int {
		return abs(a.At.Y-at.Y) - abs(b.At.Y-at.Y)
	})
	return hits
}

// pixel is where a point lies; values that are no numbers lie at the edges.
func (p *Picture) pixel(q curve.Point) image.Point {
	y := q.Y
	switch {
	case math.IsNaN(y) || p.Y.Log && y <= 0:
		y = p.Y.Min
	case math.IsInf(y, 1):
		y = p.Y.Max
	case math.IsInf(y, -1):
		y = p.Y.Min
	}
	limit := func(v float64) int { return int(max(-1e6, min(1e6, v))) }
	return image.Pt(limit(p.X.Pixel(q.X)), limit(p.Y.Pixel(y)))
}

func abs(n int) int { return max(n, -n) }
