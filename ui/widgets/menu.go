package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Menu opens a menu under an object, where it fits into the window.
func Menu(at fyne.CanvasObject, items ...*fyne.MenuItem) {
	c := fyne.CurrentApp().Driver().CanvasForObject(at)
	if c == nil || len(items) == 0 {
		return
	}
	where := fyne.CurrentApp().Driver().AbsolutePositionForObject(at)
	menu := widget.NewPopUpMenu(fyne.NewMenu("", items...), c)
	size := menu.MinSize()
	where = where.AddXY(min(0, c.Size().Width-size.Width-where.X-8), at.Size().Height)
	where.Y = min(where.Y, max(0, c.Size().Height-size.Height-8))
	menu.ShowAtPosition(where)
	c.Focus(menu)
}
