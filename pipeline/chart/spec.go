// Package chart turns measured series into pictures: axes, ticks, grid and
// legend by gonum/plot, the lines themselves as the smallest and largest value
// per pixel column straight into the image, so that a chart of any number of
// points costs the same. It knows no screen and no files of runs.
package chart

import (
	"image/color"

	"athanor/pipeline/curve"
)

// Kind is what the numbers of an axis mean; it decides how ticks are written.
type Kind int

// Kinds of axes.
const (
	Number   Kind = iota
	Duration      // seconds, written as 1 h 20 min
	Clock         // seconds since 1970, written as a time of day
	Percent       // a share of one, written as 97 %
)

// Axis is one axis. Min < Max fixes its range; otherwise it fits the lines.
type Axis struct {
	Label    string
	Log      bool
	Kind     Kind
	Min, Max float64
}

// Line is one series to draw.
type Line struct {
	Name string
	// Samples are the values; nil draws nothing.
	Samples curve.Samples
	// Colour is nil for the palette's colour of this line's position.
	Colour color.Color
	// Dash is the lengths of strokes and gaps in points, nil for solid.
	Dash []float64
	// Width is in points, 0 for the usual 1.6.
	Width float64
	// Faint draws the line pale, as the raw values behind a smoothed line are,
	// and leaves it out of the legend and of hover.
	Faint bool
	// Upper, where it is set, makes the line a band from Samples to Upper.
	Upper curve.Samples
	// Joint is where the line branches off another one: it is joined to the point
	// of row Joint.Row, the line's first. Nil for none.
	Joint *curve.Point
	// Dots are single points to show, such as the best epoch.
	Dots []curve.Point
}

// Mark is something that happened at one x, drawn as a thin upright line.
type Mark struct {
	X      float64
	Label  string
	Colour color.Color // nil for the theme's
}

// Spec says everything about a chart. It is read only while it is drawn.
type Spec struct {
	Title string
	X, Y  Axis
	Lines []Line
	Marks []Mark
	// EpochTicks are x positions where an epoch ended, shown as small ticks.
	EpochTicks []float64
	// IgnoreOutliers fits y to the middle 96 % of the values.
	IgnoreOutliers bool
	// NoLegend leaves the legend out.
	NoLegend bool
	Theme    Theme
}

// line returns line i with everything left open filled in.
func (s *Spec) line(i int) Line {
	l := s.Lines[i]
	if l.Colour == nil {
		l.Colour = s.Theme.Colour(i)
	}
	if l.Width == 0 {
		l.Width = 1.6
	}
	if l.Faint {
		l.Width *= 0.75
		l.Colour = fade(l.Colour, 0.28)
	}
	return l
}
