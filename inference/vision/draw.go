package vision

import (
	"image"
	"image/color"

	"gocv.io/x/gocv"
)

// Mark is one thing to point out on a frame.
type Mark struct {
	Box   image.Rectangle
	Label string // ASCII; drawn above the box, or inside where there is no room
	Dots  []image.Point
}

// Marks are what Draw draws.
type Marks struct {
	Color     color.RGBA // of boxes and labels
	Dots      color.RGBA
	Thickness int // of lines, pixels
	List      []Mark
}

// Draw draws boxes, labels and dots on a frame with dense rows, in place.
func Draw(f *Frame, m Marks) error {
	if len(m.List) == 0 {
		return nil
	}
	mat, err := matInto(f)
	if err != nil {
		return err
	}
	defer mat.Close()
	thick := max(1, m.Thickness)
	size := 0.4 * float64(thick)
	// far outside the frame there is nothing to draw, and OpenCV's coordinates end
	reach := f.Bounds().Inset(-4 * max(f.W, f.H))
	for _, mark := range m.List {
		if !mark.Box.In(reach) {
			continue
		}
		gocv.Rectangle(&mat, mark.Box, m.Color, thick)
		for _, p := range mark.Dots {
			if p.In(reach) {
				gocv.Circle(&mat, p, thick+1, m.Dots, -1)
			}
		}
		at := image.Pt(mark.Box.Min.X, mark.Box.Min.Y-2*thick)
		if at.Y < 12*thick {
			at.Y = mark.Box.Min.Y + 12*thick
		}
		gocv.PutText(&mat, mark.Label, at, gocv.FontHersheySimplex, size, m.Color, thick)
	}
	return nil
}
