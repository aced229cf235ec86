package chart

import (
	"image"
	"sync"

	"athanor/pipeline/curve"
)

// Drawer draws charts one after another and keeps the memory that it needs for
// that, until it has not been used for a while. Its zero value is ready; several
// goroutines may use it.
type Drawer struct {
	scratches sync.Pool // of *scratch
	images    sync.Pool // of *image.RGBA
}

// Recycle gives a picture's image back, which nobody may look at any more; what
// else the picture tells stays. It may be nil.
func (d *Drawer) Recycle(p *Picture) {
	if p != nil && p.Image != nil {
		d.images.Put(p.Image)
		p.Image = nil
	}
}

// image is one of a size with any content.
func (d *Drawer) image(width, height int) *image.RGBA {
	if img, ok := d.images.Get().(*image.RGBA); ok && img.Rect.Dx() == width && img.Rect.Dy() == height {
		return img
	}
	return image.NewRGBA(image.Rect(0, 0, width, height))
}

// scratch is memory for one picture.
type scratch struct {
	edges    []float64
	columns  shelf[curve.Column]
	vertices shelf[vertex]
	brushes  []brush
	points   sync.Pool // of *[]curve.Point
}

func (d *Drawer) scratch() *scratch {
	s, ok := d.scratches.Get().(*scratch)
	if !ok {
		s = &scratch{}
	}
	s.columns.used, s.vertices.used = 0, 0
	return s
}

// shelf is memory that is taken in parts and given back as a whole.
type shelf[T any] struct {
	room []T
	used int
}

// take returns n values of any content.
func (s *shelf[T]) take(n int) []T {
	if s.used+n > len(s.room) { // what was taken before stays with those who took it
		s.room, s.used = make([]T, max(n, 2*len(s.room))), 0
	}
	s.used += n
	return s.room[s.used-n : s.used : s.used]
}
