package vision

import (
	"image"
	"image/color"

	"gocv.io/x/gocv"
)

// Mark is one thing to point out on a frame.
type Mark struct {
	Box   image.Rectangle
	Label string // ASCII; drawn above the box on its colour, or inside where there is no room
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
		drawLabel(&mat, mark, m.Color, thick)
	}
	return nil
}

// drawLabel writes a mark's label on a ground of its colour, above the box or,
// where there is no room, inside.
func drawLabel(mat *gocv.Mat, mark Mark, ground color.RGBA, thick int) {
	if mark.Label == "" {
		return
	}
	size, width := 0.3+0.12*float64(thick), max(1, thick/2)
	text := gocv.GetTextSize(mark.Label, gocv.FontHersheySimplex, size, width)
	pad := 2 + thick
	box := image.Rect(0, 0, text.X+2*pad, text.Y+2*pad).Add(mark.Box.Min)
	if up := box.Sub(image.Pt(0, box.Dy())); up.Min.Y >= 0 {
		box = up
	}
	gocv.Rectangle(mat, box, ground, -1)
	white := color.RGBA{R: 255, G: 255, B: 255, A: 255}
	gocv.PutTextWithParams(mat, mark.Label, image.Pt(box.Min.X+pad, box.Max.Y-pad), gocv.FontHersheySimplex, size, white, width, gocv.LineAA, false)
}
