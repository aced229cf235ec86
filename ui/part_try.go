package ui

import (
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"athanor/app/explanation"
	"athanor/app/store"
	"athanor/app/training"
	"athanor/inference/attribution"
	"athanor/inference/model"
	"athanor/inference/remote"
	"athanor/inference/vision"
	"athanor/pipeline/evaluate"
	"athanor/ui/try"
)

// tryPart is the try screen's link to the studio.
type tryPart struct {
	s      *Studio
	view   *try.View
	chosen string
	open   *openModel
	asking bool
	// What is judged now, for why and for corrections; one of the three is set.
	seen image.Image
	said string
	row  map[string]string
	// column is the one whose effect on the answer was asked for.
	column string

	explaining bool
	method     attribution.Method
	why        context.CancelFunc
	kin        context.CancelFunc
	watching   context.CancelFunc
	shot       map[*image.RGBA]time.Time // when the frames under way were taken
	learnt     string                    // the model whose input is on the screen
	waits      *request                  // the newest question, while another is answered
	quick      *openModel                // it gave its last answer within a moment
	due        []time.Time               // when the questions were asked whose answers the next frame shows
	drawn      []time.Time               // the same for the last frame
}

// openModel is a model in use; it is opened by the first question and closed
// when another takes its place.
type openModel struct {
	path string
	on   modelOptions
	once sync.Once
	m    *model.Model
	err  error

	explain sync.Once
	e       *explanation.Explainer
	eErr    error
	one     sync.Mutex // an explainer answers one question at a time
	near    sync.Mutex // the same for the nearest samples
	rows    []attribution.Row

	life func() context.Context // until it is left
	end  context.CancelFunc
}

func newOpenModel(s *Studio, path string) *openModel {
	ctx, end := context.WithCancel(s.ctx)
	return &openModel{path: path, on: s.modelOptions(0), life: func() context.Context { return ctx }, end: end}
}

// explainer opens what explains the model, at the first question why.
func (o *openModel) explainer() (*explanation.Explainer, error) {
	o.explain.Do(func() { o.e, o.eErr = explanation.Open(o.path, model.Options{}) })
	return o.e, o.eErr
}

func (o *openModel) get() (*model.Model, error) {
	o.once.Do(func() { o.m, o.err = o.on.open(context.Background(), o.path) })
	return o.m, o.err
}

func (o *openModel) close() {
	if o == nil {
		return
	}
	o.end()
	o.once.Do(func() { o.err = context.Canceled }) // waits for one that is being opened, and opens none
	if o.m != nil {
		o.m.Close()
	}
	o.explain.Do(func() {}) // waits for one that is being opened, and opens no other
	o.one.Lock()
	defer o.one.Unlock()
	o.near.Lock()
	defer o.near.Unlock()
	if o.e != nil {
		o.e.Close()
	}
}

func (p *tryPart) build() fyne.CanvasObject {
	p.view = try.New(p.s.book)
	p.view.OnModel = p.choose
	p.view.OnPicture = p.picture
	p.view.OnText = p.text
	p.view.OnRow = p.judgeRow
	p.view.OnWhy = func(on bool) { p.explaining = on; p.explain() }
	p.view.OnColumn = func(name string) { p.column = name; p.explain() }
	p.view.OnMethod = func(m string) { p.method = attribution.Method(m); p.explain() }
	p.view.OnWrong, p.view.OnCamera, p.view.OnSource = p.wrong, p.camera, p.watch
	p.view.OnPainted, p.view.OnAnswered = p.painted, p.answered
	p.learnt = ""
	p.view.OnTrain = func() { p.s.Go(placeTrain) }
	p.view.OnOpen = func() { p.s.chooseFile(pictureNames(), p.load) }
	return p.view
}

func pictureNames() []string { return []string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"} }

func (p *tryPart) shown() {
	p.resettle()
	p.s.listModels(func(list []try.Choice) {
		if len(list) > 0 && !slices.ContainsFunc(list, func(c try.Choice) bool { return c.ID == p.chosen }) {
			p.choose(list[0].ID)
		}
		if p.open != nil && p.learnt != p.chosen {
			p.learnMore()
		}
		p.view.ApplyModels(list, p.chosen)
	})
}

func (p *tryPart) hidden() { p.stopCamera() }

// sleep closes the model; the next question opens it anew.
func (p *tryPart) sleep() {
	if p.open == nil {
		return
	}
	go p.open.close()
	p.open, p.quick = newOpenModel(p.s, p.chosen), nil
}

// resettle opens the model anew where the settings name another device since.
func (p *tryPart) resettle() {
	if p.open != nil && p.open.on.device != p.s.prefs.Device {
		p.stopCamera()
		p.sleep()
	}
}

// drop takes a dropped picture or video.
func (p *tryPart) drop(uris []fyne.URI) bool {
	path := uris[0].Path()
	if slices.Contains(pictureNames(), strings.ToLower(filepath.Ext(path))) {
		p.load(path)
		return true
	}
	if kind, err := vision.KindOf(path); err != nil || kind != vision.KindVideo {
		return false
	}
	p.watch(path)
	return true
}

// choose takes another model.
func (p *tryPart) choose(path string) {
	if path == p.chosen {
		return
	}
	old := p.open
	go old.close()
	p.chosen, p.open, p.row = path, newOpenModel(p.s, path), nil
	p.column = ""
	p.stopCamera()
	p.view.Apply(try.Answer{})
	p.view.ApplyWhy(try.Why{})
	p.view.ApplyAlike(nil, "")
	p.learnMore()
}

// listModels brings the models there are, the newest first.
func (s *Studio) listModels(then func([]try.Choice)) {
	runs, brought := s.runsFolder(), s.opts.Paths.Models()
	async(s, func(ctx context.Context) ([]try.Choice, error) { return modelFiles(ctx, runs, brought) },
		func(list []try.Choice, err error) {
			s.fail(err)
			then(list)
		})
}

// modelFiles lists the models of runs and those brought in.
func modelFiles(ctx context.Context, runs, brought string) ([]try.Choice, error) {
	infos, err := recentRuns(ctx, runs, 200)
	if err != nil {
		return nil, err
	}
	var list []try.Choice
	for _, r := range infos {
		path := filepath.Join(r.Dir, "model.onnx")
		if _, err := os.Stat(path); err == nil {
			list = append(list, try.Choice{ID: path, Name: r.Name + " · " + shortTime(r), Task: r.Recipe["task"]})
		}
		rewound, err := filepath.Glob(filepath.Join(r.Dir, training.SnapshotsDir, "*.onnx"))
		if err != nil {
			return nil, fmt.Errorf("list models: %w", err)
		}
		for _, path := range rewound {
			name := strings.TrimSuffix(filepath.Base(path), ".onnx")
			list = append(list, try.Choice{ID: path, Name: r.Name + " · " + name, Task: r.Recipe["task"]})
		}
	}
	more, err := broughtModels(brought)
	if err != nil {
		return nil, err
	}
	return slices.Concat(list, more, remoteModels(brought)), nil
}

// broughtModels are the models in the folder of those brought in, each as a file
// or as a folder with its weights.
func broughtModels(folder string) ([]try.Choice, error) {
	var list []try.Choice
	for _, pattern := range []string{"*.onnx", "*/model.onnx"} {
		files, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, fmt.Errorf("list models: %w", err)
		}
		for _, f := range files {
			name := f
			if pattern != "*.onnx" {
				name = filepath.Dir(f)
			}
			if strings.HasPrefix(filepath.Base(name), ".") {
				continue // is being copied, or is in the trash
			}
			task := ""
			if info, err := model.DescribeFile(f); err == nil { // a damaged one says so when it is opened
				task = string(info.Task)
			}
			list = append(list, try.Choice{ID: f, Name: strings.TrimSuffix(filepath.Base(name), ".onnx"), Task: task})
		}
	}
	return list, nil
}

func shortTime(r store.Info) string {
	at := r.Status.Started
	if at.IsZero() {
		at = r.Changed
	}
	return at.Local().Format("01-02 15:04")
}

// reply is a prediction and how long it took.
type reply struct {
	prediction model.Prediction
	took       time.Duration
}

// request is a question to a model, and when it was asked, with those that it
// took the place of.
type request struct {
	open *openModel
	ask  func(context.Context, *model.Model) ([]model.Prediction, error)
	at   []time.Time
}

// ask puts a question to the chosen model. While one is answered the newest waits
// and those between are dropped: a stroke that goes on is answered all the time.
func (p *tryPart) ask(question func(context.Context, *model.Model) ([]model.Prediction, error)) {
	p.handed()
	if p.open == nil {
		return
	}
	q := &request{open: p.open, ask: question, at: []time.Time{time.Now()}}
	if p.asking {
		if p.waits != nil {
			q.at = append(p.waits.at, q.at...)
		}
		p.waits = q
		return
	}
	p.put(q)
}

// answer asks the model.
func (q *request) answer(ctx context.Context) (reply, error) {
	m, err := q.open.get()
	if err != nil {
		return reply{}, err
	}
	began := time.Now()
	list, err := q.ask(ctx, m)
	if err != nil {
		return reply{}, err
	}
	return reply{prediction: list[0], took: time.Since(began)}, nil
}

// put asks, off the UI goroutine unless the model is quick.
func (p *tryPart) put(q *request) {
	p.asking = true
	if p.quick == q.open && !remote.IsRef(q.open.path) && p.putNow(q) {
		return
	}
	async(p.s, q.answer, func(a reply, err error) { p.answer(q, a, err) })
}

// A model is quick that answers within soon, less than a third of a frame: it is
// waited for, so that one frame shows a stroke and its answer, where otherwise the
// frame would be drawn first and the answer with the next. If it takes longer than
// quickMost for once, it is asked again beside the window.
const (
	soon      = 5 * time.Millisecond
	quickMost = 4 * soon
)

// putNow asks on the UI goroutine, and reports whether the answer came in time.
func (p *tryPart) putNow(q *request) bool {
	ctx, cancel := context.WithTimeout(p.s.ctx, quickMost)
	defer cancel()
	a, err := q.answer(ctx)
	if ctx.Err() != nil {
		return false
	}
	p.answer(q, a, err)
	return true
}

// answer shows an answer, unless the model was left meanwhile, and goes on with
// the question that waits.
func (p *tryPart) answer(q *request, a reply, err error) {
	p.asking = false
	p.quick = nil
	if err == nil && a.took < soon {
		p.quick = q.open
	}
	next := p.waits
	p.waits = nil
	switch {
	case q.open != p.open:
	case err != nil && next == nil:
		f := describe(err, p.s.book)
		p.view.ApplyTrouble(f.What + " " + f.Do)
	case err == nil:
		p.view.Apply(answerOf(a))
		p.due = append(p.due, q.at...)
		p.view.Mark()
	}
	if next != nil {
		p.put(next)
		return
	}
	if q.open == p.open && err == nil {
		p.explain()
	}
}

// answered is told while a frame with the newest answer is drawn.
func (p *tryPart) answered() {
	p.drawn = append(p.drawn, p.due...)
	p.due = nil
	p.s.post(p.handed)
}

// handed measures the answers of the last frame. What runs on the UI goroutine
// after it was drawn, such as the next event, runs when it was handed to the display.
func (p *tryPart) handed() {
	for _, at := range p.drawn {
		p.s.meter.answers.add(time.Since(at))
	}
	p.drawn = nil
}

// shownClasses is how many classes an answer lists.
const shownClasses = 10

func answerOf(a reply) try.Answer {
	out := try.Answer{Took: fmt.Sprintf("%.1f ms", float64(a.took.Microseconds())/1000)}
	for _, c := range a.prediction.Top(shownClasses) {
		out.Classes = append(out.Classes, try.Class{Name: c.Label, Share: float64(c.Probability)})
	}
	if len(out.Classes) == 0 {
		out.Value = evaluate.Short(float64(a.prediction.Value), 4)
	}
	return out
}
