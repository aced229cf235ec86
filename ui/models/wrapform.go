package models

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/wrap"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// WrapForm asks what a foreign picture classifier expects and answers.
type WrapForm struct {
	widget.BaseWidget
	book    *i18n.Book
	labels  *widgets.Entry
	pixels  *widget.Select
	fit     *widget.Select
	size    *widgets.Entry
	bgr     *widget.Check
	softmax *widget.Check
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

// NewWrapForm returns an empty form.
func NewWrapForm(book *i18n.Book) *WrapForm {
	f := &WrapForm{
		book: book, size: widgets.NewEntry(), labels: widgets.NewTextArea(), wrong: widgets.Note("").Tint(look.Negative).Truncate(),
		bgr: widget.NewCheck(book.T("models.describe.bgr"), nil), softmax: widget.NewCheck(book.T("models.describe.softmax"), nil),
	}
	f.labels.SetPlaceHolder(book.T("models.describe.labels.hint"))
	f.pixels = widget.NewSelect([]string{"0 … 255", "0 … 1", "−1 … 1", "ImageNet"}, nil)
	f.pixels.SetSelectedIndex(1)
	f.fit = widget.NewSelect([]string{book.T("models.fit.stretch"), book.T("models.fit.cover"), book.T("models.fit.letterbox")}, nil)
	f.fit.SetSelectedIndex(0)
	f.softmax.SetChecked(true)
	f.size.SetText("224")
	f.ExtendBaseWidget(f)
	return f
}

// First is the field to begin in.
func (f *WrapForm) First() fyne.Focusable { return f.labels }

// Spec is what the form says, for a model with so many channels; ok is false
// where the classes have no names yet, which the form then tells.
func (f *WrapForm) Spec(channels int) (s wrap.Spec, ok bool) {
	for _, name := range strings.FieldsFunc(f.labels.Text, func(r rune) bool { return r == '\n' || r == ',' || r == '，' || r == '、' }) {
		if name = strings.TrimSpace(name); name != "" {
			s.Labels = append(s.Labels, name)
		}
	}
	if len(s.Labels) == 0 {
		f.wrong.Set(f.book.T("models.describe.nolabels"))
		return s, false
	}
	side, err := strconv.Atoi(strings.TrimSpace(f.size.Text))
	if err != nil || side < 1 || side > 4096 {
		f.wrong.Set(f.book.T("models.describe.nosize"))
		return s, false
	}
	s.Height, s.Width = side, side
	s.Pixels = pixelKinds()[f.pixels.SelectedIndex()]
	if len(s.Mean) > 0 {
		s.Mean = s.Mean[:min(channels, len(s.Mean))]
	}
	if len(s.Deviation) > 0 {
		s.Deviation = s.Deviation[:min(channels, len(s.Deviation))]
	}
	s.BGR, s.Softmax = f.bgr.Checked, f.softmax.Checked
	s.Fit = []string{"stretch", "cover", "letterbox"}[f.fit.SelectedIndex()]
	return s, true
}

// Refuse shows why the model cannot be described so.
func (f *WrapForm) Refuse(text string) { f.wrong.Set(text) }

// CreateRenderer implements fyne.Widget.
func (f *WrapForm) CreateRenderer() fyne.WidgetRenderer {
	field := func(key string, o fyne.CanvasObject) fyne.CanvasObject {
		return widgets.Column(2, widgets.Note(f.book.T(key)), o)
	}
	return widget.NewSimpleRenderer(widgets.Column(look.Gap,
		field("models.describe.labels", widgets.Height(f.labels, 72)), field("models.describe.pixels", f.pixels), field("models.describe.fit", f.fit), field("models.describe.size", f.size),
		f.bgr, f.softmax, f.wrong))
}
