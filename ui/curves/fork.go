package curves

import (
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"athanor/pipeline/optim"
	"athanor/pipeline/train"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// ForkForm asks with which settings a run goes on from a snapshot.
type ForkForm struct {
	book                      *i18n.Book
	recipe                    train.Recipe
	from                      train.Snapshot
	name, epochs, rate, batch *widgets.Entry
	optimizer                 *widgets.Select
	problem                   *widgets.Prose
	content                   fyne.CanvasObject
}

// NewForkForm shows the settings of the run that a snapshot is of.
func NewForkForm(book *i18n.Book, recipe train.Recipe, from train.Snapshot, name string) *ForkForm {
	f := &ForkForm{book: book, recipe: recipe, from: from, problem: widgets.Paragraph("", look.Negative)}
	entry := func(text string) *widgets.Entry {
		e := widgets.NewEntry()
		e.SetText(text)
		return e
	}
	f.name = entry(name)
	f.epochs = entry(strconv.Itoa(max(recipe.Train.Epochs, from.Epoch+1)))
	f.rate = entry(strconv.FormatFloat(recipe.Optimizer.LearningRate, 'g', -1, 64))
	f.batch = entry(strconv.Itoa(recipe.Train.Batch))
	f.optimizer = widgets.NewSelect(optim.Names(), nil)
	f.optimizer.SetSelected(recipe.Optimizer.Name)
	f.problem.Hide()
	row := func(key string, field fyne.CanvasObject) []fyne.CanvasObject {
		return []fyne.CanvasObject{container.NewCenter(widgets.Body(book.T(key))), field}
	}
	var cells []fyne.CanvasObject
	for _, r := range [][]fyne.CanvasObject{
		row("curves.fork.name", f.name), row("curves.fork.epochs", f.epochs), row("curves.fork.rate", f.rate),
		row("curves.fork.optimizer", f.optimizer), row("curves.fork.batch", f.batch),
	} {
		cells = append(cells, r...)
	}
	form := container.New(layout.NewFormLayout(), cells...)
	f.content = widgets.Column(look.Gap, widgets.Paragraph(book.T("curves.fork.text", from.Epoch, book.Count(from.Step)), look.Muted), form, f.problem)
	return f
}

// Content is the form.
func (f *ForkForm) Content() fyne.CanvasObject { return f.content }

// First is the field that takes the keyboard.
func (f *ForkForm) First() fyne.Focusable { return f.epochs }

// Recipe is the settings as they are filled in; where they cannot be used the
// form says why and ok is false.
func (f *ForkForm) Recipe() (r train.Recipe, ok bool) {
	r = f.recipe
	r.Name = strings.TrimSpace(f.name.Text)
	if r.Optimizer.Name != f.optimizer.Selected && slices.Contains(optim.Names(), f.optimizer.Selected) {
		r.Optimizer = train.Optimizer{
			Name: f.optimizer.Selected, WeightDecay: r.Optimizer.WeightDecay, Clip: r.Optimizer.Clip,
			LabelSmoothing: r.Optimizer.LabelSmoothing, ClassWeights: r.Optimizer.ClassWeights,
		}
	}
	var errs [3]error
	r.Train.Epochs, errs[0] = strconv.Atoi(strings.TrimSpace(f.epochs.Text))
	r.Train.Batch, errs[1] = strconv.Atoi(strings.TrimSpace(f.batch.Text))
	r.Optimizer.LearningRate, errs[2] = strconv.ParseFloat(strings.TrimSpace(f.rate.Text), 64)
	for _, err := range errs {
		if err != nil {
			return r, f.refuse(f.book.T("curves.fork.number"))
		}
	}
	if r.Train.Batch < 1 || r.Optimizer.LearningRate <= 0 {
		return r, f.refuse(f.book.T("curves.fork.number"))
	}
	if r.Train.Epochs <= f.from.Epoch {
		return r, f.refuse(f.book.T("curves.fork.more", f.from.Epoch))
	}
	r, err := r.Resolve()
	if err != nil {
		return r, f.refuse(err.Error())
	}
	return r, true
}

func (f *ForkForm) refuse(text string) bool {
	f.problem.Set(text)
	f.problem.Show()
	return false
}
