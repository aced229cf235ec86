// Package shell is the window around the screens: navigation rail, status bar,
// toasts, command palette and the one error dialog.
package shell

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Place is one entry of the rail.
type Place struct {
	ID, Icon, Name, Keys string
	GapAbove             bool
}

// railWidth is the rail's width in units.
const railWidth float32 = 176

// Rail is the navigation on the left.
type Rail struct {
	widget.BaseWidget
	// OnSelect is called with the place a person chose.
	OnSelect func(id string)

	brand  string
	places []Place
	items  map[string]*railItem
	last   *Place
	search *widgets.Press
}

type railItem struct {
	press *widgets.Press
	icon  *widget.Icon
	place Place
	dot   *widgets.Fill
	name  *widgets.Text
}

// NewRail returns a rail with places from above and last at the bottom; find
// opens the command palette.
func NewRail(brand, findText string, places []Place, last Place, find func()) *Rail {
	r := &Rail{brand: brand, places: places, last: &last, items: map[string]*railItem{}}
	for _, p := range places {
		r.items[p.ID] = r.item(p)
	}
	r.items[last.ID] = r.item(last)
	r.search = widgets.NewPress(row("search", widgets.Body(findText).Tint(look.Muted), widgets.Note("Ctrl+K")), look.Raised, 6, find)
	r.ExtendBaseWidget(r)
	return r
}

func row(icon string, name, trailing fyne.CanvasObject) *fyne.Container {
	picture := container.NewGridWrap(fyne.NewSquareSize(18), widget.NewIcon(look.Tinted(icon, look.Muted)))
	line := container.NewBorder(nil, nil, container.NewCenter(picture), container.NewCenter(trailing), name)
	return container.New(layout.NewCustomPaddedLayout(5, 5, 10, 8), line)
}

func (r *Rail) item(p Place) *railItem {
	it := &railItem{place: p, icon: widget.NewIcon(look.Tinted(p.Icon, look.Muted)), dot: widgets.NewFill(look.Ember, 3)}
	it.name = widgets.Body(p.Name).Tint(look.Muted)
	it.dot.Hide()
	dot := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(6), it.dot))
	icon := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(18), it.icon))
	line := container.NewBorder(nil, nil, icon, dot, container.New(layout.NewCustomPaddedLayout(0, 0, 6, 0), it.name))
	content := container.New(layout.NewCustomPaddedLayout(7, 7, 10, 10), line)
	it.press = widgets.NewPress(content, "", 6, func() {
		if r.OnSelect != nil {
			r.OnSelect(p.ID)
		}
	})
	return it
}

// Select marks the place on screen.
func (r *Rail) Select(id string) {
	for name, it := range r.items {
		on := name == id
		it.press.Select(on)
		colour := look.Muted
		if on {
			colour = theme.ColorNameForeground
		}
		it.name.SetTint(colour)
		it.icon.SetResource(look.Tinted(it.place.Icon, colour))
	}
}

// Light shows or hides the ember dot that says "something runs here".
func (r *Rail) Light(id string, on bool) {
	it, ok := r.items[id]
	if !ok || it.dot.Visible() == on {
		return
	}
	if on {
		it.dot.Show()
	} else {
		it.dot.Hide()
	}
}

// CreateRenderer implements fyne.Widget.
func (r *Rail) CreateRenderer() fyne.WidgetRenderer {
	mark := container.NewGridWrap(fyne.NewSquareSize(24), widget.NewIcon(look.Mark()))
	brand := widgets.Row(look.Gap, container.NewCenter(mark), container.NewCenter(widgets.Strong(r.brand)))
	top := widgets.Column(2, container.New(layout.NewCustomPaddedLayout(6, 10, 8, 0), brand), r.search, widgets.Space(4))
	for _, p := range r.places {
		if p.GapAbove {
			top.Add(widgets.Space(8))
		}
		top.Add(r.items[p.ID].press)
	}
	inner := container.NewBorder(top, r.items[r.last.ID].press, nil, nil)
	ground := widgets.NewFill(look.Rail, 0)
	return widget.NewSimpleRenderer(container.NewStack(ground, widgets.Width(widgets.Pad(inner, look.Gap), railWidth)))
}
