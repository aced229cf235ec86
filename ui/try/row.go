package try

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"athanor/ui/widgets"
)

// Field is one column of a row to fill in.
type Field struct {
	Name    string
	Numeric bool
	Value   string   // to start from
	Choices []string // what the column says in the data, where that is little
}

// ApplyColumns asks for the columns of a table model.
func (v *View) ApplyColumns(fields []Field) { v.row.set(fields) }

// rowForm is one entry a column; every change asks again.
type rowForm struct {
	box      *fyne.Container
	fields   []Field
	values   []func() string
	onChange func(map[string]string)
}

func newRowForm(onChange func(map[string]string)) *rowForm {
	return &rowForm{box: container.NewVBox(), onChange: onChange}
}

func (r *rowForm) object() fyne.CanvasObject { return container.NewVScroll(r.box) }

func (r *rowForm) set(fields []Field) {
	r.fields, r.values, r.box.Objects = fields, nil, nil
	for _, f := range fields {
		name := widgets.Width(widgets.Body(f.Name).Truncate().Tint(theme.ColorNameForeground), 180)
		r.box.Add(container.NewBorder(nil, nil, name, widgets.Space(12), r.entry(f)))
	}
	r.box.Refresh()
	if len(fields) > 0 {
		r.onChange(r.cells())
	}
}

// entry takes any value; where the data knows few, they can be chosen.
func (r *rowForm) entry(f Field) fyne.CanvasObject {
	ask := func(string) { r.onChange(r.cells()) }
	if len(f.Choices) > 0 {
		e := widgets.NewSelectEntry(f.Choices)
		e.SetText(f.Value)
		e.OnChanged = ask
		r.values = append(r.values, func() string { return e.Text })
		return e
	}
	e := widgets.NewEntry()
	e.SetText(f.Value)
	e.OnChanged = ask
	if f.Numeric {
		e.SetPlaceHolder("0")
	}
	r.values = append(r.values, func() string { return e.Text })
	return e
}

func (r *rowForm) cells() map[string]string {
	cells := map[string]string{}
	for i, f := range r.fields {
		cells[f.Name] = r.values[i]()
	}
	return cells
}
