package models

import (
	"errors"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/onnx"
	"athanor/pipeline/wrap"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// WrapForm asks what a foreign model of pictures or of rows expects and answers.
type WrapForm struct {
	widget.BaseWidget
	book    *i18n.Book
	kind    *widgets.Select
	labels  *widgets.Entry
	columns *widgets.Entry
	ofRows  *fyne.Container // what is asked of a model of rows alone
	ofPicts *fyne.Container // and of one of pictures
	pixels  *widgets.Select
	fit     *widgets.Select
	size    *widgets.Entry
	bgr     *widgets.Check
	softmax *widgets.Check
	wrong   *widgets.Text
}

// pixelKinds are what classifiers commonly want of pixels.
func pixelKinds() []wrap.Pixels {
	return []wrap.Pixels{
		{},
		{Scale: 1. / 255},
		{Scale: 1 / 127.5, Mean: []float64{1, 1, 1}},
		{Scale: 1. / 255, Mean: []float64{0.485, 0.456, 0.406}, Deviation: []float64{0.229, 0.224, 0.225}},
	}
}

// NewWrapForm returns an empty form, for a model of rows or of pictures first.
func NewWrapForm(book *i18n.Book, rows bool) *WrapForm {
	f := &WrapForm{
		book: book, size: widgets.NewEntry(), labels: widgets.NewTextArea(), columns: widgets.NewTextArea(), wrong: widgets.Note("").Tint(look.Negative).Truncate(),
		bgr: widgets.NewCheck(book.T("models.describe.bgr"), nil), softmax: widgets.NewCheck(book.T("models.describe.softmax"), nil),
	}
	f.labels.SetPlaceHolder(book.T("models.describe.labels.hint"))
	f.columns.SetPlaceHolder(book.T("models.describe.labels.hint"))
	f.kind = widgets.NewSelect([]string{book.T("models.describe.pictures"), book.T("models.describe.rows")}, nil)
	f.pixels = widgets.NewSelect([]string{"0 … 255", "0 … 1", "−1 … 1", "ImageNet"}, nil)
	f.pixels.SetSelectedIndex(1)
	f.fit = widgets.NewSelect([]string{book.T("models.fit.stretch"), book.T("models.fit.cover"), book.T("models.fit.letterbox")}, nil)
	f.fit.SetSelectedIndex(0)
	f.softmax.SetChecked(true)
	f.size.SetText("224")
	f.ofRows = widgets.Column(look.Gap, f.field("models.describe.columns", widgets.Height(f.columns, 72)))
	f.ofPicts = widgets.Column(look.Gap, f.field("models.describe.pixels", f.pixels), f.field("models.describe.fit", f.fit), f.field("models.describe.size", f.size), f.bgr)
	f.kind.OnChanged = func(string) {
		widgets.SetVisible(f.ofRows, f.rows())
		widgets.SetVisible(f.ofPicts, !f.rows())
		f.Refresh()
	}
	f.kind.SetSelectedIndex(map[bool]int{false: 0, true: 1}[rows])
	f.softmax.SetChecked(!rows)
	f.ExtendBaseWidget(f)
	return f
}

func (f *WrapForm) rows() bool { return f.kind.SelectedIndex() == 1 }

func (f *WrapForm) field(key string, o fyne.CanvasObject) fyne.CanvasObject {
	return widgets.Column(2, widgets.Note(f.book.T(key)), o)
}

// First is the field to begin in.
func (f *WrapForm) First() fyne.Focusable {
	if f.rows() {
		return f.columns
	}
	return f.labels
}

// Wrap is what makes the copy of a model that the form describes; it may be called
// on any goroutine. ok is false where something is not told yet, which the form
// then says.
func (f *WrapForm) Wrap() (wrapped func(*onnx.Model) (*onnx.Model, error), ok bool) {
	labels := wrap.Names(f.labels.Text)
	if f.rows() {
		spec := wrap.TableSpec{Columns: wrap.Names(f.columns.Text), Labels: labels, Softmax: f.softmax.Checked}
		if len(spec.Columns) == 0 {
			f.wrong.Set(f.book.T("models.describe.nocolumns"))
			return nil, false
		}
		return func(m *onnx.Model) (*onnx.Model, error) { return wrap.Table(m, spec) }, true
	}
	if len(labels) == 0 {
		f.wrong.Set(f.book.T("models.describe.nolabels"))
		return nil, false
	}
	side, err := strconv.Atoi(strings.TrimSpace(f.size.Text))
	if err != nil || side < 1 || side > 4096 {
		f.wrong.Set(f.book.T("models.describe.nosize"))
		return nil, false
	}
	spec := wrap.Spec{
		Labels: labels, Height: side, Width: side, Pixels: pixelKinds()[f.pixels.SelectedIndex()], Softmax: f.softmax.Checked,
		Fit: []string{"stretch", "cover", "letterbox"}[f.fit.SelectedIndex()],
	}
	spec.BGR = f.bgr.Checked
	return func(m *onnx.Model) (*onnx.Model, error) { return wrapPictures(m, spec) }, true
}

// wrapPictures wraps a model of coloured pictures, or else of grey ones: one
// channel takes one mean.
func wrapPictures(m *onnx.Model, spec wrap.Spec) (*onnx.Model, error) {
	copied, err := wrap.Image(m, spec)
	if !errors.Is(err, wrap.ErrSpec) {
		return copied, err
	}
	spec.Mean, spec.Deviation = spec.Mean[:min(1, len(spec.Mean))], spec.Deviation[:min(1, len(spec.Deviation))]
	if grey, failed := wrap.Image(m, spec); failed == nil {
		return grey, nil
	}
	return nil, err
}

// Refuse shows why the model cannot be described so.
func (f *WrapForm) Refuse(text string) { f.wrong.Set(text) }

// CreateRenderer implements fyne.Widget.
func (f *WrapForm) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(widgets.Column(look.Gap,
		f.field("models.describe.kind", f.kind), f.ofRows, f.field("models.describe.labels", widgets.Height(f.labels, 72)), f.ofPicts, f.softmax, f.wrong))
}
