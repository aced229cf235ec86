// Package faces is the screen that finds faces, follows them, compares
// detectors and makes faces unrecognisable.
package faces

import (
	"fmt"
	"image"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"athanor/inference/face"
	"athanor/inference/vision"
	"athanor/ui/i18n"
	"athanor/ui/look"
	"athanor/ui/widgets"
)

// Pane is what one detector saw.
type Pane struct {
	Picture  *image.RGBA // never changed afterwards
	Detector string
	Faces    int
	MS       float64 // of its last detection
	Trouble  string
}

// Seen is one moment of what is watched.
type Seen struct {
	Panes   []Pane // two where detectors stand side by side, on the same frame
	Faces   int
	Total   int // different faces since the start
	FPS     float64
	Stages  face.Stages // milliseconds
	Every   int         // detection saw every n-th frame
	Past    []int       // faces, one number a second
	Events  []face.Event
	Source  string
	Trouble string // why nothing comes, while the source is looked for again
}

// Missing is a detector that needs a model file first.
type Missing struct{ Name, Title, Detail string }

// View is the screen.
type View struct {
	widget.BaseWidget
	OnOpen      func()
	OnFolder    func()
	OnCamera    func(at fyne.CanvasObject) // at is where a list of cameras may open
	OnStream    func(address string)
	OnStop      func()
	OnDetector  func(slot int, name string) // slot 0 is followed, slot 1 compared; "" for none
	OnTune      func(slot int, p face.Params)
	OnSlot      func(slot int) // whose settings are to be shown
	OnHide      func(vision.Style)
	OnSave      func()
	OnRecord    func()
	OnAnonymise func(folder bool)
	OnCancel    func() // of making a file anonymous
	OnFetch     func(name string)
	OnLabel     func()
	// OnPainted is called when a picture of the first pane gets to the screen.
	OnPainted func(*image.RGBA)

	book      *i18n.Book
	body      *fyne.Container
	watching  fyne.CanvasObject
	panes     [2]*pane
	stage     *fyne.Container
	idle      fyne.CanvasObject
	source    *widgets.Text
	trouble   *widgets.Prose
	events    *widgets.Text
	stages    *widgets.Prose
	past      *countLine
	figures   *fyne.Container
	count     *widgets.Figure
	total     *widgets.Figure
	fps       *widgets.Figure
	detect    *widgets.Figure
	detectors [2]*widgets.Select
	slots     *widgets.Segments
	slotBox   *fyne.Container
	slot      int
	tuner     *tuner
	hide      *widgets.Select
	stop      *widgets.Button
	save      *widgets.Button
	record    *widgets.Button
	models    *fyne.Container
	working   *fyne.Container
	bar       *widgets.Bar
	progress  *widgets.Text
	labels    *Labels
	told      time.Time // when the numbers changed last
}

// New returns the screen.
func New(book *i18n.Book) *View {
	v := &View{book: book, source: widgets.Note("").Truncate(), trouble: widgets.SmallParagraph(""), events: widgets.Note("").Truncate()}
	v.stages, v.past = widgets.SmallParagraph(""), newCountLine()
	v.count, v.total = widgets.NewFigure(book.T("faces.now")), widgets.NewFigure(book.T("faces.total"))
	v.fps, v.detect = widgets.NewFigure(book.T("faces.fps")), widgets.NewFigure(book.T("faces.detect"))
	for i := range v.panes {
		v.panes[i] = newPane()
	}
	v.panes[0].camera.Painted = func(p *image.RGBA) {
		if v.OnPainted != nil {
			v.OnPainted(p)
		}
	}
	v.makeControls()
	v.idle = widgets.Empty("faces", book.T("faces.empty"), book.T("faces.empty.advice"), nil)
	v.stage = container.New(sideBySide{}, v.idle)
	v.labels = newLabels(book)
	v.makeBody()
	v.ExtendBaseWidget(v)
	return v
}

func (v *View) makeControls() {
	for slot := range v.detectors {
		v.detectors[slot] = widgets.NewSelect(nil, func(name string) { v.choose(slot, name) })
		v.detectors[slot].PlaceHolder = v.book.T("faces.none")
	}
	v.tuner = newTuner(v.book, func(p face.Params) {
		if v.OnTune != nil {
			v.OnTune(v.slot, p)
		}
	})
	v.hide = widgets.NewSelect(v.styleNames(), func(string) {
		if v.OnHide != nil {
			v.OnHide(styles()[max(0, v.hide.SelectedIndex())])
		}
	})
	v.stop = widgets.NewButtonWithIcon(v.book.T("faces.stop"), look.Icon("stop"), func() { call(v.OnStop) })
	v.save = widgets.NewButtonWithIcon(v.book.T("faces.save"), look.Icon("image"), func() { call(v.OnSave) })
	v.record = widgets.NewButtonWithIcon(v.book.T("faces.record"), look.Icon("camera"), func() { call(v.OnRecord) })
	for _, b := range []*widgets.Button{v.stop, v.save, v.record} {
		b.Hide()
	}
	v.slotBox, v.models = container.NewStack(), widgets.Column(look.Gap)
	v.bar, v.progress = widgets.NewBar(look.Ember, 4), widgets.Note("").Truncate()
	cancel := widgets.NewButton(v.book.T("common.cancel"), func() { call(v.OnCancel) })
	v.working = widgets.Column(look.Gap, v.progress, v.bar, cancel)
	v.working.Hide()
}

func styles() []vision.Style {
	return []vision.Style{"", vision.Blur, vision.Pixelate, vision.Solid}
}

func (v *View) styleNames() []string {
	return []string{v.book.T("faces.show"), v.book.T("faces.blur"), v.book.T("faces.pixelate"), v.book.T("faces.cover")}
}

func (v *View) choose(slot int, name string) {
	if name == v.book.T("faces.none") {
		name = ""
	}
	if v.OnDetector != nil {
		v.OnDetector(slot, name)
	}
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// ApplyDetectors shows the detectors there are and those in use.
func (v *View) ApplyDetectors(names []string, first, second string) {
	quietly(v.detectors[0], names, first)
	quietly(v.detectors[1], append([]string{v.book.T("faces.none")}, without(names, first)...), second)
	v.slotBox.Objects = nil
	if second == "" {
		v.slot = 0
	} else {
		v.slots = widgets.NewSegments([]string{first, second}, v.slot, func(i int) {
			v.slot = i
			if v.OnSlot != nil {
				v.OnSlot(i)
			}
		})
		v.slotBox.Add(v.slots)
	}
	v.slotBox.Refresh()
}

// quietly sets a choice without telling anybody.
func quietly(s *widgets.Select, options []string, chosen string) {
	keep := s.OnChanged
	s.OnChanged = nil
	s.SetOptions(options)
	if chosen == "" {
		s.ClearSelected()
	} else {
		s.SetSelected(chosen)
	}
	s.OnChanged = keep
}

func without(names []string, name string) []string {
	var list []string
	for _, n := range names {
		if n != name {
			list = append(list, n)
		}
	}
	return list
}

// Slot is whose settings are shown: 0 for the detector that is followed.
func (v *View) Slot() int { return v.slot }

// ApplyTuning shows the settings of the detector in the chosen slot.
func (v *View) ApplyTuning(t Tuning) { v.tuner.apply(t) }

// ApplyMissing offers the models of detectors that are not here.
func (v *View) ApplyMissing(list []Missing) {
	v.models.Objects = nil
	for _, m := range list {
		get := widgets.NewButtonWithIcon(v.book.T("faces.get", m.Name), look.Icon("download"), func() {
			if v.OnFetch != nil {
				v.OnFetch(m.Name)
			}
		})
		v.models.Add(widgets.Column(2, get, widgets.Note(m.Detail).Truncate()))
	}
	widgets.SetVisible(v.models, len(list) > 0)
	v.models.Refresh()
}

// ApplyHide shows how faces are hidden.
func (v *View) ApplyHide(s vision.Style) {
	for i, style := range styles() {
		if style == s {
			quietly(v.hide, v.styleNames(), v.styleNames()[i])
		}
	}
}

// ApplyRecording shows whether a video is being written.
func (v *View) ApplyRecording(on bool) {
	v.record.SetText(v.book.T(map[bool]string{false: "faces.record", true: "faces.record.stop"}[on]))
	v.record.Importance = map[bool]widget.Importance{true: widget.HighImportance}[on]
	v.record.Refresh()
}

// numbersEvery is how often the numbers beside the picture change: more could
// not be read, and each change of a text costs as much as a picture.
const numbersEvery = 250 * time.Millisecond

// Apply shows a moment; nil shows what to do first.
func (v *View) Apply(s *Seen) {
	for _, b := range []*widgets.Button{v.stop, v.save, v.record} {
		widgets.SetVisible(b, s != nil)
	}
	widgets.SetVisible(v.figures, s != nil)
	if s == nil {
		v.show(v.idle)
		v.source.Set("")
		v.trouble.Set("")
		v.events.Set("")
		v.stages.Set("")
		v.past.set(nil)
		for _, f := range []*widgets.Figure{v.count, v.total, v.fps, v.detect} {
			f.Set("–", "")
		}
		return
	}
	v.applyPanes(s)
	if time.Since(v.told) < numbersEvery && v.source.Text() == s.Source {
		return
	}
	v.told = time.Now()
	v.source.Set(s.Source)
	v.trouble.Set(s.Trouble)
	v.count.Set(v.book.Count(s.Faces), "")
	v.total.Set(v.book.Count(s.Total), "")
	v.fps.Set(fmt.Sprintf("%.0f", s.FPS), "")
	v.past.set(s.Past)
	v.applyEvents(s.Events)
	v.applyStages(s)
}

func (v *View) applyPanes(s *Seen) {
	var shown []fyne.CanvasObject
	fresh := time.Since(v.told) >= numbersEvery
	for i, p := range s.Panes {
		v.panes[i].show(v.book, p, len(s.Panes) > 1, fresh)
		shown = append(shown, v.panes[i])
	}
	if len(shown) > 0 {
		v.show(shown...)
	}
}

// show puts objects on the stage; it draws only if they are others.
func (v *View) show(objects ...fyne.CanvasObject) {
	same := len(objects) == len(v.stage.Objects)
	for i := range objects {
		same = same && objects[i] == v.stage.Objects[i]
	}
	if !same {
		v.stage.Objects = objects
		v.stage.Refresh()
	}
}

func (v *View) applyEvents(events []face.Event) {
	var words []string
	for _, e := range events {
		key := map[face.EventKind]string{face.Enter: "faces.came", face.Leave: "faces.left"}[e.Kind]
		words = append(words, v.book.T(key, v.book.Count(e.Track)))
	}
	if len(words) > 0 {
		v.events.Set(strings.Join(words, " · "))
	}
}

func (v *View) applyStages(s *Seen) {
	if len(s.Panes) == 0 {
		return
	}
	v.detect.Set(fmt.Sprintf("%.0f ms", s.Stages.Detect), v.everyNth(s.Every))
	v.stages.Set(v.book.T("faces.stages", s.Stages.Wait, s.Stages.Detect, s.Stages.Track, s.Stages.Hide, s.Stages.Total))
}

// everyNth says how often the detector looks.
func (v *View) everyNth(n int) string {
	if n <= 1 {
		return v.book.T("faces.every")
	}
	return v.book.T("faces.every.n", n)
}

// ApplyTrouble says why no picture comes.
func (v *View) ApplyTrouble(text string) { v.trouble.Set(text) }

// ApplyProgress shows how far a file is made anonymous; an empty text ends it,
// total 0 is not known.
func (v *View) ApplyProgress(text string, done, total int) {
	widgets.SetVisible(v.working, text != "")
	v.progress.Set(text)
	v.bar.Set(float64(done) / float64(max(total, 1)))
}

// Labels is the part of the screen in which true boxes are drawn.
func (v *View) Labels() *Labels { return v.labels }

// ShowLabels changes between watching and drawing true boxes.
func (v *View) ShowLabels(on bool) {
	v.body.Objects = []fyne.CanvasObject{v.watching}
	if on {
		v.body.Objects = []fyne.CanvasObject{v.labels}
	}
	v.body.Refresh()
}
