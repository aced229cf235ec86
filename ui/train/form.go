package train

import (
	"cmp"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/train"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Form edits a recipe: it marks what differs from the model's defaults, takes
// it back, and keeps every value in its range.
type Form struct {
	widget.BaseWidget
	// OnChange is called after a value changed.
	OnChange func()
	// OnFile asks for the file of a setting; take gets its path.
	OnFile func(key string, take func(path string))
	// OnExplain shows what a setting is for beside its name, over; "" hides it.
	OnExplain func(text string, over fyne.CanvasObject)

	book     *i18n.Book
	recipe   train.Recipe
	defaults train.Recipe
	rows     []*formRow
	box      *fyne.Container
	more     bool
	layers   []Start // of the network that is taught, from the input on
	matrices bool    // it has some that low-rank additions can be made to
	remark   *remark // on the network that is taught
}

// Start is a layer that training can begin from.
type Start struct{ Node, Title string }

type formRow struct {
	field Field
	entry *widgets.Entry
	pick  *widgets.Select
	// values are what the choices of pick stand for.
	values []string
	file   *widgets.Button
	mark   *widgets.Fill
	reset  *widgets.Button
	hint   *widgets.Text
	all    *fyne.Container
}

// NewForm returns a form over an empty recipe.
func NewForm(book *i18n.Book) *Form {
	f := &Form{book: book, box: widgets.Column(6), remark: newRemark(book)}
	for _, field := range Fields() {
		f.rows = append(f.rows, f.makeRow(field))
	}
	f.ExtendBaseWidget(f)
	return f
}

// Recipe is the recipe as it is now.
func (f *Form) Recipe() train.Recipe { return f.recipe }

// Apply shows recipe; defaults say which values count as modified.
func (f *Form) Apply(recipe, defaults train.Recipe) {
	f.recipe, f.defaults = recipe, defaults
	f.showAll()
}

// Modified counts the shown settings that differ from the defaults.
func (f *Form) Modified() int {
	n := 0
	for _, r := range f.rows {
		if f.visible(r) && f.differs(r) {
			n++
		}
	}
	return n
}

// ResetAll takes every setting back to its default.
func (f *Form) ResetAll() {
	for _, r := range f.rows {
		r.field.Set(&f.recipe, f.usual(r))
	}
	f.showAll()
	f.changed()
}

// SetEnabled opens or locks the form.
func (f *Form) SetEnabled(on bool) {
	for _, r := range f.rows {
		if on {
			r.input().Enable()
		} else {
			r.input().Disable()
		}
	}
}

func (f *Form) visible(r *formRow) bool {
	return r.field.Suits(&f.recipe) && (r.field.Basic || f.more)
}

func (f *Form) differs(r *formRow) bool {
	return r.field.Get(&f.recipe) != f.usual(r)
}

// usual is a setting's default; a teacher brings those of its own settings.
func (f *Form) usual(r *formRow) string {
	d := f.defaults
	if f.recipe.Distill != nil && d.Distill == nil && r.field.Key != "teacher" {
		SetTeacher(&d, f.recipe.Distill.Model)
	}
	return r.field.Get(&d)
}

// offer fills a choice: with what the field names, or with the network's layers.
func (f *Form) offer(r *formRow) {
	r.values = r.field.Choices
	if r.field.Key == "teach" && !f.matrices {
		r.values = slices.DeleteFunc(slices.Clone(r.values), func(v string) bool { return v == TeachLow && Teaching(&f.recipe) != TeachLow })
	}
	titles := map[string]string{}
	if r.field.Key == "layer" {
		r.values = nil
		for _, l := range f.layers {
			r.values, titles[l.Node] = append(r.values, l.Node), tail(l.Title)
		}
		if from := r.field.Get(&f.recipe); from != "" && !slices.Contains(r.values, from) {
			r.values = append(r.values, from)
		}
	}
	options := make([]string, len(r.values))
	for i, v := range r.values {
		options[i] = cmp.Or(titles[v], v)
		if key := "choice." + r.field.Key + "." + v; f.book.Has(key) {
			options[i] = f.book.T(key)
		}
	}
	r.pick.SetOptions(options)
}

// SetLayers says which layers of the network that is taught training can begin
// from, from the input on, and whether it has matrices for low-rank additions.
func (f *Form) SetLayers(layers []Start, matrices bool) {
	f.layers, f.matrices = layers, matrices
	for _, r := range f.rows {
		if r.field.Key == "layer" || r.field.Key == "teach" {
			f.offer(r)
			f.show(r)
		}
	}
}

// reteach settles what depends on how much of a network is taught: where "from"
// begins, a learning rate that was the usual one, and which settings are shown.
func (f *Form) reteach(before train.Recipe, what string) {
	if what == TeachFrom && len(f.layers) > 0 {
		teach(&f.recipe, TeachFrom, f.layers[len(f.layers)-1].Node)
	}
	was, is := usualPace(before), usualPace(f.recipe)
	if f.recipe.Optimizer.LearningRate == was.Optimizer.LearningRate {
		f.recipe.Optimizer.LearningRate = is.Optimizer.LearningRate
		f.defaults.Optimizer.LearningRate = is.Optimizer.LearningRate
	}
	if f.recipe.Train.Batch == was.Train.Batch {
		f.recipe.Train.Batch, f.defaults.Train.Batch = is.Train.Batch, is.Train.Batch
	}
	f.showAll()
}

// usualPace is a recipe with the usual learning rate and batch of what it teaches.
func usualPace(r train.Recipe) train.Recipe {
	open := r
	open.Optimizer, open.Train.Batch = train.Optimizer{Name: r.Optimizer.Name}, 0
	open, err := open.Resolve()
	if err != nil {
		return r
	}
	return open
}

// showAll shows every setting that matters, as it is now.
func (f *Form) showAll() {
	f.arrange()
	for _, r := range f.rows {
		f.show(r)
	}
}

// Choose enters a setting as a person does.
func (f *Form) Choose(key, value string) {
	for _, r := range f.rows {
		switch {
		case r.field.Key != key:
		case r.pick != nil:
			r.pick.SetSelectedIndex(slices.Index(r.values, value))
		default:
			f.take(r, value)
		}
	}
}

// take brings what was typed into the recipe, moved into its range where needed.
func (f *Form) take(r *formRow, text string) {
	old := f.recipe
	before := r.field.Get(&f.recipe)
	value, moved, ok := r.field.Clamp(text)
	if ok {
		r.field.Set(&f.recipe, value)
	}
	switch {
	case r.field.Key == "teach" && value != before:
		f.reteach(old, value)
	case r.field.Kind == File: // which may bring settings of its own
		f.showAll()
	}
	f.show(r)
	f.hint(r, moved, ok)
	if r.field.Get(&f.recipe) != before {
		f.changed()
	}
}

func (f *Form) hint(r *formRow, moved, ok bool) {
	switch {
	case !ok && r.field.Kind == Names:
		r.hint.Set(f.book.T("form.pattern"))
	case !ok:
		r.hint.Set(f.book.T("form.unread"))
	case moved:
		r.hint.Set(f.book.T("form.moved", r.field.Min, r.field.Max))
	}
	widgets.SetVisible(r.hint, moved || !ok)
}

func (f *Form) show(r *formRow) {
	value := r.field.Get(&f.recipe)
	if r.entry != nil && r.entry.Text != value {
		r.entry.SetText(value)
	}
	if r.pick != nil {
		if r.field.Key == "layer" {
			f.offer(r)
		}
		f.pick(r, value)
	}
	if r.file != nil {
		r.file.SetText(fileName(f.book, value))
	}
	if r.entry != nil {
		r.entry.SetPlaceHolder(usual(r.field.Key, f.recipe.Model.Name))
	}
	r.hint.Hide()
	widgets.SetVisible(r.mark, f.differs(r))
	widgets.SetVisible(r.reset, f.differs(r))
}

// pick shows a choice without taking it for a person's.
func (f *Form) pick(r *formRow, value string) {
	if i := slices.Index(r.values, value); i != r.pick.SelectedIndex() || i < 0 {
		keep := r.pick.OnChanged
		r.pick.OnChanged = nil
		if i < 0 {
			r.pick.ClearSelected()
		} else {
			r.pick.SetSelectedIndex(i)
		}
		r.pick.OnChanged = keep
	}
}

// usual is what an architecture takes where a size is left open.
func usual(key, model string) string {
	return map[string]string{
		"hidden/mlp": "128, 128", "hidden/table-mlp": "64, 64", "channels/cnn": "32, 64", "channels/resnet": "32, 64, 128",
	}[key+"/"+model]
}

func (f *Form) changed() {
	if f.OnChange != nil {
		f.OnChange()
	}
}

// arrange shows only the settings that matter now.
func (f *Form) arrange() {
	f.box.RemoveAll()
	for _, r := range f.rows {
		if f.visible(r) {
			f.box.Add(r.all)
		}
		if r.field.Key == "freeze" && f.recipe.Transfer != nil {
			f.box.Add(f.remark.box)
		}
	}
	text, icon := f.book.T("form.more"), "down"
	if f.more {
		text, icon = f.book.T("form.less"), "up"
	}
	toggle := widgets.NewButtonWithIcon(text, look.Tinted(icon, look.Muted), func() {
		f.more = !f.more
		f.arrange()
	})
	toggle.Importance = widget.LowImportance
	f.box.Add(container.NewHBox(toggle, layout.NewSpacer()))
	f.box.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (f *Form) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(f.box) }
