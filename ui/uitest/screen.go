package uitest

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"athanor/ui/widgets"
)

// Walk calls see with everything that is visible from root on, what widgets draw
// included.
func Walk(root fyne.CanvasObject, see func(fyne.CanvasObject)) {
	if root == nil || !root.Visible() {
		return
	}
	see(root)
	switch o := root.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			Walk(child, see)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			Walk(child, see)
		}
	}
}

// Texts are the texts that root shows.
func Texts(root fyne.CanvasObject) []string {
	var list []string
	Walk(root, func(o fyne.CanvasObject) {
		if t, ok := o.(*canvas.Text); ok && t.Text != "" {
			list = append(list, t.Text)
		}
	})
	return list
}

// Shows reports whether some text on root holds part.
func Shows(root fyne.CanvasObject, part string) bool {
	return slices.ContainsFunc(Texts(root), func(t string) bool { return strings.Contains(t, part) })
}

// Tap taps the innermost object that can be tapped and shows exactly this text.
func Tap(tb testing.TB, root fyne.CanvasObject, text string) {
	tb.Helper()
	var found fyne.Tappable
	Walk(root, func(o fyne.CanvasObject) {
		t, ok := o.(fyne.Tappable)
		if d, can := o.(fyne.Disableable); ok && !(can && d.Disabled()) && slices.Contains(Texts(o), text) {
			found = t
		}
	})
	if found == nil {
		tb.Fatalf("nothing to tap says %q; there is %q", text, Texts(root))
	}
	found.Tapped(&fyne.PointEvent{})
}

// Pick chooses an option in the first list of choices that offers it.
func Pick(tb testing.TB, root fyne.CanvasObject, option string) {
	tb.Helper()
	var found *widgets.Select
	Walk(root, func(o fyne.CanvasObject) {
		if s, ok := o.(*widgets.Select); ok && found == nil && slices.Contains(s.Options, option) {
			found = s
		}
	})
	if found == nil {
		tb.Fatalf("no list offers %q", option)
	}
	found.SetSelected(option)
}
