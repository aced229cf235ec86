package faces

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/face"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Tuning is how a detector is set, with all fields filled.
type Tuning struct {
	Detector         string
	Params, Defaults face.Params
}

// cascade tells whether the detector searches with a cascade.
func (t Tuning) cascade() bool { return t.Defaults.Scale > 0 }

// second tells whether the detector has an extra pass for large faces.
func (t Tuning) second() bool { return !t.cascade() && t.Defaults.Side > 0 }

// Whole are the settings with the detector's own where nothing was turned, within
// what the dials can show: they may come from a file that somebody wrote.
func (t Tuning) Whole() face.Params {
	all := t.Params
	for _, k := range knobs() {
		v := k.get(t.Params)
		if v == 0 || !k.has(t) {
			v = k.get(t.Defaults)
		} else {
			v = min(max(v, k.min), k.max)
		}
		k.set(&all, v)
	}
	return all
}

// knob is one number that a person may turn.
type knob struct {
	key            string // of its name
	min, max, step float64
	get            func(face.Params) float64
	set            func(*face.Params, float64)
	show           func(*i18n.Book, float64) string
	has            func(Tuning) bool
}

func pixels(_ *i18n.Book, v float64) string  { return fmt.Sprintf("%.0f px", v) }
func plain(_ *i18n.Book, v float64) string   { return fmt.Sprintf("%.0f", v) }
func percent(_ *i18n.Book, v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }
func always(Tuning) bool                     { return true }

// knobs are all numbers of all detectors.
func knobs() []knob {
	return []knob{
		{
			"faces.confidence", 0.05, 0.99, 0.01, func(p face.Params) float64 { return float64(p.Confidence) },
			func(p *face.Params, v float64) { p.Confidence = float32(v) }, percent, always,
		},
		{
			"faces.nms", 0.05, 0.95, 0.05, func(p face.Params) float64 { return float64(p.NMS) },
			func(p *face.Params, v float64) { p.NMS = float32(v) }, percent, always,
		},
		{
			"faces.minsize", 1, 200, 1, func(p face.Params) float64 { return float64(p.MinSize) },
			func(p *face.Params, v float64) { p.MinSize = int(v) }, pixels, always,
		},
		{
			"faces.side", 160, 1920, 32, func(p face.Params) float64 { return float64(p.Side) },
			func(p *face.Params, v float64) { p.Side = int(v) }, pixels, func(t Tuning) bool { return t.Defaults.Side > 0 },
		},
		{
			"faces.scale", 1.02, 1.5, 0.01, func(p face.Params) float64 { return p.Scale },
			func(p *face.Params, v float64) { p.Scale = v },
			func(_ *i18n.Book, v float64) string { return fmt.Sprintf("%.2f", v) }, Tuning.cascade,
		},
		{
			"faces.neighbors", 1, 12, 1, func(p face.Params) float64 { return float64(p.Neighbors) },
			func(p *face.Params, v float64) { p.Neighbors = int(v) }, plain, Tuning.cascade,
		},
	}
}

// dial is a knob on the screen.
type dial struct {
	knob
	slider *widgets.Slider
	value  *widgets.Text
	box    *fyne.Container
}

// tuner is the column of dials for one detector.
type tuner struct {
	widget.BaseWidget
	book   *i18n.Book
	turned func(face.Params)
	now    Tuning
	dials  []*dial
	look   *widgets.Check
	again  *widgets.Check
	reset  *widgets.Button
}

func newTuner(book *i18n.Book, turned func(face.Params)) *tuner {
	t := &tuner{book: book, turned: turned}
	for _, k := range knobs() {
		t.dials = append(t.dials, t.makeDial(k))
	}
	t.look = widgets.NewCheck(book.T("faces.secondlook"), func(on bool) { t.change(func(p *face.Params) { p.Plain = !on }) })
	t.again = widgets.NewCheck(book.T("faces.largefaces"), func(on bool) { t.change(func(p *face.Params) { p.Single = !on }) })
	t.reset = widgets.NewButtonWithIcon(book.T("faces.reset"), look.Icon("undo"), func() {
		t.apply(Tuning{Detector: t.now.Detector, Params: t.now.Defaults, Defaults: t.now.Defaults})
		t.turned(t.now.Params)
	})
	t.ExtendBaseWidget(t)
	return t
}

func (t *tuner) makeDial(k knob) *dial {
	d := &dial{knob: k, slider: widgets.NewSlider(k.min, k.max), value: widgets.Note("")}
	d.slider.Step = k.step
	d.slider.OnChanged = func(v float64) { d.value.Set(d.show(t.book, v)) }
	d.slider.OnChangeEnded = func(v float64) { t.change(func(p *face.Params) { d.set(p, v) }) }
	name := container.NewBorder(nil, nil, nil, d.value, widgets.Note(t.book.T(k.key)).Truncate())
	d.box = widgets.Column(0, name, d.slider)
	return d
}

func (t *tuner) change(how func(*face.Params)) {
	before := t.now.Params
	how(&t.now.Params)
	if t.now.Params != before {
		t.mark()
		t.turned(t.now.Params)
	}
}

// mark offers the way back only where something was turned.
func (t *tuner) mark() { widgets.SetVisible(t.reset, t.now.Params != t.now.Defaults) }

// apply shows a detector's settings.
func (t *tuner) apply(now Tuning) {
	t.now = now
	for _, d := range t.dials {
		d.slider.Value = d.get(now.Params)
		d.slider.Refresh()
		d.value.Set(d.show(t.book, d.slider.Value))
		on := now.Detector != "" && d.has(now)
		widgets.SetVisible(d.box, on)
		widgets.SetVisible(d.slider, on)
	}
	t.look.Checked, t.again.Checked = !now.Params.Plain, !now.Params.Single
	t.look.Refresh()
	t.again.Refresh()
	widgets.SetVisible(t.look, now.cascade())
	widgets.SetVisible(t.again, now.second())
	t.mark()
	t.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (t *tuner) CreateRenderer() fyne.WidgetRenderer {
	box := widgets.Column(look.Gap / 2)
	for _, d := range t.dials {
		box.Add(d.box)
	}
	for _, o := range []fyne.CanvasObject{t.look, t.again, t.reset} {
		box.Add(o)
	}
	return widget.NewSimpleRenderer(box)
}
