package try

import (
	"cmp"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"

	"athanor/inference/attribution"
	"athanor/ui/widgets"
)

// Effect is what a column does to the answer: partial dependence.
type Effect struct {
	Columns []string // to choose from
	Column  string
	Class   string // whose probability the points are; "" of a regression
	Points  []attribution.Point
}

func (v *View) makeEffect() {
	v.column, v.effect, v.effectOf = widgets.NewSelect(nil, nil), widgets.NewBars(96, 56), widgets.SmallParagraph("")
	v.column.PlaceHolder = " "
	for _, o := range []fyne.CanvasObject{v.column, v.effectOf, v.effect} {
		o.Hide()
	}
}

// applyEffect shows the effect of a column; nil shows none.
func (v *View) applyEffect(e *Effect) {
	v.effectNow = e
	for _, o := range []fyne.CanvasObject{v.column, v.effectOf, v.effect} {
		widgets.SetVisible(o, e != nil)
	}
	v.column.OnChanged = nil
	if e == nil {
		v.effect.Set(nil)
		v.effectOf.Set("")
		return
	}
	v.column.SetOptions(e.Columns)
	v.column.SetSelected(e.Column)
	v.column.OnChanged = func(name string) {
		if v.OnColumn != nil {
			v.OnColumn(name)
		}
	}
	if e.Class == "" {
		v.effectOf.Set(v.book.T("try.effect.value", e.Column))
	} else {
		v.effectOf.Set(v.book.T("try.effect", e.Class, e.Column))
	}
	v.effect.Set(v.effectLevels(e))
}

// shownPoints is how many values of a column are listed.
const shownPoints = 10

// effectLevels are bars of an effect: of probabilities by themselves, of values
// between the smallest and the largest, 0 included.
func (v *View) effectLevels(e *Effect) []widgets.Level {
	points := thin(e.Points, shownPoints)
	lo, hi := 0.0, 1.0
	if e.Class == "" && len(points) > 0 {
		by := func(a, b attribution.Point) int { return cmp.Compare(a.Output, b.Output) }
		lo, hi = min(0, slices.MinFunc(points, by).Output), max(0, slices.MaxFunc(points, by).Output)
	}
	levels := make([]widgets.Level, len(points))
	for i, p := range points {
		levels[i] = widgets.Level{Name: p.Value, Note: strconv.FormatFloat(p.Output, 'g', 4, 64)}
		if e.Class != "" {
			levels[i].Note = v.book.Percent(p.Output)
		}
		if hi > lo {
			levels[i].Share = (p.Output - lo) / (hi - lo)
		}
	}
	return levels
}

// thin picks at most most points, evenly, the first and the last among them.
func thin(points []attribution.Point, most int) []attribution.Point {
	if len(points) <= most {
		return points
	}
	out := make([]attribution.Point, most)
	for i := range out {
		out[i] = points[i*(len(points)-1)/(most-1)]
	}
	return out
}

// Effect is the one on the screen, nil without.
func (v *View) Effect() *Effect { return v.effectNow }
