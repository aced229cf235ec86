package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// Camera shows pictures that come many times a second, each as large as fits
// without changing its shape. The graphics card scales them, so that a new
// picture costs one upload. It belongs to the UI goroutine.
type Camera struct {
	widget.BaseWidget
	// Painted is called when a picture is on its way to the screen, once for each
	// that gets there; nil for nobody.
	Painted func(*image.RGBA)

	picture *image.RGBA
	painted *image.RGBA
	raster  *canvas.Raster
}

// NewCamera returns an empty view.
func NewCamera() *Camera {
	c := &Camera{}
	c.raster = canvas.NewRaster(c.paint)
	c.ExtendBaseWidget(c)
	return c
}

// Set brings a picture to the screen; it must not change afterwards. nil shows
// nothing.
func (c *Camera) Set(picture *image.RGBA) {
	moved := c.picture == nil || picture == nil || c.picture.Rect != picture.Rect
	c.picture = picture
	if moved {
		c.Refresh()
		return
	}
	c.raster.Refresh()
}

// Picture is what is shown, or nil.
func (c *Camera) Picture() *image.RGBA { return c.picture }

// Fit is where a picture of w×h lands on an area of a size: whole, undistorted
// and in the middle.
func Fit(w, h int, area fyne.Size) (fyne.Position, fyne.Size) {
	if w <= 0 || h <= 0 {
		return fyne.Position{}, fyne.Size{}
	}
	by := min(area.Width/float32(w), area.Height/float32(h))
	size := fyne.NewSize(by*float32(w), by*float32(h))
	return fyne.NewPos((area.Width-size.Width)/2, (area.Height-size.Height)/2), size
}

// paint is asked by the canvas for a texture of the picture.
func (c *Camera) paint(int, int) image.Image {
	if c.picture == nil {
		return image.NewRGBA(image.Rect(0, 0, 1, 1))
	}
	if c.Painted != nil && c.painted != c.picture {
		c.painted = c.picture
		c.Painted(c.picture)
	}
	return c.picture
}

// CreateRenderer implements fyne.Widget.
func (c *Camera) CreateRenderer() fyne.WidgetRenderer { return &cameraRenderer{c} }

type cameraRenderer struct{ c *Camera }

func (r *cameraRenderer) Layout(size fyne.Size) {
	if r.c.picture == nil {
		r.c.raster.Resize(fyne.Size{})
		return
	}
	at, fit := Fit(r.c.picture.Rect.Dx(), r.c.picture.Rect.Dy(), size)
	r.c.raster.Move(at)
	r.c.raster.Resize(fit)
}

func (r *cameraRenderer) MinSize() fyne.Size { return fyne.NewSize(120, 90) }

func (r *cameraRenderer) Refresh() {
	r.Layout(r.c.Size())
	r.c.raster.Refresh()
}

func (r *cameraRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.c.raster} }
func (r *cameraRenderer) Destroy()                     {}
