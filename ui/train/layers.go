package train

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Weight is one weight of a network from a file.
type Weight struct {
	Name    string // as patterns name it
	Node    string // the layer that it belongs to
	Kind    string // that layer's operator
	Shape   []int
	Numbers int
	Trained bool
	Blocked string // the operator that keeps gradients from it
}

// LayerList shows the weights of a network from a file: which are trained, which a
// pattern matches, and what keeps gradients from them.
type LayerList struct {
	widget.BaseWidget
	// OnOnly trains what a pattern matches and nothing else, OnFreeze keeps it as it
	// is, and OnFrom trains from a layer on.
	OnOnly, OnFreeze, OnFrom func(string)

	book    *i18n.Book
	about   *widgets.Prose
	pattern *widgets.Entry
	count   *widgets.Text
	list    *widgets.List
	only    *widgets.Button
	freeze  *widgets.Button
	from    *widgets.Button
	weights []Weight
	shown   []Weight // that the pattern matches
	chosen  int      // of those shown, -1 without one
}

// NewLayerList returns the list of weights; about says where the features are taken.
func NewLayerList(book *i18n.Book, about string, weights []Weight) *LayerList {
	l := &LayerList{book: book, about: widgets.SmallParagraph(about), pattern: widgets.NewEntry(), count: widgets.Note(""), chosen: -1}
	l.pattern.SetPlaceHolder(book.T("layers.pattern"))
	l.pattern.OnChanged = func(string) { l.filter() }
	l.list = widgets.NewList(func() int { return len(l.shown) }, makeWeightRow, l.fill)
	l.list.OnSelected = func(i int) {
		l.chosen = i
		l.settle()
	}
	l.list.HideSeparators = true
	button := func(key string, wish func()) *widgets.Button { return widgets.NewButton(book.T(key), wish) }
	l.only = button("layers.only", func() { ask(l.OnOnly, strings.TrimSpace(l.pattern.Text)) })
	l.freeze = button("layers.freeze", func() { ask(l.OnFreeze, strings.TrimSpace(l.pattern.Text)) })
	l.from = button("layers.from", func() { ask(l.OnFrom, l.shown[l.chosen].Node) })
	l.Apply(weights)
	l.ExtendBaseWidget(l)
	return l
}

func ask(wish func(string), text string) {
	if wish != nil && text != "" {
		wish(text)
	}
}

// Apply shows the weights anew.
func (l *LayerList) Apply(weights []Weight) {
	l.weights = weights
	l.filter()
}

// First is the field to begin in.
func (l *LayerList) First() fyne.Focusable { return l.pattern }

// Try types a pattern as a person does.
func (l *LayerList) Try(pattern string) { l.pattern.SetText(pattern) }

// Shown names the weights that the pattern matches.
func (l *LayerList) Shown() (names []string) {
	for _, w := range l.shown {
		names = append(names, w.Name)
	}
	return names
}

// filter shows what the patterns match, all without one. A pattern that is not
// finished matches nothing.
func (l *LayerList) filter() {
	patterns, ok := parseNames(l.pattern.Text)
	l.shown = slices.DeleteFunc(slices.Clone(l.weights), func(w Weight) bool {
		return len(patterns) > 0 && !slices.ContainsFunc(patterns, func(p string) bool {
			match, err := path.Match(p, w.Name)
			return err == nil && match
		}) || !ok
	})
	l.chosen = -1
	l.list.UnselectAll()
	l.list.Refresh()
	l.settle()
}

// settle counts, and offers what can be done.
func (l *LayerList) settle() {
	numbers, trained := 0, 0
	for _, w := range l.shown {
		if numbers += w.Numbers; w.Trained {
			trained++
		}
	}
	l.count.Set(l.book.T("layers.count", len(l.shown), len(l.weights), compact(numbers), trained))
	able(l.only, strings.TrimSpace(l.pattern.Text) != "" && len(l.shown) > 0)
	able(l.freeze, strings.TrimSpace(l.pattern.Text) != "" && len(l.shown) > 0 && len(l.shown) < len(l.weights))
	able(l.from, l.chosen >= 0 && l.shown[max(l.chosen, 0)].Blocked == "")
}

func able(b *widgets.Button, on bool) {
	if on {
		b.Enable()
	} else {
		b.Disable()
	}
}

func makeWeightRow() fyne.CanvasObject {
	right := widgets.Row(2*look.Gap, widgets.Width(widgets.Note("").Align(fyne.TextAlignTrailing), 110), widgets.Width(widgets.Note("").Truncate(), 220))
	icon := container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(16), widget.NewIcon(nil)))
	return container.NewBorder(nil, nil, icon, right, widgets.Body("").Truncate())
}

// fill shows a weight: name, shape, and what becomes of it.
func (l *LayerList) fill(i int, o fyne.CanvasObject) {
	w := l.shown[i]
	icon, colour, state := "check", look.Ember, "layers.trains"
	switch {
	case w.Blocked != "":
		icon, colour, state = "warning", theme.ColorNameWarning, "layers.blocked"
	case !w.Trained:
		icon, colour, state = "minus", look.Muted, "layers.frozen"
	}
	text := l.book.T(state)
	if w.Blocked != "" {
		text = l.book.T(state, w.Blocked)
	}
	texts := []string{w.Name, shapeText(w.Shape), w.Kind + " · " + text}
	n := 0
	widgets.Visit(o, func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *widgets.Text:
			o.Set(texts[n])
			n++
		case *widget.Icon:
			o.SetResource(look.Tinted(icon, colour))
		}
	})
}

func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, "×")
}

// CreateRenderer implements fyne.Widget.
func (l *LayerList) CreateRenderer() fyne.WidgetRenderer {
	buttons := container.NewHBox(l.only, l.freeze, l.from)
	foot := widgets.Column(look.Gap, l.count, buttons)
	head := widgets.Column(look.Gap, l.about, l.pattern)
	return widget.NewSimpleRenderer(widgets.Width(container.NewBorder(widgets.Below(head, look.Gap), foot, nil, nil, widgets.Height(l.list, 240)), 640))
}
