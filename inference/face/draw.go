package face

import (
	"fmt"
	"image"
	"image/color"

	"athanor/inference/vision"
)

// Draw draws boxes, landmarks, numbers and scores on a dense frame, in place.
func Draw(f *vision.Frame, faces []Face) error {
	ember, pale := color.RGBA{0xE4, 0x57, 0x2E, 255}, color.RGBA{0xFF, 0xE9, 0xD6, 255}
	thick := max(1, min(f.W, f.H)/240)
	marks := vision.Marks{Color: ember, Dots: pale, Thickness: thick}
	for _, face := range faces {
		mark := vision.Mark{Box: face.Box.Rect(), Label: label(face)}
		for _, p := range face.Landmarks {
			mark.Dots = append(mark.Dots, image.Pt(int(p.X+0.5), int(p.Y+0.5)))
		}
		marks.List = append(marks.List, mark)
	}
	return vision.Draw(f, marks)
}

func label(f Face) string {
	if f.Track > 0 {
		return fmt.Sprintf("#%d %.2f", f.Track, f.Score)
	}
	return fmt.Sprintf("%.2f", f.Score)
}
