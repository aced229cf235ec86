package curves

import "athanor/ui/widgets"

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
