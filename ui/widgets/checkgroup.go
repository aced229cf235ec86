package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// CheckGroup is a list of switches, below each other or, where Horizontal, side by
// side. After a change of Options it wants Refresh.
type CheckGroup struct {
	widget.BaseWidget
	Options, Selected []string
	Horizontal        bool
	OnChanged         func(selected []string)
	checks            []*Check
	box               *fyne.Container
}

// NewCheckGroup returns switches called options, all off.
func NewCheckGroup(options []string, changed func([]string)) *CheckGroup {
	g := &CheckGroup{Options: options, OnChanged: changed, box: container.NewVBox()}
	g.ExtendBaseWidget(g)
	g.fill()
	return g
}

// SetSelected turns on those switches and no others.
func (g *CheckGroup) SetSelected(names []string) {
	g.Selected = slices.Clone(names)
	g.Refresh()
}

// Refresh takes options and what is selected over.
func (g *CheckGroup) Refresh() {
	g.fill()
	g.BaseWidget.Refresh()
}

// fill makes a switch for each option where they are others now.
func (g *CheckGroup) fill() {
	g.Selected = slices.DeleteFunc(g.Selected, func(name string) bool { return !slices.Contains(g.Options, name) })
	if !slices.EqualFunc(g.checks, g.Options, func(c *Check, name string) bool { return c.Text == name }) {
		g.checks = nil
		g.box.RemoveAll()
		for _, name := range g.Options {
			c := NewCheck(name, func(on bool) { g.turn(name, on) })
			g.checks = append(g.checks, c)
			g.box.Add(c)
		}
	}
	for _, c := range g.checks {
		if on := slices.Contains(g.Selected, c.Text); c.Checked != on {
			c.Checked = on
			c.Refresh()
		}
	}
}

func (g *CheckGroup) turn(name string, on bool) {
	g.Selected = slices.DeleteFunc(slices.Clone(g.Selected), func(other string) bool { return other == name })
	if on {
		g.Selected = append(g.Selected, name)
	}
	if g.OnChanged != nil {
		g.OnChanged(g.Selected)
	}
}

// CreateRenderer implements fyne.Widget.
func (g *CheckGroup) CreateRenderer() fyne.WidgetRenderer {
	if g.Horizontal {
		g.box.Layout = container.NewHBox().Layout
	}
	return widget.NewSimpleRenderer(g.box)
}
