package try

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/image/draw"
)

// pad is the sketch's side in its own pixels.
const pad = 280

// Sketch is a black square to draw on with the pointer, in white.
type Sketch struct {
	widget.BaseWidget
	// OnChange is called after every stroke of the pointer.
	OnChange func()

	ink     *image.Gray
	sheet   *image.RGBA // the ink as the graphics card takes it, without any scaling by the processor
	picture *canvas.Raster
	last    fyne.Position // where the pointer was
	inked   fyne.Position // how far the stroke is drawn: half the way to last
	down    bool
	empty   bool
}

// NewSketch returns an empty sketch.
func NewSketch() *Sketch {
	area := image.Rect(0, 0, pad, pad)
	s := &Sketch{ink: image.NewGray(area), sheet: image.NewRGBA(area), empty: true}
	s.picture = canvas.NewRaster(s.paint)
	s.ExtendBaseWidget(s)
	return s
}

// paint is asked by the canvas for a texture of the ink.
func (s *Sketch) paint(int, int) image.Image {
	for i, v := range s.ink.Pix {
		p := s.sheet.Pix[4*i : 4*i+4 : 4*i+4]
		p[0], p[1], p[2], p[3] = v, v, v, 255
	}
	return s.sheet
}

// Empty reports whether nothing was drawn.
func (s *Sketch) Empty() bool { return s.empty }

// Clear wipes the sketch.
func (s *Sketch) Clear() {
	clear(s.ink.Pix)
	s.empty = true
	s.picture.Refresh()
	s.changed()
}

// MouseDown implements desktop.Mouseable.
func (s *Sketch) MouseDown(e *desktop.MouseEvent) { s.stroke(e.Position) }

// MouseUp implements desktop.Mouseable.
func (s *Sketch) MouseUp(*desktop.MouseEvent) { s.lift() }

// MouseIn implements desktop.Hoverable.
func (s *Sketch) MouseIn(*desktop.MouseEvent) {}

// MouseMoved implements desktop.Hoverable.
func (s *Sketch) MouseMoved(e *desktop.MouseEvent) {
	if s.down {
		s.stroke(e.Position)
	}
}

// MouseOut implements desktop.Hoverable.
func (s *Sketch) MouseOut() {}

// Dragged implements fyne.Draggable.
func (s *Sketch) Dragged(e *fyne.DragEvent) { s.stroke(e.Position) }

// DragEnd implements fyne.Draggable.
func (s *Sketch) DragEnd() { s.lift() }

// Cursor implements desktop.Cursorable.
func (s *Sketch) Cursor() desktop.Cursor { return desktop.CrosshairCursor }

// stroke takes the pointer's next place. What is drawn bends around the last one:
// a curve from half way before it to half way behind it, so that few places make a
// smooth stroke.
func (s *Sketch) stroke(to fyne.Position) {
	if s.down && to == s.last {
		return
	}
	if !s.down {
		s.down, s.last, s.inked = true, to, to
	}
	half := fyne.NewPos((s.last.X+to.X)/2, (s.last.Y+to.Y)/2)
	k := s.scale()
	bend(s.ink, s.inked.X*k, s.inked.Y*k, s.last.X*k, s.last.Y*k, half.X*k, half.Y*k)
	s.last, s.inked, s.empty = to, half, false
	s.picture.Refresh()
	s.changed()
}

// lift draws what is left of a stroke.
func (s *Sketch) lift() {
	if !s.down {
		return
	}
	s.down = false
	if s.inked != s.last {
		k := s.scale()
		Line(s.ink, s.inked.X*k, s.inked.Y*k, s.last.X*k, s.last.Y*k)
		s.picture.Refresh()
		s.changed()
	}
}

// scale is the ink's pixels a unit of the screen.
func (s *Sketch) scale() float32 { return pad / max(min(s.Size().Width, s.Size().Height), 1) }

// bend draws a quadratic Bézier curve between two points towards a third.
func bend(ink *image.Gray, x0, y0, cx, cy, x1, y1 float32) {
	const parts = 8
	fromX, fromY := x0, y0
	for i := 1; i <= parts; i++ {
		t := float32(i) / parts
		a, b, c := (1-t)*(1-t), 2*t*(1-t), t*t
		x, y := a*x0+b*cx+c*x1, a*y0+b*cy+c*y1
		Line(ink, fromX, fromY, x, y)
		fromX, fromY = x, y
	}
}

func (s *Sketch) changed() {
	if s.OnChange != nil {
		s.OnChange()
	}
}

// Line draws a soft round stroke between two points of an ink sheet.
func Line(ink *image.Gray, x0, y0, x1, y1 float32) {
	steps := int(max(math.Hypot(float64(x1-x0), float64(y1-y0))/3, 1))
	for i := range steps + 1 {
		t := float32(i) / float32(steps)
		dot(ink, x0+(x1-x0)*t, y0+(y1-y0)*t)
	}
}

// dot is one touch of the brush, soft at its edge.
func dot(ink *image.Gray, cx, cy float32) {
	const radius = 12.0
	for y := int(cy - radius); y <= int(cy+radius); y++ {
		for x := int(cx - radius); x <= int(cx+radius); x++ {
			if !(image.Point{X: x, Y: y}).In(ink.Rect) {
				continue
			}
			d := math.Hypot(float64(float32(x)-cx), float64(float32(y)-cy))
			v := uint8(255 * min(max(radius-d, 0)/4, 1))
			if v > ink.GrayAt(x, y).Y {
				ink.SetGray(x, y, color.Gray{Y: v})
			}
		}
	}
}

// Digit returns the sketch as the digits it is compared with were prepared: the
// ink fitted into 20×20 pixels, its centre of mass in the middle of 28×28
// (LeCun et al., the MNIST database).
func (s *Sketch) Digit() image.Image { return Centre(s.ink) }

// Centre is Digit for any ink sheet. A sheet without ink stays black.
func Centre(ink *image.Gray) *image.Gray {
	const side, inner = 28, 20
	out := image.NewGray(image.Rect(0, 0, side, side))
	box := inkBox(ink)
	if box.Empty() {
		return out
	}
	k := float64(inner) / float64(max(box.Dx(), box.Dy()))
	w, h := max(int(float64(box.Dx())*k+0.5), 1), max(int(float64(box.Dy())*k+0.5), 1)
	small := image.NewGray(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(small, small.Rect, ink, box, draw.Src, nil)
	cx, cy := mass(small)
	at := image.Pt(int(math.Round(side/2-cx)), int(math.Round(side/2-cy)))
	draw.Draw(out, small.Rect.Add(at), small, image.Point{}, draw.Src)
	return out
}

func inkBox(ink *image.Gray) image.Rectangle {
	box := image.Rectangle{}
	for y := range ink.Rect.Dy() {
		for x := range ink.Rect.Dx() {
			if ink.GrayAt(x, y).Y > 32 {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

// mass is the centre of the ink.
func mass(g *image.Gray) (x, y float64) {
	total := 0.0
	for row := range g.Rect.Dy() {
		for col := range g.Rect.Dx() {
			v := float64(g.GrayAt(col, row).Y)
			total += v
			x += v * (float64(col) + 0.5)
			y += v * (float64(row) + 0.5)
		}
	}
	if total == 0 {
		return float64(g.Rect.Dx()) / 2, float64(g.Rect.Dy()) / 2
	}
	return x / total, y / total
}

// CreateRenderer implements fyne.Widget.
func (s *Sketch) CreateRenderer() fyne.WidgetRenderer { return &sketchRenderer{s} }

type sketchRenderer struct{ s *Sketch }

func (r *sketchRenderer) Layout(size fyne.Size) {
	r.s.picture.Resize(fyne.NewSquareSize(min(size.Width, size.Height)))
}
func (r *sketchRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(pad) }
func (r *sketchRenderer) Refresh()           { r.s.picture.Refresh() }
func (r *sketchRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.s.picture}
}
func (r *sketchRenderer) Destroy() {}
