package curves

import (
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"athanor/app/curves"
	"athanor/app/metrics"
	"athanor/app/store"
	"athanor/pipeline/curve"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// tools are the switches over the charts.
type tools struct {
	v       *View
	box     fyne.CanvasObject
	actions []fyne.CanvasObject
	amount  *widgets.Slider
	tells   *widgets.Text
	kind    int
	group   *widgets.Select
	by      *widgets.Select // charts by metric or by run
	keys    []string        // of the recipe, in the order of the group's choices
}

func axes() []metrics.Axis {
	return []metrics.Axis{metrics.Step, metrics.Epoch, metrics.Wall, metrics.Elapsed, metrics.Active}
}

func kinds() []curve.SmoothKind {
	return []curve.SmoothKind{curve.EMAKind, curve.GaussianKind, curve.WindowKind}
}

func newTools(v *View) *tools {
	t := &tools{v: v, tells: widgets.Note("0.60")}
	row := widgets.Border(nil, nil, container.NewCenter(t.makeAxis()), nil, widgets.Pad(t.makeSmoothing(), look.Gap/2))
	t.box = widgets.Column(0, row, t.makeChecks()) // two rows: one would not fit into a narrow window
	bring := widgets.NewButtonWithIcon(v.book.T("curves.import"), look.Icon("upload"), func() {
		if v.OnImport != nil {
			v.OnImport()
		}
	})
	var add *widgets.Button
	add = widgets.NewButtonWithIcon(v.book.T("curves.add"), look.Icon("plus"), func() { widgets.Menu(add, v.addItems()...) })
	t.actions = []fyne.CanvasObject{add, bring}
	return t
}

func (t *tools) makeAxis() fyne.CanvasObject {
	var names []string
	for _, a := range axes() {
		names = append(names, t.v.book.T("curves.word."+string(a)))
	}
	s := widgets.NewSelect(names, nil)
	s.SetSelectedIndex(0)
	s.OnChanged = func(string) {
		t.v.change(func(o *curves.Options) { o.Axis = axes()[max(s.SelectedIndex(), 0)] })
	}
	return widgets.Width(s, 150)
}

// makeSmoothing is the kind of smoothing and how much of it.
func (t *tools) makeSmoothing() fyne.CanvasObject {
	var names []string
	for _, k := range kinds() {
		names = append(names, t.v.book.T("curves.smooth."+string(k)))
	}
	s := widgets.NewSelect(names, nil)
	s.SetSelectedIndex(0)
	t.amount = widgets.NewSlider(0, 1)
	t.amount.Step = 0.005
	t.amount.Value = 0.6
	s.OnChanged = func(string) {
		t.kind = max(s.SelectedIndex(), 0)
		t.changed()
	}
	t.amount.OnChanged = func(float64) { t.changed() }
	return widgets.Border(nil, nil, widgets.Width(s, 150), widgets.Width(t.tells, 48), t.amount)
}

// changed takes the slider's place as the smoothing's amount.
func (t *tools) changed() {
	kind := kinds()[t.kind]
	amount := Amount(kind, t.amount.Value)
	t.tells.Set(strconv.FormatFloat(amount, 'f', map[bool]int{true: 3, false: 0}[kind == curve.EMAKind], 64))
	t.v.change(func(o *curves.Options) { o.Smooth, o.Amount = kind, amount })
}

// Amount turns a slider's place in [0, 1] into a weight (finer towards one), a
// sigma or a window in points.
func Amount(kind curve.SmoothKind, at float64) float64 {
	if kind == curve.EMAKind {
		return min(at, 0.999)
	}
	return float64(int(1 + at*at*500))
}

func (t *tools) makeChecks() fyne.CanvasObject {
	check := func(key string, set func(*curves.Options, bool)) fyne.CanvasObject {
		return widgets.NewCheck(t.v.book.T("curves."+key), func(on bool) {
			t.v.change(func(o *curves.Options) { set(o, on) })
		})
	}
	t.group = widgets.NewSelect([]string{t.v.book.T("curves.group.none")}, nil)
	t.group.SetSelectedIndex(0)
	t.group.OnChanged = func(string) {
		t.v.change(func(o *curves.Options) { o.GroupBy = t.groupKey() })
	}
	t.by = widgets.NewSelect([]string{t.v.book.T("curves.by.metric"), t.v.book.T("curves.by.run")}, nil)
	t.by.SetSelectedIndex(0)
	t.by.OnChanged = func(string) {
		if on := t.by.SelectedIndex() == 1; on != t.v.arrangement.ByRun {
			t.v.rearrange(func(b *curves.Board) { b.ByRun = on })
		}
	}
	checks := widgets.Row(0,
		check("logx", func(o *curves.Options, on bool) { o.LogX, o.MinX, o.MaxX = on, 0, 0 }),
		check("logy", func(o *curves.Options, on bool) { o.LogY = on }),
		check("outliers", func(o *curves.Options, on bool) { o.IgnoreOutliers = on }),
	)
	choices := container.NewGridWithColumns(2, t.by, t.group) // they share what is left in a narrow window
	return widgets.Border(nil, nil, checks, nil, choices)
}

// groupKey is the recipe key to group by, "" for none.
func (t *tools) groupKey() string {
	if i := t.group.SelectedIndex(); i > 0 && i <= len(t.keys) {
		return t.keys[i-1]
	}
	return ""
}

// offer lists the recipe keys by which these runs can be grouped; the one in use
// stays.
func (t *tools) offer(runs []*curves.Run) {
	now := t.groupKey()
	t.keys = GroupKeys(runs)
	if now != "" && !slices.Contains(t.keys, now) {
		t.keys = append(t.keys, now)
	}
	names := []string{t.v.book.T("curves.group.none")}
	for _, k := range t.keys {
		names = append(names, t.v.book.T("curves.group.by", k))
	}
	if !slices.Equal(t.group.Options, names) {
		t.group.Options = names
		t.group.Refresh()
	}
}

// GroupKeys are the recipe keys in which runs differ, in order.
func GroupKeys(runs []*curves.Run) []string {
	var keys []string
	for i := 1; i < len(runs); i++ {
		for _, d := range store.Diff(runs[0].Info.Recipe, runs[i].Info.Recipe) {
			if !slices.Contains(keys, d.Key) {
				keys = append(keys, d.Key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}
