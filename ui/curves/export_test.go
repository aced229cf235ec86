package curves

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"athanor/app/curves"
	"athanor/pipeline/chart"
	"athanor/ui/widgets"
)

// Charts are the charts on screen.
func (v *View) Charts() []*widgets.ChartView {
	var out []*widgets.ChartView
	for _, p := range v.charts {
		out = append(out, p.view)
	}
	return out
}

// Rows are those of the table.
func (v *View) Rows() [][]string { return v.table.rows }

// Values is the line under the charts.
func (v *View) Values() string { return v.values.Text() }

// Said is the sentence.
func (v *View) Said() string { return v.said.Text() }

// Remove takes a chart away.
func (v *View) Remove(i int) {
	names := v.charts[i].chart.Names
	v.rearrange(func(b *curves.Board) { b.Remove(names) })
}

// ResizeChart changes a chart's size.
func (v *View) ResizeChart(i, wide, high int) {
	names := v.charts[i].chart.Names
	v.rearrange(func(b *curves.Board) { b.Resize(names, wide, high) })
}

// AddItems are the names of the charts that can be added.
func (v *View) AddItems() []string {
	var out []string
	for _, i := range v.addItems() {
		out = append(out, i.Label)
	}
	return out
}

// Slider is that of the snapshots.
func (v *View) Slider() *widgets.Slider { return v.strip.slider }

// Fork presses the button.
func (v *View) Fork() {
	if s, ok := v.strip.chosen(); ok && v.OnFork != nil {
		v.OnFork(v.strip.run, s)
	}
}

// Cell is a sample of the batch.
func (v *View) Cell(i int) *widgets.Press { return v.batch.cells[i] }

// Exclude presses the button.
func (v *View) Exclude() { test.Tap(v.batch.exclude) }

// SideBySide shows the runs side by side and returns the chart.
func (v *View) SideBySide() fyne.Focusable {
	v.modes.Choose(1)
	v.stageUp()
	return v.side
}

// SideDrawn reports whether runs side by side are on screen.
func (v *View) SideDrawn() bool { return v.side.drawn != nil }

// Fill types into the form.
func (f *ForkForm) Fill(epochs, rate, batch, optimizer string) {
	f.problem.Set("")
	f.epochs.SetText(epochs)
	f.rate.SetText(rate)
	f.batch.SetText(batch)
	f.optimizer.SetSelected(optimizer)
}

// Problem is what the form refuses.
func (f *ForkForm) Problem() string { return f.problem.Text() }

// MarkNear is markNear for tests.
func MarkNear(p *chart.Picture, marks []chart.Mark, x float64) string { return markNear(p, marks, x) }
