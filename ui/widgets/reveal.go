package widgets

import (
	"reflect"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Reveal scrolls what o lies in until o is in view: Tab goes to fields that are not,
// and Fyne leaves them there. What is nearly all in view already stays where it is, as
// it may be under the pointer.
func Reveal(o fyne.CanvasObject) {
	driver := fyne.CurrentApp().Driver()
	c := driver.CanvasForObject(o)
	if c == nil {
		return
	}
	for _, s := range around(c, o) {
		at := driver.AbsolutePositionForObject(o).Subtract(driver.AbsolutePositionForObject(s.Content))
		to := fyne.NewPos(
			along(s.Offset.X, s.Size().Width, at.X, o.Size().Width),
			along(s.Offset.Y, s.Size().Height, at.Y, o.Size().Height))
		if to != s.Offset {
			s.ScrollToOffset(to)
		}
	}
}

// InView reports whether o is seen, or nearly all of it.
func InView(o fyne.CanvasObject) bool {
	driver := fyne.CurrentApp().Driver()
	c := driver.CanvasForObject(o)
	if c == nil {
		return false
	}
	at, size := driver.AbsolutePositionForObject(o), o.Size()
	seen := within(fyne.Position{}, c.Size(), at, size)
	for _, s := range around(c, o) {
		seen = seen && within(driver.AbsolutePositionForObject(s), s.Size(), at, size)
	}
	return seen
}

func within(view fyne.Position, room fyne.Size, at fyne.Position, size fyne.Size) bool {
	return visible(at.X, size.Width, view.X, room.Width) && visible(at.Y, size.Height, view.Y, room.Height)
}

// visible reports whether most of what stands at a place is seen in a view.
func visible(at, size, view, room float32) bool {
	const most = 0.8
	return min(at+size, view+room)-max(at, view) >= most*min(size, room)
}

// along is the offset with which a view shows what stands at a place.
func along(offset, view, at, size float32) float32 {
	const margin = 12
	switch {
	case visible(at, size, offset, view):
		return offset
	case at < offset || size+2*margin > view:
		return max(0, at-margin)
	}
	return at + size + margin - view
}

// around are the scrollers that o lies in, the outermost first. Fyne tells nobody what
// an object lies in; its canvas walks over everything on it, with an internal type
// (WalkTrees of internal/driver/common). A canvas without it, such as that of tests,
// has none.
func around(c fyne.Canvas, o fyne.CanvasObject) (found []*container.Scroll) {
	walk := reflect.ValueOf(c).MethodByName("WalkTrees")
	if !walk.IsValid() || walk.Type().NumIn() != 2 {
		return nil
	}
	var open []*container.Scroll
	visit := func(i int, see func(fyne.CanvasObject)) reflect.Value {
		return reflect.MakeFunc(walk.Type().In(i), func(args []reflect.Value) []reflect.Value {
			if node, ok := reflect.TypeAssert[interface{ Obj() fyne.CanvasObject }](args[0]); ok {
				see(node.Obj())
			}
			return nil
		})
	}
	enter := func(at fyne.CanvasObject) {
		if at == o {
			found = slices.Clone(open)
		}
		if s, ok := at.(*container.Scroll); ok {
			open = append(open, s)
		}
	}
	leave := func(at fyne.CanvasObject) {
		if _, ok := at.(*container.Scroll); ok && len(open) > 0 {
			open = open[:len(open)-1]
		}
	}
	walk.Call([]reflect.Value{visit(0, enter), visit(1, leave)})
	return found
}
