package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
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

	count  int
	side   float32
	fit    float32 // of a picture, so that the columns fill the width
	thumbs map[int]Thumb
	order  []int // of arrival, for forgetting the oldest
	wrap   *widget.GridWrap
	cells  map[int]fyne.CanvasObject // which cell shows a sample
	shows  map[fyne.CanvasObject]int // which sample a cell shows
}

// keep is how many thumbnails a Grid remembers.
const keep = 2000

// NewGrid returns an empty grid with pictures of at least side units.
func NewGrid(side float32) *Grid {
	g := &Grid{side: side, fit: side, thumbs: map[int]Thumb{}, cells: map[int]fyne.CanvasObject{}, shows: map[fyne.CanvasObject]int{}}
	g.wrap = widget.NewGridWrap(func() int { return g.count }, g.makeCell, g.fillCell)
	g.wrap.OnSelected = func(i int) {
		if g.OnSelect != nil {
			g.OnSelect(i)
		}
	}
	g.ExtendBaseWidget(g)
	return g
}

// SetCount shows count samples from the start and forgets all pictures.
func (g *Grid) SetCount(count int) {
	g.count = count
	g.thumbs, g.order = map[int]Thumb{}, nil
	clear(g.cells)
	clear(g.shows)
	g.wrap.UnselectAll()
	g.ready()
	g.wrap.ScrollToTop()
	g.wrap.Refresh()
}

// ready makes what scrolls, which a grid that was never shown lacks: scrolling it
// would fail.
func (g *Grid) ready() { g.wrap.MinSize() }

// Unselect forgets which sample was pressed, so that it can be pressed again.
func (g *Grid) Unselect() { g.wrap.UnselectAll() }

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
	if cell, ok := g.cells[i]; ok {
		g.fillCell(i, cell) // alone: refreshing an item would fill all of them
	}
}

// Has reports whether the picture of sample i is there.
func (g *Grid) Has(i int) bool {
	_, ok := g.thumbs[i]
	return ok
}

// pictureGap is the ground seen around a picture.
const pictureGap float32 = 2

type gridCell struct {
	picture *canvas.Image
	caption *Text
}

func (g *Grid) makeCell() fyne.CanvasObject {
	picture := &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScalePixels}
	picture.SetMinSize(fyne.NewSquareSize(g.fit))
	ground := NewFill(look.Raised, 0) // square: see Fill
	caption := Note("").Truncate().Align(fyne.TextAlignCenter)
	return container.NewBorder(nil, caption, nil, nil, container.NewStack(ground, Pad(picture, pictureGap)))
}

func (g *Grid) fillCell(i int, object fyne.CanvasObject) {
	g.note(i, object)
	cell := cellOf(object)
	thumb, ok := g.thumbs[i]
	if !ok {
		cell.picture.Hide() // cheaper than an empty picture: what is drawn next comes soon
		cell.caption.Set("")
		if g.Load != nil {
			g.Load(i)
		}
		return
	}
	if cell.picture.Image != thumb.Picture {
		cell.picture.Image = thumb.Picture
		cell.picture.Refresh()
	}
	cell.picture.Show()
	cell.caption.Set(thumb.Caption)
	cell.caption.SetTint(captionColour(thumb.Bad))
}

// note keeps which cell shows which sample.
func (g *Grid) note(i int, cell fyne.CanvasObject) {
	if old, ok := g.shows[cell]; ok && g.cells[old] == cell {
		delete(g.cells, old)
	}
	g.cells[i], g.shows[cell] = cell, i
}

func captionColour(bad bool) fyne.ThemeColorName {
	if bad {
		return look.Negative
	}
	return look.Muted
}

// cellOf finds the parts makeCell put into object.
func cellOf(object fyne.CanvasObject) gridCell {
	var cell gridCell
	Visit(object, func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *canvas.Image:
			cell.picture = o
		case *Text:
			cell.caption = o
		}
	})
	return cell
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
	return &gridRenderer{WidgetRenderer: widget.NewSimpleRenderer(g.wrap), g: g}
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
	fit := float32(int((size.Width-bar+gap)/float32(columns)-gap)) - 2*pictureGap
	if fit = max(fit, g.side); fit != g.fit {
		g.fit = fit
		g.wrap.Refresh()
	}
	r.WidgetRenderer.Layout(size)
}

// MinSize does not follow what fits: the window could not be made smaller again.
func (r *gridRenderer) MinSize() fyne.Size {
	return fyne.NewSquareSize(r.g.side + 2*pictureGap)
}
