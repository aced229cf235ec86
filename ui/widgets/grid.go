package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
)

// Thumb is what a Grid shows of one sample.
type Thumb struct {
	Picture image.Image
	Caption string
	Bad     bool // something is wrong with the sample: shown in the negative colour
}

// Grid shows any number of samples as pictures. Only the visible ones exist:
// Load is asked for them, works elsewhere and calls Put on the UI goroutine.
type Grid struct {
	widget.BaseWidget
	// Load asks for the picture of sample i; it must not block.
	Load func(i int)
	// OnSelect is called with a pressed sample.
	OnSelect func(i int)

	count   int
	side    float32
	fit     float32 // of a picture, so that the columns fill the width
	columns int
	thumbs  map[int]Thumb
	order   []int // of arrival, for forgetting the oldest
	sheet   *sheet
	scroll  *container.Scroll
}

// keep is how many thumbnails a Grid remembers.
const keep = 2000

// NewGrid returns an empty grid with pictures of at least side units.
func NewGrid(side float32) *Grid {
	g := &Grid{side: side, fit: side, columns: 1, thumbs: map[int]Thumb{}}
	g.sheet = newSheet(g)
	g.scroll = container.NewVScroll(g.sheet)
	g.scroll.OnScrolled = func(fyne.Position) { g.sheet.show() }
	g.ExtendBaseWidget(g)
	return g
}

// SetCount shows count samples from the start and forgets all pictures.
func (g *Grid) SetCount(count int) {
	g.count = count
	g.thumbs, g.order = map[int]Thumb{}, nil
	g.sheet.forget()
	g.scroll.ScrollToTop()
	g.scroll.Refresh()
	g.sheet.show()
}

// Unselect forgets which sample was pressed, so that it can be pressed again.
func (g *Grid) Unselect() { g.sheet.choose(-1) }

// Put shows the picture of sample i, if it is still wanted.
func (g *Grid) Put(i int, t Thumb) {
	if i >= g.count {
		return
	}
	if _, ok := g.thumbs[i]; !ok {
		g.order = append(g.order, i)
	}
	g.thumbs[i] = t
	for len(g.order) > keep {
		delete(g.thumbs, g.order[0])
		g.order = g.order[1:]
	}
	g.sheet.put(i)
}

// Has reports whether the picture of sample i is there.
func (g *Grid) Has(i int) bool {
	_, ok := g.thumbs[i]
	return ok
}

// pictureGap is the ground seen around a picture.
const pictureGap float32 = 2

func captionColour(bad bool) fyne.ThemeColorName {
	if bad {
		return look.Negative
	}
	return look.Muted
}

// Visit calls see with o and everything inside its containers; widgets stay closed.
func Visit(o fyne.CanvasObject, see func(fyne.CanvasObject)) {
	see(o)
	if box, ok := o.(*fyne.Container); ok {
		for _, child := range box.Objects {
			Visit(child, see)
		}
	}
}

// CreateRenderer implements fyne.Widget.
func (g *Grid) CreateRenderer() fyne.WidgetRenderer {
	return &gridRenderer{WidgetRenderer: widget.NewSimpleRenderer(g.scroll), g: g}
}

type gridRenderer struct {
	fyne.WidgetRenderer
	g *Grid
}

// Layout makes pictures a little larger than asked for where the columns would
// leave an empty strip beside them.
func (r *gridRenderer) Layout(size fyne.Size) {
	g := r.g
	gap, bar := theme.Padding(), theme.ScrollBarSmallSize()+4
	least := g.side + 2*pictureGap
	columns := max(1, int((size.Width-bar+gap)/(least+gap)))
	fit := max(g.side, float32(int((size.Width-bar+gap)/float32(columns)-gap))-2*pictureGap)
	if fit != g.fit || columns != g.columns {
		g.fit, g.columns = fit, columns
		g.sheet.release()
	}
	r.WidgetRenderer.Layout(size)
	g.sheet.show()
}

// MinSize does not follow what fits: the window could not be made smaller again.
func (r *gridRenderer) MinSize() fyne.Size {
	return fyne.NewSquareSize(r.g.side + 2*pictureGap)
}

// Refresh takes a new theme over.
func (r *gridRenderer) Refresh() {
	r.g.sheet.release()
	r.g.sheet.show()
	r.WidgetRenderer.Refresh()
}
