// Package train is the screen on which a network learns: model, settings, what
// it will take, and the run itself, live.
package train

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"athanor/pipeline/train"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// View is the screen. It wishes; others do.
type View struct {
	widget.BaseWidget
	OnStart   func(train.Recipe)
	OnPause   func() // pauses, or resumes a paused run
	OnStop    func() // stops and keeps
	OnDiscard func()
	OnResume  func()             // a run that was stopped, interrupted or failed goes on
	OnModel   func(name string)  // another model was chosen
	OnChange  func(train.Recipe) // a setting changed
	OnCopy    func(text string)
	OnTry     func()
	OnData    func() // no data yet: the person wants to choose some
	OnFind    func() // look for a learning rate
	OnCell    func(truth, predicted int)
	OnMove    func(id, place int)                       // another place among the waiting runs
	OnRemove  func(id int)                              // a waiting run is not wanted any more
	OnFile    func(key string, take func(path string))  // the file of a setting
	OnExplain func(text string, over fyne.CanvasObject) // "" ends it
	OnLayers  func()                                    // see the layers of the network that is taught

	book   *i18n.Book
	state  Snapshot
	ready  bool // there is data to train on
	form   *Form
	picker *picker
	live   *live

	data    *widgets.Text
	phase   *widgets.Text
	start   *widgets.Button
	pause   *widgets.Button
	stop    *widgets.Button
	discard *widgets.Button
	try     *widgets.Button
	resume  *widgets.Button
	command *widgets.Listing
	flight  map[string]*widgets.Figure
	queue   *queue
	setup   *fyne.Container // model, settings and what they take
	first   *fyne.Container // in its place without data
}

// New returns the screen without data.
func New(book *i18n.Book) *View {
	v := &View{book: book, form: NewForm(book), live: newLive(book), data: widgets.Note("").Truncate(), phase: widgets.Strong("")}
	v.picker = newPicker(book, func(name string) {
		if v.OnModel != nil {
			v.OnModel(name)
		}
	})
	v.form.OnChange = v.changed
	v.form.OnFile = func(key string, take func(string)) {
		if v.OnFile != nil {
			v.OnFile(key, take)
		}
	}
	v.form.OnExplain = v.explain
	v.form.remark.press = func() { call(v.OnLayers) }
	v.live.matrix.OnCell = func(truth, predicted int) {
		if v.OnCell != nil {
			v.OnCell(truth, predicted)
		}
	}
	v.queue = newQueue(v)
	v.command = widgets.Code("")
	v.makeButtons()
	v.makeFlight()
	v.setup, v.first = v.makeSetup(), v.makeFirst()
	v.setup.Hide()
	v.ExtendBaseWidget(v)
	v.showButtons()
	v.live.apply(v.state)
	return v
}

func (v *View) makeButtons() {
	button := func(key, icon string, tint fyne.ThemeColorName, wish func()) *widgets.Button {
		return widgets.NewButtonWithIcon(v.book.T(key), look.Tinted(icon, tint), wish)
	}
	v.start = button("train.start", "play", "foregroundOnPrimary", v.Start)
	v.start.Importance = widget.HighImportance
	v.pause = button("train.pause", "pause", "foreground", v.Pause)
	v.stop = button("train.stop", "stop", "foreground", v.Stop)
	v.discard = button("train.discard", "trash", look.Muted, func() { call(v.OnDiscard) })
	v.discard.Importance = widget.LowImportance
	v.resume = button("home.resume", "play", "foreground", func() { call(v.OnResume) })
	v.try = button("train.try", "try", "foregroundOnPrimary", func() { call(v.OnTry) })
	v.try.Importance = widget.HighImportance
}

func (v *View) makeFlight() {
	v.flight = map[string]*widgets.Figure{}
	for _, key := range flightKeys() {
		v.flight[key] = widgets.NewSmallFigure(v.book.T("flight." + key))
	}
}

func flightKeys() []string {
	return []string{"samples", "parameters", "memory", "epoch", "total", "device"}
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// Start wishes a run with the settings as they are; while another goes it waits
// for its turn.
func (v *View) Start() {
	switch {
	case !v.ready:
		call(v.OnData)
	case v.OnStart != nil:
		v.OnStart(v.form.Recipe())
	}
}

// Pause wishes a pause, or the end of one.
func (v *View) Pause() {
	if v.state.Phase == Running || v.state.Phase == Paused {
		call(v.OnPause)
	}
}

// Stop wishes that the run stops and is kept.
func (v *View) Stop() {
	if v.state.Phase.Live() {
		call(v.OnStop)
	}
}

// SetCharts puts the curves of loss and accuracy into their place; both nil
// shows the empty note.
func (v *View) SetCharts(loss, accuracy *Plot) {
	v.live.charts.RemoveAll()
	if loss == nil || accuracy == nil {
		v.live.charts.Add(idleNote(v.book))
		return
	}
	loss.title, accuracy.title = v.book.T("train.loss.curve"), v.book.T("train.accuracy.curve")
	loss.SetLegend(v.book.T("train.legend"))
	accuracy.SetLegend(v.book.T("train.legend"))
	left := widgets.ToldPanel(loss.title, loss.value, loss.tool(v.book), loss.View)
	right := widgets.ToldPanel(accuracy.title, accuracy.value, accuracy.tool(v.book), accuracy.View)
	v.live.charts.Add(container.NewGridWithColumns(2, container.New(layout.NewCustomPaddedLayout(0, 0, 0, look.Gap/4), left), container.New(layout.NewCustomPaddedLayout(0, 0, look.Gap/4, 0), right)))
}

// Setup is what can be trained and how.
type Setup struct {
	Data             string // name and size of the data; "" without data
	Models           []Model
	Recipe, Defaults train.Recipe
	Command          string // the same run on the command line
	// Layers are those of a network from a file that training can begin from.
	Layers []Start
	// Matrices says that low-rank additions can be made to some of its weights.
	Matrices bool
}

// ApplySetup shows the settings.
func (v *View) ApplySetup(s Setup) {
	v.ready = s.Data != ""
	v.data.Set(s.Data)
	if !v.ready {
		v.data.Set(v.book.T("train.no_data"))
	}
	v.picker.apply(s.Models, s.Recipe.Model.Name)
	widgets.SetVisible(v.setup, v.ready)
	widgets.SetVisible(v.first, !v.ready)
	v.form.SetLayers(s.Layers, s.Matrices)
	v.form.Apply(s.Recipe, s.Defaults)
	v.SetCommand(s.Command)
	v.showButtons()
}

// ApplyParameters shows the sizes of the models once they are known.
func (v *View) ApplyParameters(models []Model) { v.picker.apply(models, v.form.Recipe().Model.Name) }

// ApplyOpening says that data are being opened; "" says nothing.
func (v *View) ApplyOpening(text string) {
	if text != "" {
		v.data.Set(text)
	}
}

// SetCommand shows the command that does the same run.
func (v *View) SetCommand(command string) { v.command.Set(command) }

// ApplyPreflight shows what the run will take.
func (v *View) ApplyPreflight(p Preflight, device string) {
	b := v.book
	v.flight["samples"].Set(count(b, p.Samples), "")
	v.flight["parameters"].Set(count(b, p.Parameters), "")
	v.flight["device"].Set(device, "")
	texts := map[string]string{"memory": "–", "epoch": "–", "total": "–"}
	if p.Memory > 0 {
		texts["memory"] = b.Bytes(p.Memory)
	}
	if p.Epoch > 0 {
		texts["epoch"], texts["total"] = b.Duration(p.Epoch), b.Duration(p.Total)
	}
	for key, text := range texts {
		v.flight[key].Set(text, "")
	}
}

// Apply shows a snapshot of a run; it is the only way background data reach the
// screen.
func (v *View) Apply(s Snapshot) {
	changed := s.Phase != v.state.Phase || s.Run != v.state.Run || s.Resumable != v.state.Resumable
	v.state = s
	v.live.apply(s)
	if changed {
		v.showButtons()
	}
}

// ApplyRemark says what the settings choose of a network from a file.
func (v *View) ApplyRemark(first, second string, wrong bool) { v.form.SetRemark(first, second, wrong) }

// Remark is what is said of the network that is taught.
func (v *View) Remark() (first, second string) { return v.form.Remark() }

// State is the snapshot on screen.
func (v *View) State() Snapshot { return v.state }

// Recipe is the recipe as the form has it.
func (v *View) Recipe() train.Recipe { return v.form.Recipe() }

// Choose enters a setting as a person does.
func (v *View) Choose(key, value string) { v.form.Choose(key, value) }

func (v *View) explain(text string, over fyne.CanvasObject) {
	if v.OnExplain != nil {
		v.OnExplain(text, over)
	}
}

func (v *View) changed() {
	if v.OnChange != nil {
		v.OnChange(v.form.Recipe())
	}
}

// showButtons offers what makes sense now.
func (v *View) showButtons() {
	p := v.state.Phase
	widgets.SetVisible(v.pause, p == Running || p == Paused)
	widgets.SetVisible(v.stop, p.Live())
	widgets.SetVisible(v.discard, p.Live())
	widgets.SetVisible(v.try, (p == Finished || p == Stopped) && !v.state.Modelless)
	widgets.SetVisible(v.resume, v.state.Resumable)
	v.start.Importance = widget.HighImportance
	if v.try.Visible() || p.Live() {
		v.start.Importance = widget.MediumImportance
	}
	name, icon := "train.start", "play"
	if p.Live() {
		name, icon = "train.enqueue", "queue"
	}
	v.start.Text, v.start.Icon = v.book.T(name), look.Tinted(icon, iconTint(v.start))
	v.start.Refresh()
	text, icon := v.book.T("train.pause"), "pause"
	if p == Paused {
		text, icon = v.book.T("train.resume"), "play"
	}
	v.pause.SetText(text)
	v.pause.SetIcon(look.Icon(icon))
	v.phase.Set(phaseText(v.book, p))
	v.phase.SetTint(toneOf(p))
}

func iconTint(b *widgets.Button) fyne.ThemeColorName {
	if b.Importance == widget.HighImportance {
		return "foregroundOnPrimary"
	}
	return "foreground"
}

func phaseText(book *i18n.Book, p Phase) string {
	keys := map[Phase]string{
		Preparing: "phase.preparing", Running: "phase.running", Paused: "phase.paused",
		Finished: "phase.finished", Stopped: "phase.stopped", Failed: "phase.failed",
	}
	if key, ok := keys[p]; ok {
		return book.T(key)
	}
	return ""
}

// CreateRenderer implements fyne.Widget.
func (v *View) CreateRenderer() fyne.WidgetRenderer {
	if len(v.live.charts.Objects) == 0 {
		v.SetCharts(nil, nil)
	}
	head := widgets.Header(v.book.T("train.title"), container.NewBorder(nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 0, look.Gap), v.phase), nil, v.data), v.discard, v.stop, v.pause, v.resume, v.start, v.try)
	side := widgets.WatchedColumn(widgets.Column(look.Gap, v.queue.panel, v.first, v.setup), func() { v.explain("", nil) })
	body := widgets.Border(nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 0, look.Gap), side), nil, v.live.layout())
	return widget.NewSimpleRenderer(widgets.Page(head, body))
}

// makeFirst leads to data where there are none.
func (v *View) makeFirst() *fyne.Container {
	choose := widgets.NewButtonWithIcon(v.book.T("train.first.go"), look.Icon("data"), func() { call(v.OnData) })
	return widgets.TitledPanel(v.book.T("train.first"), nil,
		widgets.Column(look.Gap, widgets.SmallParagraph(v.book.T("train.first.about")), container.NewHBox(choose)))
}

// makeSetup is what can be trained, how, and what that takes.
func (v *View) makeSetup() *fyne.Container {
	reset := widgets.NewButton(v.book.T("form.reset"), v.form.ResetAll)
	reset.Importance = widget.LowImportance
	find := widgets.NewButtonWithIcon(v.book.T("rate.find"), look.Tinted("wand", look.Muted), func() { call(v.OnFind) })
	find.Importance = widget.LowImportance
	flight := container.NewGridWithColumns(2)
	for _, key := range flightKeys() {
		flight.Add(v.flight[key])
	}
	copyButton := widgets.NewButtonWithIcon("", look.Tinted("copy", look.Muted), func() {
		if v.OnCopy != nil {
			v.OnCopy(v.command.Text())
		}
	})
	copyButton.Importance = widget.LowImportance
	return widgets.Column(look.Gap,
		widgets.TitledPanel(v.book.T("train.model"), nil, v.picker.box),
		widgets.TitledPanel(v.book.T("train.settings"), container.NewHBox(find, reset), v.form),
		widgets.TitledPanel(v.book.T("train.preflight"), nil, flight),
		widgets.TitledPanel(v.book.T("train.command"), copyButton, v.command))
}
