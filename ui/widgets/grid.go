package widgets

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
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
	thumbs map[int]Thumb
	order  []int // of arrival, for forgetting the oldest
	wrap   *widget.GridWrap
}

// keep is how many thumbnails a Grid remembers.
const keep = 2000

// NewGrid returns an empty grid with pictures of side units.
func NewGrid(side float32) *Grid {
	g := &Grid{side: side, thumbs: map[int]Thumb{}}
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
	g.ready()
	g.wrap.RefreshItem(i)
}

// Has reports whether the picture of sample i is there.
func (g *Grid) Has(i int) bool {
	_, ok := g.thumbs[i]
	return ok
}

type gridCell struct {
	picture *canvas.Image
	caption *Text
}

func (g *Grid) makeCell() fyne.CanvasObject {
	picture := &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScalePixels}
	picture.SetMinSize(fyne.NewSquareSize(g.side))
	ground := NewFill(look.Raised, 0) // square: see Fill
	caption := Note("").Truncate().Align(fyne.TextAlignCenter)
	return container.NewBorder(nil, caption, nil, nil, container.NewStack(ground, Pad(picture, 2)))
}

func (g *Grid) fillCell(i int, object fyne.CanvasObject) {
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
func (g *Grid) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(g.wrap) }
