package data

import (
	"image"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/dataset/augment"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Previews is how many versions of the same sample an Augmenter shows.
const Previews = 9

// Augmenter switches the changes of training pictures on and off, and shows what
// they do to one sample, nine times.
type Augmenter struct {
	widget.BaseWidget
	// OnChange tells that the changes are others now.
	OnChange func(augment.Picture)
	// OnNext asks for another sample.
	OnNext func()

	book     *i18n.Book
	now      augment.Picture
	mixture  *widgets.Segments
	rows     []*strength
	pictures []*canvas.Image
}

// strength is one change: a switch and how strong it is.
type strength struct {
	setting augment.Setting
	check   *widgets.Check
	slider  *widgets.Slider // nil for a plain switch
	value   *widgets.Text
}

// mixtures are the usual lists, in the order of the switch; the last is the
// person's own.
func mixtures() []string { return []string{"none", "digits", "photo"} }

// NewAugmenter returns the switches as list has them.
func NewAugmenter(book *i18n.Book, now augment.Picture) *Augmenter {
	a := &Augmenter{book: book, now: now}
	var names []string
	for _, m := range append(mixtures(), "own") {
		names = append(names, book.T("augment."+m))
	}
	a.mixture = widgets.NewSegments(names, 0, a.mix)
	for _, s := range now.Settings() {
		a.rows = append(a.rows, a.row(s))
	}
	for range Previews {
		picture := &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScalePixels}
		picture.SetMinSize(fyne.NewSquareSize(96))
		a.pictures = append(a.pictures, picture)
	}
	a.show()
	a.ExtendBaseWidget(a)
	return a
}

// List is what the recipe says of the changes, "" for none.
func (a *Augmenter) List() string {
	for _, m := range mixtures()[1:] {
		if p, err := augment.Parse(m); err == nil && *p == a.now {
			return m
		}
	}
	return a.now.String()
}

// Apply shows the versions of a sample.
func (a *Augmenter) Apply(versions []image.Image) {
	for i, picture := range a.pictures {
		if i < len(versions) {
			picture.Image = versions[i]
			picture.Refresh()
		}
	}
}

func (a *Augmenter) mix(i int) {
	if i >= len(mixtures()) {
		a.show() // one's own begins with what is on
		return
	}
	p, err := augment.Parse(mixtures()[i])
	if err != nil || p == nil {
		p = &augment.Picture{}
	}
	a.set(*p)
}

func (a *Augmenter) set(p augment.Picture) {
	a.now = p
	a.show()
	if a.OnChange != nil {
		a.OnChange(p)
	}
}

// show brings all switches in line with what is on.
func (a *Augmenter) show() {
	for i, s := range a.now.Settings() {
		a.rows[i].show(s)
	}
	chosen := len(mixtures())
	switch list := a.List(); list {
	case "":
		chosen = 0
	case "digits":
		chosen = 1
	case "photo":
		chosen = 2
	}
	a.mixture.Choose(chosen)
}

func (a *Augmenter) row(s augment.Setting) *strength {
	r := &strength{setting: s, value: widgets.Note("").Align(fyne.TextAlignTrailing)}
	r.check = widgets.NewCheck(a.book.T("augment.by."+s.Name), nil)
	r.check.OnChanged = func(on bool) {
		value := 0.0
		if on {
			value = s.Usual
		}
		a.set(a.now.With(s.Name, value))
	}
	if s.Most > 0 {
		r.slider = widgets.NewSlider(0, min(s.Most, 4*s.Usual))
		r.slider.Step = s.Usual / 20
		r.slider.OnChanged = func(v float64) { a.set(a.now.With(s.Name, v)) }
	}
	return r
}

func (r *strength) show(s augment.Setting) {
	keep := r.check.OnChanged
	r.check.OnChanged = nil
	r.check.SetChecked(s.Value > 0)
	r.check.OnChanged = keep
	if r.slider == nil {
		return
	}
	moved := r.slider.OnChanged
	r.slider.OnChanged = nil
	r.slider.SetValue(s.Value)
	r.slider.OnChanged = moved
	r.value.Set(strengthText(s))
}

// strengthText writes a strength; shares read as percent.
func strengthText(s augment.Setting) string {
	switch {
	case s.Value == 0:
		return ""
	case s.Name == "rotate" || s.Name == "shear":
		return strconv.FormatFloat(s.Value, 'f', 0, 64) + "°"
	case s.Name == "mix-up":
		return "α " + strconv.FormatFloat(s.Value, 'f', 2, 64)
	case s.Name == "blur" || s.Name == "elastic":
		return strconv.FormatFloat(s.Value, 'f', 1, 64) + " px"
	}
	return strconv.FormatFloat(100*s.Value, 'f', 0, 64) + " %"
}

// CreateRenderer implements fyne.Widget.
func (a *Augmenter) CreateRenderer() fyne.WidgetRenderer {
	list := widgets.Column(0)
	for _, r := range a.rows {
		right := layout.NewSpacer()
		if r.slider != nil {
			right = widgets.Border(nil, nil, nil, widgets.Width(r.value, 44), r.slider)
		}
		list.Add(widgets.Border(nil, nil, widgets.Width(r.check, 132), nil, right))
	}
	scrolled := container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 14), list))
	switches := widgets.Width(widgets.Border(widgets.Below(a.mixture, look.Gap), nil, nil, nil, widgets.Height(scrolled, 300)), 340)
	cells := container.NewGridWithColumns(3)
	for _, p := range a.pictures {
		cells.Add(container.NewStack(widgets.NewFill(look.Raised, 4), widgets.Pad(p, 2)))
	}
	next := widgets.NewButtonWithIcon(a.book.T("augment.next"), look.Icon("refresh"), func() { call(a.OnNext) })
	preview := container.NewBorder(nil, container.NewCenter(next), nil, nil, container.NewCenter(cells))
	return widget.NewSimpleRenderer(widgets.Border(nil, nil, switches, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 2*look.Gap, 0), preview)))
}
