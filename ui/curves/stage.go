package curves

import (
	"math"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"athanor/app/curves"
	"athanor/app/store"
	"athanor/pipeline/chart"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// stageUp puts charts, the runs side by side, or advice on the stage.
func (v *View) stageUp() {
	parallel := v.modes.Chosen() == 1
	widgets.SetVisible(v.tools.box, !parallel)
	widgets.SetVisible(v.foot, !parallel)
	switch {
	case parallel && len(v.list.infos) > 1:
		v.applySide()
		foot := container.NewBorder(nil, nil, nil, v.sideExport(), v.side.tells)
		v.stage.Objects = []fyne.CanvasObject{widgets.Panel(container.NewBorder(nil, foot, nil, nil, v.side))}
	case parallel:
		v.stage.Objects = []fyne.CanvasObject{v.few}
	case len(v.charts) > 0:
		v.stage.Objects = []fyne.CanvasObject{v.board}
	case len(v.runs) > 0 && len(curves.Metrics(v.runs)) > 0:
		v.stage.Objects = []fyne.CanvasObject{v.bare}
	default:
		v.stage.Objects = []fyne.CanvasObject{v.empty}
	}
	v.stage.Refresh()
	if v.body != nil {
		v.body.Refresh() // the tools took room, or gave it
	}
}

func (v *View) sideExport() fyne.CanvasObject {
	var b *widgets.Button
	b = quiet("save", func() {
		var items []*fyne.MenuItem
		for _, format := range []string{"png", "svg", "pdf"} {
			items = append(items, fyne.NewMenuItem(v.book.T("curves.save", strings.ToUpper(format)), func() {
				if v.OnSide != nil {
					spec := curves.Parallel(v.list.infos, sideMetric(v.list.infos), chart.Light())
					v.OnSide(spec, format)
				}
			}))
		}
		widgets.Menu(b, items...)
	})
	return b
}

// applySide shows the runs of the list side by side.
func (v *View) applySide() {
	infos := v.list.infos
	chosen := make([]bool, len(infos))
	for i, info := range infos {
		chosen[i] = slices.Contains(v.list.selected, info.Dir)
	}
	v.side.Apply(curves.Parallel(infos, sideMetric(infos), widgets.ChartTheme()), chosen)
	v.side.tell()
}

// sideMetric is the result by which runs side by side are coloured.
func sideMetric(infos []store.Info) string {
	for _, name := range []string{"val_accuracy", "val_r2"} {
		for _, i := range infos {
			if !math.IsNaN(i.Metric(name)) {
				return name
			}
		}
	}
	return "val_loss"
}

// tellCurrent says when another run became the one to rewind.
func (v *View) tellCurrent() {
	r, dir := v.Current(), ""
	if r != nil {
		dir = r.Curves.Dir()
	}
	if dir != v.current && v.OnCurrent != nil {
		v.current = dir
		v.OnCurrent(r)
	}
}

// restore brings all charts back that were taken away.
func (v *View) restore() fyne.CanvasObject {
	return widgets.NewButtonWithIcon(v.book.T("curves.restore"), look.Icon("undo"), func() {
		v.rearrange(func(b *curves.Board) { b.Removed = nil })
	})
}
