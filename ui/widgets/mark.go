package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Mark is an invisible point that tells when it is drawn: the frame that draws it
// shows what the window held when it was set. It belongs to the UI goroutine.
type Mark struct {
	widget.BaseWidget
	painted func()
	set     bool
	point   *canvas.Raster
}

// NewMark returns a mark that calls painted, on the UI goroutine, while the first
// frame after Set is drawn.
func NewMark(painted func()) *Mark {
	m := &Mark{painted: painted}
	m.point = canvas.NewRaster(m.paint)
	m.point.SetMinSize(fyne.NewSquareSize(1))
	m.ExtendBaseWidget(m)
	return m
}

// Set asks for the next frame.
func (m *Mark) Set() {
	m.set = true
	m.point.Refresh()
}

// paint is asked by the canvas for a texture.
func (m *Mark) paint(int, int) image.Image {
	if m.set {
		m.set = false
		m.painted()
	}
	return image.NewRGBA(image.Rect(0, 0, 1, 1))
}

// CreateRenderer implements fyne.Widget.
func (m *Mark) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(m.point) }
